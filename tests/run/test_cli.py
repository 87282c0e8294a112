"""The command line: what is printed where, and the exit codes."""

import errno
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from relay.run.cli import relay
from relay.run.cli import run as run_line
from relay.run.commands import policy_faults
from relay.run.commands.serve import banner
from tests.config.shapes import ENVIRON, KNOWN, MINIMAL
from tests.run.conftest import VARIABLES

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command in an empty folder with no variable of relay's set."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return lambda *arguments, **environ: CliRunner().invoke(relay, arguments, env=environ, prog_name="relay")


def test_help_fits_on_a_screen(run: Run) -> None:
    result = run("--help")

    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) <= 24


def test_check_says_what_a_valid_file_holds(run: Run, relay_yaml: Path) -> None:
    result = run("check", **ENVIRON)

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("relay.yaml: valid: models 2, endpoints 3, keys 1 (")


def test_check_prints_every_fault_to_stderr(run: Run, relay_yaml: Path) -> None:
    relay_yaml.write_text(MINIMAL + "semantic: {}\n")

    result = run("check", "-c", str(relay_yaml))

    assert (result.exit_code, result.stdout) == (78, "")
    assert len(result.stderr.splitlines()) == 4
    assert (
        f"{relay_yaml}:14: semantic: this version of relay has no semantic engine yet; remove the key" in result.stderr
    )


def test_check_as_json_is_for_machines(run: Run, relay_yaml: Path) -> None:
    valid = json.loads(run("check", "--json", **ENVIRON).stdout)
    invalid = run("check", "--json")

    assert (valid["valid"], valid["models"], valid["faults"]) == (True, 2, [])
    assert invalid.exit_code == 78
    assert json.loads(invalid.stdout)["faults"][0] == {
        "origin": "relay.yaml",
        "line": 4,
        "path": "keys.0.secret",
        "reason": "the environment variable RELAY_KEY is not set",
    }


@pytest.mark.parametrize("command", [("check",), ("config", "show"), ("serve",)])
def test_a_file_that_is_not_there_is_an_invalid_configuration(command: tuple[str, ...], run: Run) -> None:
    result = run(*command, "-c", "nowhere.yaml")

    assert (result.exit_code, result.stderr) == (
        78,
        "nowhere.yaml: the file can't be read: no such file or directory\n",
    )


def test_the_option_beats_the_variable_and_that_the_folder(run: Run, relay_yaml: Path, tmp_path: Path) -> None:
    for name in ("option.yaml", "variable.yaml"):
        (tmp_path / name).write_text(MINIMAL)

    assert run("check", **ENVIRON).stdout.startswith("relay.yaml:")
    assert run("check", **ENVIRON, RELAY_CONFIG="variable.yaml").stdout.startswith("variable.yaml:")
    by_option = run("check", "-c", "option.yaml", **ENVIRON, RELAY_CONFIG="variable.yaml")
    assert by_option.stdout.startswith("option.yaml:")


def test_check_without_a_file_judges_what_serve_would_run(run: Run) -> None:
    assert run("check").stdout.startswith("no configuration file: valid: models 1,")
    assert run("check", RELAY_WORKERS="2").exit_code == 78


def test_the_printed_schema_validates_the_minimal_shape(run: Run) -> None:
    import yaml

    schema = json.loads(run("config", "schema").stdout)

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator(schema).validate(yaml.safe_load(MINIMAL))


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_what_config_show_prints_is_a_valid_configuration(form: tuple[str, ...], run: Run, relay_yaml: Path) -> None:
    shown = run("config", "show", *form, **ENVIRON, RELAY_LISTEN="127.0.0.1:1")
    Path("shown.yaml").write_text(shown.stdout)

    assert "127.0.0.1:1" in shown.stdout
    assert run("check", "-c", "shown.yaml", **ENVIRON).exit_code == 0
    assert not any(secret in shown.output for secret in ENVIRON.values())


def test_config_show_without_a_file_fails(run: Run) -> None:
    assert run("config", "show").exit_code == 1


@pytest.mark.parametrize("option", ["--listen", "--ops-listen"])
def test_an_address_that_is_none_is_wrong_usage(option: str, run: Run) -> None:
    assert run("serve", option, "nowhere").exit_code == 2


def test_completion_prints_a_script(run: Run) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_RELAY_COMPLETE" in run("completion", shell).stdout


def test_the_banner_without_a_file_shows_the_key_and_what_to_paste() -> None:
    from relay.config import fileless, needs_demo

    loaded = fileless(dict(ENVIRON), KNOWN, "sk-relay-0-1")

    text = banner(loaded, "sk-relay-0-1", "http://127.0.0.1:8080")

    assert needs_demo(loaded.generation)
    assert "export ANTHROPIC_BASE_URL=http://127.0.0.1:8080 ANTHROPIC_AUTH_TOKEN=sk-relay-0-1" in text.splitlines()
    assert len([line for line in text.splitlines() if line.startswith("curl ")]) == 1
    assert "anthropic/*, demo/*" in text
    assert not any(secret in text for secret in ENVIRON.values())


def test_the_banner_with_a_file_shows_no_secret(relay_yaml: Path) -> None:
    from relay.config import load, needs_demo

    loaded = load(relay_yaml, KNOWN, ENVIRON, policy_faults)

    text = banner(loaded, None, "http://127.0.0.1:8080")

    assert not needs_demo(loaded.generation)
    assert "for operators on 127.0.0.1:9090" in text
    assert not any(secret in text for secret in ENVIRON.values())


def _worker(monkeypatch: pytest.MonkeyPatch, act: Callable[..., int]) -> None:
    monkeypatch.setitem(sys.modules, "relay.run.worker", SimpleNamespace(run=act))


def test_serve_prints_the_banner_when_it_listens(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def act(loaded: Any, *, demo: bool, on_ready: Callable[[str], None], read: Callable[[], Any] | None) -> int:
        assert demo
        assert read is None  # without a file nothing can be read again
        on_ready(f"http://{loaded.settings.listen}")
        return 0

    _worker(monkeypatch, act)

    result = run("serve", "--listen", "127.0.0.1:1", RELAY_LISTEN="127.0.0.1:2")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("relay listens on http://127.0.0.1:1\n")
    assert result.stdout.count("(shown only now)") == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (OSError(errno.EADDRINUSE, "long text"), "Address already in use"),
        (OSError(errno.EACCES, "long text"), "Permission denied"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
    ],
)
def test_serve_on_an_address_that_it_cannot_have_is_unavailable(
    fault: OSError, reason: str, run: Run, relay_yaml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act(loaded: Any, **_: Any) -> int:
        raise fault

    _worker(monkeypatch, act)

    result = run("serve", **ENVIRON)

    assert (result.exit_code, result.stdout) == (69, "")
    assert result.stderr == f"relay: can't listen on 127.0.0.1:8080 or 127.0.0.1:9090: {reason}\n"


def test_serve_ends_with_the_workers_exit_code(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _worker(monkeypatch, lambda loaded, **_: 75)

    assert run("serve").exit_code == 75


def test_exit_codes_of_the_process_are_the_contracts(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_line(["--help"]) == 0
    assert run_line(["version"]) == 0
    assert run_line(["nothing"]) == 2
    assert run_line(["check", "-c", "/nowhere"]) == 78


# A gateway that answers what the test wants.


@pytest.fixture
def gateway() -> Iterator[SimpleNamespace]:
    """A server on loopback: set `status` and `content`, read `seen`."""
    facts = SimpleNamespace(status=200, content=b"", seen=[])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            facts.seen.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(facts.status)
            self.send_header("content-length", str(len(facts.content)))
            self.end_headers()
            self.wfile.write(facts.content)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    facts.url = f"http://127.0.0.1:{server.server_port}"
    yield facts
    server.shutdown()
    thread.join()
    server.server_close()


def _stream(*events: dict[str, Any]) -> bytes:
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


START = {
    "type": "message_start",
    "message": {"model": "demo/chat", "provider": "Demo", "usage": {"input_tokens": 7, "output_tokens": 1}},
}
TEXT = [{"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}} for text in ("Grüß ", "dich")]
STOP = {
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn"},
    "usage": {"input_tokens": None, "output_tokens": 5, "cost": 0.000096},
}
END = {"type": "message_stop"}


def test_try_prints_the_text_and_what_it_took(run: Run, gateway: SimpleNamespace) -> None:
    gateway.content = _stream(START, *TEXT, STOP, END)

    result = run("try", "demo/chat", "Hello", RELAY_URL=gateway.url + "/v1/", RELAY_KEY="the-key")

    text, line = result.stdout.splitlines()
    assert (result.exit_code, text) == (0, "Grüß dich")
    assert line.startswith(
        "model=demo/chat provider=Demo stop=end_turn input_tokens=7 output_tokens=5 cost=$0.000096 first_text="
    )
    ((path, headers, body),) = gateway.seen
    assert (path, headers["x-api-key"], body["stream"]) == ("/v1/messages", "the-key", True)
    assert body["messages"] == [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (
            401,
            b'{"type":"error","error":{"type":"authentication_error","message":"no"}}',
            "401 authentication_error: no",
        ),
        (502, b"<html>", "the answer is not what a Messages endpoint sends"),
        (200, _stream(START, *TEXT), "the stream ended before its message_stop"),
        (
            200,
            _stream(START, {"type": "error", "error": {"type": "api_error", "message": "broken"}}),
            "api_error: broken",
        ),
    ],
)
def test_try_fails_when_the_answer_is_no_whole_one(
    status: int, content: bytes, said: str, run: Run, gateway: SimpleNamespace
) -> None:
    gateway.status, gateway.content = status, content

    result = run("try", "m", "--url", gateway.url, "--key", "the-key")

    assert (result.exit_code, result.stderr) == (1, f"relay: {said}\n")


def test_try_without_a_gateway_says_so(run: Run) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    result = run("try", "m", "--url", url)

    assert (result.exit_code, result.stdout) == (69, "")
    assert "can't be reached" in result.stderr
