"""Requests in the plain form are read as aiohttp reads them; whatever is not certain is left to it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay._core import Request, whole_request
from tests.reference import request as reference
from tests.reference.request import Read


def raw(head: str, content: bytes = b"") -> bytes:
    return "\r\n".join([*head.split("\n"), "", ""]).encode("latin-1") + content


POST = "POST /v1/messages HTTP/1.1\nHost: localhost:8080\n"

PLAIN: dict[str, bytes] = {
    "no content": raw("GET /v1/models HTTP/1.1\nhost: x"),
    "content": raw(POST + "Content-Length: 5", b"hello"),
    "content of a GET": raw("GET / HTTP/1.1\nHost: x\ncontent-length: 2", b"{}"),
    "POST without a length": raw(POST + "x-a: 1"),
    "content with line ends": raw(POST + "content-length: 8", b"\r\n\r\n\0\xff\r\n"),
    "a length of 0": raw(POST + "content-length: 0"),
    "zeros before a length": raw(POST + "content-length: 0002", b"{}"),
    "a query": raw("GET /v1/models?limit=2&after_id=%20x HTTP/1.1\nhost: x"),
    "two slashes": raw("GET //v1//models HTTP/1.1\nhost: x"),
    "white space around values": raw(POST + "x-a: \t a b\t \nx-b:\nx-c:c\ncontent-length:2 ", b"{}"),
    "values beyond ASCII": raw(POST + "x-a: \xe4\xff\ncontent-length: 2", b"{}"),
    "connection: keep-alive": raw(POST + "Connection: Keep-Alive\ncontent-length: 2", b"{}"),
    "expects, with its content": raw(POST + "expect: 100-continue\ncontent-length: 2", b"{}"),
    "coded content": raw(POST + "content-encoding: br\ncontent-length: 2", b"{}"),
    "64 fields": raw(POST + "\n".join(f"x-{number}: {number}" for number in range(63))),
}

LEFT: dict[str, bytes] = {
    "nothing": b"",
    "a line end before it": b"\r\n" + PLAIN["no content"],
    "another method": raw("PUT /v1/models HTTP/1.1\nhost: x"),
    "HEAD": raw("HEAD /health HTTP/1.1\nhost: x"),
    "CONNECT": raw("CONNECT a.example:443 HTTP/1.1\nhost: x"),
    "a method in small letters": raw("get /v1/models HTTP/1.1\nhost: x"),
    "scheme and authority": raw("GET http://x/v1/models HTTP/1.1\nhost: x"),
    "an asterisk": raw("OPTIONS * HTTP/1.1\nhost: x"),
    "a fragment": raw("GET /v1/models#x HTTP/1.1\nhost: x"),
    "a path beyond ASCII": raw("GET /v1/mod\xe8les HTTP/1.1\nhost: x"),
    "a space in the path": raw("GET /v1/mod els HTTP/1.1\nhost: x"),
    "two spaces": raw("GET  /v1/models HTTP/1.1\nhost: x"),
    "HTTP/1.0": raw("GET /v1/models HTTP/1.0\nhost: x\nconnection: keep-alive"),
    "HTTP/2": raw("GET /v1/models HTTP/2.0\nhost: x"),
    "HTTP/0.9": b"GET /v1/models\r\n" + 40 * b"x",
    "no host": raw("GET /v1/models HTTP/1.1\nx-a: 1"),
    "two hosts": raw("GET /v1/models HTTP/1.1\nhost: x\nHost: y"),
    "bare line feeds": PLAIN["content"].replace(b"\r\n", b"\n"),
    "one bare line feed": PLAIN["content"].replace(b"\r\n", b"\n", 1),
    "a bare carriage return": raw(POST + "x-a: a\rb"),
    "a NUL": raw(POST + "x-a: a\0b"),
    "a control character": raw(POST + "x-a: a\x1fb"),
    "DEL": raw(POST + "x-a: a\x7fb"),
    "a folded line": raw(POST + "x-a: a\n b"),
    "a space before the colon": raw(POST + "x-a : a"),
    "a name that is none": raw(POST + "x(a): a"),
    "no name": raw(POST + ": a"),
    "no colon": raw(POST + "x-a"),
    "65 fields": raw(POST + "\n".join(f"x-{number}: {number}" for number in range(64))),
    "a large head": raw(POST + "x-a: " + 9000 * "a"),
    "connection: close": raw(POST + "connection: close\ncontent-length: 2", b"{}"),
    "connection: two words": raw(POST + "connection: keep-alive, upgrade"),
    "proxy-connection: close": raw(POST + "proxy-connection: close\ncontent-length: 2", b"{}"),
    "upgrade": raw(POST + "upgrade: websocket\ncontent-length: 2", b"{}"),
    "an old web socket": raw(POST + "sec-websocket-key1: x"),
    "chunked": raw(POST + "transfer-encoding: chunked", b"2\r\n{}\r\n0\r\n\r\n"),
    "chunked and a length": raw(POST + "transfer-encoding: chunked\ncontent-length: 2", b"{}"),
    "two lengths": raw(POST + "content-length: 2\ncontent-length: 2", b"{}"),
    "two lengths in one": raw(POST + "content-length: 2, 2", b"{}"),
    "a sign": raw(POST + "content-length: +2", b"{}"),
    "a length below 0": raw(POST + "content-length: -2", b"{}"),
    "an empty length": raw(POST + "content-length:"),
    "a length in hex": raw(POST + "content-length: 0x2", b"{}"),
    "a length of 16 digits": raw(POST + "content-length: 0000000000000002", b"{}"),
    "half its content": raw(POST + "content-length: 3", b"{}"),
    "more than its content": raw(POST + "content-length: 1", b"{}"),
    "content without a length": raw(POST + "x-a: 1", b"{}"),
    "two requests": 2 * PLAIN["content"],
}


def told(request: Request) -> Read:
    assert request.content is not None
    assert request.is_1_1 and request.keeps
    return Read(request.method, request.path, request.fields, request.content)


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_request_is_read_as_aiohttp_reads_it(name: str) -> None:
    request = whole_request(PLAIN[name])

    assert request is not None
    assert reference.agrees(PLAIN[name], told(request))


@pytest.mark.parametrize("name", LEFT)
def test_what_is_not_plain_is_left(name: str) -> None:
    assert whole_request(LEFT[name]) is None


@pytest.mark.parametrize("name", PLAIN)
def test_no_part_of_a_request_is_one_and_nothing_may_follow_it(name: str) -> None:
    data = PLAIN[name]
    assert all(whole_request(data[:end]) is None for end in range(len(data)))
    assert whole_request(data + b"\r\n") is None
    assert whole_request(data + b"x") is None


def test_what_it_says() -> None:
    request = whole_request(raw("POST /a?b=c HTTP/1.1\nHOST: x\nX-A:  1 \t\nContent-length: 2", b"{}"))

    assert request is not None
    fields = {b"host": b"x", b"x-a": b"1", b"content-length": b"2"}
    assert told(request) == Read("POST", "/a?b=c", fields, b"{}")


def test_a_request_read_by_others_has_its_repeated_fields_joined() -> None:
    pairs = [(b"X-A", b"1"), (b"x-b", b""), (b"x-a", b"2,3")]
    request = Request("PUT", "/", pairs, is_1_1=False, keeps=False)

    assert request.fields == {b"x-a": b"1,2,3", b"x-b": b""}
    assert (request.size, request.content, request.is_1_1, request.keeps) == (13, None, False, False)


def test_a_length_of_zeros_without_end_is_a_number() -> None:
    request = Request("GET", "/", [(b"Content-Length", 9000 * b"0" + b"7")], is_1_1=True, keeps=True)
    assert request.fields == {b"content-length": b"7"}


BITS = [b"\r\n", b"\n", b"\r", b":", b" ", b"\t", b"0", b"5", b"#", b",", b"\0", b"\x80", b"HTTP/1.1", b"GET /"]
FIELDS = [b"transfer-encoding: chunked", b"content-length: 1", b"connection: close", b"host: y", b"upgrade: websocket"]
FIELDS += [b"proxy-connection: close", b"content-encoding: gzip"]
NEW = st.sampled_from(BITS) | st.sampled_from(FIELDS).map(lambda field: b"\r\n" + field) | st.binary(max_size=3)
CHANGES = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 3), NEW), max_size=4)


@given(st.sampled_from(sorted(PLAIN.values()) + sorted(LEFT.values())), CHANGES)
@settings(max_examples=1500)
def test_a_wounded_request_is_read_as_aiohttp_reads_it_or_left(
    data: bytes, changes: list[tuple[int, int, bytes]]
) -> None:
    for at, gone, new in changes:
        data = data[:at] + new + data[at + gone :]
    request = whole_request(data)
    if request is not None:
        assert reference.agrees(data, told(request))
