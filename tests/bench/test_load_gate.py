"""The load gate: A, P, C1 and L beside their anchors, failing beyond good + 15 % (design/performance.md 3)."""

import subprocess
import sys
from pathlib import Path

import pytest

LOAD = Path(__file__).parents[2] / "bench" / "load.py"


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("scenarios", "anchor"), [("A,P,C1", "aiohttp"), ("L", "nginx")])
def test_relay_costs_no_more_than_the_gate_allows(scenarios: str, anchor: str) -> None:
    command = [sys.executable, str(LOAD), "--scenarios", scenarios, "--gateways", f"relay,{anchor}", "--gate"]
    # A shared machine is slow for seconds at a time, and one process slower than the next by where its memory lies: the
    # median of many short rounds in several starts is of more than one such spell.
    length = ["--seconds", "2", "--rounds", "2", "--starts", "4"]

    done = subprocess.run([*command, *length], capture_output=True, text=True, timeout=280, check=False)

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
