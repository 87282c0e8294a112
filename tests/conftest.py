"""`--regold` rewrites the golden files from what the code does now; the diff is reviewed like code."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--regold`."""
    parser.addoption("--regold", action="store_true", help="rewrite the golden files of tests/golden")


@pytest.fixture
def regold(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(request.config.getoption("--regold"))
