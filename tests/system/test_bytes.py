"""What relay may not touch arrives as it was sent: the prompt's bytes, both version fields, the events of a stream."""

import json
import re

import pytest

from tests.support.answers import (
    LAST_CHUNK,
    SSE,
    chunk,
    closing,
    frame,
    head,
    message,
    opening,
    stream,
    streamed,
    whole,
)
from tests.support.processes import Running
from tests.support.raw_client import KEY, Client, ask, body, exchange, request
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import FIN, RawProvider
from tests.system.planted import PROVIDER_KEY

pytestmark = pytest.mark.usefixtures("serves_on")

ODD = (
    b'{ "z" : 1.10 , "a":1e-7,"big":123456789012345678901234567890,"neg":-0,"exp":1E+2,'
    b'"twice":1,"twice":2,"empty":{},"none":null,"list":[ ],\n\t'
    b'"u":"\\u00e9\\ud83d\\ude00\\/\\b","raw":"\xc3\xa9\xe2\x80\xa8"}'
)
SYSTEM = b'[{"type":"text","text":"caf\\u00e9 \xf0\x9f\x98\x80","cache_control":{ "ttl":"5m","type":"ephemeral"}}]'
TOOLS = b'[ {"name":"t","input_schema":%b,"description":"" } ]' % ODD
CALLED = b'{"content":[{"type":"tool_use","id":"a","name":"t","input":%b}],"role":"assistant"}' % ODD
MESSAGES = b'[%b ,{"role":"user","content":""}]' % CALLED
UNKNOWN = b'{"beta": [1.0, 2.50], "deep": %b}' % ODD
CONTENT = b'\r\n{"unknown_beta_field" : %b,\n "system":%b, "model"\t:\t"raw/bytes" ,' % (
    UNKNOWN,
    SYSTEM,
) + b'"tools":%b,"max_tokens":5,"messages":%b\n}\n' % (TOOLS, MESSAGES)


@pytest.mark.parametrize("streams", [b"true", b"false"])
async def test_system_tools_messages_and_unknown_fields_arrive_byte_for_byte(
    relay: Running, provider: RawProvider, streams: bytes
) -> None:
    provider.answers = [streamed()] if streams == b"true" else [whole(message())]
    content = CONTENT.replace(b'"max_tokens"', b'"stream":%b,"max_tokens"' % streams)

    answer = await ask(relay.port, content)

    sent = provider.calls[-1].content
    assert answer.status == 200
    assert [part for part in (SYSTEM, TOOLS, MESSAGES, UNKNOWN) if part not in sent] == []
    assert provider.calls[-1].model == "bytes"
    assert list(json.loads(sent)) == list(json.loads(content))


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("sizes", [(70_000, 10), (10, 70_000), (70_000, 70_000), (65_530, 10), (900_000, 300_000)])
async def test_a_long_request_arrives_whole(
    relay: Running, provider: RawProvider, sizes: tuple[int, int], is_chunked: bool
) -> None:
    provider.answers = [whole(message())]
    system, said = (f"{size:09}\u00e9".encode() * (size // 11) for size in sizes)
    content = b'{"system":"%b","model":"raw/long","messages":[{"role":"user","content":"%b"}],"top_k":1}' % (
        system,
        said,
    )
    step = 50_021
    parts = [content[at : at + step] for at in range(0, len(content), step)]
    if is_chunked:
        parts = [request_head(None, transfer_encoding="chunked"), *map(chunk, parts), LAST_CHUNK]
    else:
        parts.insert(0, request_head(len(content)))

    answer = await exchange(relay.port, *parts)

    expected = content.replace(b'"raw/long"', b'"long"')[:-1] + b',"max_tokens":4096}'
    assert (answer.status, provider.calls[-1].content) == (200, expected)


async def test_counting_sends_the_same_bytes(relay: Running, provider: RawProvider) -> None:
    provider.answers = [whole(b'{"input_tokens":5}')]

    answer = await exchange(relay.port, request_head(len(CONTENT), path="/v1/messages/count_tokens") + CONTENT)

    sent = provider.calls[-1].content
    assert answer.json == {"input_tokens": 5}
    assert [part for part in (SYSTEM, TOOLS, MESSAGES) if part not in sent] == []
    assert provider.calls[-1].head.startswith(b"POST /v1/messages/count_tokens HTTP/1.1\r\n")


async def test_a_model_name_of_any_spelling_is_found_and_replaced(relay: Running, provider: RawProvider) -> None:
    provider.answers = [whole(message())]

    await ask(relay.port, b'{"\\u006dodel":"raw\\/\\u00e9\\"x","messages":[{"role":"user","content":"a"}]}')

    sent = json.loads(provider.calls[-1].content)
    assert sent["model"] == '\u00e9"x'


@pytest.mark.parametrize("version", ["2023-06-01", "2026-10-21", "2099-01-01"])
async def test_the_version_is_forwarded_as_sent(relay: Running, provider: RawProvider, version: str) -> None:
    provider.answers = [streamed()]

    await ask(relay.port, body("raw/version", stream=True), anthropic_version=version)

    assert provider.calls[-1].fields["anthropic-version"] == version


async def test_the_version_has_a_default(relay: Running, provider: RawProvider) -> None:
    provider.answers = [streamed()]

    await ask(relay.port, body("raw/version", stream=True))

    assert provider.calls[-1].fields["anthropic-version"] == "2023-06-01"
    assert "anthropic-beta" not in provider.calls[-1].fields


async def test_betas_are_forwarded_whole_also_those_nobody_knows(relay: Running, provider: RawProvider) -> None:
    provider.answers = [streamed()]
    betas = "prompt-caching-2024-07-31,never-heard-of-2031-01-01,x=y;z"

    await ask(relay.port, body("raw/betas", stream=True), anthropic_beta=betas)

    assert provider.calls[-1].fields["anthropic-beta"] == betas


async def test_no_credential_and_no_private_field_of_the_client_goes_upstream(
    relay: Running, provider: RawProvider
) -> None:
    provider.answers = [streamed()]
    private = {
        "cookie": "a=b",
        "x_forwarded_for": "10.9.8.7",
        "proxy_authorization": "Basic eA==",
        "x_secret": "s3cr3t",
    }

    private |= {"authorization": f"Bearer {KEY}", "connection": "x-secret"}
    await ask(relay.port, body("raw/private", stream=True), **private)

    received = provider.calls[-1]
    assert KEY.encode() not in received.head + received.content
    assert received.fields["x-api-key"] == PROVIDER_KEY
    assert received.fields.keys() <= {
        "host",
        "user-agent",
        "x-api-key",
        "content-type",
        "content-length",
        "accept",
        "accept-encoding",
        "anthropic-version",
    }
    assert received.fields["accept-encoding"] == "identity"
    assert received.fields["host"] == f"127.0.0.1:{provider.port}"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
async def test_events_leave_as_they_came_whatever_the_split(relay: Running, provider: RawProvider, size: int) -> None:
    odd = frame("content_block_delta", index=0, delta={"type": "text_delta", "text": "x"}).replace(
        b'"x"', b'"\\u00e9 \\/ 1.10  \xf0\x9f\x98\x80"  '
    )
    unknown = b'event: future_event\ndata: {"type":"future_event","n":1.50,"big":12345678901234567890}\n\n'
    untouched = [odd, unknown, frame("content_block_stop", index=0)]
    content = opening() + odd + unknown + closing()
    provider.answers = [head(), *(chunk(content[at : at + size]) for at in range(0, len(content), size)), LAST_CHUNK]

    answer = await ask(relay.port, body("raw/split", stream=True))

    assert [part for part in untouched if part not in answer.content] == []
    assert answer.events[-1][0] == "message_stop"


STREAM_HEAD = re.compile(
    rb"HTTP/1\.1 200 OK\r\n"
    rb"content-type: text/event-stream; charset=utf-8\r\n"
    rb"cache-control: no-cache, no-transform\r\n"
    rb"x-accel-buffering: no\r\n"
    rb"transfer-encoding: chunked\r\n"
    rb"x-generation-id: (?P<id>gen-\d{10}-[0-9A-Za-z]{24})\r\n"
    rb"request-id: (?P=id)\r\n"
    rb"x-request-id: (?P=id)\r\n"
    rb"x-relay-upstream-request-id: req_raw\r\n"
    rb"date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\r\n"
    rb"server: relay\r\n"
    rb"\r\n"
)


async def test_the_head_of_a_stream_is_pinned_and_leaves_with_the_first_event(
    relay: Running, provider: RawProvider
) -> None:
    provider.answers = [streamed(("hi",), "request-id: req_raw", "set-cookie: a=b", "server: secret", "cf-ray: 1")]
    async with Client(relay.port) as client:
        client.send(request(body("raw/head", stream=True)))
        first = await client.reader.read(1 << 20)

    assert STREAM_HEAD.match(first)
    assert b"event: message_start\n" in first


async def test_a_stream_is_chunked_with_its_last_chunk_and_nothing_more(relay: Running, provider: RawProvider) -> None:
    provider.answers = [streamed()]
    async with Client(relay.port) as client:
        client.send(request(body("raw/tail", stream=True), connection="close"))
        told = await client.closed()

    assert told.endswith(b'event: message_stop\ndata: {"type": "message_stop"}\n\n\r\n0\r\n\r\n')


async def test_pitfall_84_provider_fields_reach_the_client_by_allow_list(relay: Running, provider: RawProvider) -> None:
    lines = (
        "anthropic-ratelimit-requests-remaining: 5",
        "retry-after: 3",
        "x-should-retry: false",
        "x-internal: 10.0.0.1",
    )
    provider.answers = [whole(message(), "200 OK", "application/json", *lines, "via: proxy", "set-cookie: a")]

    answer = await ask(relay.port, body("raw/fields"), x_request_id="mine-1.2_3")

    assert answer.fields["anthropic-ratelimit-requests-remaining"] == "5"
    assert (answer.fields["retry-after"], answer.fields["x-should-retry"]) == ("3", "false")
    assert answer.fields["x-request-id"] == "mine-1.2_3"
    assert not answer.fields.keys() & {"x-internal", "via", "set-cookie"}


@pytest.mark.parametrize(("model", "ids"), [("pair/adopted", 1), ("raw/adopted", 0)])
async def test_pitfall_84_fields_of_a_provider_that_did_not_answer_after_all_are_not_told(
    relay: Running, provider: RawProvider, model: str, ids: int
) -> None:
    told = ("retry-after: 9", "anthropic-odd: 1", "request-id: req_first")
    provider.answers = [head(SSE, "200 OK", *told), FIN]

    async with Client(relay.port) as client:
        client.send(request(body(model, stream=True)))
        first = await client.reader.readuntil(b"\r\n\r\n")

    assert [line for line in told if line.encode() in first] == []
    assert first.count(b"x-relay-upstream-request-id: ") == ids


async def test_the_usage_that_was_reported_is_passed_on_and_recorded(relay: Running, provider: RawProvider) -> None:
    provider.answers = [streamed()]

    answer = await ask(relay.port, body("raw/usage", stream=True))
    record = await relay.record_of("raw/usage")

    told = dict(answer.events)
    assert told["message_start"]["message"]["usage"]["input_tokens"] == 7
    assert told["message_start"]["message"]["id"] == answer.fields["x-generation-id"]
    assert told["message_delta"]["usage"]["output_tokens"] == 3
    assert (record["usage"]["input_tokens"], record["usage"]["output_tokens"]) == (7, 3)
    assert (record["basis"], record["events"]) == ("provider_final", len(stream().split(b"\n\n")) - 1)
