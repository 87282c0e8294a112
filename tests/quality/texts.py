"""The types of the quality set: a sample goes into a frame and comes out as a labelled text.

Always: a label is made where the value is written, never sought afterwards. Offsets count code points. Whatever is
random comes from the `Random` that is handed in: a seed fixes the set for one version of each library and of Python.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

CLASSES = ("email", "phone", "ip", "uuid", "token", "credit_card", "iban", "ssn", "mac", "custom")
HOLE = "{}"
SOURCE_CODE = "negative/source-code"

Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Value:
    """A value that has to be found, and its class."""

    cls: str
    text: str


Piece = str | Value


@dataclass(frozen=True, slots=True)
class Sample:
    """What goes into the hole of a frame.

    pieces    plain text and values in order; plain text is the context that the contract asks for
    block     it stands on lines of its own (a header, a line of configuration, a key file)
    """

    pieces: tuple[Piece, ...]
    block: bool = False


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One text and where its personal data stand.

    kind      what made it: the frame's kind, or `negative/…` when it holds no personal data
    spans     (start, end, class), in order and without overlap
    """

    id: str
    kind: str
    text: str
    spans: tuple[Span, ...] = ()


def sample(cls: str, text: str, before: str = "", after: str = "") -> Sample:
    """Give a sample of one value with plain text around it, to stand within a line."""
    return Sample(tuple(piece for piece in (before, Value(cls, text), after) if piece))


def block(cls: str, text: str, before: str = "", after: str = "") -> Sample:
    """Give the same as `sample`, to stand on lines of its own."""
    return replace(sample(cls, text, before, after), block=True)


def label(kind: str, pieces: Iterable[Piece]) -> LabelledText:
    """Write the pieces one after the other and note where each value comes to stand. The id is given by the set."""
    text, spans = "", []
    for piece in pieces:
        written = piece if isinstance(piece, str) else piece.text
        if isinstance(piece, Value):
            spans.append((len(text), len(text) + len(written), piece.cls))
        text += written
    return LabelledText("", kind, text, tuple(spans))


def fill(kind: str, frame: str, samples: Sequence[Sample]) -> LabelledText:
    """Put the samples into the holes of a frame, in order.

    raises    ValueError when the frame has not one hole for each sample
    """
    parts = frame.split(HOLE)
    pieces: list[Piece] = [parts[0]]
    for inserted, part in zip(samples, parts[1:], strict=True):
        pieces += [*inserted.pieces, part]
    return label(kind, pieces)


def number(texts: Iterable[LabelledText]) -> list[LabelledText]:
    """Give each text its id: its kind and its place in the set."""
    return [replace(text, id=f"{text.kind}/{place:04}") for place, text in enumerate(texts)]
