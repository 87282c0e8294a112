"""With redaction on no value of prompt or answer is in a log line, a record, an error or what operators see (R16).

The process has no log levels: it writes all that it ever writes. asyncio's debug mode and Python's development mode
are on, so that libraries say all they can.
"""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.answers import (
    LAST_CHUNK,
    chunk,
    closing,
    delta,
    failure,
    frame,
    head,
    message,
    opening,
    streamed,
    whole,
)
from tests.support.processes import Running
from tests.support.raw_client import Answer, ask, body, exchange
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import FIN, RST, RawProvider, Received, Steps
from tests.system.conftest import configured
from tests.system.planted import ENVIRON

VALUES = {
    "email": "quillon.vex@example.org",
    "phone": "+49 30 83050 4711",
    "ip": "203.0.113.77",
    "uuid": "6f1c9a52-3b7e-4d18-9c0f-2a8b5e7d4c31",
    "token": "ghp_aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zC1234",  # planted
    "credit_card": "5105 1051 0510 5100",
    "iban": "GB33 BUKB 2020 1555 5555 55",
    "ssn": "219-09-9999",
    "mac": "00:1b:44:11:3a:b7",
    "custom": "Project Quokka",
}
ALL: dict[str, Any] = dict.fromkeys(VALUES.keys() - {"custom"}, True) | {"custom": [VALUES["custom"]]}
TEXT = "; ".join(VALUES.values())
PARTS = (
    "quillon.vex",
    "83050 4711",
    "2a8b5e7d4c31",
    "aB3dE5gH7jK9",
    "1051 0510 5100",
    "2020 1555",
    "44:11:3a",
    "Quokka",
)
"""Of values, since half of one in a log line is a leak too."""

PROMPT = {
    "system": TEXT,
    "messages": [{"role": "user", "content": [{"type": "text", "text": TEXT}]}],
    "tools": [{"name": "t", "description": TEXT, "input_schema": {"type": "object", "description": TEXT}}],
    "metadata": {"user_id": VALUES["email"]},
}
POLICIES: dict[str, dict[str, Any]] = {
    "mask": {},
    "placeholder": {"mode": "placeholder"},
    "block in the answer": {"mode": "block", "apply_to": ["response"]},
    "report": {"mode": "report"},
}
CUT = tuple(TEXT[at : at + 7] for at in range(0, len(TEXT), 7))
CALL = {"type": "tool_use", "id": "toolu_1", "name": "t", "input": {}}
INPUT = json.dumps({"text": TEXT, VALUES["email"]: 5105105105105100})
TOOL = (
    frame("content_block_stop", index=0)
    + frame("content_block_start", index=1, content_block=CALL)
    + frame("content_block_delta", index=1, delta={"type": "input_json_delta", "partial_json": INPUT})
)
WRONG = frame("error", error={"type": "overloaded_error", "message": TEXT})
PASSES = "an unknown event"
"""Under `coverage: open` it goes to the client as it came (RED-6)."""

ENDINGS: dict[str, Steps] = {
    "complete": [streamed(CUT)],
    "a tool": [head(), chunk(opening() + TOOL + closing().replace(b'"index": 0', b'"index": 1')), LAST_CHUNK],
    "a whole answer": [whole(message(TEXT, content=[{"type": "text", "text": TEXT}, CALL | {"input": {"a": TEXT}}]))],
    "truncated": [head(), chunk(opening() + delta(TEXT)), FIN],
    "reset": [head(), chunk(opening() + delta(TEXT)), RST],
    "an event that is no JSON": [head(), chunk(opening() + b"data: {%b\n\n" % TEXT.encode()), LAST_CHUNK],
    "a fragment that is no JSON": [head(), chunk(opening() + TOOL.replace(b'{\\"text', b"{,,")), LAST_CHUNK],
    PASSES: [head(), chunk(opening() + frame("future", text=TEXT) + closing()), LAST_CHUNK],
    "an error event": [head(), chunk(opening() + delta(TEXT) + WRONG), LAST_CHUNK],
    "an error event first": [head(), chunk(WRONG), LAST_CHUNK],
    "an error as an answer": [whole(json.dumps({"type": "error", "error": {"type": "x", "message": TEXT}}).encode())],
    "no message": [whole(json.dumps({"text": TEXT}).encode())],
    "no HTTP": [TEXT.encode() + b"\r\n\r\n"],
    "HTML": [whole(TEXT.encode(), "502 Bad", "text/html")],
} | {
    status: [failure(status, "api_error", TEXT)]
    for status in ("400 Bad", "404 None", "413 Large", "429 Many", "500 Oops")
}


def redacting(**more: Any) -> dict[str, Any]:
    return {"gateway": {"redact": ALL | more}}


def leaks(*seen: bytes) -> list[str]:
    """The values, and parts of values, that are in any of these."""
    return [value for value in (*VALUES.values(), *PARTS) if any(value.encode() in each for each in seen)]


class Talkative:
    """The process under test, its port for operators, and what it wrote since the test began."""

    def __init__(self, relay: Running, ops: int) -> None:
        self.relay = relay
        self.ops = ops
        self._since = len(relay.lines)

    async def ask(self, content: bytes) -> Answer:
        """Send a request; the record of it is there when the answer is given."""
        answer = await ask(self.relay.port, content)
        id = answer.fields["x-generation-id"]
        await self.relay.find(lambda line: line.get("request_id") == id)
        return answer

    @property
    def lines(self) -> list[bytes]:
        return self.relay.lines[self._since :]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, raw_port: int, demo: Running) -> Iterator[tuple[Running, int]]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        ops = sock.getsockname()[1]
    config = configured(raw_port, demo.port, ops={"listen": f"127.0.0.1:{ops}"})
    environ = ENVIRON | {"PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1"}
    with Running.relay(config, tmp_path_factory.mktemp("talkative"), environ) as relay:
        yield relay, ops
    assert leaks(*relay.lines, *relay.banner) == []


@pytest.fixture
def talkative(started: tuple[Running, int]) -> Talkative:
    return Talkative(*started)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("streams", [True, False], ids=["stream", "unary"])
async def test_no_value_is_logged_or_told_in_an_error_however_a_call_ends(
    talkative: Talkative, provider: RawProvider, ending: str, policy: str, streams: bool
) -> None:
    provider.answers = ENDINGS[ending]

    answer = await talkative.ask(body("raw/x", stream=streams, **PROMPT, **redacting(**POLICIES[policy])))

    assert leaks(*talkative.lines, answer.head) == []
    if policy == "mask" and ending != PASSES:
        assert leaks(answer.content) == []
    elif policy != "report":
        assert leaks(*errors_in(answer)) == []
    if policy in ("mask", "placeholder"):
        assert leaks(provider.calls[-1].content) == []


def errors_in(answer: Answer) -> list[bytes]:
    """The error body, or the error events of a stream."""
    if answer.status != 200:
        return [answer.content]
    return [each for each in answer.content.split(b"\n\n") if each.startswith(b"event: error")]


def quoting(received: Received) -> Steps:
    """An error of a provider that says what it was asked, and one thing more."""
    text = json.loads(received.content)["messages"][0]["content"][0]["text"]
    return [failure("400 Bad", "invalid_request_error", f"can't read {text!r}, ask desk@example.org")]


@pytest.mark.parametrize(
    ("policy", "told", "end"),
    [
        ({}, "can't read '[EMAIL]; [PHONE]; [IP]; ", "ask [EMAIL]"),
        ({"mode": "placeholder"}, "can't read '[EMAIL_1]; [PHONE_1]; [IP_1]; ", "ask [EMAIL_2]"),
        ({"apply_to": ["response"]}, "can't read '[EMAIL]; [PHONE]; [IP]; ", "ask [EMAIL]"),
        ({"apply_to": ["request"]}, "can't read '[EMAIL]; [PHONE]; [IP]; ", "ask desk@example.org"),
        ({"mode": "block", "apply_to": ["response"]}, "the provider failed; what it said ", "the redaction"),
        ({"mode": "report"}, f"can't read '{TEXT}'", "ask desk@example.org"),
    ],
    ids=str,
)
async def test_a_provider_that_quotes_the_prompt_is_told_as_its_answers_are_and_nothing_is_restored(
    talkative: Talkative, provider: RawProvider, policy: dict[str, Any], told: str, end: str
) -> None:
    provider.answers = quoting

    answer = await talkative.ask(body("raw/x", **PROMPT, **redacting(**policy)))

    assert answer.status == 400
    assert answer.error["message"].startswith(told)
    assert answer.error["message"].endswith(end)
    assert leaks(*talkative.lines) == []


async def test_words_of_a_provider_are_cut_behind_their_redaction(talkative: Talkative, provider: RawProvider) -> None:
    """Cut before, the first half of a value would be no value that a rule finds."""
    provider.answers = [failure("400 Bad", "invalid_request_error", 1018 * "-" + " " + VALUES["email"])]

    answer = await talkative.ask(body("raw/x", **redacting()))

    assert answer.error["message"] == 1018 * "-" + " [EMAI"


REFUSED: dict[str, bytes] = {
    "malformed JSON": body("raw/x", **PROMPT, **redacting())[:-3],
    "a wrong type": body("raw/x", **PROMPT, **redacting()).replace(
        b'"max_tokens": 100', b'"max_tokens": "%b"' % TEXT.encode()
    ),
    "an unknown role": body("raw/x", **PROMPT | {"messages": [{"role": TEXT, "content": TEXT}]}, **redacting()),
    "a wrong tool": body("raw/x", **PROMPT | {"tools": [{"name": TEXT, "input_schema": {}}]}, **redacting()),
    "a wrong effort": body("raw/x", **PROMPT, output_config={"effort": TEXT}, **redacting()),
    "a wrong mode": body("raw/x", **PROMPT, **redacting(mode=TEXT)),
    "a wrong pattern": body("raw/x", **PROMPT, **redacting(custom=[f"/({TEXT}/"])),
    "a wrong value that is left alone": body("raw/x", **PROMPT, **redacting(allow=[TEXT, 1])),
    "a mode without its key": body("raw/x", **PROMPT, **redacting(mode="hash")),
    "a blocked prompt": body("raw/x", **PROMPT, **redacting(mode="block")),
    "a blocked stream": body("raw/x", stream=True, **PROMPT, **redacting(mode="block")),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_refusal_quotes_no_value(talkative: Talkative, provider: RawProvider, name: str) -> None:
    answer = await talkative.ask(REFUSED[name])

    assert answer.status == (403 if "blocked" in name else 400)
    assert leaks(answer.head, answer.content, *talkative.lines) == []
    assert not provider.calls


async def test_no_route_for_operators_and_no_generation_tells_a_value(
    talkative: Talkative, provider: RawProvider
) -> None:
    provider.answers = [streamed(CUT)]
    call = await talkative.ask(body("raw/x", stream=True, **PROMPT, **redacting(mode="placeholder")))

    id = call.fields["x-generation-id"]
    generation = await exchange(talkative.relay.port, request_head(None, method="GET", path=f"/v1/generation?id={id}"))
    models = await exchange(talkative.relay.port, request_head(None, method="GET", path="/v1/models"))
    paths = ("/livez", "/readyz", "/startupz", "/healthz", "/metrics", "/config", "/")
    shown = [await exchange(talkative.ops, request_head(None, method="GET", path=path)) for path in paths]

    assert generation.status == models.status == shown[0].status == 200
    assert leaks(*(answer.head + answer.content for answer in (generation, models, *shown))) == []


async def test_a_record_counts_every_class_in_both_directions(talkative: Talkative, provider: RawProvider) -> None:
    """What the tests above look for was found, and not only not there."""
    provider.answers = [streamed(CUT)]
    answer = await talkative.ask(body("raw/x", stream=True, messages=PROMPT["messages"], **redacting()))

    id = answer.fields["x-generation-id"]
    record = await talkative.relay.find(lambda line: line.get("request_id") == id)
    assert record["redactions"] == {"request": dict.fromkeys(VALUES, 1), "response": dict.fromkeys(VALUES, 1)}
