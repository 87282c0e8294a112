"""What must hold of the quality set whatever is measured on it."""

import ast
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from .quality_set import SEED, build
from .texts import CLASSES, LabelledText


@pytest.fixture(scope="module")
def quality_set() -> list[LabelledText]:
    return build(SEED)


def test_the_same_seed_gives_the_same_set(quality_set: list[LabelledText]) -> None:
    assert build(SEED) == quality_set


def test_another_seed_gives_another_set(quality_set: list[LabelledText]) -> None:
    assert build(SEED + 1) != quality_set


def test_every_span_lies_in_its_text_and_touches_no_other(quality_set: list[LabelledText]) -> None:
    for text in quality_set:
        assert all(0 <= start < end <= len(text.text) for start, end, _ in text.spans), text.id
        assert all(before[1] <= after[0] for before, after in pairwise(text.spans)), text.id


def test_ids_are_unique(quality_set: list[LabelledText]) -> None:
    assert len({text.id for text in quality_set}) == len(quality_set)


def test_the_set_is_large_enough_in_every_class(quality_set: list[LabelledText]) -> None:
    values = Counter(cls for text in quality_set for _, _, cls in text.spans)

    assert len(quality_set) >= 3_000
    assert sum(not text.spans for text in quality_set) >= 600
    assert set(values) == set(CLASSES)
    assert min(values.values()) >= 100


def test_negatives_and_only_they_hold_no_personal_data(quality_set: list[LabelledText]) -> None:
    assert all(text.kind.startswith("negative/") == (not text.spans) for text in quality_set)


def test_the_generators_import_nothing_of_relay() -> None:
    generators = set(Path(__file__).parent.glob("*.py")) - {Path(__file__).parent / "finders.py"}
    imported = {name.split(".")[0] for path in generators for name in imports_of(path)}

    assert "relay" not in imported


def imports_of(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {
        node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level
    }
