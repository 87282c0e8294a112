"""The command line in processes of its own: exit codes, signals, broken pipes, and what is imported."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.config.shapes import ENVIRON
from tests.run.conftest import VARIABLES


def _process(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    line = [sys.executable, "-m", "relay", *arguments]
    return subprocess.run(line, env=clean | environ, capture_output=True, text=True, timeout=30, check=False)


def test_version_as_a_process() -> None:
    plain, machine = _process("version"), _process("version", "--json")

    assert (plain.returncode, plain.stderr) == (0, "")
    assert plain.stdout == f"relay {json.loads(machine.stdout)['version']}\n"


def test_check_and_schema_as_processes(relay_yaml: Path) -> None:
    bad, good = _process("check", "-c", str(relay_yaml)), _process("check", "-c", str(relay_yaml), **ENVIRON)
    schema = _process("config", "schema")

    assert (bad.returncode, bad.stdout) == (78, "")
    assert bad.stderr.startswith(f"{relay_yaml}:4: keys.0.secret: ")
    assert (good.returncode, good.stderr) == (0, "")
    Draft202012Validator.check_schema(json.loads(schema.stdout))


def test_completion_completes_a_command() -> None:
    result = _process("x", COMP_WORDS="relay comp", COMP_CWORD="1", _RELAY_COMPLETE="bash_complete")

    assert result.stdout == "plain,completion\n"


def test_a_full_disk_is_cannot_write() -> None:
    with Path("/dev/full").open("w") as full:
        line = [sys.executable, "-m", "relay", "config", "schema"]
        result = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, check=False)

    assert (result.returncode, result.stderr) == (73, "relay: can't write: No space left on device\n")


def test_a_reader_that_leaves_is_no_traceback() -> None:
    line = f"{sys.executable} -m relay config schema"
    result = subprocess.run(["sh", "-c", f"{line} | true"], capture_output=True, text=True, timeout=30, check=False)

    assert result.stderr == ""


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Who starts the tests in the background may have SIGINT ignored, which processes hand on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_try_ended_by_a_signal_says_which() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with subprocess.Popen([sys.executable, "-m", "relay", "try", "m", "--url", url]) as process:
            connection, _ = silent.accept()
            connection.recv(1)
            process.send_signal(signal.SIGINT)
            code = process.wait(10)
        connection.close()

    assert code == 128 + signal.SIGINT


def test_demo_says_where_it_listens_and_ends_on_a_signal() -> None:
    line = [sys.executable, "-m", "relay", "demo", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        code = process.wait(10)

    assert said.startswith("demo provider on http://127.0.0.1:")
    assert code == 0


def test_demo_on_a_taken_address_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = _process("demo", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")

    assert result.returncode == 69
    assert "can't listen on" in result.stderr


@pytest.mark.parametrize("arguments", [("version",), ("check",), ("config", "schema")])
def test_light_commands_import_no_server(arguments: tuple[str, ...]) -> None:
    code = (
        "import sys; from relay.run.cli import run; run(sys.argv[1:]); "
        "print(sorted({'aiohttp', 'rich', 'uvloop'} & sys.modules.keys()), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=30, check=False
    )

    assert result.stderr.strip() == "[]"
