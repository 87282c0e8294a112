"""Time grows with the text and memory does not, whatever the text (R10, R11)."""

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from relay._core import Channel
from tests.redact.memory import MIB, PIECE, STREAMS, json_channel, repeated
from tests.redact.running import channel

pytestmark = pytest.mark.slow

MOST_GROWTH = 2.3
SLOWEST = 240
"""Times a plain table look-up a byte: the whole may take 20 times, and the worst case has a twelfth of its speed."""

BAITS = [
    *("a", "a@", "a.", "1 ", "1.", "4111 ", "DE89 ", "+1 ", "ab:", "::", "eyJ", "eyJa.", "-----BEGIN ", "password="),
    *("token: ", "://a:", "\\", "\\u00", "[EMAIL_", "x@a.b ", "xoxb-a-", "é", "カ", "a@カ.", "Bearer ", "1-", "0 ("),
]
ROOT = Path(__file__).parents[2]


def fed(opened: Callable[[], Channel], text: str, size: int) -> None:
    used = opened()
    for start in range(0, len(text), size):
        used.feed(text[start : start + size])
    used.flush()


def cost(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def ratio(work: Callable[[], object], other: Callable[[], object], enough: float) -> float:
    """The least CPU time of a work by the least of another, taken in turn.

    A neighbour on the machine only adds to a time, so more rounds come nearer to the truth: there are three at least
    and forty at most, until the ratio is at most `enough`.
    """
    least = other_least = math.inf
    for count in range(40):
        least, other_least = min(least, cost(work)), min(other_least, cost(other))
        if count >= 2 and least <= enough * other_least:
            break
    return least / other_least


def growth(opened: Callable[[], Channel], text: str, piece: int) -> float:
    """Time for a text by that for half of it. The half is taken twice: what lasts longer meets more neighbours."""
    half = text[: len(text) // 2]
    return 2 * ratio(
        lambda: fed(opened, text, piece), lambda: [fed(opened, half, piece) for _ in range(2)], MOST_GROWTH / 2
    )


@pytest.mark.parametrize("bait", BAITS)
def test_twice_the_text_takes_twice_the_time(bait: str) -> None:
    assert growth(channel, repeated(bait, 2 * MIB), PIECE) <= MOST_GROWTH


@pytest.mark.parametrize("bait", BAITS)
def test_twice_the_text_in_small_pieces_takes_twice_the_time(bait: str) -> None:
    assert growth(channel, repeated(bait, MIB // 2), 20) <= MOST_GROWTH


@pytest.mark.parametrize("bait", [*BAITS, "\n", '"'])
def test_twice_the_document_takes_twice_the_time(bait: str) -> None:
    assert growth(json_channel, json.dumps({"password": repeated(bait, 2 * MIB)}), PIECE) <= MOST_GROWTH


@pytest.mark.parametrize("bait", ["[", '{"a":', "[1,", '{"a":1},', '["a@b.co"],', "1" * 50 + ",", '"",'])
def test_twice_the_structure_takes_twice_the_time(bait: str) -> None:
    assert growth(json_channel, "[" + repeated(bait, 2 * MIB), PIECE) <= MOST_GROWTH


@pytest.mark.parametrize("bait", BAITS)
def test_no_text_is_slower_than_the_worst_case_allows(bait: str) -> None:
    text = repeated(bait, MIB)
    content, table = text.encode(), bytes(range(256))

    slower = ratio(
        lambda: fed(channel, text, PIECE), lambda: [content.translate(table) for _ in range(32)], SLOWEST / 32
    )

    assert slower * 32 <= SLOWEST


def measured(*arguments: str) -> int:
    """Bytes, as a process of its own counts them."""
    command = [sys.executable, "-m", "tests.redact.memory", *arguments]
    return int(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout)


@pytest.mark.parametrize("kind", STREAMS)
def test_a_channel_does_not_grow_over_a_long_stream(kind: str) -> None:
    assert measured("stream", kind) < MIB


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_channel_takes_8_kib(encoding: str) -> None:
    assert measured("channel", encoding) <= 8 << 10
