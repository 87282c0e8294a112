"""`relay keys`: what is printed where, once, and the exit codes."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from relay.run.cli import relay
from relay.store.keys import KeyStore
from tests.config.shapes import ENVIRON, MINIMAL
from tests.run.conftest import VARIABLES

Run = Callable[..., Result]
KEY = re.compile(r"sk-relay-[0-9a-f]{8}-[0-9a-f]{48}")
STORED = MINIMAL.replace("  - {name: dev, secret: {env: RELAY_KEY}}", "  store: keys.db")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one `relay keys` command in a folder whose configuration names a store."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "relay.yaml").write_text(STORED)
    return lambda *words: CliRunner().invoke(relay, ["keys", *words], env=ENVIRON, prog_name="relay")


def test_a_new_key_is_printed_alone_and_never_again(run: Run, tmp_path: Path) -> None:
    made = run("create", "dev")

    assert (made.exit_code, made.stderr) == (0, "relay: this is the key dev; it is shown only now\n")
    assert KEY.fullmatch(made.stdout.strip())
    secret = made.stdout.strip().rpartition("-")[2]
    for listed in (run("list"), run("list", "--json")):
        assert "dev" in listed.stdout
        assert secret not in listed.output
    assert (tmp_path / "keys.db").exists()


def test_what_the_options_say_is_what_the_key_may_do(run: Run, tmp_path: Path) -> None:
    words = (
        "--expires 2027-01-31T00:00:00Z --models anthropic/*,local/* --providers anthropic --ignore local/flex --zdr "
        "--alias claude-x=local/a --alias claude-y=local/b --requests-per-minute 60 --tokens-per-minute 1000 "
        "--spend-usd 12.50 --reset weekly --admin --json"
    )
    made = json.loads(run("create", "dev", *words.split()).stdout)

    (found,) = json.loads(run("list", "--json").stdout)
    assert KEY.fullmatch(made.pop("key"))
    assert made == found
    assert found | {"id": "", "created": ""} == {
        "id": "",
        "name": "dev",
        "state": "active",
        "secrets": 1,
        "created": "",
        "revoked": None,
        "expires": "2027-01-31T00:00:00Z",
        "models": ["anthropic/*", "local/*"],
        "providers": ["anthropic"],
        "ignore": ["local/flex"],
        "zdr": True,
        "aliases": {"claude-x": "local/a", "claude-y": "local/b"},
        "limits": {"requests_per_minute": 60, "tokens_per_minute": 1000, "spend_usd": 12.5, "reset": "weekly"},
        "admin": True,
    }


def test_a_rotated_key_has_another_secret_of_the_same_key(run: Run, tmp_path: Path) -> None:
    first = run("create", "dev").stdout.strip()
    second = json.loads(run("rotate", "dev", "--json").stdout)["key"]

    assert first != second
    assert first.rpartition("-")[0] == second.rpartition("-")[0]
    assert len(KeyStore(tmp_path / "keys.db").holders()) == 2
    assert run("rotate", "dev", "--overlap", "0s").exit_code == 0


def test_revoked_and_disabled_keys_are_listed_as_such(run: Run, tmp_path: Path) -> None:
    for name in ("gone", "off", "on"):
        run("create", name)

    assert run("revoke", "gone").stderr == "relay: key gone is revoked\n"
    run("disable", "off")
    run("disable", "on")
    assert run("enable", "on").exit_code == 0
    states = [line.split()[:3:2] for line in run("list").stdout.splitlines()]
    assert states == [["NAME", "STATE"], ["gone", "revoked"], ["off", "disabled"], ["on", "active"]]
    assert {key.name for key in KeyStore(tmp_path / "keys.db").holders().values()} == {"on"}


@pytest.mark.parametrize("command", ["rotate", "revoke", "disable", "enable"])
def test_a_key_that_is_not_there_is_a_failure(command: str, run: Run) -> None:
    run("create", "dev")

    result = run(command, "nobody")

    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "relay: no key named nobody is valid\n")


def test_a_name_is_given_once(run: Run) -> None:
    run("create", "dev")

    result = run("create", "dev")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "relay: a key named dev exists already, or existed\n"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["a b"], "NAME: must be a name of letters, digits, `.`, `_` and `-`"),
        (["dev", "--expires", "tomorrow"], "expires: must be a time such as 2027-01-31T12:00:00Z"),
        (["dev", "--spend-usd", "much"], "limits.spend_usd: must be a number of US dollars"),
        (["dev", "--reset", "daily"], "limits.reset: says when `spend_usd` begins anew, and that is not given"),
        (["dev", "--requests-per-minute", "0"], "limits.requests_per_minute: must be at least 1"),
        (["dev", "--providers", "antropic"], "providers.0: no provider of this name stands in `providers`"),
        (["dev", "--alias", "claude"], "aliases.claude: must be a model name without spaces, at most 256 characters"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage_and_makes_no_store(
    words: list[str], reason: str, run: Run, tmp_path: Path
) -> None:
    result = run("create", *words)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(f"Error: {reason}\n")
    assert not (tmp_path / "keys.db").exists()


def test_a_store_that_cannot_be_used_has_its_own_exit_codes(run: Run, tmp_path: Path) -> None:
    missing = run("list")
    assert (missing.exit_code, missing.stderr) == (
        69,
        "relay: the key store can't be opened: no such file or directory\n",
    )
    (tmp_path / "keys.db").write_bytes(b"no database" * 100)
    assert run("list").exit_code == 69
    broken = run("create", "dev")
    assert (broken.exit_code, broken.stdout, broken.stderr) == (73, "", "relay: the key store is no SQLite file\n")


def test_without_a_store_nothing_is_guessed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "relay.yaml").write_text(MINIMAL)
    assert run("list").exit_code == 2
    assert "names no key store" in run("list").stderr
    (tmp_path / "relay.yaml").write_text("listen: here")
    assert run("list").exit_code == 78
    (tmp_path / "relay.yaml").unlink()
    assert run("list").exit_code == 2
    assert run("create", "dev", "--store", "other.db").exit_code == 0
    assert (tmp_path / "other.db").exists()


def test_a_key_whose_time_is_over_is_not_listed_as_active(run: Run) -> None:
    assert run("create", "old", "--expires", "2020-01-01T00:00:00Z").exit_code == 0
    assert run("create", "new", "--expires", "2999-01-01T00:00:00Z").exit_code == 0

    listed = {key["name"]: key["state"] for key in json.loads(run("list", "--json").stdout)}

    assert listed == {"old": "expired", "new": "active"}
