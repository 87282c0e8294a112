"""What an operator would hide beside the nine classes: names of projects and firms, numbers of staff and of orders.

`CUSTOM` is written as in a request (spec/redaction.md 7): a phrase, or a pattern between slashes. Every finder gets it.
"""

from collections.abc import Iterator
from random import Random

from .texts import Sample, sample

PHRASES = ("Project Apollo", "Blue Heron GmbH", "Ода к радости", "極秘計画")
CUSTOM = (*PHRASES, "/EMP-[0-9]{6}/", "/(?:INV|ORD)-20[0-9]{2}-[A-Z]{2}[0-9]{3}/i")


def samples(random: Random) -> Iterator[Sample]:
    """Give what the list says, a phrase in any case: the writer's is seldom the reader's."""
    for _ in range(10):
        for phrase in PHRASES:
            for written in (phrase, phrase.upper(), phrase.lower()):
                yield sample("custom", written, random.choice(("", "about ", "see ")))
        yield sample("custom", f"EMP-{random.randint(0, 999_999):06}", "staff number ")
        for kind in ("INV", "ord"):
            letters = "".join(random.choices("ABCDEFGHJKLMNPQRSTUVWXYZ", k=2))
            yield sample("custom", f"{kind}-20{random.randint(10, 26)}-{letters}{random.randint(0, 999):03}")
