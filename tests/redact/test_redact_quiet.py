"""Text in which no rule is called passes without a scan, but for its last word; every other text is scanned."""

from itertools import product
from random import Random

import pytest

from tests.redact.cuts import cut
from tests.redact.running import channel, redacted, run
from tests.redact.texts import SHORT
from tests.reference.redaction import CLASSES, redact

BREAKS = ' \n\t,;!?"#$&()*/<>=]^`{|}é—'
PLAIN = [
    "we",
    "said",
    "its",
    "wind",
    "I",
    "Zürich",
    "well-known",
    "note: this",
    "a.b",
    "(see",
    "don't",
    "x_y",
    "~",
    "=",
]


def test_all_but_the_last_word_of_prose_leaves_at_once() -> None:
    used = channel()
    for piece, given in [("The wind", "The "), (" carries it", "wind carries "), (", well-known", "it, "), (".", "")]:
        assert used.feed(piece) == given
    assert used.flush() == "well-known."


@pytest.mark.parametrize("value", SHORT[::2])
def test_a_value_behind_any_break_is_found_in_any_two_pieces(value: str) -> None:
    for mark in BREAKS:
        text = f"so it went{mark}{value}"
        whole = redact(text, CLASSES)
        for place in range(7, len(text)):
            assert run(channel(), cut(text, [place])) == whole, (mark, place)


def test_words_and_values_in_any_order_and_pieces_are_redacted_as_the_whole() -> None:
    random = Random(81)
    for first, second, third in product(PLAIN, repeat=3):
        value = random.choice(SHORT)
        text = random.choice(" -:.,/=(+_").join((first, second, value, third))
        size = random.randint(1, 9)
        fed = [text[at : at + size] for at in range(0, len(text), size)]
        assert run(channel(), fed) == redact(text, CLASSES) == redacted(text), (text, size)
