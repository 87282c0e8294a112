"""Golden cases of what clients read that do not speak the hub's dialect: `tests/golden/ingress/<case>/`.

`hub.sse` is what a Messages provider says, `chat.sse` and `responses.sse` what clients of those dialects read, and
`case.toml` has options of the Pipeline: callables by what they return, `names` of tools, `usage`: it was asked for.
"""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.core.corpus import GOLDEN

Json = dict[str, Any]
ID = "gen-1767225600-golden"
CASES = sorted(path.parent for path in (GOLDEN.parent / "ingress").glob("*/hub.sse"))


def options_of(case: Path) -> tuple[Json, dict[bytes, bytes], bool]:
    """The Pipeline options of a case, its names of tools, and whether usage was asked for."""
    file = case / "case.toml"
    given = tomllib.loads(file.read_text()) if file.exists() else {}
    names = {name.encode(): known.encode() for name, known in given.pop("names", {}).items()}
    asks_usage = given.pop("usage", False)
    found: Json = {"id": ID, "model": "lab/model", "input_tokens": lambda: 7}
    for name in ("usage_fields", "metadata"):
        if name in given:
            found[name] = _giving(given.pop(name).encode())
    if "context_management" in given:
        found["context_management"] = given.pop("context_management").encode()
    return found | given, names, asks_usage


def _giving(members: bytes) -> Callable[[Json], bytes]:
    return lambda _told: members
