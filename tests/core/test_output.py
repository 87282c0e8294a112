"""Chunk framing, read back by the rules of RFC 9112 section 7.1."""

import pytest

from relay._core import chunk


@pytest.mark.parametrize("size", [1, 9, 10, 15, 16, 17, 255, 256, 4095, 4096, 65535, 65536, 1 << 20])
def test_a_chunk_is_its_size_in_hex_and_its_data(size: int) -> None:
    data = bytes(n % 251 for n in range(size))
    head, _, rest = chunk(data).partition(b"\r\n")
    assert int(head, 16) == size
    assert head == f"{size:x}".encode()
    assert rest == data + b"\r\n"


def test_line_ends_in_data_stay_as_they_are() -> None:
    assert chunk(b"\r\n0\r\n\r\n") == b"7\r\n\r\n0\r\n\r\n\r\n"


def test_an_empty_chunk_is_refused_because_it_would_end_the_body() -> None:
    with pytest.raises(ValueError, match="end of the body"):
        chunk(b"")
