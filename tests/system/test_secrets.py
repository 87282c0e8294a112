"""Planted keys, prompts and answers appear in no log line and in no error, in whatever way a call ends."""

import json

import pytest

from tests.support.answers import LAST_CHUNK, chunk, closing, delta, failure, head, message, opening, streamed, whole
from tests.support.processes import Running
from tests.support.raw_client import KEY, Client, ask, body, exchange
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import FIN, RST, RawProvider, Steps
from tests.system.planted import ANSWER, PROMPT, PROVIDER_KEY, SECRETS, WRONG_KEY

pytestmark = pytest.mark.usefixtures("serves_on")

PLANTED = {
    "system": PROMPT,
    "messages": [{"role": "user", "content": [{"type": "text", "text": PROMPT}]}],
    "tools": [{"name": "t", "description": PROMPT, "input_schema": {"type": "object", "title": PROMPT}}],
    "metadata": {"user_id": PROMPT},
    "stop_sequences": [PROMPT],
    "future_field": {PROMPT: PROMPT},
}
ENDINGS: dict[str, Steps] = {
    "complete": [streamed((ANSWER, ANSWER))],
    "a whole answer": [whole(message(ANSWER))],
    "truncated": [head(), chunk(opening() + delta(ANSWER)), FIN],
    "reset": [head(), chunk(opening() + delta(ANSWER)), RST],
    "garbage": [head(), chunk(opening() + delta(ANSWER) + b"data: {%b\n\n" % ANSWER.encode()), LAST_CHUNK],
    "no HTTP": [ANSWER.encode() + b"\r\n\r\n"],
    "in a header field": [b"HTTP/1.1 200 OK\r\n%b\r\n\r\n" % ANSWER.encode()],
    "HTML": [whole(ANSWER.encode(), "502 Bad", "text/html")],
    "JSON that is no message": [whole(json.dumps({"text": ANSWER}).encode())],
    "a chunk size": [head(), ANSWER.encode() + b"\r\n"],
    "an odd stop reason": [head(), chunk(opening() + closing().replace(b"end_turn", ANSWER[:20].encode())), LAST_CHUNK],
}


def leaked(relay: Running, since: int) -> list[bytes]:
    return [line for line in relay.lines[since:] for secret in SECRETS if secret.encode() in line]


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize("streams", [True, False], ids=["stream", "unary"])
async def test_no_text_and_no_key_is_logged_however_a_call_ends(
    relay: Running, provider: RawProvider, name: str, streams: bool
) -> None:
    since = len(relay.lines)
    provider.answers = ENDINGS[name]

    answer = await ask(relay.port, body("raw/planted", stream=streams, **PLANTED), authorization=f"Bearer {KEY}")
    await relay.record(lambda record: record["request_id"] == answer.fields["x-generation-id"])

    assert leaked(relay, since) == []
    assert not [secret for secret in (KEY, PROVIDER_KEY, PROMPT) if secret.encode() in answer.head + answer.content]
    if answer.status != 200:
        assert ANSWER.encode() not in answer.content


REFUSED: dict[str, tuple[bytes, dict[str, str | None]]] = {
    "a wrong key": (body("raw/x", **PLANTED), {"x_api_key": WRONG_KEY}),
    "a wrong Bearer": (body("raw/x", **PLANTED), {"authorization": f"Bearer {WRONG_KEY}"}),
    "malformed JSON": (body("raw/x", **PLANTED)[:-3], {}),
    "a wrong type": (body("raw/x", **PLANTED | {"max_tokens": PROMPT}), {}),
    "an unknown role": (body("raw/x", messages=[{"role": PROMPT, "content": PROMPT}]), {}),
    "a wrong tool": (body("raw/x", tools=[{"name": f"{PROMPT} !", "input_schema": {}}]), {}),
    "a wrong source": (
        body("raw/x", messages=[{"role": "user", "content": [{"type": "image", "source": {"type": PROMPT}}]}]),
        {},
    ),
    "a wrong effort": (body("raw/x", output_config={"effort": PROMPT}), {}),
    "an extension": (body("raw/x", plugins=[{"id": PROMPT}]), {}),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_refusal_quotes_neither_prompt_nor_key(relay: Running, provider: RawProvider, name: str) -> None:
    since = len(relay.lines)
    content, fields = REFUSED[name]

    answer = await ask(relay.port, content, **fields)

    assert 400 <= answer.status < 500
    assert not [secret for secret in SECRETS if secret.encode() in answer.head + answer.content]
    assert leaked(relay, since) == []
    assert not provider.calls


async def test_a_key_in_the_target_is_not_logged(relay: Running) -> None:
    since = len(relay.lines)

    await exchange(relay.port, request_head(None, method="GET", path=f"/v1/models?key={KEY}"))
    await exchange(relay.port, request_head(None, method="GET", path=f"/{WRONG_KEY}?{WRONG_KEY}"))

    assert leaked(relay, since) == []


async def test_a_provider_error_is_told_without_what_it_was_about(relay: Running, provider: RawProvider) -> None:
    provider.answers = [failure("500 Oops", "api_error", f"stack trace: {ANSWER}")]

    answer = await ask(relay.port, body("raw/trace", **PLANTED))

    assert answer.status == 502
    assert ANSWER not in answer.error["message"]


async def test_nothing_but_records_and_events_is_written_to_stderr(relay: Running) -> None:
    """Warnings and tracebacks of libraries would go there too, with whatever they quote."""
    for piece in (b"\x00\r\n\r\n", b"GET / HTTP/1.1\r\nbad\r\n\r\n", request_head(5) + b"{}"):
        async with Client(relay.port) as client:
            client.send(piece)
            client.leave(reset=True)

    assert relay.noise == []
