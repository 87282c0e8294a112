"""Agents as a person starts them to print one answer, with a home of their own and relay for all that they say."""

import os
import platform
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
def programs() -> Path:
    """Where the agents' packages are."""
    environments.install_npm(_HERE)
    return _HERE / "node_modules"


@pytest.fixture
def claude(programs: Path, stage: Stage, tmp_path: Path) -> Iterator[Start]:
    """Start Claude Code with arguments; more environment by keyword. Whatever still runs at the end is ended."""
    binary = _native(programs, f"@anthropic-ai/claude-code-linux-{_machine()}", "claude")
    environ = {
        "CLAUDE_CONFIG_DIR": str(tmp_path / "home" / ".claude"),
        "ANTHROPIC_BASE_URL": stage.tap.url,
        "ANTHROPIC_AUTH_TOKEN": KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }
    with _starting([str(binary), "--print", "--max-turns", "6"], environ, tmp_path) as start:
        yield start


@pytest.fixture
def codex(programs: Path, stage: Stage, tmp_path: Path) -> Iterator[Start]:
    """Start Codex likewise; its provider is relay, which it asks to say what was left out."""
    binary = _native(programs, f"@openai/codex-linux-{_machine()}", "vendor/*/bin/codex")
    home = tmp_path / "home" / ".codex"
    home.mkdir(parents=True)
    (home / "config.toml").write_text(_CODEX.format(url=stage.tap.url))
    environ = {"CODEX_HOME": str(home), "RELAY_KEY": KEY}
    line = [str(binary), "exec", "--json", "--skip-git-repo-check", "--sandbox", "danger-full-access"]
    with _starting(line, environ, tmp_path) as start:
        yield start


_CODEX = """
model_provider = "relay"
check_for_update_on_startup = false
analytics.enabled = false

[model_providers.relay]
name = "relay"
base_url = "{url}/v1"
env_key = "RELAY_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
http_headers = {{ "x-openrouter-metadata" = "enabled" }}
"""


def _machine() -> str:
    return _MACHINES.get(platform.machine(), platform.machine())


def _native(programs: Path, package: str, pattern: str) -> Path:
    """The native program from the platform's package; the launcher would only look for it."""
    found = next((programs / package).glob(pattern), None)
    return found or environments.missing(f"{package} for {platform.system()} {platform.machine()}")


@contextmanager
def _starting(line: list[str], environ: dict[str, str], folder: Path) -> Iterator[Start]:
    """Start programs with a home and a place to work in of their own."""
    home, work = folder / "home", folder / "work"
    for place in (home, work):
        place.mkdir(exist_ok=True)
    kept = {"PATH": os.environ["PATH"], "HOME": str(home)}
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **more: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*line, *arguments],
            cwd=work,
            env=kept | environ | more,
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
