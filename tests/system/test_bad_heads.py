"""Request lines and header fields that nobody should send: answered in the envelope, closed, nothing kept."""

import asyncio

import pytest

from tests.support.answers import LAST_CHUNK, chunk, message, stream, streamed, whole
from tests.support.answers import head as response_head
from tests.support.processes import Running
from tests.support.raw_client import KEY, Answer, Client, ask, body, exchange, head, request
from tests.support.raw_provider import RawProvider
from tests.system.planted import PROMPT, WRONG_KEY

pytestmark = pytest.mark.usefixtures("serves_on")

HELLO = body("demo/chat@delay=0")
START = b"POST /v1/messages HTTP/1.1\r\nhost: relay\r\nx-api-key: %b\r\n" % KEY.encode()


async def answered(relay: Running, *pieces: bytes) -> Answer:
    """Give the answer to a malformed request, which must end its connection."""
    async with Client(relay.port) as client:
        client.send(*pieces)
        answer = await client.answer()
        await client.closed(6)
    return answer


AMBIGUOUS = {
    "length and chunks": b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"content-length: 2\r\ncontent-length: 3\r\n\r\n{} ",
    "a list of lengths": b"content-length: 2, 2\r\n\r\n{}",
    "a negative length": b"content-length: -1\r\n\r\n",
    "a length with a sign": b"content-length: +2\r\n\r\n{}",
    "a length in hex": b"content-length: 0x2\r\n\r\n{}",
    "a length without end": b"content-length: %b\r\n\r\n" % (40 * b"9"),
    "chunked not last": b"transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunked twice": b"transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "unknown transfer coding": b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a chunk size that is none": b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a negative chunk size": b"transfer-encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "a folded line": b"x-a: 1\r\n b\r\ncontent-length: 2\r\n\r\n{}",
    "a bare CR": b"x-a: 1\rx-b: 2\r\ncontent-length: 2\r\n\r\n{}",
    "a control character in a name": b"x\x01a: 1\r\ncontent-length: 2\r\n\r\n{}",
    "a space before the colon": b"content-length : 2\r\n\r\n{}",
    "a NUL in a value": b"x-a: \x00\r\ncontent-length: 2\r\n\r\n{}",
    "no name": b": 1\r\ncontent-length: 2\r\n\r\n{}",
    "no colon": b"x-a\r\ncontent-length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("rest", AMBIGUOUS.values(), ids=AMBIGUOUS)
async def test_ambiguous_framing_is_refused_and_closed(relay: Running, rest: bytes) -> None:
    answer = await answered(relay, START + rest)

    assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")


GARBAGE = {
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + 200 * b"\x00",
    "words": b"hello, is anybody there?\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a version from the future": b"POST /v1/messages HTTP/9.9\r\n\r\n",
    "a NUL in the target": b"GET /\x00 HTTP/1.1\r\n\r\n",
    "a space in the target": b"GET /a b HTTP/1.1\r\n\r\n",
    "a target that is not ASCII": b"GET /\xff HTTP/1.1\r\n\r\n",
    "line ends only": 100 * b"\r\n" + b"\x00\r\n\r\n",
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_is_answered_with_400_and_closed(relay: Running, garbage: bytes) -> None:
    answer = await answered(relay, garbage)

    assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")


FLOODS = {
    "a long request line": b"POST /%b HTTP/1.1\r\n\r\n" % (17_000 * b"a"),
    "a long field": START + b"x-long: %b\r\ncontent-length: 2\r\n\r\n{}" % (17_000 * b"a"),
    "a long name": START + b"%b: 1\r\ncontent-length: 2\r\n\r\n{}" % (17_000 * b"a"),
    "many fields": START + b"".join(b"x-%d: 1\r\n" % n for n in range(200)) + b"content-length: 2\r\n\r\n{}",
    "64 KiB of fields": START
    + b"".join(b"x-%d: %b\r\n" % (n, 8000 * b"a") for n in range(9))
    + b"content-length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
async def test_a_flood_of_header_fields_is_refused_with_431(relay: Running, flood: bytes) -> None:
    answer = await answered(relay, flood)

    assert (answer.status, answer.error["type"]) == (431, "invalid_request_error")


@pytest.mark.parametrize("cut", range(6))
async def test_a_head_may_be_cut_anywhere_in_its_end(relay: Running, provider: RawProvider, cut: int) -> None:
    content = body("raw/x", system="x" * 300_000)
    whole_head = head(len(content))
    provider.answers = [whole(message("Hello"))]
    async with Client(relay.port) as client:
        for _ in range(2):
            client.send(whole_head[: len(whole_head) - cut])
            await asyncio.sleep(0.02)
            client.send(whole_head[len(whole_head) - cut :] + content)
            assert (await client.answer()).status == 200


async def send_a_line_without_end(relay: Running) -> None:
    """20 MiB of one request line; AssertionError when all of it is taken."""
    async with Client(relay.port) as client:
        with pytest.raises(ConnectionError):
            for number in range(320):
                client.send(65536 * b"a" if number else b"GET /")
                await client.writer.drain()


async def test_a_request_line_without_end_is_cut_off_in_bounded_memory(relay: Running) -> None:
    await send_a_line_without_end(relay)
    before = relay.rss_bytes()

    for _ in range(15):
        await send_a_line_without_end(relay)

    assert relay.rss_bytes() - before < 4 << 20


@pytest.mark.parametrize(
    "fields",
    [
        {"x_api_key": None},
        {"x_api_key": WRONG_KEY},
        {"x_api_key": ""},
        {"x_api_key": KEY[:-1]},
        {"x_api_key": KEY + "x"},
        {"x_api_key": KEY, "authorization": f"Bearer {WRONG_KEY}"},
        {"x_api_key": KEY, "authorization": "Bearer"},
        {"x_api_key": None, "authorization": f"Basic {KEY}"},
        {"x_api_key": None, "authorization": KEY},
        {"x_api_key": "\udcff\udcfe"},
        {"x_api_key": 16_000 * "k"},
    ],
    ids=[
        "none",
        "wrong",
        "empty",
        "shorter",
        "longer",
        "wrong Bearer wins",
        "empty Bearer wins",
        "Basic",
        "no scheme",
        "no UTF-8",
        "16 KB",
    ],
)
@pytest.mark.parametrize("path", ["/v1/messages", "/api/v1/messages", "/v1/messages/count_tokens"])
async def test_a_bad_key_is_refused_with_401_and_one_text(
    relay: Running, provider: RawProvider, path: str, fields: dict[str, str | None]
) -> None:
    content = body("raw/x", system=PROMPT)

    answer = await exchange(relay.port, head(len(content), path=path, **fields), content)  # type: ignore[arg-type]

    assert (answer.status, answer.error["type"]) == (401, "authentication_error")
    assert answer.error["message"] == "no valid key: send it as `x-api-key` or as `Authorization: Bearer`"
    assert not provider.calls


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"x_api_key": None, "authorization": f"Bearer {KEY}"},
        {"x_api_key": None, "authorization": f"bearer   {KEY}"},
        {"x_api_key": WRONG_KEY, "authorization": f"Bearer {KEY}"},
    ],
    ids=["x-api-key", "Bearer", "bearer", "Bearer wins"],
)
async def test_pitfall_73_both_credential_fields_are_taken_and_bearer_wins(
    relay: Running, fields: dict[str, str | None]
) -> None:
    assert (await ask(relay.port, HELLO, **fields)).status == 200


ODD_FIELDS = {
    "x_title": "caf\u00e9",
    "x_app": "\udcff",
    "x_session_id": "\udcff",
    "anthropic_version": "2023-06-01\udcff",
    "anthropic_beta": "\udcff",
    "x_request_id": "\udcff",
    "user_agent": "\udcff",
}


@pytest.mark.parametrize(("name", "value"), ODD_FIELDS.items(), ids=ODD_FIELDS)
async def test_odd_bytes_in_a_field_break_neither_the_call_nor_its_record(
    relay: Running, name: str, value: str
) -> None:
    model = f"demo/chat@delay=0,events={len(name)}"

    answer = await ask(relay.port, body(model), **{name: value})

    assert answer.status in (200, 400)
    if answer.status == 200:
        record = await relay.record(lambda record: record["request_id"] == answer.fields["x-generation-id"])
        assert record["outcome"] == "complete"


async def test_a_session_id_over_256_characters_is_refused(relay: Running) -> None:
    answer = await ask(relay.port, HELLO, x_session_id=257 * "s")

    assert (answer.status, answer.error["message"].split(":")[0]) == (400, "x-session-id")


async def test_a_pipelined_request_s_content_is_no_head(relay: Running, provider: RawProvider) -> None:
    provider.answers = [streamed()]
    large = body("raw/second", stream=True, system=(100 << 10) * "x")
    async with Client(relay.port) as client:
        client.send(request(body("raw/first", stream=True)) + head(len(large)))
        first = await client.answer()
        client.send(large)
        second = await client.answer()

    assert (first.status, second.status, second.events[-1][0]) == (200, 200, "message_stop")


async def test_nothing_is_written_into_the_answer_to_a_pipelined_request(relay: Running, provider: RawProvider) -> None:
    slow = [response_head(), chunk(stream()[:500]), 0.3, chunk(stream()[500:]) + LAST_CHUNK]
    provider.answers = lambda received: [streamed()] if received.model == "first" else slow
    async with Client(relay.port) as client:
        client.send(request(body("raw/first", stream=True)) + request(body("raw/second", stream=True)))
        assert (await client.answer()).status == 200
        client.send(b"POST /v1/messages HTTP/1.1\r\nx: " + 72 * 1024 * b"y")
        second = await client.answer()

    assert (second.status, second.end, second.events[-1][0]) == (200, "clean", "message_stop")
