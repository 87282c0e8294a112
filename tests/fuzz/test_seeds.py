"""Every seed and every kept finding of the fuzz targets holds without the fuzzer too."""

from importlib import import_module
from pathlib import Path

import pytest

SEEDS = sorted(path for path in Path(__file__).parent.glob("corpus/*/*") if path.is_file())


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_seed_holds(seed: Path) -> None:
    import_module(f"tests.fuzz.fuzz_{seed.parent.name}").check(seed.read_bytes())
