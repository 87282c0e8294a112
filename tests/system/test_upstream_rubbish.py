"""Whatever a provider sends, the client gets the documented error, the record its reason, and relay serves on."""

import asyncio
import gzip
import json
from dataclasses import dataclass

import pytest

from tests.support import answers
from tests.support.answers import LAST_CHUNK, SSE, chunk, failure, head, message, stream, streamed, whole
from tests.support.processes import Running
from tests.support.raw_client import ask, body
from tests.support.raw_provider import FIN, RST, RawProvider, Steps
from tests.system.planted import ANSWER, PROMPT, PROVIDER_KEY

pytestmark = pytest.mark.usefixtures("serves_on")

JSON = "application/json"
HTML = b"<html><head><title>502</title></head><body>%b 10.1.2.3</body></html>" % ANSWER.encode()
UNTYPED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
PROTOCOL = (502, "api_error", "provider_protocol")
TRUNCATED = (502, "api_error", "provider_truncated")
CONNECT = (502, "api_error", "provider_connect")
FAILED = (502, "api_error", "provider_error")


def raw(text: str, *more: bytes) -> list[bytes]:
    return [text.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n", *more]


@dataclass(frozen=True)
class Case:
    """What the provider does, and what becomes of it when a stream was asked for, and when none was."""

    steps: Steps
    streamed: tuple[int, str, str]
    unary: tuple[int, str, str]


def both(steps: Steps, outcome: tuple[int, str, str]) -> Case:
    return Case(steps, outcome, outcome)


CASES: dict[str, Case] = {
    # Heads
    "garbage": both([b"\x00\x01\x02garbage\r\n\r\n"], PROTOCOL),
    "a TLS alert": both([b"\x15\x03\x01\x00\x02\x02\x46"], PROTOCOL),
    "an SSH banner": both([b"SSH-2.0-OpenSSH_9.9\r\n"], PROTOCOL),
    "a status that is no number": both(raw("HTTP/1.1 OK 200\ncontent-length: 0"), PROTOCOL),
    "HTTP/3.7": both(raw("HTTP/3.7 200 OK\ncontent-length: 0"), PROTOCOL),
    "a switch of protocols": both(raw("HTTP/1.1 101 Switching\nupgrade: h2c\nconnection: upgrade"), PROTOCOL),
    "an endless field": both([b"HTTP/1.1 200 OK\r\nx-a: ", *(200 * [8192 * b"a"])], PROTOCOL),
    "endless fields": both([b"HTTP/1.1 200 OK\r\n", *(2000 * [b"x-a: %b\r\n" % (500 * b"a")])], PROTOCOL),
    "an endless reason": both([b"HTTP/1.1 200 ", *(200 * [8192 * b"a"])], PROTOCOL),
    "endless interim answers": both([*(5000 * [b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n"])], PROTOCOL),
    "length and chunks": both(
        raw(f"HTTP/1.1 200 OK\ncontent-type: {SSE}\ncontent-length: 5\ntransfer-encoding: chunked", LAST_CHUNK),
        PROTOCOL,
    ),
    "two lengths": both(raw("HTTP/1.1 200 OK\ncontent-length: 2\ncontent-length: 3", b"{} "), PROTOCOL),
    "a length that is none": both(raw("HTTP/1.1 200 OK\ncontent-length: many"), PROTOCOL),
    "bare line feeds": both([streamed().replace(b"\r\n", b"\n", 3)], PROTOCOL),
    "nothing, then FIN": both([FIN], CONNECT),
    "nothing, then RST": both([RST], CONNECT),
    "half a head, then FIN": both([b"HTTP/1.1 200 OK\r\ncontent-ty", FIN], CONNECT),
    "half a head, then RST": both([b"HTTP/1.1 200 OK\r\ncontent-ty", RST], CONNECT),
    # Statuses
    "204": both(raw("HTTP/1.1 204 No Content"), FAILED),
    "304": both(raw("HTTP/1.1 304 Not Modified"), FAILED),
    "a redirect": both(raw("HTTP/1.1 302 Found\nlocation: http://127.0.0.1/\ncontent-length: 0"), FAILED),
    "999": both([whole(b"", "999 Strange")], FAILED),
    "HTML with 500": both([whole(HTML, "500 Oops", "text/html")], FAILED),
    "HTML with 502": both([whole(HTML, "502 Bad Gateway", "text/html")], FAILED),
    "HTML with 503": both([whole(HTML, "503 Busy", "text/html")], (503, "overloaded_error", "provider_overloaded")),
    "HTML with 403": both([whole(HTML, "403 Forbidden", "text/html")], (502, "api_error", "provider_auth")),
    "HTML with 404": both([whole(HTML, "404 Not Found", "text/html")], (404, "not_found_error", "provider_error")),
    "HTML with 400": both([whole(HTML, "400 Bad", "text/html")], (400, "invalid_request_error", "caller_invalid")),
    "529": both(
        [failure("529 Overloaded", "overloaded_error", "Overloaded")], (529, "overloaded_error", "provider_overloaded")
    ),
    "401": both([failure("401 No", "authentication_error", "bad key")], (502, "api_error", "provider_auth")),
    "402": both([failure("402 Pay", "billing_error", "pay up")], (502, "api_error", "provider_billing")),
    "429": both([failure("429 Slow", "rate_limit_error", "slow")], (429, "rate_limit_error", "provider_rate_limited")),
    "429 whose body breaks off": both(
        [head(JSON, "429 Slow", length=100), b'{"type"', FIN], (429, "rate_limit_error", "provider_rate_limited")
    ),
    "429 with a body of 2 MiB": both(
        [head(JSON, "429 Slow", length=2 << 20), (2 << 20) * b" "], (429, "rate_limit_error", "provider_rate_limited")
    ),
    "429 with a date that is none": both(
        [failure("429 Slow", "rate_limit_error", "slow", "retry-after: Mon, 99 Nov 2026 99:99:99 GMT")],
        (429, "rate_limit_error", "provider_rate_limited"),
    ),
    "429 with a year that is none": both(
        [failure("429 Slow", "rate_limit_error", "slow", "retry-after: Mon, 09 Nov 99999 09:09:09 GMT")],
        (429, "rate_limit_error", "provider_rate_limited"),
    ),
    "429 with no number": both(
        [failure("429 Slow", "rate_limit_error", "slow", "retry-after: nan", "retry-after-ms: -inf")],
        (429, "rate_limit_error", "provider_rate_limited"),
    ),
    # Bodies
    "HTML with 200": both([whole(HTML, content_type="text/html")], PROTOCOL),
    "words with 200": both([whole(b"hello", content_type="text/plain")], PROTOCOL),
    "a few words with 200": both([whole(b": x", content_type="text/plain")], PROTOCOL),
    "no content": both([whole(b"")], PROTOCOL),
    "JSON that is no message": both([whole(b'{"object":"chat.completion"}')], PROTOCOL),
    "a JSON array": both([whole(b"[1,2]")], PROTOCOL),
    "JSON that ends early": both([whole(message()[:-5])], PROTOCOL),
    "JSON that is no UTF-8": both([whole(message().replace(b"hello", b"h\xff"))], PROTOCOL),
    "an error with 200": both(
        [whole(b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}')],
        (529, "overloaded_error", "provider_overloaded"),
    ),
    "an error that is a string": both([whole(b'{"error":"oops"}')], FAILED),
    "an error whose type is none": both([whole(b'{"error":{"type":{},"message":[]}}')], FAILED),
    "content that is no list": both([whole(message(content=5))], PROTOCOL),
    "JSON nested 100,000 deep": both([whole(100_000 * b"[" + 100_000 * b"]")], PROTOCOL),
    "FIN in the body": both([head(JSON, length=1000), message()[:20], FIN], TRUNCATED),
    "RST in the body": both([head(JSON, length=1000), message()[:20], RST], TRUNCATED),
    "FIN in a chunk": both([head(JSON), b"ff\r\n{", FIN], TRUNCATED),
    "no last chunk": both([head(JSON), chunk(message()), FIN], TRUNCATED),
    "a chunk size that is none": both([head(JSON), b"zz\r\n{}\r\n"], PROTOCOL),
    "a chunk size of 2^70": both([head(JSON), b"400000000000000000\r\n{}\r\n"], PROTOCOL),
    "no line end after a chunk": both([head(JSON), b"2\r\n{}xx"], PROTOCOL),
    # Streams
    "an empty stream": Case([head(), LAST_CHUNK], TRUNCATED, PROTOCOL),
    "comments only": Case([head(), chunk(b": hello\n\n: hello\n\n"), LAST_CHUNK], TRUNCATED, PROTOCOL),
    "[DONE] only": Case([head(), chunk(b"data: [DONE]\n\n"), LAST_CHUNK], TRUNCATED, PROTOCOL),
    "a stream of Chat chunks": Case([head(), chunk(b'data: {"choices":[]}\n\n'), LAST_CHUNK], PROTOCOL, PROTOCOL),
    "events that are no JSON": Case(
        [head(), chunk(b"event: message_start\ndata: hello\n\n"), LAST_CHUNK], PROTOCOL, PROTOCOL
    ),
    "events out of order": Case([head(), chunk(answers.closing()), LAST_CHUNK], PROTOCOL, PROTOCOL),
    "JSON called a stream": Case([whole(b'{"error":{"message":"x"}}', content_type=SSE)], TRUNCATED, FAILED),
    "HTML called a stream": Case([whole(HTML, content_type=SSE)], TRUNCATED, PROTOCOL),
    "an error event first": Case(
        [head(), chunk(answers.frame("error", error={"type": "overloaded_error", "message": "Overloaded"}))],
        (529, "overloaded_error", "provider_overloaded"),
        TRUNCATED,
    ),
    "an error event of odd types first": Case(
        [head(), chunk(answers.frame("error", error={"type": 5, "message": {}})), LAST_CHUNK], FAILED, PROTOCOL
    ),
    "an event of 9 MiB": Case([head(), b"900000\r\ndata: ", *(144 * [65536 * b"a"])], PROTOCOL, PROTOCOL),
}
NEVER_ENDING = {"an error event first", "an event of 9 MiB"}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("streams", [True, False], ids=["stream", "unary"])
async def test_rubbish_before_the_first_event_is_an_http_error(
    relay: Running, provider: RawProvider, name: str, streams: bool
) -> None:
    case = CASES[name]
    provider.answers = [*case.steps, FIN] if name in NEVER_ENDING else case.steps
    status, kind, reason = case.streamed if streams else case.unary

    answer = await ask(relay.port, body(f"raw/{name}".replace(" ", "-"), stream=streams, system=PROMPT))
    record = await relay.record(lambda record: record["request_id"] == answer.fields["x-generation-id"])

    assert (answer.status, answer.error["type"], record["error_type"]) == (status, kind, reason)
    assert (record["outcome"], record["status"], len(record["attempts"])) == ("error", status, 1)
    assert not [text for text in (ANSWER, PROMPT, PROVIDER_KEY, "10.1.2.3") if text.encode() in answer.content]


@pytest.mark.parametrize("content", [[None], ["x"], [{"type": "x", "a": json.loads(200 * "[" + 200 * "]")}]])
@pytest.mark.parametrize("streams", [True, False], ids=["stream", "unary"])
async def test_odd_blocks_pass_or_are_a_fault_of_the_provider_never_ours(
    relay: Running, provider: RawProvider, content: list[object], streams: bool
) -> None:
    provider.answers = [whole(message(content=content))]

    answer = await ask(relay.port, body("raw/odd-blocks", stream=streams))
    record = await relay.record(lambda record: record["request_id"] == answer.fields["x-generation-id"])

    assert answer.status in (200, 502)
    assert record["error_type"] in (None, "provider_protocol")


async def test_a_provider_that_refuses_connections_is_an_error(relay: Running) -> None:
    answer = await ask(relay.port, body("raw/refused", stream=True))
    record = await relay.record_of("raw/refused")

    assert (answer.status, answer.error["type"], record["error_type"]) == CONNECT


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "unary"])
async def test_the_next_endpoint_answers_when_the_first_gave_rubbish(
    relay: Running, provider: RawProvider, streams: bool
) -> None:
    provider.answers = [head(), chunk(b"event: message_start\ndata: {"), RST]
    model = f"pair/{streams}"

    answer = await ask(relay.port, body(model, stream=streams))
    record = await relay.record_of(model)

    assert answer.status == 200
    assert (record["outcome"], len(record["attempts"])) == ("complete", 2)
    assert record["attempts"][0]["error_type"] is not None


GOOD: dict[str, tuple[Steps, bool]] = {
    "100 first": ([b"HTTP/1.1 100 Continue\r\n\r\n", streamed()], True),
    "103 first, with fields": ([b"HTTP/1.1 103 Early Hints\r\nanthropic-a: interim\r\n\r\n", streamed()], True),
    "HTTP/1.0, delimited by its end": (
        [b"HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\n", stream(), FIN],
        True,
    ),
    "HTTP/1.1, delimited by its end": (
        [b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n", stream(), FIN],
        True,
    ),
    "a stream with a length": ([whole(stream(), content_type=SSE)], True),
    "a stream without its last chunk": ([head(), chunk(stream()), FIN], True),
    "a stream that is reset after its end": ([head(), chunk(stream()), RST], True),
    "garbage after the last chunk": ([streamed() + b"garbage"], True),
    "a second answer that nobody asked for": ([streamed() + streamed(["unasked"])], True),
    "chunks with extensions and trailers": (
        [head() + b"%x;a=b;c\r\n%b\r\n0\r\nx-trailer: 1\r\n\r\n" % (len(stream()), stream())],
        True,
    ),
    "a byte a write": ([head(), *(chunk(bytes([byte])) for byte in stream()), LAST_CHUNK], True),
    "field names in capitals": ([streamed().replace(b"content-type", b"CONTENT-TYPE")], True),
    "a whole answer instead of a stream": ([whole(message())], True),
    "gzip though identity was asked for": (
        [head(SSE, "200 OK", "content-encoding: gzip"), chunk(gzip.compress(stream())), LAST_CHUNK],
        True,
    ),
    "gzip whose head comes alone": (
        [
            head(SSE, "200 OK", "content-encoding: gzip"),
            chunk(gzip.compress(stream())[:10]),
            0.05,
            chunk(gzip.compress(stream())[10:-8]),
            0.05,
            chunk(gzip.compress(stream())[-8:]) + LAST_CHUNK,
        ],
        True,
    ),
    "gzip in two members": (
        [
            head(SSE, "200 OK", "content-encoding: gzip"),
            chunk(gzip.compress(stream()[:99]) + gzip.compress(stream()[99:])) + LAST_CHUNK,
        ],
        True,
    ),
    "a broken chunk behind the end of the stream": ([head() + chunk(stream()) + b"XX\r\n"], True),
    "events called text": ([whole(stream(), content_type="text/plain")], True),
    "events without a type, in pieces": (
        [UNTYPED, chunk(stream()[:1]), 0.02, chunk(stream()[1:7]), 0.02, chunk(stream()[7:]), LAST_CHUNK],
        True,
    ),
    "a message without a type, in pieces": (
        [UNTYPED, chunk(message()[:3]), 0.02, chunk(message()[3:20]), 0.02, chunk(message()[20:]), LAST_CHUNK],
        True,
    ),
    "a unary answer": ([whole(message())], False),
    "a unary answer delimited by its end": (
        [b"HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n", message(), FIN],
        False,
    ),
    "a unary answer without usage": ([whole(message(usage=None))], False),
    "a unary answer in gzip": ([whole(gzip.compress(message()), "200 OK", JSON, "content-encoding: gzip")], False),
    "a unary answer with odd usage": (
        [whole(message(usage={"input_tokens": "many", "output_tokens": -1, "x": []}))],
        False,
    ),
    "a unary answer of 8 MiB": ([whole(message("x" * (8 << 20)))], False),
}


@pytest.mark.parametrize("name", GOOD)
async def test_an_odd_but_good_answer_is_taken(relay: Running, provider: RawProvider, name: str) -> None:
    steps, streams = GOOD[name]
    provider.answers = steps

    answer = await ask(relay.port, body(f"raw/{name}".replace(" ", "-"), stream=streams))
    record = await relay.record(lambda record: record["request_id"] == answer.fields["x-generation-id"])

    assert (answer.status, record["outcome"]) == (200, "complete")
    assert "interim" not in answer.fields.values()
    if streams:
        texts = [data["delta"].get("text") for event, data in answer.events if event == "content_block_delta"]
        assert "".join(texts) == "hello world"
        assert [event for event, _ in answer.events].count("message_stop") == 1
    else:
        assert answer.json["content"][0]["type"] == "text"


FLOODS: dict[str, Steps] = {
    "a line without end": [head(), *(600 * [chunk(65536 * b"a")])],
    "a frame without end": [head(), *(600 * [chunk(b"data: %b\n" % (65536 * b"a"))])],
    "an event name without end": [head(), chunk(b"event: "), *(600 * [chunk(65536 * b"a")])],
    "comments without end": [head(), *(600 * [chunk(b": %b\n\n" % (65536 * b"a"))]), RST],
    "a chunk extension without end": [head(), b"5;", *(600 * [65536 * b"a"]), RST],
    "trailers without end": [head(), b"0\r\n", *(600 * [b"x-a: %b\r\n" % (60_000 * b"a")])],
    "one trailer without end": [head(), b"0\r\nx-a: ", *(600 * [65536 * b"a"])],
    "a JSON body without end": [head(JSON), *(1200 * [chunk(65536 * b" ")])],
}


@pytest.mark.parametrize("name", FLOODS)
async def test_a_flood_from_a_provider_ends_in_an_error_and_bounded_memory(
    relay: Running, provider: RawProvider, name: str
) -> None:
    provider.answers = FLOODS[name]
    peak, before = 0, relay.rss_bytes()
    asked = asyncio.ensure_future(ask(relay.port, body(f"raw/{name}".replace(" ", "-"), stream=True)))

    while not asked.done():
        peak = max(peak, relay.rss_bytes())
        await asyncio.sleep(0.005)

    assert asked.result().status == 502
    bound = 160 << 20 if "JSON" in name else 32 << 20
    assert peak - before < bound


async def test_a_provider_that_echoes_the_credential_does_not_betray_it(relay: Running, provider: RawProvider) -> None:
    """wire-protocols 7.89, ERR-3: messages are free of keys, whoever wrote them."""
    found = []
    for status, kind in (
        ("400 Bad", "invalid_request_error"),
        ("404 No", "not_found_error"),
        ("413 Large", "request_too_large"),
        ("429 Slow", "rate_limit_error"),
        ("529 Busy", "overloaded_error"),
    ):
        provider.answers = [failure(status, kind, f"key {PROVIDER_KEY} is not good")]
        answer = await ask(relay.port, body("raw/echo"))
        found += [status] if PROVIDER_KEY.encode() in answer.content else []
    provider.answers = [head(), chunk(answers.opening()), chunk(in_band(PROVIDER_KEY)), LAST_CHUNK]
    answer = await ask(relay.port, body("raw/echo", stream=True))
    found += ["in band"] if PROVIDER_KEY.encode() in answer.content else []

    assert not found


def in_band(text: str) -> bytes:
    return answers.frame("error", error={"type": "api_error", "message": f"key {text} is not good"})


async def test_half_a_character_in_an_answer_costs_no_record(relay: Running, provider: RawProvider) -> None:
    provider.answers = [whole(message().replace(b'"end_turn"', rb'"\ud800"'))]
    ids = [(await ask(relay.port, body("raw/x"))).fields["x-generation-id"] for _ in range(3)]

    await relay.find(lambda line: line.get("request_id") == ids[-1])
    lines = [line for line in relay.log if line.get("request_id") in ids]
    assert [(line["event"], line["outcome"], line["usage"]["input_tokens"]) for line in lines] == 3 * [
        ("call", "complete", 7)
    ]


async def test_half_a_character_in_an_error_is_an_error_of_the_provider(relay: Running, provider: RawProvider) -> None:
    error = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"\\ud800"}}\n\n'
    provider.answers = [head(SSE) + chunk(error) + LAST_CHUNK]

    answer = await ask(relay.port, body("raw/x", stream=True))

    assert answer.status == 529


async def test_citations_that_are_no_list_are_no_bug_of_ours(relay: Running, provider: RawProvider) -> None:
    block = {"type": "text", "text": "x", "citations": 5}
    provider.answers = [whole(message(content=[block]))]

    answer = await ask(relay.port, body("raw/x", stream=True))

    assert answer.status == 200
    assert answer.events[-1][0] == "message_stop"
