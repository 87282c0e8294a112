"""Responses taken apart: as they are, at every cut, and beside two parsers that are not ours."""

import http.client
import io
import socket
from collections.abc import Iterable
from typing import Any, NamedTuple, cast

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay._core import ResponseParser
from tests.support.streams import in_pieces

MAX_HEAD = 512


class Read(NamedTuple):
    """What a parser makes of the bytes of one response."""

    status: int
    fields: dict[bytes, bytes]
    content: bytes
    is_open: bool
    keeps: bool
    is_broken: bool


def read(pieces: Iterable[bytes]) -> Read:
    parser = ResponseParser(MAX_HEAD)
    parser.begin()
    content = b"".join([parser.feed(piece) for piece in pieces])
    return Read(parser.status, parser.fields, content, bool(parser), parser.keeps, parser.fault is not None)


def raw(head: str, content: bytes = b"") -> bytes:
    return "\r\n".join([*head.split("\n"), "", ""]).encode("latin-1") + content


CHUNKED = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked"
LENGTH = "HTTP/1.1 200 OK\ncontent-length: "
BREAKS_OFF = "is_open"
CLOSES = "closes"

GOOD: dict[str, tuple[bytes, bytes, str]] = {
    "a length": (raw(LENGTH + "5", b"hello"), b"hello", ""),
    "a length of 0": (raw(LENGTH + "0"), b"", ""),
    "one chunk": (raw(CHUNKED, b"5\r\nhello\r\n0\r\n\r\n"), b"hello", ""),
    "chunks": (raw(CHUNKED, b"1\r\nh\r\n00003\r\nell\r\n1\r\no\r\n000\r\n\r\n"), b"hello", ""),
    "sizes in both cases": (
        raw(CHUNKED, b"A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n"),
        b"01234567890123456789a",
        "",
    ),
    "extensions and trailers": (raw(CHUNKED, b'5;a="\t";b\r\nhello\r\n0;c\r\nx: 1\r\ny:\r\n\r\n'), b"hello", ""),
    "line ends in the content": (raw(CHUNKED, b"6\r\n\r\n0\r\n\r\r\n0\r\n\r\n"), b"\r\n0\r\n\r", ""),
    "chunked in capitals": (raw("HTTP/1.1 200 OK\nTRANSFER-ENCODING: Chunked", b"0\r\n\r\n"), b"", ""),
    "until the end": (raw("HTTP/1.1 200 OK\nx: y", b"hello"), b"hello", BREAKS_OFF),
    "half a length": (raw(LENGTH + "50", b"hello"), b"hello", BREAKS_OFF),
    "half a chunk": (raw(CHUNKED, b"50\r\nhello"), b"hello", BREAKS_OFF),
    "half a head": (b"HTTP/1.1 200 OK\r\nx: ", b"", BREAKS_OFF),
    "no last line end": (raw(CHUNKED, b"5\r\nhello\r\n0\r\n\r"), b"hello", BREAKS_OFF),
    "204": (raw("HTTP/1.1 204 No Content"), b"", ""),
    "304 with a length": (raw("HTTP/1.1 304 Not Modified\ncontent-length: 7"), b"", ""),
    "informational ones first": (
        raw("HTTP/1.1 100 Continue") + raw("HTTP/1.1 103 x\nlink: a") + raw(LENGTH + "0"),
        b"",
        "",
    ),
    "no reason": (raw("HTTP/1.1 200 \ncontent-length: 0"), b"", ""),
    "no space before no reason": (raw("HTTP/1.1 200\ncontent-length: 0"), b"", ""),
    "a reason in Latin-1": (raw("HTTP/1.1 500 Pardon fran\xe7ais\ncontent-length: 0"), b"", ""),
    "connection: close": (raw(LENGTH + "0\nConnection: Upgrade, Close"), b"", CLOSES),
    "HTTP/1.0": (raw("HTTP/1.0 200 OK\ncontent-length: 0"), b"", CLOSES),
    "HTTP/1.0 that is kept and closed": (
        raw("HTTP/1.0 200 OK\ncontent-length: 0\nconnection: keep-alive, close"),
        b"",
        CLOSES,
    ),
    "HTTP/1.0 that is kept": (raw("HTTP/1.0 200 OK\ncontent-length: 0\nconnection: keep-alive"), b"", ""),
    "HTTP/1.0 in chunks": (
        raw("HTTP/1.0 200 OK\ntransfer-encoding: chunked\nconnection: keep-alive", b"0\r\n\r\n"),
        b"",
        CLOSES,
    ),
    "bytes after the end": (raw(LENGTH + "5", b"hello!"), b"hello", CLOSES),
    "a second response": (2 * raw(LENGTH + "0"), b"", CLOSES),
}

BAD: dict[str, tuple[bytes, bytes]] = {
    "no HTTP": (b"SSH-2.0-OpenSSH_9.9\r\n", b""),
    "one byte": (b"\x15", b""),
    "an empty line first": (b"\r\n" + raw(LENGTH + "0"), b""),
    "HTTP/2": (raw("HTTP/2 200 OK"), b""),
    "HTTP/1.5": (raw("HTTP/1.5 204 No Content"), b""),
    "HTTP/1.x": (raw("HTTP/1.x 200 OK"), b""),
    "a status of two digits": (raw("HTTP/1.1 20 OK"), b""),
    "a status of four digits": (raw("HTTP/1.1 2000 OK"), b""),
    "a status below 100": (raw("HTTP/1.1 099 OK"), b""),
    "101": (raw("HTTP/1.1 101 Switching Protocols\nupgrade: h2c"), b""),
    "a bare line feed": (b"HTTP/1.1 200 OK\ncontent-length: 0\r\n\r\n", b""),
    "a bare carriage return": (b"HTTP/1.1 200 OK\r\nx: a\rb: c\r\n\r\n", b""),
    "NUL in a value": (raw("HTTP/1.1 200 OK\nx: a\0b"), b""),
    "a folded line": (raw("HTTP/1.1 200 OK\nx: a\n b"), b""),
    "a space before the colon": (raw("HTTP/1.1 200 OK\nx : a"), b""),
    "no colon": (raw("HTTP/1.1 200 OK\nx"), b""),
    "no name": (raw("HTTP/1.1 200 OK\n: a"), b""),
    "a name in Latin-1": (raw("HTTP/1.1 200 OK\n\xe9: a"), b""),
    "a negative length": (raw(LENGTH + "-1"), b""),
    "a signed length": (raw(LENGTH + "+1"), b""),
    "a length in hex": (raw(LENGTH + "0x5"), b""),
    "an empty length": (raw(LENGTH), b""),
    "a length of 2^64": (raw(LENGTH + "18446744073709551616"), b""),
    "two lengths": (raw(LENGTH + "5\ncontent-length: 6"), b""),
    "a list of lengths": (raw(LENGTH + "5, 5"), b""),
    "length and chunks": (raw(CHUNKED + "\ncontent-length: 5"), b""),
    "another coding": (raw("HTTP/1.1 200 OK\ntransfer-encoding: gzip, chunked"), b""),
    "chunked twice": (raw(CHUNKED + "\ntransfer-encoding: chunked"), b""),
    "a chunk without a size": (raw(CHUNKED, b"\r\n"), b""),
    "a size that is none": (raw(CHUNKED, b"1\r\nh\r\nxyz\r\n"), b"h"),
    "a signed size": (raw(CHUNKED, b"+5\r\nhello\r\n"), b""),
    "a size after a space": (raw(CHUNKED, b" 5\r\nhello\r\n"), b""),
    "a size before a space": (raw(CHUNKED, b"5 \r\nhello\r\n"), b""),
    "a size of 2^64": (raw(CHUNKED, b"10000000000000005\r\nhello\r\n"), b""),
    "a size and a bare line feed": (raw(CHUNKED, b"5\nhello\r\n"), b""),
    "an extension and a bare line feed": (raw(CHUNKED, b"5;a\nhello\r\n"), b""),
    "a chunk longer than its size": (raw(CHUNKED, b"4\r\nhello\r\n"), b"hell"),
    "a chunk and a bare line feed": (raw(CHUNKED, b"5\r\nhello\n0\r\n\r\n"), b"hello"),
    "a trailer and a bare line feed": (raw(CHUNKED, b"0\r\nx: 1\n\r\n"), b""),
    "a bare line feed for trailers": (raw(CHUNKED, b"0\r\n\n"), b""),
    "a head too large": (raw("HTTP/1.1 200 OK\nx: " + MAX_HEAD * "y"), b""),
    "informational ones without end": (100 * raw("HTTP/1.1 103 x\nlink: a"), b""),
    "trailers too large": (raw(CHUNKED, b"1\r\nh\r\n0\r\n" + 100 * b"x: y\r\n"), b"h"),
    "a last chunk that is one byte too large": (
        raw("HTTP/1.1 200 OK\ntransfer-encoding: chunked\nx: " + (MAX_HEAD - 56) * "y", b"0\r\n\r\n"),
        b"",
    ),
    "an extension too large": (raw(CHUNKED, b"1;" + MAX_HEAD * b"y"), b""),
}
ALL = {name: case[0] for name, case in (GOOD | BAD).items()}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_response(name: str) -> None:
    data, content, how = GOOD[name]
    found = read([data])

    assert (found.content, found.is_broken) == (content, False)
    assert found.is_open == (how == BREAKS_OFF)
    assert found.keeps == (how == "")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_response_gives_what_came_before_its_fault(name: str) -> None:
    data, content = BAD[name]
    found = read([data])

    assert (found.content, found.is_broken, found.is_open, found.keeps) == (content, True, False, False)


def test_fields_have_names_in_lower_case_and_repeated_ones_are_joined() -> None:
    found = read([raw("HTTP/1.1 429 Slow\nX-A:  1 \t\nx-b:\nX-a:\t2,3\nRetry-After: 5", b"x")])

    assert found.status == 429
    assert found.fields == {b"x-a": b"1, 2,3", b"x-b": b"", b"retry-after": b"5"}


def test_one_response_after_the_other() -> None:
    parser = ResponseParser()
    for number in (1, 2, 3):
        parser.begin()
        assert parser.feed(raw(f"HTTP/1.1 20{number} OK\ncontent-length: 1", b"%d" % number)) == b"%d" % number
        assert (parser.status, parser.keeps) == (200 + number, True)


def test_bytes_that_come_when_nobody_asked_make_the_connection_unfit() -> None:
    parser = ResponseParser()
    parser.begin()
    parser.feed(raw(LENGTH + "0"))
    assert parser.feed(b"x") == b""
    assert not parser.keeps


@pytest.mark.parametrize("name", ALL)
def test_a_cut_changes_nothing(name: str) -> None:
    data = ALL[name]
    whole = read([data])
    for at in range(1, len(data)):
        assert read([data[:at], data[at:]]) == whole
    for size in range(1, 17):
        assert read(in_pieces(data, size)) == whole


class Judge:
    """What llhttp makes of a response; it takes more than we do."""

    def __init__(self, data: bytes) -> None:
        self.fields: dict[bytes, bytes] = {}
        self.content = b""
        self.is_complete = self.is_headed = False
        self.parser = httptools.HttpResponseParser(self)
        self.parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if not self.is_headed and self.parser.get_status_code() >= 200:
            self.fields[name] = self.fields[name] + b", " + value if name in self.fields else value

    def on_headers_complete(self) -> None:
        self.is_headed = self.parser.get_status_code() >= 200

    def on_body(self, body: bytes) -> None:
        if not self.is_complete:
            self.content += body

    def on_message_complete(self) -> None:
        self.is_complete = self.is_headed


def agrees_with_others(data: bytes) -> None:
    """Fail unless llhttp and http.client read what we take as we do."""
    ours = read([data])
    if ours.is_broken or ours.status == 0 or (not ours.is_open and not ours.keeps):
        return
    try:
        judge = Judge(data)
    except httptools.HttpParserError:
        # It looks into chunk extensions, and for a length among the trailers: nobody reads those.
        assert b";" in data or b"content-length" in data.partition(b"\r\n\r\n")[2]
        return
    assert (judge.content, judge.is_headed, judge.is_complete) == (ours.content, True, not ours.is_open)
    assert {name: value.rstrip(b" \t") for name, value in judge.fields.items()} == ours.fields
    response = http.client.HTTPResponse(cast(socket.socket, _Socket(data)))
    response.begin()
    if ours.is_open or response.status < 200:
        return  # it tells nothing of a chunk that breaks off, and knows one informational response only
    assert (response.status, response.read()) == (ours.status, ours.content)


class _Socket:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self._data)


@pytest.mark.parametrize("name", GOOD)
def test_others_read_a_good_response_as_we_do(name: str) -> None:
    agrees_with_others(ALL[name])


BITS = st.sampled_from(
    [b"\r\n", b"\n", b"\r", b":", b" ", b"0", b"5", b"a", b";", b",", b"\0", b"chunked", b"content-length: 1\r\n"]
)
CHANGES = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 3), BITS), max_size=4)


@given(st.sampled_from(sorted(ALL)), CHANGES)
@settings(max_examples=1500)
def test_wounded_responses_are_read_alike_or_refused_and_no_cut_matters(
    name: str, changes: list[tuple[int, int, bytes]]
) -> None:
    data = ALL[name]
    for at, gone, new in changes:
        data = data[:at] + new + data[at + gone :]
    if data:
        whole = read([data])
        assert read(in_pieces(data, 1)) == read(in_pieces(data, 7)) == whole
        agrees_with_others(data)
