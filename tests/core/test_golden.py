"""Golden cases by the provider's dialect: `upstream.sse` → `client.sse`, `report.json`; options in `case.toml`.

What comes in binary messages stands in `upstream.jsonl`, one a line; a case of Invoke begins with `invoke`.

`--regold` rewrites what comes out, for review. The report has no times; `outcome` is the fault's name, null for a
complete answer.
"""

import json
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.core.corpus import GOLDEN
from tests.core.running import Chat, Run, run
from tests.reference.messages import observe
from tests.support.event_stream import body_of
from tests.support.streams import splits

CASES = sorted(path.parent for path in GOLDEN.parent.glob("*/*/upstream.*"))
MESSAGES = [case for case in CASES if case.parent == GOLDEN]
TRANSLATED = [case for case in CASES if case not in MESSAGES]


def shown(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def upstream(case: Path) -> bytes:
    """What the provider of a case sends."""
    binary = case / "upstream.jsonl"
    return (
        body_of(binary.read_text().strip("\n").split("\n")) if binary.exists() else (case / "upstream.sse").read_bytes()
    )


def options(case: Path) -> dict[str, Any]:
    """The Pipeline options of a case: callables are given in its file by what they return."""
    file = case / "case.toml"
    given = tomllib.loads(file.read_text()) if file.exists() else {}
    if case in TRANSLATED:
        given |= {"translated": Chat(dialect=case.parent.name), "id": "gen-1-golden", "input_tokens": 7} | given
    if (case / "upstream.jsonl").exists():
        given["binary"] = True
        given["translated"] = None if case.name.startswith("invoke") else given["translated"]
    if "input_tokens" in given:
        tokens = given["input_tokens"]
        given["input_tokens"] = lambda: tokens
    if "usage_fields" in given:
        members = given["usage_fields"].encode()
        given["usage_fields"] = lambda known: members
    return given


def written(done: Run) -> dict[str, Any]:
    facts = {name: value for name, value in done.report.items() if not name.endswith("_ns")}
    return facts | {"outcome": done.outcome, "detail": list(done.detail) if done.detail else None}


def test_there_are_cases() -> None:
    counts = Counter(case.parent.name for case in CASES)
    assert (counts.pop("messages") >= 30, min(counts.values()) >= 20) == (True, True)


@pytest.mark.parametrize("case", CASES, ids=shown)
def test_golden(case: Path, regold: bool) -> None:
    body = upstream(case)
    done = run([body], **options(case))
    if regold:
        (case / "client.sse").write_bytes(done.output)
        (case / "report.json").write_text(json.dumps(written(done), indent=2, ensure_ascii=False) + "\n")
    assert done.output == (case / "client.sse").read_bytes()
    assert written(done) == json.loads((case / "report.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=shown)
def test_golden_output_does_not_depend_on_the_split(case: Path) -> None:
    body = upstream(case)
    whole = run([body], **options(case))
    for pieces in splits(body):
        assert run(pieces, **options(case)) == whole


@pytest.mark.parametrize("case", [case for case in MESSAGES if not (case / "case.toml").exists()], ids=shown)
def test_golden_report_is_that_of_the_reference(case: Path) -> None:
    expected = observe((case / "upstream.sse").read_bytes())
    report = json.loads((case / "report.json").read_text())
    assert {name: report[name] for name in expected.report()} == expected.report()
    assert report["outcome"] == expected.outcome
