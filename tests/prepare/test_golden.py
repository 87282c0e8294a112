"""Requests before and after, to be read: request.json, what its endpoint takes, and the very bytes that it gets."""

import json
from pathlib import Path

import pytest

from tests.core.corpus import GOLDEN
from tests.prepare.shapes import endpoint, send

CASES = sorted(path.parent for path in (GOLDEN.parent / "prompt").glob("*/request.json"))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_golden(case: Path, regold: bool) -> None:
    accepts = json.loads((case / "endpoint.json").read_text())
    accepts |= {key: tuple(value) for key, value in accepts.items() if isinstance(value, list)}

    sent = send((case / "request.json").read_bytes(), endpoint(**accepts))

    golden = case / "sent.json"
    if regold:
        golden.write_bytes(sent.content + b"\n")
    assert sent.content + b"\n" == golden.read_bytes()
