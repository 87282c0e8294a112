"""`--regold` rewrites the golden files from what the code does now; the diff is reviewed like code.

Properties run 600 examples without a deadline and the same ones every time: a slow machine is no failure, and what was
red stays red.
"""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "core",
    max_examples=600,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("core")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--regold`."""
    parser.addoption("--regold", action="store_true", help="rewrite the golden files of tests/golden")


@pytest.fixture
def regold(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(request.config.getoption("--regold"))
