"""Texts in pieces: cut() at given places, every_split() of a short text."""

from collections.abc import Collection, Iterator
from itertools import combinations, pairwise


def cut(text: str, places: Collection[int]) -> list[str]:
    """Give the pieces between these places; what lies beyond the text is no place."""
    inner = sorted(place for place in places if place < len(text))
    return [text[start:end] for start, end in pairwise([0, *inner, len(text)])]


def every_split(text: str, most: int | None = None) -> Iterator[list[str]]:
    """Give the text in every partition of at most `most` cuts."""
    count = len(text) - 1 if most is None else most
    for number in range(count + 1):
        for places in combinations(range(1, len(text)), number):
            yield cut(text, places)
