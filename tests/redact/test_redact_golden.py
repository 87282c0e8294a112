"""A value in any string of any golden stream of another dialect leaves only where the contract lets strings pass.

What passes is named below (spec/redaction.md 2, 11.1): names of tools, ids, what is signed or encrypted, addresses.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.running import run
from tests.core.test_golden import TRANSLATED, options, shown
from tests.redact.test_redact_thinking import redaction
from tests.support.event_stream import body_of

MAIL = "jane.doe@example.org"
PASSES = {
    "encrypted_content",
    "id",
    "name",
    "redactedContent",
    "signature",
    "stop_reason",  # in Chat, as in Bedrock `stop_sequence`: the one that was met, which the request named
    "stop_sequence",
    "thoughtSignature",
    "toolUseId",
    "url",
}
Way = tuple[str | int, ...]


def ways(value: Any, way: Way = ()) -> Iterator[Way]:
    """Where the strings of a JSON value lie."""
    if isinstance(value, str):
        yield way
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        yield from ways(inner, (*way, key))


def planted(text: str, way: Way) -> str:
    """The JSON with the value in the string there; in arguments of a tool it stands inside one of theirs."""
    value = held = json.loads(text)
    for key in way[:-1]:
        held = held[key]
    said = held[way[-1]]
    held[way[-1]] = said.replace('"', f'"{MAIL} ', 1) if said.startswith("{") else f"{said} {MAIL} "
    return json.dumps(value, ensure_ascii=False)


def bodies(case: Path) -> Iterator[tuple[Way, bytes]]:
    """The case with the value planted once, everywhere in turn."""
    binary = (case / "upstream.jsonl").exists()
    prefix = "" if binary else "data:"
    lines = (case / ("upstream.jsonl" if binary else "upstream.sse")).read_text().split("\n")
    for at, line in enumerate(lines):
        data = line.removeprefix(prefix) if line.startswith(prefix) else ""
        for way in ways(event(data)):
            if not binary or way[0] == "payload":
                changed = [*lines[:at], prefix + planted(data, way), *lines[at + 1 :]]
                yield way, body_of([line for line in changed if line]) if binary else "\n".join(changed).encode()


def event(data: str) -> Any:
    """The JSON of an event that lies on one line."""
    try:
        value = json.loads(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


TEXTS = [case for case in TRANSLATED if case.name != "invalid_utf8" and not case.name.startswith("invoke")]


@pytest.mark.parametrize("case", TEXTS, ids=shown)
def test_no_string_of_a_provider_slips_by(case: Path) -> None:
    asked = options(case) | {"model": "m"}
    seen = 0
    for way, body in bodies(case):
        done = run([body], rewriter=redaction().rewriter(), **asked)
        assert MAIL.encode() not in done.output or way[-1] in PASSES, way
        seen += b"[EMAIL]" in done.output
    assert seen or b'"text_delta"' not in (case / "client.sse").read_bytes()
