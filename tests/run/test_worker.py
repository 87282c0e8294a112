"""A worker where nobody else looks: what its event loop catches."""

import json
import subprocess
import sys
from typing import Final

WORKER: Final = """
import asyncio, os, signal
from dataclasses import replace
from relay.config import Address, fileless, new_key
from relay.run.commands import known_providers
from relay.run.worker import run

loaded = fileless({}, known_providers(), new_key())
loaded = replace(loaded, settings=replace(loaded.settings, listen=Address("127.0.0.1", 0)))

def ready(url):
    def breaks():
        raise ValueError("jane.doe@example.org")
    loop = asyncio.get_running_loop()
    loop.call_soon(breaks)
    loop.call_later(0.1, os.kill, os.getpid(), signal.SIGTERM)

raise SystemExit(run(loaded, demo=True, on_ready=ready))
"""


def test_what_nobody_catches_is_logged_by_type_and_place_and_never_by_its_text() -> None:
    done = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, timeout=30, check=False)

    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["event"], line["type"]) for line in lines] == [("defect", "ValueError")]
    assert lines[0]["frames"][-1].endswith(" breaks")
    assert "jane.doe" not in done.stdout + done.stderr
    assert done.returncode == 0
