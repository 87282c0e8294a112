"""Coded bodies: any cut gives the same content; what is cut off, foreign or swollen is told."""

import gzip
import zlib

import pytest

from relay.upstream.coding import CodingError, Decoder
from tests.support.streams import in_pieces

TEXT = b'event: ping\ndata: {"type": "ping"}\n\n' * 20
BODIES = {
    "gzip": (b"gzip", gzip.compress(TEXT, mtime=0)),
    "x-gzip": (b"x-gzip", gzip.compress(TEXT, mtime=0)),
    "deflate": (b"deflate", zlib.compress(TEXT)),
    "members": (b"gzip", gzip.compress(TEXT[:100]) + gzip.compress(b"") + gzip.compress(TEXT[100:])),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("size", [1, 2, 7, 1 << 20])
def test_a_body_is_decoded_in_any_pieces(name: str, size: int) -> None:
    coding, body = BODIES[name]
    decoder = Decoder(coding)
    assert not decoder.is_cut
    assert b"".join([decoder.feed(piece) for piece in in_pieces(body, size)]) == TEXT
    assert not decoder.is_cut


@pytest.mark.parametrize("name", ["gzip", "x-gzip", "deflate"])
def test_every_part_of_a_body_is_cut(name: str) -> None:
    coding, body = BODIES[name]
    for end in range(1, len(body)):
        decoder = Decoder(coding)
        assert TEXT.startswith(decoder.feed(body[:end]))
        assert decoder.is_cut


@pytest.mark.parametrize("coding", [b"br", b"gzip, gzip", b"", b"zstd"])
def test_a_coding_that_nobody_asked_for_is_refused(coding: bytes) -> None:
    with pytest.raises(CodingError):
        Decoder(coding)


@pytest.mark.parametrize(
    "body",
    [b"hello", gzip.compress(TEXT) + b"hello", gzip.compress(TEXT)[:-3] + b"abc"],
    ids=["text", "text behind it", "a wrong sum"],
)
def test_what_is_no_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(CodingError):
        Decoder(b"gzip").feed(body)


def test_a_bomb_is_refused_whole_and_in_members() -> None:
    bomb = gzip.compress(bytes(10 << 20))
    for body in (bomb, 30 * gzip.compress(bytes(1 << 20))):
        with pytest.raises(CodingError):
            Decoder(b"gzip").feed(body)
