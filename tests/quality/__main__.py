"""Print how each finder does on the set: `make quality`."""

from collections import Counter
from collections.abc import Sequence

from .finders import FINDERS
from .quality_set import SEED, build
from .score import Score, Tally, measure
from .texts import CLASSES, LabelledText

FIGURES = f"{'P':>10} {'R':>6} {'F1':>6}"
HEAD = f"{'class':<12} {'values':>6}  {'finder':<9} {'overlap':<24} exact\n{'':<31}{FIGURES} {FIGURES}"


def main() -> None:
    """Print the set's size, one row for each class and finder, and one row for each finder's side effects."""
    texts = build(SEED)
    scores = {name: measure(find, texts, CLASSES) for name, find in FINDERS.items()}
    print(_size(texts), HEAD, sep="\n\n")
    for cls in CLASSES:
        print(*(_row(cls, name, score) for name, score in scores.items()), sep="\n")
    print(f"\n{'finder':<9} {'clean texts touched':>20} {'alarms/MB of code':>20} {'labelled characters readable':>30}")
    for name, score in scores.items():
        print(f"{name:<9} {score.touched:>20.2%} {score.alarms:>20.1f} {score.readable:>30.2%}")


def _size(texts: Sequence[LabelledText]) -> str:
    clean = Counter(bool(text.spans) for text in texts)[False]
    return f"{len(texts):,} texts of seed {SEED}, {clean:,} of them without personal data"


def _row(cls: str, name: str, score: Score) -> str:
    overlap, exact = score.overlap[cls], score.exact[cls]
    return f"{cls:<12} {overlap.labels:>6}  {name:<9} {_figures(overlap)} {_figures(exact)}"


def _figures(tally: Tally) -> str:
    return " ".join(
        f"{'–' if share is None else format(share, '.3f'):>{width}}"
        for share, width in ((tally.precision, 10), (tally.recall, 6), (tally.f1, 6))
    )


if __name__ == "__main__":
    main()
