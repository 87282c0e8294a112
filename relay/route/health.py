"""How endpoints have been lately: Health, one per worker, never shared.

Every endpoint has two memories: outcomes of the last seconds, for stability, breaker and retry budget
(spec/openrouter-messages.md 9.4, spec/operations.md 7), and samples of speed of the last five minutes. Both are small.
For lists alone they reach further back: outcomes by the minute for a day, samples for half an hour.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from relay.errors import ProviderError

STABLE_S: Final = 30
FEWEST_FAILURES: Final = 3
BREAKER_S: Final = 10
FEWEST_ATTEMPTS: Final = 20
FIRST_REST_S: Final = 5.0
LONGEST_REST_S: Final = 60.0
MOST_RESTS: Final = 4096
RETRY_SHARE: Final = 0.1
FREE_RETRIES: Final = 20
SAMPLES_S: Final = 300.0
LISTED_S: Final = 1800.0
DAY_MINUTES: Final = 1440
FEWEST_SAMPLES: Final = 10
MOST_SAMPLES: Final = 1024

Clock = Callable[[], float]


class Second:
    """What happened in one second: `first` tries and `again`, retries of calls that failed elsewhere; what failed."""

    __slots__ = ("again", "at", "broke", "counted", "first")

    def __init__(self, at: int) -> None:
        self.at = at
        self.first = 0
        self.again = 0
        self.counted = 0  # failures that speak against its stability
        self.broke = 0  # failures that speak for opening the breaker


class Minute:
    """How many tries one minute had, and how many of them failed."""

    __slots__ = ("at", "failures", "tries")

    def __init__(self, at: int) -> None:
        self.at = at
        self.tries = 0
        self.failures = 0


class Samples:
    """Numbers of the last five minutes, the newest MOST_SAMPLES of them; read as they were when a second began."""

    __slots__ = ("_as_of", "_held", "_known", "_sorted")

    def __init__(self) -> None:
        self._held: deque[tuple[float, float]] = deque(maxlen=MOST_SAMPLES)
        self._sorted: list[float] = []
        self._known: dict[int, float | None] = {}
        self._as_of = -1.0

    def add(self, now: float, value: float) -> None:
        """Take a sample."""
        self._held.append((now, value))

    def percentile(self, now: float, percentile: int) -> float | None:
        """Give the value that `percentile` of a hundred do not exceed; None for fewer than FEWEST_SAMPLES."""
        self._settle(now)
        if percentile not in self._known:
            count = len(self._sorted)
            known = self._sorted[min(count - 1, count * percentile // 100)] if count >= FEWEST_SAMPLES else None
            self._known[percentile] = known
        return self._known[percentile]

    def mean(self, now: float) -> float | None:
        """Give their mean; None for fewer than FEWEST_SAMPLES."""
        self._settle(now)
        return sum(self._sorted) / len(self._sorted) if len(self._sorted) >= FEWEST_SAMPLES else None

    def listed(self, now: float) -> list[float]:
        """Give those of the last LISTED_S, the least first."""
        return sorted([value for at, value in self._held if now - at <= LISTED_S])

    def _settle(self, now: float) -> None:
        if self._as_of >= 0 and now - self._as_of < 1.0:
            return
        while self._held and now - self._held[0][0] > LISTED_S:
            self._held.popleft()
        self._sorted = sorted([value for at, value in self._held if now - at <= SAMPLES_S])
        self._known = {}
        self._as_of = now


class State:
    """One endpoint's.

    latency, throughput   seconds to the first event, tokens a second from then on
    tools                 of calls with tools: 1 that came to its end, 0 that failed
    """

    __slots__ = (
        "_minutes",
        "_probing",
        "_rest_s",
        "_rests_until",
        "_seconds",
        "latency",
        "throughput",
        "tools",
    )

    def __init__(self) -> None:
        self._seconds: deque[Second] = deque(maxlen=STABLE_S)
        self._minutes: deque[Minute] = deque(maxlen=DAY_MINUTES)  # of the seconds that are over
        self._rest_s = 0.0  # how long the open breaker waits; 0: it is closed
        self._rests_until = 0.0
        self._probing = False
        self.latency = Samples()
        self.throughput = Samples()
        self.tools = Samples()

    def _second(self, now: float) -> Second:
        at = int(now)
        if not self._seconds or self._seconds[-1].at != at:
            if self._seconds:
                self._keep(self._seconds[-1])
            self._seconds.append(Second(at))
        return self._seconds[-1]

    def _keep(self, second: Second) -> None:
        """Add a second that is over to its minute."""
        at = second.at // 60
        if not self._minutes or self._minutes[-1].at != at:
            self._minutes.append(Minute(at))
        minute = self._minutes[-1]
        minute.tries += second.first + second.again
        minute.failures += second.counted

    def _since(self, now: float, seconds: int) -> list[Second]:
        return [second for second in self._seconds if second.at > now - seconds]

    def tried(self, now: float, is_retry: bool) -> None:
        """A request goes there; while the breaker is open it is the probe."""
        second = self._second(now)
        if is_retry:
            second.again += 1
        else:
            second.first += 1
        if self._rest_s and now >= self._rests_until:
            self._probing = True
            self._rests_until = now + self._rest_s  # a probe of which nothing is heard is made again

    def succeeded(self) -> None:
        """It answered."""
        self._rest_s = 0.0
        self._probing = False

    def failed(self, now: float, error: ProviderError) -> None:
        """It failed."""
        second = self._second(now)
        second.counted += error.counts_against
        second.broke += error.counts
        if not error.counts:
            return
        if self._rest_s and self._probing:
            self._open(now, min(2 * self._rest_s, LONGEST_REST_S))
        elif not self._rest_s:
            recent = self._since(now, BREAKER_S)
            tries = sum(each.first + each.again for each in recent)
            if tries >= FEWEST_ATTEMPTS and 2 * sum(each.broke for each in recent) >= tries:
                self._open(now, FIRST_REST_S)

    def _open(self, now: float, rest_s: float) -> None:
        self._rest_s = rest_s
        self._rests_until = now + rest_s
        self._probing = False

    def is_open(self, now: float) -> bool:
        """Tell whether its breaker is open: it rests, or one call is trying it."""
        return self._rest_s > 0 and now < self._rests_until

    def is_stable(self, now: float) -> bool:
        """Tell whether it goes before those that fail."""
        if self.is_open(now):
            return False
        recent = self._since(now, STABLE_S)
        failures = sum(each.counted for each in recent)
        return failures < FEWEST_FAILURES or 2 * failures < sum(each.first + each.again for each in recent)

    def uptime(self, now: float, minutes: int) -> float | None:
        """Give the percentage of the tries of the last minutes that did not fail; None without any."""
        oldest = int(now) // 60 - minutes
        past = [minute for minute in self._minutes if minute.at > oldest]
        tries, failures = sum(each.tries for each in past), sum(each.failures for each in past)
        if self._seconds and self._seconds[-1].at // 60 > oldest:
            current = self._seconds[-1]
            tries += current.first + current.again
            failures += current.counted
        return 100.0 * max(tries - failures, 0) / tries if tries else None

    def may_retry(self, now: float) -> bool:
        """Tell whether a call that failed elsewhere may come here: a tenth of its traffic, or a few (UPS-5)."""
        recent = self._since(now, BREAKER_S)
        again = sum(each.again for each in recent)
        return again < FREE_RETRIES or again < RETRY_SHARE * sum(each.first for each in recent)


class Health:
    """What is known of all endpoints, by id. `now` is seconds that never go back.

    any_rests   somebody asked to be left alone not long ago: `waits` has to be asked
    """

    def __init__(self, now: Clock = time.monotonic) -> None:
        self.now = now
        self._states: dict[str, State] = {}
        self._rests: dict[tuple[str, str], float] = {}

    @property
    def any_rests(self) -> bool:
        return bool(self._rests)

    def rest(self, endpoint_id: str, model: str, seconds: float) -> None:
        """Leave an endpoint alone for one model, the provider's name for it: others of a wildcard are not meant."""
        now = self.now()
        self._rests = {rests: until for rests, until in self._rests.items() if until > now}
        if len(self._rests) < MOST_RESTS:
            rests = (endpoint_id, model)
            self._rests[rests] = max(self._rests.get(rests, 0.0), now + min(seconds, LONGEST_REST_S))

    def waits(self, endpoint_id: str, model: str) -> float:
        """Give the seconds for which an endpoint is still to be left alone for a model; 0: it is not."""
        until = self._rests.get((endpoint_id, model))
        if until is None:
            return 0.0
        wait = until - self.now()
        if wait <= 0:
            del self._rests[endpoint_id, model]
        return max(wait, 0.0)

    def rests_for_some(self, endpoint_id: str) -> bool:
        """Tell whether an endpoint is to be left alone for one of its models."""
        now = self.now()
        return any(rests[0] == endpoint_id and until > now for rests, until in self._rests.items())

    def of(self, endpoint_id: str) -> State:
        """Give what is known of an endpoint."""
        state = self._states.get(endpoint_id)
        if state is None:
            state = self._states[endpoint_id] = State()
        return state
