"""Models that relay chooses: `openrouter/auto`, `openrouter/auto-beta` and `openrouter/free` (contract 12.3).

Chooser finds who may be chosen and remembers a conversation's choice; ranked() says who is best, and knows no more of a
model than an Option.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from relay.call import COST_TIERS, AutoRouter, Call, matches
from relay.catalog import Generation, Model
from relay.errors import NoEndpoint
from relay.route.ask import Ask, Candidate, Roster
from relay.route.names import Resolved
from relay.route.order import FREE_USD
from relay.route.rules import sift
from relay.route.sticky import Conversation, Sticky
from relay.route.tasks import Task, classified

ROUTERS: Final[Mapping[str, str]] = {
    "openrouter/auto": "auto-router",
    "openrouter/auto-beta": "auto-beta-router",
    "openrouter/free": "",
}
"""Router models, and the plugin that says how each is to choose."""

MOST_MODELS: Final = 3
NOBODY: Final = "No models match your request and model restrictions"
_DEFAULTS: Final = AutoRouter()


class Option:
    """A model that may be chosen.

    quality   of its answers to the task, on the operator's scale; None: nobody scored it
    usd       a million tokens, three of the prompt to one of the answer, where it is cheapest; None: not known
    """

    __slots__ = ("quality", "slug", "usd")

    def __init__(self, slug: str, quality: float | None, usd: float | None) -> None:
        self.slug = slug
        self.quality = quality
        self.usd = usd


def ranked(options: Sequence[Option], said: AutoRouter) -> list[tuple[Option, float]]:
    """Give the options with their scores, the best first; with a cost tier those of its band, by quality alone."""
    if said.cost_tier is not None:
        options = _band(options, said.cost_tier)
    qualities = _scaled([option.quality for option in options], unknown=0.0, alike=1.0)
    prices = [None if option.usd is None else math.log(max(option.usd, FREE_USD)) for option in options]
    costs = _scaled(prices, unknown=1.0, alike=0.0)
    t = 0.0 if said.cost_tier else said.cost_quality_tradeoff / 10
    found = [((1 - t) * q - t * c, option) for q, c, option in zip(qualities, costs, options, strict=True)]
    found.sort(key=lambda each: (-each[0], each[1].usd is None, each[1].usd or 0.0, each[1].slug))
    return [(option, score) for score, option in found]


def _scaled(values: Sequence[float | None], unknown: float, alike: float) -> list[float]:
    """Give the values between 0 and 1, the least and the largest of them."""
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    width = high - low
    return [unknown if value is None else (value - low) / width if width else alike for value in values]


def _band(options: Sequence[Option], tier: str) -> list[Option]:
    """Give the options of a fifth of the prices, of the nearest that has any; of two as near the cheaper.

    The percentile of a price is the share of the others that are cheaper; one that is not known is the dearest.
    """
    prices = [math.inf if option.usd is None else option.usd for option in options]
    bands: dict[int, list[Option]] = {}
    for price, option in zip(prices, options, strict=True):
        cheaper = sum(other < price for other in prices)
        at = min(len(COST_TIERS) - 1, cheaper * len(COST_TIERS) // max(1, len(prices) - 1))
        bands.setdefault(at, []).append(option)
    wanted = COST_TIERS.index(tier)
    return bands[min(bands, key=lambda at: (abs(at - wanted), at))]


def _refused(slug: str, said: AutoRouter) -> str | None:
    """Give the list that keeps a model from being chosen."""
    name = slug.lower()
    if said.allowed and not any(matches(pattern, name) for pattern in said.allowed):
        return "allowed_models does not name it"
    if any(matches(pattern, name) for pattern in said.excluded):
        return "excluded_models names it"
    return None


class Choice:
    """What a router model stands for in one call.

    router   its name
    models   the best, and those that stand in for it
    losers   candidates of the other models, the word of what left each out, and why
    stage    what `openrouter_metadata.pipeline` says of it; None: nothing
    total    how many endpoints there were to choose from
    """

    __slots__ = ("_pin", "_pins", "losers", "models", "router", "stage", "total")

    def __init__(self, router: str, pin: Conversation | None, pins: bool) -> None:
        self.router = router
        self.models: list[Resolved] = []
        self.losers: list[tuple[Candidate, str, str]] = []
        self.stage: dict[str, Any] | None = None
        self.total = 0
        self._pin = pin
        self._pins = pins

    @property
    def strategy(self) -> str:
        """The word of `openrouter_metadata` for it."""
        return "auto" if ROUTERS[self.router] else "free"

    def held(self, now: float) -> str | None:
        """Give the model that it stood for in this conversation before."""
        return self._pin.held_by(now) if self._pin else None

    def answered(self, slug: str, now: float, cached_tokens: int) -> None:
        """Remember which of its models answered."""
        if self._pin is not None:
            self._pin.answered(slug, now, 1 if self._pins else cached_tokens)

    def refusal(self, docs_url: str) -> NoEndpoint:
        """Give the error for a choice of none."""
        error = NoEndpoint(NOBODY)
        error.availability = {
            "code": "no_endpoints",
            "retryable": False,
            "requested_models": [self.router],
            "docs_url": f"{docs_url}#no_endpoints",
            "excluded_by": list(dict.fromkeys(word for _, word, _ in self.losers)),
        }
        return error


class Chooser:
    """Chooses the models of one configuration generation, and remembers for which conversation.

    draw     gives a number from 0 up to 1
    sticky   conversations, which outlive a generation
    """

    def __init__(self, generation: Generation, roster: Roster, draw: Callable[[], float], sticky: Sticky) -> None:
        models = [model for model in generation.models.values() if model.id not in ROUTERS]
        self._auto = [model for model in models if model.auto]
        self._free = [free for model in models if (free := _for_nothing(model)).endpoints]
        self._roster = roster
        self._draw = draw
        self._sticky = sticky

    def has(self, router: str) -> bool:
        """Tell whether there is a model to choose from."""
        return bool(self._auto if ROUTERS[router] else self._free)

    def choose(self, call: Call, router: str, ask: Ask, now: float) -> Choice:
        """Give the models that stand for a router model, none when nobody may; and why the others don't."""
        plugin = ROUTERS[router]
        said = call.plugins.routers.get(plugin, _DEFAULTS)
        pin = None if said.pin_model is False else Conversation(self._sticky, call, b"model")
        choice = Choice(router, pin, said.pin_model is True)
        everybody = self._allowed(choice, self._auto if plugin else self._free, said)
        sifted = sift(ask, everybody if plugin else _able(choice, ask, everybody))
        choice.losers += sifted.dropped
        models = {each.model.id: each.model for each in sifted.kept}
        if plugin:
            task = classified(call)
            choice.stage = {"type": "plugin", "name": plugin, "data": task.data()}
            scored = ranked([_option(model, sifted.kept, task) for model in models.values()], said)
            slugs = [option.slug for option, _ in scored]
            told = {option.slug: f"of {score:.2f} for {task.word}" for option, score in scored}
        else:
            slugs = self._shuffled(sorted(models))
            told = {}
        held = choice.held(now)
        if held in models:
            slugs = [held, *[slug for slug in slugs if slug != held]]
        del slugs[MOST_MODELS:]
        choice.models = [Resolved(models[slug], None, slug, None) for slug in slugs]
        choice.losers += [
            (each, "order", _why_not(each.slug, told, slugs, said)) for each in sifted.kept if each.slug not in slugs
        ]
        return choice

    def _allowed(self, choice: Choice, models: Sequence[Model], said: AutoRouter) -> list[Candidate]:
        """Give who serves the models that no list refuses."""
        refused = {model.id: why for model in models if (why := _refused(model.id, said))}
        everybody = self._roster.candidates([Resolved(model, None, model.id, None) for model in models])
        choice.total = len(everybody)
        choice.losers = [(each, "allowed_models", refused[each.slug]) for each in everybody if each.slug in refused]
        return [each for each in everybody if each.slug not in refused]

    def _shuffled(self, slugs: list[str]) -> list[str]:
        """Begin at a place that is drawn, and go on from there: each is as likely as the others to be first."""
        at = int(self._draw() * len(slugs))
        return slugs[at:] + slugs[:at]


def _for_nothing(model: Model) -> Model:
    """Give a model with those of its endpoints alone that cost nothing."""
    return replace(model, endpoints=tuple([endpoint for endpoint in model.endpoints if endpoint.is_free]))


def _able(choice: Choice, ask: Ask, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Leave those that take all that the request says."""
    for each in candidates:
        if lacking := ask.lacks(each.endpoint):
            choice.losers.append((each, "require_parameters", f"it does not take {', '.join(sorted(lacking))}"))
    return [each for each in candidates if not ask.lacks(each.endpoint)]


def _option(model: Model, candidates: Sequence[Candidate], task: Task) -> Option:
    prices = [each.blended_price() for each in candidates if each.model is model]
    return Option(model.id, model.quality(task.word), min([usd for usd in prices if usd is not None], default=None))


def _why_not(slug: str, told: Mapping[str, str], tried: Sequence[str], said: AutoRouter) -> str:
    if told and slug not in told:
        return f"its price is not in the band that cost_tier {said.cost_tier} asks for"
    return f"{', '.join(tried)} go before it" + (f" and its score {told[slug]}" if slug in told else "")
