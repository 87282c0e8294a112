"""The redaction engine against the goals of spec/redaction.md 14, each figure beside its floor, goal and stretch.

Ratios are of two things measured in turn: before each round of the one the other is timed. Time is the process's own,
so that neighbours count as little as they can. All nine classes and every token family are on, matches are masked.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import pytest
from bench_corpus import corpus
from pytest_benchmark.fixture import BenchmarkFixture

from relay._core import Channel, JsonChannel, Ruleset
from relay.redact.classes import Mode
from relay.redact.placeholders import Numbers
from relay.redact.replacements import Replacements, Treatment
from relay.redact.rules import classes, patterns, ruleset

NINE = classes(("email", "phone", "ip", "uuid", "token", "credit_card", "iban", "ssn", "mac"))
RULES = ruleset(NINE)
CUSTOM = patterns(("Project Nightjar", "/EMP-[0-9]{6}/", "/(?:acme|globex) (?:ltd|inc)/i"))
DOT_STAR = ruleset(NINE, patterns(("/.*a|b/",)))
CORPUS = corpus()
PIECE = 64 << 10
TOKEN_CHARS = 20
MIB = 1 << 20
ROUNDS = 9
REPEATS = 8
"""Times that `translate` goes over the corpus in a round: once is too short to be timed well."""
IDENTITY = bytes(range(256))
UNITS = (
    *("a", "a@", "a.", "1 ", "1.", "4111 ", "DE89 ", "+1 ", "ab:", "::", "eyJ", "eyJa.", "-----BEGIN ", "password="),
    *("token: ", "://a:", "\\", "\\u00", "[EMAIL_"),
)


pytestmark = pytest.mark.benchmark(timer=time.process_time)


@dataclass(frozen=True, slots=True)
class Goal:
    """One row of the contract's table. `is_least`: the figure has to reach the bounds instead of staying below."""

    name: str
    unit: str
    floor: float
    goal: float
    stretch: float
    is_least: bool = False

    def verdict(self, value: float) -> str:
        """Give the best of the three that `value` reaches."""
        for word in ("stretch", "goal", "floor"):
            bound: float = getattr(self, word)
            if value >= bound if self.is_least else value <= bound:
                return word
        return "MISS"


WHOLE = Goal("whole text in 64 KiB pieces, time of translate", "×", 20, 8, 3)
FEED = Goal("one feed of 20 bytes, median", "µs", 1.0, 0.4, 0.25)
FEED_P99 = Goal("one feed of 20 bytes, p99", "µs", 5, 2, 1)
OPEN = Goal("opening and closing a channel", "µs", 3, 1, 0.5)
WORST = Goal("worst adversarial input", "MB/s", 5, 20, 50, is_least=True)
THREE = Goal("3 custom patterns added", "×", 3, 1.5, 1.2)
IN_JSON = Goal("JSON channel, time of the text channel", "×", 3, 1.7, 1.3)
GOALS = (WHOLE, FEED, FEED_P99, OPEN, WORST, THREE, IN_JSON)

Measured = dict[Goal, list[tuple[float, str]]]
"""What was measured for each goal, with a word on it; the worst counts."""


@pytest.fixture(scope="module")
def measured(request: pytest.FixtureRequest) -> Iterator[Measured]:
    """Take the figures, and print the table at the end; while benches are off there are none."""
    figures: Measured = {}
    yield figures
    if not figures:
        return
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\n\n{table(figures)}")


def table(figures: Measured) -> str:
    """Give the contract's table with what was measured in front."""
    lines = [f"{'redaction, ' + density():58}{'measured':>10}{'floor':>8}{'goal':>8}{'stretch':>9}  reaches"]
    for goal in GOALS:
        if goal not in figures:
            continue
        value, note = min(figures[goal]) if goal.is_least else max(figures[goal])
        head = f"{goal.name}, {goal.unit}{f' ({note})' if note else ''}"
        lines.append(f"{head:58}{value:10.2f}{goal.floor:8g}{goal.goal:8g}{goal.stretch:9g}  {goal.verdict(value)}")
    return "\n".join(lines)


def density() -> str:
    """Give the corpus's size, and how often it holds a match."""
    channel = Channel(RULES, spans=True)
    whole(channel, CORPUS)
    return f"{len(CORPUS) / 1e6:.1f} MB, a match in {len(CORPUS) / len(channel.found()) / 1e3:.1f} KB"


def whole(channel: Channel, text: str) -> None:
    """Feed a text to its end."""
    for start in range(0, len(text), PIECE):
        channel.feed(text[start : start + PIECE])
    channel.flush()


def ratio(benchmark: BenchmarkFixture, work: Callable[[], object], anchor: Callable[[], object]) -> float | None:
    """Time both in turn; give the median of the rounds' ratios, None while benches are off."""
    anchor_s = []

    def time_anchor() -> None:
        started = time.process_time()
        anchor()
        anchor_s.append(time.process_time() - started)

    benchmark.pedantic(work, setup=time_anchor, rounds=ROUNDS, warmup_rounds=1)
    if not benchmark.enabled:
        return None
    return median(own / other for own, other in zip(benchmark.stats.stats.data, anchor_s[-ROUNDS:], strict=True))


def note(measured: Measured, goal: Goal, value: float | None, word: str = "") -> None:
    """Take a figure; None: benches are off."""
    if value is not None:
        measured.setdefault(goal, []).append((value, word))


def test_whole_text(benchmark: BenchmarkFixture, measured: Measured) -> None:
    benchmark.group = "redact the corpus"
    content = CORPUS.encode()

    def translate() -> None:
        for _ in range(REPEATS):
            content.translate(IDENTITY)

    times = ratio(benchmark, lambda: whole(Channel(RULES), CORPUS), translate)
    if times is not None:
        note(measured, WHOLE, times * REPEATS, f"{len(content) / benchmark.stats.stats.median / 1e6:.0f} MB/s")


def test_feed_of_a_token(benchmark: BenchmarkFixture, measured: Measured) -> None:
    benchmark.group = "redact a token"
    pieces = [CORPUS[start : start + TOKEN_CHARS] for start in range(0, len(CORPUS), TOKEN_CHARS)]
    rounds = []

    benchmark.pedantic(lambda: rounds.append(feed_times_ns(pieces)), rounds=5)

    if benchmark.enabled:
        note(measured, FEED, median(times[len(times) // 2] for times in rounds) / 1e3)
        note(measured, FEED_P99, median(times[len(times) * 99 // 100] for times in rounds) / 1e3)


def feed_times_ns(pieces: Sequence[str]) -> list[int]:
    """Give how long each feed took, in ascending order; the clock's own reading is in it."""
    feed, now_ns, times = Channel(RULES).feed, time.perf_counter_ns, []
    for piece in pieces:
        before = now_ns()
        feed(piece)
        times.append(now_ns() - before)
    return sorted(times)


def test_opening_a_channel(benchmark: BenchmarkFixture, measured: Measured) -> None:
    benchmark.group = "redact: a channel"
    benchmark(Channel, RULES)
    note(measured, OPEN, benchmark.stats.stats.median * 1e6 if benchmark.enabled else None)


@pytest.mark.parametrize("unit", UNITS)
def test_adversarial_text(benchmark: BenchmarkFixture, measured: Measured, unit: str) -> None:
    adversarial(benchmark, measured, RULES, unit)


def test_adversarial_pattern(benchmark: BenchmarkFixture, measured: Measured) -> None:
    adversarial(benchmark, measured, DOT_STAR, "b")


def adversarial(benchmark: BenchmarkFixture, measured: Measured, rules: Ruleset, unit: str) -> None:
    benchmark.group = "redact 1 MiB of one thing"
    text = unit * (MIB // len(unit))
    benchmark.pedantic(lambda: whole(Channel(rules), text), rounds=3)
    note(measured, WORST, len(text) / benchmark.stats.stats.min / 1e6 if benchmark.enabled else None, repr(unit))


def test_custom_patterns(benchmark: BenchmarkFixture, measured: Measured) -> None:
    benchmark.group = "redact the corpus"
    rules = ruleset(NINE, CUSTOM)
    times = ratio(benchmark, lambda: whole(Channel(rules), CORPUS), lambda: whole(Channel(RULES), CORPUS))
    note(measured, THREE, times)


def test_json(benchmark: BenchmarkFixture, measured: Measured) -> None:
    """The same text, once plain and once as the strings of a document."""
    benchmark.group = "redact the corpus"
    document = json.dumps({"results": [CORPUS[start : start + 2000] for start in range(0, len(CORPUS), 2000)]})
    masks = Replacements(Treatment(dict.fromkeys(NINE, Mode.MASK)), Numbers())
    times = ratio(benchmark, lambda: whole(JsonChannel(RULES, masks), document), lambda: whole(Channel(RULES), CORPUS))
    note(measured, IN_JSON, times)
