"""SseParser against the oracle: rules, splits, limits, memory and cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import LimitExceeded, Misuse, SseParser
from tests.core.corpus import CORPUS, SSE
from tests.core.timing import growth, resident_bytes
from tests.reference import sse as reference
from tests.support.streams import cut, cuts, every_cut, in_pieces, splits, sse_streams

KIB = 1024


def parse(pieces: list[bytes], max_event: int = 16 * KIB * KIB) -> list[tuple[str, str, str]]:
    parser = SseParser(max_event)
    found = [event for piece in pieces for event in parser.feed(piece)]
    return found + parser.close()


def test_corpus_holds_at_least_a_hundred_streams() -> None:
    assert len(CORPUS) >= 100


@pytest.mark.parametrize("body", CORPUS.values(), ids=CORPUS)
def test_oracle_frames_agree_with_oracle_events(body: bytes) -> None:
    frames, rest = reference.frames(body)
    assert b"".join(frame.raw for frame in frames) + rest == body
    dispatched = [(frame.type or "message", frame.data) for frame in frames if frame.data is not None]
    assert dispatched == [(event_type, data) for event_type, data, _ in reference.events(body)]


@pytest.mark.parametrize("body", CORPUS.values(), ids=CORPUS)
def test_events_are_those_of_the_grammar_at_every_split(body: bytes) -> None:
    expected = reference.events(body)
    assert parse([body]) == expected
    for pieces in splits(body):
        assert parse(pieces) == expected, [len(piece) for piece in pieces][:20]


@pytest.mark.parametrize("body", SSE.values(), ids=SSE)
def test_an_empty_feed_changes_nothing(body: bytes) -> None:
    pieces = [part for byte in in_pieces(body, 1) for part in (b"", byte, b"")]
    assert parse(pieces) == reference.events(body)


@pytest.mark.parametrize("body", SSE.values(), ids=SSE)
def test_an_event_comes_with_the_first_byte_that_ends_it(body: bytes) -> None:
    parser = SseParser()
    seen = 0
    for end in range(1, len(body) + 1):
        seen += len(parser.feed(body[end - 1 : end]))
        assert seen == len(reference.events(body[:end]))


@pytest.mark.parametrize("character", "\u2028\u2029\u0085\v\f\x1c\x1d\x1e\x1f", ids=lambda each: f"{ord(each):04x}")
def test_pitfall_44_what_ends_a_line_of_text_ends_none_of_a_stream(character: str) -> None:
    value = f"a{character}data: b{character}"
    body = f"event: e{character}\ndata: {value}\n\n".encode()
    for pieces in [[body], *every_cut(body)]:
        assert parse(pieces) == [(f"e{character}", value, "")]


@given(stream=sse_streams(), places=cuts())
def test_events_do_not_depend_on_the_split(stream: bytes, places: list[float]) -> None:
    assert parse(cut(stream, places)) == reference.events(stream)


@given(stream=st.binary(max_size=200))
def test_any_bytes_give_the_events_of_the_grammar(stream: bytes) -> None:
    assert parse([stream]) == parse(in_pieces(stream, 1)) == reference.events(stream)


def test_feed_after_close_is_misuse() -> None:
    parser = SseParser()
    parser.close()
    with pytest.raises(Misuse):
        parser.feed(b"data: 1\n\n")
    with pytest.raises(Misuse):
        parser.close()


@pytest.mark.parametrize("field", [b"data: ", b": ", b"id: ", b"", b"\xef\xbb\xbf"])
def test_a_line_without_end_meets_the_limit_at_every_split(field: bytes) -> None:
    body = field + b"x" * 1024
    for pieces in [[body], *every_cut(body), in_pieces(body, 7)]:
        with pytest.raises(LimitExceeded, match="event"):
            parse(pieces, max_event=512)


def test_many_short_lines_of_one_event_meet_the_limit() -> None:
    body = b"data: x\n" * 200
    for pieces in [[body], [body + b"\n"], *every_cut(body)]:
        with pytest.raises(LimitExceeded):
            parse(pieces, max_event=512)


@given(size=st.integers(0, 80), ends=st.sampled_from([b"\n", b"\r", b"\r\n"]), places=cuts())
def test_the_limit_does_not_depend_on_the_split(size: int, ends: bytes, places: list[float]) -> None:
    body = (b"data: 1" + ends * 2) + b"data: " + b"x" * size + ends * 2
    assert _limited(cut(body, places)) == _limited([body])


def _limited(pieces: list[bytes]) -> tuple[int, bool]:
    parser = SseParser(64)
    seen = 0
    try:
        for piece in pieces:
            seen += len(parser.feed(piece))
        parser.feed(b"")
    except LimitExceeded:
        return seen, True
    return seen, False


def test_events_before_the_limit_are_not_lost() -> None:
    parser = SseParser(64)
    assert parser.feed(b"data: 1\n\ndata: " + b"x" * 100) == [("message", "1", "")]
    with pytest.raises(LimitExceeded):
        parser.feed(b"")


def test_a_dead_parser_raises_the_same_again() -> None:
    parser = SseParser(64)
    with pytest.raises(LimitExceeded) as first:
        parser.feed(b"x" * 100)
    with pytest.raises(LimitExceeded) as later:
        parser.feed(b"\n\n")
    with pytest.raises(LimitExceeded) as last:
        parser.close()
    assert first.value is later.value is last.value


def test_many_events_larger_together_than_the_limit_are_fine() -> None:
    assert len(parse([b"data: 1\n\n" * 1000], max_event=64)) == 1000


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize(("size", "length"), [(16, 1024 * KIB), (1, 256 * KIB)])
def test_a_long_line_in_small_reads_costs_linear_time(line_end: bytes, size: int, length: int) -> None:
    def feed(length: int) -> None:
        parse(in_pieces(b"data: " + b"x" * length + line_end * 2, size))

    assert growth(feed, length // 4, length) < 8


@pytest.mark.parametrize("line", [b"\r", b"\n", b"data\r", b"data: x\n", b": c\r", b"id: 1\n", b"\xff\n", b"x"])
def test_any_repeated_line_costs_linear_time(line: bytes) -> None:
    def feed(length: int) -> None:
        parse([line * (length // len(line)) + b"\n\n"])

    assert growth(feed, 256 * KIB, 1024 * KIB) < 8


def test_memory_does_not_grow_with_the_stream() -> None:
    parser = SseParser()
    piece = b"event: content_block_delta\ndata: " + b"x" * 200 + b"\n\ndata: y\nda"
    resident = [_resident_after(parser, piece, megabytes) for megabytes in (2, 32)]
    assert resident[1] - resident[0] < KIB * KIB


def _resident_after(parser: SseParser, piece: bytes, megabytes: int) -> int:
    for _ in range(megabytes * KIB * KIB // len(piece)):
        parser.feed(piece)
    return resident_bytes()
