"""The loads and goals of `design/performance.md` 3, without redaction or with. T (TLS to the provider) is not here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from loadlib.figures import Comparison, Figure, Goal
from loadlib.native import Load

MEGABYTE = 1 << 20
PACE = 50.0
"""Events a second of every paced stream but those of E."""


class Kind(Enum):
    """How a scenario is measured."""

    WINDOW = "a window in each round"
    CAPACITY = "a search for the most streams, once"
    MEMORY = "a fresh process under slow streams, once"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the table. `beside` runs together with `load`, and only `load` is counted."""

    key: str
    title: str
    load: Load
    goals: Sequence[Goal]
    kind: Kind = Kind.WINDOW
    beside: Load | None = None
    gateways: Sequence[str] = ("relay", "aiohttp", "nginx")


def _both(figure: Figure, aiohttp: tuple[float, float], nginx: tuple[float, float], floor: bool = False) -> list[Goal]:
    """The pair of goals (good, target) that most scenarios have."""
    return [
        Goal(figure, *aiohttp, anchor="aiohttp", is_floor=floor),
        Goal(figure, *nginx, anchor="nginx", is_floor=floor),
    ]


def _streams(count: int) -> Load:
    return Load(connections=count, mode="once", pace=PACE)


LONG_HISTORY = Load("s20x20", connections=8, body_bytes=MEGABYTE)

SCENARIOS: Sequence[Scenario] = (
    Scenario(
        "A",
        "unary: 0.3 KB in, 0.8 KB out, 64 connections",
        Load("u", connections=64),
        _both(Figure.CPU_PER_CALL, (0.45, 0.25), (4.5, 2.5)),
    ),
    Scenario(
        "S",
        "short stream: 10 events in one burst, 64 connections",
        Load("s10x20", connections=64),
        _both(Figure.CPU_PER_CALL, (0.35, 0.20), (3.3, 2.0)),
    ),
    Scenario(
        "P",
        "parser-bound: 200 events of 20 bytes in one burst, 64 connections",
        Load("s200x20", connections=64),
        _both(Figure.CPU_PER_EVENT, (0.35, 0.22), (2.2, 1.5)),
    ),
    Scenario(
        "C1",
        "paced, light: 60 streams × 50 events/s",
        _streams(60),
        _both(Figure.CPU_PER_EVENT, (0.70, 0.60), (1.30, 1.15)),
    ),
    Scenario(
        "C2",
        "paced, heavy: 400 streams × 50 events/s",
        _streams(400),
        _both(Figure.CPU_PER_EVENT, (0.75, 0.65), (1.35, 1.20)),
    ),
    Scenario(
        "K",
        "capacity: streams × 50 events/s on one core",
        _streams(100),
        _both(Figure.STREAMS_HELD, (1.8, 2.5), (0.55, 0.75), floor=True),
        kind=Kind.CAPACITY,
    ),
    Scenario(
        "D",
        "long history: 1 MB request, 20 events back, 8 connections",
        LONG_HISTORY,
        _both(Figure.CPU_PER_CALL, (3.0, 1.6), (5.0, 3.0)),
    ),
    Scenario(
        "F",
        "fairness: 100 paced streams while 1 MB requests arrive at 20/s",
        _streams(100),
        [Goal(Figure.LATENESS_P99, 2.0, 1.2, anchor="aiohttp", or_good=5000.0, or_target=3000.0)],
        beside=Load("s20x20", connections=16, mode="rate", rate=20.0, body_bytes=MEGABYTE),
    ),
    Scenario(
        "E",
        "memory: 5,000 streams, an event every 2 s each",
        Load(connections=5000, mode="once", pace=0.5),
        [
            Goal(Figure.STREAM_KIB, 8.0, None, anchor="aiohttp", comparison=Comparison.DIFFERENCE),
            Goal(Figure.STREAM_KIB, None, 10.0, comparison=Comparison.ITSELF),
            Goal(Figure.BEFORE_MB, 70.0, 50.0, comparison=Comparison.ITSELF),
        ],
        kind=Kind.MEMORY,
        gateways=("relay", "aiohttp"),
    ),
    Scenario(
        "L",
        "lateness: 60 streams × 50 events/s",
        _streams(60),
        [
            Goal(Figure.LATENESS_P50, 1.5, 1.2, anchor="nginx"),
            Goal(Figure.FIRST_BYTE_P50, None, 2.0, anchor="nginx"),
        ],
        gateways=("relay", "nginx"),
    ),
)


REDACTION = Goal(Figure.CPU_PER_EVENT, 1.15, None, anchor="unredacted")
"""What redaction itself may cost, in C1."""


TRANSLATION = (
    Goal(Figure.CPU_PER_EVENT, 1.35, None, anchor="untranslated"),
    Goal(Figure.CPU_PER_EVENT, 0.75, None, anchor="aiohttp"),
)
"""What a stream may cost that comes in Chat Completions, in C1."""


def redacted(scenario: Scenario) -> Scenario:
    """Gives the scenario with personal values in every answer; C1 is measured against relay without redaction too."""
    beside = replace(scenario.beside, has_values=True) if scenario.beside else None
    made = replace(
        scenario,
        title=f"{scenario.title}, redacted",
        load=replace(scenario.load, has_values=True),
        beside=beside,
    )
    if scenario.key != "C1":
        return made
    return replace(made, goals=(*made.goals, REDACTION), gateways=(*made.gateways, "unredacted"))


def translated(scenario: Scenario) -> Scenario:
    """Gives the scenario for a relay that translates: measured against one that does not, and in C1 held to goals."""
    goals = TRANSLATION if scenario.key == "C1" else ()
    title, gateways = f"{scenario.title}, translated", ("relay", "untranslated", "aiohttp")
    return replace(scenario, title=title, goals=goals, gateways=gateways)


def chosen(keys: Sequence[str]) -> list[Scenario]:
    """Gives the scenarios with these keys, in the table's order. Raises KeyError with the first unknown key."""
    known = {scenario.key for scenario in SCENARIOS}
    for key in keys:
        if key not in known:
            raise KeyError(key)
    return [scenario for scenario in SCENARIOS if scenario.key in keys]
