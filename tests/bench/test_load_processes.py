"""What the bench does with the processes it starts."""

import os
import time
from pathlib import Path

import pytest
from loadlib.processes import Tree, usable_cores


def test_a_process_that_ended_by_itself_is_told_with_its_status_and_last_words(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo out of paper; exit 3"]
    tree = Tree(command, usable_cores().load, os.environ, tmp_path / "log")
    until = time.monotonic() + 10
    while tree.is_alive() and time.monotonic() < until:
        time.sleep(0.01)

    with pytest.raises(RuntimeError, match=r"(?s)ended by itself \(3\).*out of paper"):
        tree.wake()
