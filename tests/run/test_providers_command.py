"""`relay providers`: each row with what it takes to call it, as a table and as JSON; no credential is printed."""

import json
from typing import Any

from click.testing import CliRunner

from relay.config import EMBEDDED
from relay.providers import PROVIDERS
from relay.run.cli import relay

CREDENTIAL = "credential-planted-2468013579"


def listed(*arguments: str) -> str:
    environ = {row.env: None for row in PROVIDERS.values() if row.env} | {"GROQ_API_KEY": CREDENTIAL}
    done = CliRunner().invoke(relay, ["providers", *arguments], env=environ)
    assert (done.exit_code, done.stderr) == (0, "")
    assert CREDENTIAL not in done.output
    return done.output


def test_every_row_is_listed_once_with_what_it_takes() -> None:
    rows: list[dict[str, Any]] = json.loads(listed("--json"))
    assert [row["name"] for row in rows] == sorted([*PROVIDERS, EMBEDDED.name])
    found = {row["name"]: row for row in rows}
    assert found["groq"] == {
        "name": "groq",
        "display_name": "Groq",
        "dialect": "chat",
        "base_url": "https://api.groq.com/openai/v1",
        "variable": "GROQ_API_KEY",
        "state": "ready",
        "quirks": ["four_stops"],
        "data_policy": "unverified",
        "source": "https://console.groq.com/docs/openai",
        "note": None,
    }
    states = {name: found[name]["state"] for name in ("cerebras", "ollama", "cloudflare", "recraft", "demo")}
    assert states == {
        "cerebras": "no credential",
        "ollama": "ready",
        "cloudflare": "needs base_url",
        "recraft": "not chat",
        "demo": "ready",
    }


def test_the_table_says_the_same() -> None:
    lines = [line.split(maxsplit=2) for line in listed().splitlines()]
    assert [line[0] for line in lines[1:]] == sorted([*PROVIDERS, EMBEDDED.name])
    table = listed()
    assert "groq" in table and "https://api.groq.com/openai/v1" in table
    assert "needs base_url  your account is part of the address" in table
    assert "not chat" in table and "its API makes images" in table
