"""Drivers that are running: `driving()` starts the one of an SDK by its name, and ends it."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tests.clients import environments
from tests.clients.piped import Json

LINES: Mapping[str, Callable[[], list[str]]] = {
    "python": environments.current_python,
    "python-0.75": environments.old_python,
    "javascript": environments.javascript,
    "openai-python": lambda: environments.current_python("openai"),
    "openai-python-1.109": lambda: environments.old_python("openai"),
    "openai-javascript": lambda: environments.javascript("openai"),
}
"""The command that starts the driver of an SDK; those of OpenAI say so, the others are Anthropic's."""

_OTHERS = ("ANTHROPIC_", "OPENAI_")


@dataclass(frozen=True)
class Driver:
    """An SDK that waits for jobs."""

    version: str
    process: subprocess.Popen[str]

    def do(self, job: Json) -> Json:
        """Give the outcome of a job (piped.py)."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        outcome = json.loads(self.process.stdout.readline())
        assert isinstance(outcome, dict)
        return outcome


@contextmanager
def driving(name: str) -> Iterator[Driver]:
    """Start the driver of an SDK, and end it with the context."""
    line = LINES[name]()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(_OTHERS)}
    pipe = subprocess.PIPE
    with subprocess.Popen(line, stdin=pipe, stdout=pipe, text=True, env=environ, cwd=environments.ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Driver(json.loads(process.stdout.readline())["version"], process)
        process.stdin.close()
        process.wait(10)
