"""The set: every sample in a frame, records of several values, and the negatives. One seed, one set."""

from collections.abc import Iterable, Iterator
from itertools import chain
from random import Random

from . import artefacts, frames, near_misses, network, numbers, people, phrases, secrets, source_code
from .texts import SOURCE_CODE, LabelledText, Piece, Sample, Value, label, number

SEED = 20_260_314
RECORDS = 150


def build(seed: int = SEED) -> list[LabelledText]:
    """Give the whole set in a fixed order; the same seed gives the same texts, labels and ids."""
    random = Random(seed)
    sources = (people, numbers, network, secrets, phrases)
    samples = list(chain.from_iterable(module.samples(random) for module in sources))
    positives = frames.frame(samples, random)
    records = frames.records(_by_class(samples), RECORDS, random)
    return number(chain(positives, records, _negatives(random)))


def _by_class(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    by_class: dict[str, list[Sample]] = {}
    for inserted in samples:
        value = next(piece for piece in inserted.pieces if isinstance(piece, Value))
        by_class.setdefault(value.cls, []).append(inserted)
    return by_class


def _negatives(random: Random) -> Iterator[LabelledText]:
    sources: tuple[tuple[str, Iterable[tuple[Piece, ...]]], ...] = (
        ("negative/near-miss", near_misses.texts(random)),
        ("negative/tool-output", artefacts.texts(random)),
        (SOURCE_CODE, source_code.texts(random)),
    )
    for kind, texts in sources:
        yield from (label(kind, pieces) for pieces in texts)
