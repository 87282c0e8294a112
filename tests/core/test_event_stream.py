"""AWS's event stream: what botocore's parser reads, at any cut, and nothing that a checksum denies."""

import struct
from typing import Any
from zlib import crc32

import pytest
from botocore.eventstream import EventStreamBuffer, ParserError
from hypothesis import given
from hypothesis import strategies as st

from relay._core import EventStream, LimitExceeded, PeerError, ProtocolError
from tests.core.timing import growth, resident_bytes
from tests.support.event_stream import error, event, exception, message, text
from tests.support.streams import cut, cuts, in_pieces, splits

Events = list[tuple[str, bytes]]
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_FLIPS = st.tuples(st.integers(0, 10**6), st.integers(1, 255))


def read(pieces: list[bytes], **options: Any) -> tuple[Events, str | None]:
    """All events, and the fault that stopped them."""
    stream, found = EventStream(**options), []
    for piece in (*pieces, b""):
        try:
            found += stream.feed(piece)
        except (ProtocolError, LimitExceeded, PeerError) as fault:
            return found, type(fault).__name__
    return found, None


def theirs(body: bytes) -> tuple[Events, str | None]:
    """The same by botocore: events until the first message that is none, or is wrong."""
    buffer, found = EventStreamBuffer(), []
    buffer.add_data(body)
    try:
        for each in buffer:
            headers = each.headers
            if headers.get(":message-type") != "event":
                known = headers.get(":message-type") in ("exception", "error")
                return found, "PeerError" if known else "ProtocolError"
            found.append((headers.get(":event-type", ""), each.payload))
    except ParserError:
        return found, "ProtocolError"
    return found, None


@st.composite
def _values(draw: st.DrawFn) -> tuple[int, bytes]:
    kind = draw(st.sampled_from([*_FIXED, 6, 7]))
    if kind == 7:
        return text(draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)))
    if kind == 6:
        return kind, draw(st.binary(min_size=1, max_size=9))
    return kind, draw(st.binary(min_size=_FIXED[kind], max_size=_FIXED[kind]))


_NAMES = st.text("abcdefgh-:", min_size=1, max_size=12).filter(lambda name: not name.startswith(":"))


@st.composite
def _messages(draw: st.DrawFn) -> bytes:
    headers = draw(st.dictionaries(_NAMES, _values(), max_size=4))
    kinds = ["event"] * 8 + ["exception", "error", "other"]
    headers |= {":message-type": text(draw(st.sampled_from(kinds)))}
    headers |= {":event-type": text(draw(st.sampled_from(["chunk", "messageStop", "metadata"])))}
    names = draw(st.permutations(sorted(headers)))
    return message({name: headers[name] for name in names}, draw(st.binary(max_size=40)))


@given(parts=st.lists(_messages(), max_size=5), flips=st.lists(_FLIPS, max_size=2), places=cuts())
def test_it_reads_what_botocore_reads_at_any_cut(
    parts: list[bytes], flips: list[tuple[int, int]], places: list[float]
) -> None:
    body = bytearray(b"".join(parts))
    for at, mask in flips:
        if body:
            body[at % len(body)] ^= mask
    expected = theirs(bytes(body))
    for pieces in (cut(bytes(body), places), in_pieces(bytes(body), 1)):
        found, fault = read(pieces)
        assert (found, _alike(fault)) == (expected[0], _alike(expected[1]))


def _alike(fault: str | None) -> bool:
    return fault is not None


@given(body=st.binary(max_size=120))
def test_any_bytes_give_events_or_a_documented_fault(body: bytes) -> None:
    prelude = struct.pack(">II", 20 + len(body), 4)
    for told in (body, prelude + struct.pack(">I", crc32(prelude)) + body):
        assert read([told], max_event=200) == read(in_pieces(told, 1), max_event=200)


def test_every_split_gives_the_same_events() -> None:
    body = event("messageStart", {"role": "assistant"}) + event("chunk", b"\x00\xff") + event("empty", b"")
    expected = [("messageStart", b'{"role": "assistant"}'), ("chunk", b"\x00\xff"), ("empty", b"")]
    assert all(read(pieces) == (expected, None) for pieces in splits(body))


@pytest.mark.parametrize("at", range(len(event("chunk", b"payload"))))
def test_a_flipped_bit_anywhere_is_a_fault(at: int) -> None:
    body = bytearray(event("chunk", b"payload") * 2)
    body[at] ^= 0x10
    assert read([bytes(body)])[0] == []
    assert read([bytes(body)])[1] in ("ProtocolError", "LimitExceeded")


def _with_lengths(total: int, headers: int) -> bytes:
    prelude = struct.pack(">II", total, headers)
    return prelude + struct.pack(">I", crc32(prelude))


@pytest.mark.parametrize(
    ("prelude", "fault"),
    [
        (_with_lengths(15, 0), "ProtocolError"),
        (_with_lengths(40, 25), "ProtocolError"),
        (_with_lengths(300 << 10, (128 << 10) + 1), "ProtocolError"),
        (_with_lengths((16 << 20) + 1, 0), "LimitExceeded"),
        (_with_lengths(0xFFFFFFFF, 0), "LimitExceeded"),
    ],
)
def test_lengths_that_cannot_be_are_refused_before_anything_is_kept(prelude: bytes, fault: str) -> None:
    assert read([prelude]) == ([], fault)


@pytest.mark.parametrize(
    "head",
    [b"\x05:a", b"\x01a", b"\x01a\x07", b"\x01a\x07\x00", b"\x01a\x07\x00\x05xy", b"\x01a\x0a", b"\x01a\x04\x00\x00"],
)
def test_headers_that_are_cut_are_a_fault(head: bytes) -> None:
    prelude = struct.pack(">II", 16 + len(head), len(head))
    body = prelude + struct.pack(">I", crc32(prelude)) + head
    assert read([body + struct.pack(">I", crc32(body))]) == ([], "ProtocolError")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (exception("throttlingException", {"message": "slow down"}), ("throttlingException", "slow down", "429")),
        (exception("ModelTimeoutException", {"Message": "late"}), ("modelTimeoutException", "late", "408")),
        (exception("modelStreamErrorException", {"originalStatusCode": 500}), ("modelStreamErrorException", "", "424")),
        (exception("newException", {"message": "?"}), ("newException", "?", "")),
        (error("InternalFailure", "it broke"), ("InternalFailure", "it broke", "")),
        (error("ThrottlingException", "slow down"), ("ThrottlingException", "slow down", "429")),
    ],
)
def test_an_exception_in_the_stream_is_an_error_of_the_peer(body: bytes, told: tuple[str, str, str]) -> None:
    with pytest.raises(PeerError) as caught:
        EventStream().feed(body)
    assert (caught.value.type, caught.value.message, caught.value.code) == told


def test_a_message_may_be_as_long_as_the_bound_says() -> None:
    body = event("chunk", b"x" * 1000)
    assert read([body], max_event=len(body))[1] is None
    assert read([body], max_event=len(body) - 1) == ([], "LimitExceeded")


def test_a_long_message_in_small_reads_takes_time_linear_in_it() -> None:
    pieces = {size: in_pieces(event("chunk", b"x" * size), 16) for size in (1 << 17, 1 << 19)}
    assert growth(lambda size: read(pieces[size]), 1 << 17, 1 << 19) < 8


def test_memory_does_not_grow_with_the_stream() -> None:
    stream, body = EventStream(), event("chunk", b"x" * 10_000)
    for _ in range(100):
        stream.feed(body[:5000])
        stream.feed(body[5000:])
    before = resident_bytes()
    for _ in range(3000):
        stream.feed(body[:5000])
        stream.feed(body[5000:])
    assert resident_bytes() - before < 2 << 20
