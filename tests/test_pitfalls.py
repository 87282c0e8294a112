"""Every pitfall of the contract (spec/wire-protocols.md 7) has a test that is named after its number."""

import re
from pathlib import Path

PITFALLS = set(range(1, 91))
_NAME = re.compile(r"^ *(?:async )?def test_pitfall_(\d+)_", re.MULTILINE)


def test_each_pitfall_has_a_test() -> None:
    files = Path(__file__).parent.glob("*/test_*.py")
    shown = {int(number) for file in files for number in _NAME.findall(file.read_text())}
    assert sorted(PITFALLS ^ shown) == []
