"""Which endpoint next: Router.plan(call) -> Plan.

names    what a client writes, to models
auto     what stands for a model that chooses among others; tasks, what a request is about
wanted   the models that a call asks for
ask      what a call wants of an endpoint; who may be asked
rules    who may answer, and why not                    add a rule there
order    who is asked first                             add a way of sorting there
sticky   who holds a conversation's prompt cache
health   how endpoints have been lately; figures, as lists tell it
plan     the attempts, one after the other
nobody, final   the errors when nobody is left, and when nobody answered
"""

import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from relay.call import NO_PREFERENCES, Call
from relay.catalog import Generation
from relay.errors import NoEndpoint
from relay.route.ask import Ask, Candidate, Roster
from relay.route.auto import ROUTERS, Chooser
from relay.route.explanation import Explanation
from relay.route.figures import vitals
from relay.route.health import Health
from relay.route.names import VARIANTS, Resolved, resolve
from relay.route.nobody import nobody_left, nobody_named, nobody_now
from relay.route.order import Draw, ordered
from relay.route.plan import MAX_ATTEMPTS, Plan
from relay.route.rules import sift
from relay.route.sticky import Conversation, Sticky
from relay.route.wanted import Wanted

__all__ = ["MAX_ATTEMPTS", "Candidate", "Explanation", "Health", "Plan", "Router", "Sticky", "vitals"]

FEATURES: Final = (
    ("tools", "tools"),
    ("output_config.format", "structured_output"),
    ("output_config.effort", None),
)
"""Members of a request for which those endpoints of a model are taken that have them, and the capability (9.3)."""


class Router:
    """One worker's choice of endpoints over one configuration generation.

    draw     gives a number from 0 up to 1
    sticky   conversations, which outlive a generation; None: they begin with this one
    """

    def __init__(
        self, generation: Generation, health: Health, draw: Draw = random.random, sticky: Sticky | None = None
    ) -> None:
        self._generation = generation
        self._health = health
        self._draw = draw
        self._sticky = Sticky() if sticky is None else sticky
        self._roster = Roster()
        self._chooser = Chooser(generation, self._roster, draw, self._sticky)

    def plan(self, call: Call) -> Plan:
        """Find the endpoints that may answer a call, and their order.

        raises   UnknownModel; ModelGone; NoEndpoint when rules or rests leave nobody; CallerInvalid: it fits nowhere
        """
        wanted = self._wanted(call)
        candidates = self._roster.candidates(wanted.models)
        if len(candidates) == 1 and call.preferences is NO_PREFERENCES and candidates[0].endpoint.is_plain:
            return Plan(wanted, self._awake(candidates, wanted.slugs), self._health)
        if refusal := wanted.refusal(self._generation.docs_url):
            raise refusal
        ask = _ask(call, wanted.variant)
        sifted = sift(ask, candidates)
        if not sifted.kept:
            raise nobody_left(ask, sifted, wanted.slugs, self._generation.docs_url)
        # Who rests can still do it: its rest is not answered by a dearer tier, or without tools.
        kept = self._awake(_suited(ask, sifted.kept), wanted.slugs)
        conversation = self._conversation(call, candidates)
        return Plan(wanted, self._ordered(ask, kept, conversation), self._health, ask, conversation)

    def explain(self, call: Call) -> Explanation:
        """Give who would be tried now, and why nobody else; nothing is sent and nothing is learnt from it.

        raises   UnknownModel; ModelGone
        """
        wanted = self._wanted(call)
        ask = _ask(call, wanted.variant)
        told = Explanation(ask, wanted)
        told.error = wanted.refusal(self._generation.docs_url)
        if told.error:
            return told
        candidates = self._roster.candidates(wanted.models)
        sifted = sift(ask, candidates)
        told.losers += sifted.dropped
        if not sifted.kept:
            told.error = nobody_left(ask, sifted, wanted.slugs, self._generation.docs_url)
            return told
        suited = _suited(ask, sifted.kept)
        others = [each for each in sifted.kept if each not in suited]
        told.pass_over(others, "others of the model can do what is asked for")
        told.leave_alone(zip(suited, self._waits(suited), strict=True))
        try:
            kept = self._awake(suited, wanted.slugs)
        except NoEndpoint as error:
            told.error = error
            return told
        told.tried = self._ordered(ask, kept, self._conversation(call, candidates))
        told.pass_over([each for each in kept if each not in told.tried], "provider.allow_fallbacks is false")
        told.pass_over(told.tried[MAX_ATTEMPTS:], f"{MAX_ATTEMPTS} others are tried before it")
        told.tried = told.tried[:MAX_ATTEMPTS]
        return told

    def _ordered(self, ask: Ask, kept: Sequence[Candidate], conversation: Conversation | None) -> list[Candidate]:
        found = ordered(ask, kept, self._health, self._draw, self._held_by(conversation))
        return found if ask.preferences.allow_fallbacks or ask.preferences.order else _alone(found)

    def unknown_providers(self, call: Call) -> list[str]:
        """Give the names in the order that a call prefers which no endpoint of the configuration has."""
        models = [*self._generation.models.values(), *self._generation.wildcards]
        known = {name for model in models for each in model.endpoints for name in self._roster.names(each).every}
        return [name for name in call.preferences.order if name not in known]

    def _wanted(self, call: Call) -> Wanted:
        """Give the models that are asked for.

        raises   UnknownModel; ModelGone
        """
        aliases = call.identity.policy.aliases
        meant = aliases.get(call.model, call.model)
        if not call.preferences.models and not meant.startswith("openrouter/"):
            return Wanted(call.model, [self._resolved(call.model, "model", aliases)])
        wanted = Wanted(call.model, [])
        self._add(wanted, call, call.model, "model")
        said = next((key for key, *_ in call.members if key in ("fallbacks", "models")), "models")
        for at, name in enumerate(call.preferences.models):
            self._add(wanted, call, name, f"{said}.{at}.model" if said == "fallbacks" else f"{said}.{at}")
        return wanted

    def _add(self, wanted: Wanted, call: Call, name: str, path: str) -> None:
        """Add what a name means; a model that the operator calls so goes before a router model."""
        aliases = call.identity.policy.aliases
        meant = aliases.get(name, name)
        router, _, variant = meant.partition(":")
        is_known = meant in self._generation.models or (variant and variant not in VARIANTS)
        if router not in ROUTERS or is_known or not (self._chooser.has(router) or self._generation.find(meant) is None):
            wanted.add([self._resolved(name, path, aliases)])
            return
        choice = self._chooser.choose(call, router, _ask(call, variant or None), self._health.now())
        wanted.choose(choice, variant or None)

    def _resolved(self, name: str, path: str, aliases: Mapping[str, str]) -> Resolved:
        found = resolve(name, self._generation, aliases)
        if found is None:
            raise nobody_named(name, path, self._generation)
        return found

    def _awake(self, candidates: list[Candidate], slugs: Sequence[str]) -> list[Candidate]:
        """Leave out those that asked to be left alone for a while.

        raises   NoEndpoint with the shortest wait when all did
        """
        if not self._health.any_rests:
            return candidates
        waits = self._waits(candidates)
        if min(waits) > 0:
            raise nobody_now(min(waits), slugs, candidates, self._generation.docs_url)
        return [each for each, wait in zip(candidates, waits, strict=True) if not wait]

    def _waits(self, candidates: Sequence[Candidate]) -> list[float]:
        """Give for how many seconds each is still to be left alone."""
        return [self._health.waits(each.endpoint.id, each.upstream) for each in candidates]

    def _conversation(self, call: Call, candidates: Sequence[Candidate]) -> Conversation | None:
        """Give the call's conversation, where it matters who answers it: now, or when others may answer again."""
        if len(candidates) < 2 or call.preferences.order or not any(each.endpoint.keeps_caches for each in candidates):
            return None
        return Conversation(self._sticky, call)

    def _held_by(self, conversation: Conversation | None) -> str | None:
        """Give who answered this conversation before, while its breaker is closed."""
        now = self._health.now()
        held = conversation.held_by(now) if conversation else None
        return None if held is None or self._health.of(held).is_open(now) else held


def _ask(call: Call, variant: str | None) -> Ask:
    """Give a call as the rules read it: what a variant says stands behind what the request says."""
    preferences = call.preferences
    sort, tier = VARIANTS[variant] if variant else (None, None)
    if preferences.order:
        sort = tier = None
    if preferences.tier is not None:
        tier = None
    wanted = None if preferences.tier == "default" else preferences.tier
    by_tier = {"priority": "throughput", "flex": "price"}.get(wanted or "")
    return Ask(call, preferences.sort or sort or (None if preferences.order else by_tier), wanted or tier)


def _suited(ask: Ask, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Prefer, of each model, those that can do what is asked for; where none can, all stay (9.3, and `max_tokens`)."""
    kept = list(candidates)
    if ask.preferences.tier == "flex":
        kept = _preferred(kept, lambda each: each.endpoint.tier == "flex")
    wanted = ask.max_tokens()
    if wanted is not None:
        kept = _preferred(kept, lambda each: (each.endpoint.max_output_tokens or wanted) >= wanted)
    for member, ability in FEATURES:
        if member in ask.members:
            kept = _preferred(kept, partial(_has, ask, member, ability))
    return kept


def _has(ask: Ask, member: str, ability: str | None, candidate: Candidate) -> bool:
    return ask.suits(candidate.endpoint, member, ability)


def _preferred(candidates: list[Candidate], suits: Callable[[Candidate], bool]) -> list[Candidate]:
    suiting = [suits(each) for each in candidates]
    if all(suiting):
        return candidates
    ranks = {each.rank for each, does in zip(candidates, suiting, strict=True) if does}
    return [each for each, does in zip(candidates, suiting, strict=True) if does or each.rank not in ranks]


def _alone(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Leave the first of each model (`allow_fallbacks: false` without a list)."""
    first: dict[int, Candidate] = {}
    for each in candidates:
        first.setdefault(each.rank, each)
    return list(first.values())
