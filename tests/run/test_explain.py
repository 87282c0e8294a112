"""`relay explain` on some requests: each answer stands beside its request, to be read as an operator would."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from relay.run.cli import relay
from tests.core.corpus import GOLDEN

FOLDER = GOLDEN.parent / "explain"
REQUESTS = sorted(FOLDER.glob("*.json"))
CONFIG = str(FOLDER / "relay.yaml")


def test_there_are_ten_and_those_for_which_relay_chooses() -> None:
    assert len(REQUESTS) == 15


@pytest.mark.parametrize("path", REQUESTS, ids=[path.stem for path in REQUESTS])
def test_an_explanation_is_as_it_was_reviewed(path: Path, regold: bool) -> None:
    done = CliRunner().invoke(relay, ["explain", "-c", CONFIG, str(path)])
    golden = path.with_suffix(".txt")
    if regold:
        golden.write_text(done.output)

    assert done.output == golden.read_text()
    assert done.exit_code == (1 if "refused" in done.output else 0)
    assert "bob@example.org" not in done.output


def test_the_same_as_json() -> None:
    done = CliRunner().invoke(relay, ["explain", "-c", CONFIG, "--json", str(FOLDER / "fallbacks.json")])

    told = json.loads(done.output)
    assert [each["endpoint"] for each in told["tried"]] == ["acme/large@eu"]
    assert {each["excluded_by"] for each in told["losers"]} == {"data_policy:training", "tier"}
    assert json.loads(told["sent"])["model"] == "large"
    assert (told["strategy"], told["stage"]) == ("direct", None)


def test_what_a_dialect_can_not_carry_goes_to_the_next(tmp_path: Path) -> None:
    config = tmp_path / "relay.yaml"
    config.write_text(
        "keys: open\n"
        "providers:\n"
        '  one: {dialect: chat, base_url: "http://one/v1"}\n'
        '  two: {dialect: messages, base_url: "http://two"}\n'
        "models: {m: [{provider: one, model: a}, {provider: two, model: b}]}\n"
    )
    asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "provider": {"order": ["one", "two"]}}
    begun = asked | {"messages": [*asked["messages"], {"role": "assistant", "content": "Well,"}]}  # type: ignore[misc]

    def told(request: object) -> dict[str, Any]:
        done = CliRunner().invoke(relay, ["explain", "-c", str(config), "--json", "-"], input=json.dumps(request))
        assert done.exit_code == 0, done.output
        found: dict[str, Any] = json.loads(done.output)
        return found

    plain, moved = told(asked), told(begun)
    assert [each["endpoint"] for each in plain["tried"]] == ["one/a", "two/b"]
    assert json.loads(plain["sent"]) == {"model": "a", "messages": asked["messages"], "max_tokens": 4096}
    assert [each["endpoint"] for each in moved["tried"]] == ["two/b"]
    assert [(each["endpoint"], each["excluded_by"]) for each in moved["losers"]] == [("one/a", "dialect")]
    assert moved["losers"][0]["why"].startswith("messages.1: ")


def test_a_request_that_is_wrong_is_told_as_the_gateway_would() -> None:
    done = CliRunner().invoke(relay, ["explain", "-c", CONFIG, "-"], input='{"model": "lab/large", "messages": []}')

    assert done.exit_code == 1
    assert "messages: " in done.output
