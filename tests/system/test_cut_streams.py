"""A stream that a provider cuts, at any byte and in any way, ends in exactly one terminal event, and is recorded so."""

import pytest

from tests.support.answers import LAST_CHUNK, SSE, chunk, closing, frame, head, message_delta, opening, stream, streamed
from tests.support.processes import Running
from tests.support.raw_client import Answer, Client, ask, body, request
from tests.support.raw_provider import FIN, RST, Do, RawProvider, Step

pytestmark = pytest.mark.usefixtures("serves_on")

TEXTS = ("hello", " world", " \u00e9\u4f60\U0001f600", ' "quoted" \\ ', 300 * "long ")
CONTENT = stream(TEXTS)
COMMITS_AT = len(opening().split(b"\n\n")[0]) + 2
COMPLETE_AT = len(CONTENT) - len(frame("message_stop"))  # the stop reason came: what is lost can be added
POSITIONS = sorted(
    {
        0,
        1,
        COMMITS_AT - 1,
        COMMITS_AT,
        COMMITS_AT + 1,
        COMPLETE_AT - 1,
        COMPLETE_AT,
        COMPLETE_AT + 1,
        len(CONTENT) - 1,
        len(CONTENT),
        *(len(CONTENT) * part // 12 for part in range(1, 12)),
    }
)
TERMINAL = ("message_stop", "error")


def test_there_are_twenty_positions() -> None:
    assert len(POSITIONS) >= 20


def framed(content: bytes, framing: str, end: Do) -> list[Step]:
    """The bytes of a response that is cut after `content`."""
    if framing == "chunked":
        return [head(), chunk(content) if content else b"", end]
    return [head(SSE, length=len(CONTENT) + 100), content, end]


def assert_one_ending(answer: Answer, position: int) -> None:
    """STR-10: before the first event an HTTP error, after the stop reason a whole stream, else one error event."""
    if position < COMMITS_AT:
        assert (answer.status, answer.error["type"]) == (502, "api_error")
        return
    names = [name for name, _ in answer.events]
    assert answer.status == 200
    assert answer.end == "clean"
    assert sum(name in TERMINAL for name in names) == 1
    assert names[-1] == ("message_stop" if position >= COMPLETE_AT else "error")
    if names[-1] == "error":
        _, told = answer.events[-1]
        assert (told["type"], told["error"]["type"], told["error"]["error_type"]) == (
            "error",
            "api_error",
            "provider_unavailable",
        )
        assert told["request_id"] == answer.fields["request-id"]


@pytest.mark.parametrize("framing", ["chunked", "length"])
@pytest.mark.parametrize("end", [FIN, RST], ids=["FIN", "RST"])
@pytest.mark.parametrize("position", POSITIONS)
async def test_a_stream_cut_at_any_byte_ends_in_exactly_one_terminal_event(
    relay: Running, provider: RawProvider, position: int, end: Do, framing: str
) -> None:
    provider.answers = framed(CONTENT[:position], framing, end)
    model = f"raw/cut-{position}-{end.value}-{framing}"

    answer = await ask(relay.port, body(model, stream=True))
    record = await relay.record_of(model)

    assert_one_ending(answer, position)
    complete = position >= COMPLETE_AT
    assert record["outcome"] == ("complete" if complete else "error")
    assert record["error_type"] == (None if complete else "provider_truncated")
    assert record["status"] == answer.status


async def test_a_stream_cut_at_every_byte_has_one_ending_and_loses_no_event(
    relay: Running, provider: RawProvider
) -> None:
    """All positions, each on a connection of its own; what came before the cut is what the client has."""
    frames = [part + b"\n\n" for part in CONTENT.split(b"\n\n")[:-1]]
    bounds = [sum(map(len, frames[: at + 1])) for at in range(len(frames))]
    for position in range(0, len(CONTENT) + 1, 7):
        provider.answers = framed(CONTENT[:position], "chunked", FIN)

        answer = await ask(relay.port, body("raw/cut-all", stream=True))

        assert_one_ending(answer, position)
        if COMMITS_AT <= position < COMPLETE_AT:
            whole = sum(bound <= position for bound in bounds)
            names = [name for name, _ in answer.events if name != "ping"]
            assert len(names) - 1 == whole


@pytest.mark.parametrize("framing", ["chunked", "length"])
async def test_a_cut_stream_ends_in_order_and_leaves_no_half_frame(
    relay: Running, provider: RawProvider, framing: str
) -> None:
    provider.answers = framed(CONTENT[: len(CONTENT) // 2], framing, RST)
    async with Client(relay.port) as client:
        client.send(request(body("raw/order", stream=True)))
        answer = await client.answer()

    assert answer.end == "clean"
    assert answer.content.endswith(b"\n\n")


async def test_an_error_in_the_stream_is_the_one_ending(relay: Running, provider: RawProvider) -> None:
    told = frame("error", error={"type": "overloaded_error", "message": "Overloaded"})
    provider.answers = [head(), chunk(opening() + told + closing()), LAST_CHUNK]

    answer = await ask(relay.port, body("raw/in-band", stream=True))
    record = await relay.record_of("raw/in-band")

    assert [name for name, _ in answer.events][-2:] == ["content_block_start", "error"]
    assert answer.events[-1][1]["error"]["type"] == "overloaded_error"
    assert (record["outcome"], record["error_type"], record["status"]) == ("error", "provider_overloaded", 200)


async def test_events_after_the_end_are_dropped(relay: Running, provider: RawProvider) -> None:
    provider.answers = [head(), chunk(stream() + stream(["again"])), LAST_CHUNK]

    answer = await ask(relay.port, body("raw/after-end", stream=True))

    assert [name for name, _ in answer.events].count("message_stop") == 1
    assert b"again" not in answer.content


async def test_garbage_in_mid_stream_is_one_error_event(relay: Running, provider: RawProvider) -> None:
    provider.answers = [head(), chunk(opening()), chunk(b"event: content_block_delta\ndata: {oops\n\n"), LAST_CHUNK]

    answer = await ask(relay.port, body("raw/garbage-mid", stream=True))
    record = await relay.record_of("raw/garbage-mid")

    assert [name for name, _ in answer.events if name in TERMINAL] == ["error"]
    assert record["error_type"] == "provider_protocol"


async def test_broken_framing_in_mid_stream_is_one_error_event(relay: Running, provider: RawProvider) -> None:
    provider.answers = [head(), chunk(opening()), 0.03, b"zz\r\n"]

    answer = await ask(relay.port, body("raw/framing-mid", stream=True))
    record = await relay.record_of("raw/framing-mid")

    assert [name for name, _ in answer.events if name in TERMINAL] == ["error"]
    assert record["error_type"] == "provider_protocol"


async def test_pitfall_80_a_committed_call_is_never_tried_again(relay: Running, provider: RawProvider) -> None:
    provider.answers = [head(), chunk(opening()), RST]

    answer = await ask(relay.port, body("pair/committed", stream=True))
    record = await relay.record_of("pair/committed")

    assert answer.events[-1][0] == "error"
    assert len(record["attempts"]) == 1


async def test_pitfall_37_a_stop_reason_without_message_stop_is_complete(relay: Running, provider: RawProvider) -> None:
    lost = opening() + frame("content_block_stop", index=0) + message_delta()
    provider.answers = [head(), chunk(lost), LAST_CHUNK]

    answer = await ask(relay.port, body("raw/no-stop", stream=True))

    assert answer.events[-1] == ("message_stop", {"type": "message_stop"})


async def test_an_http_1_0_client_gets_events_without_chunks_and_an_end(relay: Running, provider: RawProvider) -> None:
    provider.answers = [streamed()]
    content = body("raw/http10", stream=True)

    answer = await ask(relay.port, content, version="1.0")

    assert (answer.status, answer.end) == (200, "eof")
    assert "transfer-encoding" not in answer.fields
    assert answer.events[-1][0] == "message_stop"


async def test_an_http_1_0_client_sees_a_cut_as_an_error_event(relay: Running, provider: RawProvider) -> None:
    provider.answers = framed(CONTENT[: len(CONTENT) // 2], "chunked", FIN)

    answer = await ask(relay.port, body("raw/http10-cut", stream=True), version="1.0")

    assert (answer.end, answer.events[-1][0]) == ("eof", "error")
