"""How well a finder does on the set.

A found span *overlaps* a label when they share a character and a class; each label counts for one found span at most.
It is *exact* when both ends agree as well. Hiding a value under another class keeps it from being read, so what stays
readable is counted whatever the class.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .texts import SOURCE_CODE, LabelledText, Span

MEGABYTE = 1_000_000

Find = Callable[[str], Sequence[Span]]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one class: the labels, what was found, and how much of the found agrees."""

    labels: int
    found: int
    right: int

    @property
    def precision(self) -> float | None:
        """The share of the found that is right; None when nothing was found."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """The share of the labels that was found; None when there are none."""
        return self.right / self.labels if self.labels else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; None when nothing was found."""
        return 2 * self.right / (self.labels + self.found) if self.found else None


@dataclass(frozen=True, slots=True)
class Score:
    """What a finder reached.

    overlap, exact    a tally for each class
    touched           the share of texts without personal data in which something was found
    alarms            spans found in a megabyte of source code without personal data
    readable          the share of labelled characters that no found span covers
    """

    overlap: dict[str, Tally]
    exact: dict[str, Tally]
    touched: float
    alarms: float
    readable: float


def measure(find: Find, texts: Sequence[LabelledText], classes: Iterable[str]) -> Score:
    """Run a finder over all texts and score what it found."""
    found = [tuple(find(text.text)) for text in texts]
    pairs = [(text.spans, spans) for text, spans in zip(texts, found, strict=True)]
    clean = [spans for labels, spans in pairs if not labels]
    code = [(text.text, spans) for text, spans in zip(texts, found, strict=True) if text.kind == SOURCE_CODE]
    return Score(
        overlap={cls: _tally(pairs, cls, _overlapping) for cls in classes},
        exact={cls: _tally(pairs, cls, _equal) for cls in classes},
        touched=sum(bool(spans) for spans in clean) / max(1, len(clean)),
        alarms=sum(len(spans) for _, spans in code) * MEGABYTE / max(1, sum(len(text.encode()) for text, _ in code)),
        readable=_readable(pairs),
    )


Pairs = Sequence[tuple[Sequence[Span], Sequence[Span]]]


def _tally(pairs: Pairs, cls: str, agree: Callable[[Sequence[Span], Sequence[Span]], int]) -> Tally:
    total: Counter[str] = Counter()
    for labels, spans in pairs:
        wanted = sorted(label for label in labels if label[2] == cls)
        found = sorted(span for span in spans if span[2] == cls)
        total.update(labels=len(wanted), found=len(found), right=agree(wanted, found))
    return Tally(total["labels"], total["found"], total["right"])


def _overlapping(labels: Sequence[Span], found: Sequence[Span]) -> int:
    """Pair labels and found spans from left to right, each at most once."""
    right, rest = 0, list(found)
    for start, end, _ in labels:
        partner = next((span for span in rest if span[0] < end and start < span[1]), None)
        if partner:
            rest.remove(partner)
            right += 1
    return right


def _equal(labels: Sequence[Span], found: Sequence[Span]) -> int:
    return len(set(labels) & set(found))


def _readable(pairs: Pairs) -> float:
    labelled = hidden = 0
    for labels, spans in pairs:
        covered = {place for start, end, _ in spans for place in range(start, end)}
        places = {place for start, end, _ in labels for place in range(start, end)}
        labelled += len(places)
        hidden += len(places & covered)
    return 1 - hidden / max(1, labelled)
