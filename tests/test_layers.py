"""The architecture's import table: only downwards, and the rooms of one level do not know each other."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent / "relay"
LEVELS = {
    "_core": 0,
    "clock": 0,
    "outbox": 0,
    "price": 0,
    "errors": 1,
    "call": 1,
    "catalog": 1,
    "known": 1,
    "config": 1,
    "dialects": 2,
    "redact": 2,
    "providers": 3,
    "store": 3,
    "downstream": 4,
    "route": 4,
    "prepare": 4,
    "upstream": 4,
    "agent": 4,
    "ledger": 4,
    "telemetry": 4,
    "forward": 5,
    "metadata": 5,
    "gateway": 5,
    "run": 6,
    "__main__": 7,
}
ORDER_OF_LEVEL_1 = ("errors", "call", "catalog", "known", "config")
ALLOWED_SIDEWAYS = {("telemetry", "ledger"), ("gateway", "forward"), ("gateway", "metadata")}
ONLY_IN = {
    "aiohttp": ("downstream", "run"),
    "asyncio.Protocol": ("upstream/connection.py",),
}
SOURCES = sorted(ROOT.rglob("*.py"))


def room_of(path: Path) -> str:
    part = path.relative_to(ROOT).parts[0]
    return part.removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rooms_imported(path: Path) -> set[str]:
    names = {name.split(".")[1] for name in imports_of(path) if name.startswith("relay.")}
    return {name for name in names if name in LEVELS}


def may_import(room: str, other: str) -> bool:
    if room == other or (room, other) in ALLOWED_SIDEWAYS:
        return True
    if LEVELS[room] == LEVELS[other] == 1:
        return ORDER_OF_LEVEL_1.index(other) < ORDER_OF_LEVEL_1.index(room)
    return LEVELS[other] < LEVELS[room]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downwards_only(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return
    assert {other for other in rooms_imported(path) if not may_import(room, other)} == set()


@pytest.mark.parametrize("path", [path for path in SOURCES if room_of(path) == "_core"], ids=lambda path: path.name)
def test_core_knows_no_event_loop(path: Path) -> None:
    assert not {name for name in imports_of(path) if name.split(".")[0] in ("asyncio", "aiohttp", "uvloop")}


def test_core_sources_import_nothing_of_relay_but_core() -> None:
    for path in (ROOT / "_core").glob("*.p[xy][xd]"):
        for line in path.read_text().splitlines():
            words = line.split()
            if words[:1] in (["from"], ["cimport"], ["import"]) and words[1].startswith("relay"):
                assert words[1].startswith("relay._core"), f"{path.name}: {line}"


def test_aiohttp_is_imported_in_its_rooms_only() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if "aiohttp" in {name.split(".")[0] for name in imports_of(path)}
    }
    assert {user for user in users if not user.startswith(ONLY_IN["aiohttp"])} == set()


def test_the_demo_provider_cannot_cancel_our_mistakes() -> None:
    for path in (ROOT / "run" / "demo").glob("*.py"):
        assert {
            name for name in imports_of(path) if name.startswith("relay.") and not name.startswith("relay.run.demo")
        } == set()


def test_the_story_of_a_call_stays_short() -> None:
    assert len((ROOT / "gateway.py").read_text().splitlines()) < 200


def test_no_file_is_over_400_lines() -> None:
    long = [
        path.name
        for path in ROOT.rglob("*.p[yx]*")
        if path.suffix in (".py", ".pyx") and path.read_text().count("\n") > 400
    ]
    assert long == []


def test_no_function_is_over_60_lines() -> None:
    long = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 60:
                long.append(f"{path.name}:{node.name}")  # noqa: PERF401
    assert long == []
