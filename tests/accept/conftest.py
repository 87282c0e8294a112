"""Claude Code as a person starts it in print mode, with a home of its own and relay for all that it says."""

import os
import platform
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.accept.wiretap import Wiretap, tapped
from tests.clients import environments, servers
from tests.clients.servers import KEY, Gateway, Provider

_HERE = Path(__file__).parent
_MACHINES = {"x86_64": "x64", "aarch64": "arm64"}

Start = Callable[..., "subprocess.Popen[str]"]


@dataclass(frozen=True)
class Stage:
    """Fresh servers with a wiretap in front, so that everything in their logs is this test's."""

    provider: Provider
    gateway: Gateway
    tap: Wiretap


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with (
        servers.provider(tmp_path) as provider,
        servers.gateway(provider, tmp_path) as gateway,
        tapped(gateway.url) as tap,
    ):
        yield Stage(provider, gateway, tap)


@pytest.fixture(scope="session")
def binary() -> Path:
    """The native program from the platform's package; the launcher would only look for it."""
    environments.install_npm(_HERE)
    machine = _MACHINES.get(platform.machine(), platform.machine())
    found = _HERE / "node_modules" / "@anthropic-ai" / f"claude-code-linux-{machine}" / "claude"
    if not found.exists():
        environments.missing(f"@anthropic-ai/claude-code for {platform.system()} {platform.machine()}")
    return found


@pytest.fixture
def claude(binary: Path, stage: Stage, tmp_path: Path) -> Iterator[Start]:
    """Start it with arguments; more environment by keyword. Whatever still runs at the end is ended."""
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / ".claude"),
        "ANTHROPIC_BASE_URL": stage.tap.url,
        "ANTHROPIC_AUTH_TOKEN": KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **more: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [str(binary), "--print", "--max-turns", "6", *arguments],
            cwd=work,
            env=environ | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.terminate()
