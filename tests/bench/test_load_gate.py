"""The load gate: lateness beside nginx, failing beyond good + 15 %. A, P and C1 join when relay meets their goals."""

import subprocess
import sys
from pathlib import Path

import pytest

LOAD = Path(__file__).parents[2] / "bench" / "load.py"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_relay_costs_no_more_than_the_gate_allows() -> None:
    command = [sys.executable, str(LOAD), "--scenarios", "L", "--gateways", "relay,nginx", "--gate"]

    done = subprocess.run([*command, "--seconds", "3"], capture_output=True, text=True, timeout=280, check=False)

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
