"""A process that redacts lets no planted value out, whether the client leaves or the provider breaks off (R13, R16)."""

import asyncio

import pytest

from tests.redact import planted
from tests.support.answers import LAST_CHUNK, chunk, failure, frame, head, opening
from tests.support.processes import Running
from tests.support.raw_client import Client, ask, request
from tests.support.raw_provider import FIN, RST, STALL, RawProvider, Steps

pytestmark = pytest.mark.usefixtures("serves_on")

STREAM = planted.answer_stream(11)
PLACES = range(997, len(STREAM), len(STREAM) // 17)
TOLD = planted.spoken()
WRONG: dict[str, Steps] = {
    "an error in the stream": [
        head(),
        chunk(opening() + frame("error", error={"type": "invalid_request_error", "message": TOLD})),
        LAST_CHUNK,
    ],
    "an error before the stream": [
        head(),
        chunk(frame("error", error={"type": "invalid_request_error", "message": TOLD})),
        LAST_CHUNK,
    ],
    "a refusal": [failure("400 Bad Request", "invalid_request_error", TOLD)],
    "a failure": [failure("500 Oops", "api_error", TOLD)],
    "no JSON": [head(), chunk(opening() + f"data: {TOLD}\n\n".encode()), LAST_CHUNK],
    "no HTTP": [TOLD.encode() + b"\r\n\r\n"],
}


def asked(model: str, **members: object) -> bytes:
    return planted.prompt(model, gateway={"redact": planted.ON}, **members)


def leaked(relay: Running, since: int) -> list[bytes]:
    return [line for line in relay.lines[since:] if planted.leaks(line)]


@pytest.mark.parametrize("place", PLACES)
async def test_a_client_that_leaves_got_no_value_and_neither_did_the_log(
    relay: Running, provider: RawProvider, place: int
) -> None:
    since = len(relay.lines)
    provider.answers = [head(), chunk(STREAM[:place]), STALL]
    async with Client(relay.port) as client:
        client.send(request(asked(f"raw/left-{place}", stream=True)))
        await provider.called()
        got = await client.head()
        try:
            async with asyncio.timeout(0.05):
                while piece := await client.chunk():
                    got += piece
        except TimeoutError:
            client.leave(reset=place % 2 == 0)
        await relay.record_of(f"raw/left-{place}")

    assert [value for value in planted.EVERY if value.encode() in got] == []
    assert leaked(relay, since) == []
    assert planted.leaks(provider.calls[-1].content) == []


@pytest.mark.parametrize("end", [FIN, RST], ids=["FIN", "RST"])
@pytest.mark.parametrize("place", PLACES)
async def test_an_answer_that_is_cut_holds_no_value_and_neither_does_the_log(
    relay: Running, provider: RawProvider, place: int, end: str
) -> None:
    since = len(relay.lines)
    provider.answers = [head(), chunk(STREAM[:place]), 0.02, end]  # type: ignore[list-item]

    answer = await ask(relay.port, asked(f"raw/cut-{place}-{end}", stream=True), x_relay_metadata="1")
    await relay.record_of(f"raw/cut-{place}-{end}")

    assert [value for value in planted.EVERY if value.encode() in answer.head + answer.content] == []
    assert leaked(relay, since) == []


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "unary"])
@pytest.mark.parametrize("name", WRONG)
async def test_a_provider_that_quotes_values_in_an_error_is_not_repeated(
    relay: Running, provider: RawProvider, name: str, streams: bool
) -> None:
    since = len(relay.lines)
    provider.answers = WRONG[name]

    answer = await ask(relay.port, asked("raw/wrong", stream=streams), x_relay_metadata="1")
    await relay.record(lambda record: record["request_id"] == answer.fields["x-generation-id"])

    assert planted.leaks(answer.head + answer.content) == []
    assert leaked(relay, since) == []
