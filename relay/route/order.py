"""Who is asked first: ordered() (spec/openrouter-messages.md 9.4), with SORTS for each word of `provider.sort`.

Add a strategy: write the key of a candidate, least first and None for what is not known, and name it in SORTS.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Final

from relay.call import Cutoffs, Preferences
from relay.route.ask import Ask, Candidate
from relay.route.health import Health, Samples, State

Draw = Callable[[], float]
Key = Callable[[Candidate, Health], float | None]
FREE_USD: Final = 0.01  # a million tokens, as which an endpoint without a price tag counts


def price(candidate: Candidate, _: Health) -> float | None:
    """The cheapest first."""
    return candidate.blended_price()


def throughput(candidate: Candidate, health: Health) -> float | None:
    """The most tokens a second first."""
    median = health.of(candidate.endpoint.id).throughput.percentile(health.now(), 50)
    return None if median is None else -median


def latency(candidate: Candidate, health: Health) -> float | None:
    """The soonest first token first."""
    return health.of(candidate.endpoint.id).latency.percentile(health.now(), 50)


def exacto(candidate: Candidate, health: Health) -> float | None:
    """The most calls with tools that came to their end first."""
    share = health.of(candidate.endpoint.id).tools.mean(health.now())
    return None if share is None else -share


SORTS: Final[Mapping[str, Sequence[Key]]] = {
    "price": (price,),
    "throughput": (throughput,),
    "latency": (latency,),
    "exacto": (exacto, throughput),
}


def ordered(
    ask: Ask, candidates: Sequence[Candidate], health: Health, draw: Draw, sticky: str | None
) -> list[Candidate]:
    """Put candidates in the order in which they are tried.

    draw     gives a number from 0 up to 1
    sticky   the id of the endpoint that keeps the conversation's cache; None: no such
    """
    groups: dict[int, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(0 if ask.preferences.mixes_models else candidate.rank, []).append(candidate)
    found: list[Candidate] = []
    for rank in sorted(groups):
        found += _group(ask, groups[rank], health, draw, sticky)
    now = health.now()
    states = [health.of(each.endpoint.id) for each in found]
    late = [(state.is_open(now), _misses(ask.preferences, state, now)) for state in states]
    if any(one or other for one, other in late):
        return [found[at] for at in sorted(range(len(found)), key=late.__getitem__)]
    return found


def _group(ask: Ask, candidates: list[Candidate], health: Health, draw: Draw, sticky: str | None) -> list[Candidate]:
    """Order those of one group: the sticky one, those of the caller's own, the listed ones, the rest."""
    order = ask.preferences.order
    first = [] if order else [each for each in candidates if each.endpoint.id == sticky]
    rest = [each for each in candidates if each.endpoint.id != sticky] if first else candidates
    own = [each for each in rest if each.endpoint.is_own]
    if own:
        rest = [each for each in rest if not each.endpoint.is_own]
        first += _arranged(ask, own, health, draw)
    if order:
        listed = [each for each in rest if not each.names.usual.isdisjoint(order)]
        listed.sort(key=lambda each: next(at for at, name in enumerate(order) if name in each.names.usual))
        first += listed
        rest = [each for each in rest if each.names.usual.isdisjoint(order)]
    return first + _arranged(ask, rest, health, draw)


def _arranged(ask: Ask, candidates: list[Candidate], health: Health, draw: Draw) -> list[Candidate]:
    """Order those that nothing puts before others: sorted where that is asked for, else balanced."""
    if len(candidates) < 2:
        return candidates
    if ask.sort is not None:
        return _sorted(ask, candidates, health)
    return _balanced(ask, candidates, health, draw)


def _sorted(ask: Ask, candidates: list[Candidate], health: Health) -> list[Candidate]:
    """Sort by what is asked for; unknown last, ties by price and name; those of the asked tier before others."""
    keys = SORTS[ask.sort or "price"]
    is_priority = ask.preferences.tier == "priority"

    def place(each: Candidate) -> tuple[object, ...]:
        values = [key(each, health) for key in keys]
        known = [(value is None, value or 0.0) for value in values]
        return (is_priority and each.endpoint.tier != "priority", *known, *_by_price(each))

    return sorted(candidates, key=place)


def _by_price(each: Candidate) -> tuple[bool, float, str]:
    usd = each.blended_price()
    return usd is None, usd or 0.0, each.endpoint.id


def _balanced(ask: Ask, candidates: list[Candidate], health: Health, draw: Draw) -> list[Candidate]:
    """Draw the first of the stable ones by 1/price²; the others by price, those that fail behind them.

    Where nobody's price is known the operator's order is all there is.
    """
    now = health.now()
    stable = [each for each in candidates if health.of(each.endpoint.id).is_stable(now)]
    unstable = [each for each in candidates if each not in stable]
    priced = [each for each in stable if each.endpoint.price is not None]
    found: list[Candidate] = []
    if len(priced) > 1:
        weights = [max(each.blended_price() or 0.0, FREE_USD) ** -2 for each in priced]
        session_id = ask.session_id
        at = _drawn(weights, draw()) if session_id is None else _rendezvous(session_id, priced, weights)
        found.append(priced[at])
    for some in (stable, unstable):
        # The sort is stable: what has no price stays in the operator's order, behind what has one.
        found += sorted([each for each in some if each not in found], key=lambda each: _by_price(each)[:2])
    return found


def _drawn(weights: Sequence[float], number: float) -> int:
    left = number * sum(weights)
    for at, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return at
    return len(weights) - 1


def _rendezvous(session_id: str, candidates: Sequence[Candidate], weights: Sequence[float]) -> int:
    """Draw by the session's own numbers: all replicas draw the same, and few sessions move when one joins or leaves."""

    def distance(at: int) -> float:
        text = f"{session_id}\0{candidates[at].endpoint.id}".encode()
        number = int.from_bytes(blake2b(text, digest_size=8).digest(), "big")
        return -math.log((number + 1) / (1 << 64)) / weights[at]

    return min(range(len(weights)), key=distance)


def _misses(preferences: Preferences, state: State, now: float) -> bool:
    """Tell whether an endpoint is known to be slower than is preferred."""
    return _beyond(state.throughput, preferences.min_throughput, now, -1) or _beyond(
        state.latency, preferences.max_latency, now, 1
    )


def _beyond(samples: Samples, cutoffs: Cutoffs, now: float, sign: int) -> bool:
    """Tell whether a percentile is over its bound, or under it for sign -1: then the slow end is the low one."""
    for percentile, bound in cutoffs:
        value = samples.percentile(now, percentile if sign > 0 else 100 - percentile)
        if value is not None and sign * value > sign * bound:
            return True
    return False
