"""Plan: the attempts of one call, in order; it learns from their failures (spec/openrouter-messages.md 10)."""

from collections.abc import Sequence
from typing import Final

from relay.catalog import CALLER, Attempt, Endpoint
from relay.errors import ProviderError, ProviderRateLimited, Retry
from relay.route.ask import Ask, Candidate
from relay.route.final import final_error
from relay.route.health import Health
from relay.route.sticky import Conversation
from relay.route.wanted import Wanted

MAX_ATTEMPTS: Final = 6


class Plan:
    """Hands out attempts, at once and without sleeping, and says at the end why none answered.

    model       what relay calls the model that answers, or would
    wanted      the models that the call asks for
    available   who may answer, in the order of trying
    """

    def __init__(
        self,
        wanted: Wanted,
        candidates: Sequence[Candidate],
        health: Health,
        ask: Ask | None = None,
        conversation: Conversation | None = None,
    ) -> None:
        self.model = wanted.models[0].slug
        self.wanted = wanted
        self.available = candidates
        self._conversation = conversation
        self._ask = ask
        self._wants_tools = ask is not None and ask.wants_tools
        self._candidates = list(candidates)
        self._health = health
        self._failures: list[tuple[Attempt, ProviderError]] = []
        self._number = 0
        self._rank = -1

    @property
    def total(self) -> int:
        """How many endpoints the models have that the call asks for."""
        return self.wanted.total

    def facts(self, slug: str | None) -> tuple[str, str | None, int, int]:
        """Give how `slug` was found, for which router model, and how many endpoints may answer, and there are."""
        choice = self.wanted.choice
        return self.wanted.strategy(slug), choice.router if choice else None, len(self.available), self.wanted.total

    def next(self) -> Attempt | None:
        """Give the next attempt; None when the endpoints are used up."""
        while self._candidates and self._number < MAX_ATTEMPTS:
            candidate = self._candidates.pop(0)
            state = self._health.of(candidate.endpoint.id)
            now = self._health.now()
            if self._number and not state.may_retry(now):
                continue
            state.tried(now, self._number > 0)
            self._number += 1
            self._rank = candidate.rank
            self.model = candidate.slug
            return attempt_at(self._number, candidate, self._ask)
        return None

    def failed(self, attempt: Attempt, error: ProviderError) -> None:
        """Note why an attempt failed; where its failure would repeat itself nobody is asked any more."""
        attempt.error = error.reason
        attempt.error_type = error.error_type
        attempt.status = attempt.status or error.upstream_status
        self._failures.append((attempt, error))
        state, now = self._health.of(attempt.endpoint.id), self._health.now()
        state.failed(now, error)
        is_ours = attempt.endpoint.credential != CALLER  # one caller's own limit is no other's
        if is_ours and isinstance(error, ProviderRateLimited) and error.retry_after_s is not None:
            self._health.rest(attempt.endpoint.id, attempt.model, error.retry_after_s)
        if error.counts_against and self._wants_tools:
            state.tools.add(now, 0.0)
        if error.retry is Retry.NEVER:
            self._candidates = []
        elif error.retry is Retry.MODEL:
            self._candidates = [each for each in self._candidates if each.rank != self._rank]

    def succeeded(
        self, attempt: Attempt, first_s: float | None, tokens_per_s: float | None, cached_tokens: int
    ) -> None:
        """Learn from an answer that came to its end.

        first_s         from the request to the first event; None: nobody knows
        tokens_per_s    of the answer, from its first event on; None: nobody knows
        cached_tokens   of the prompt, written to a cache or read from one
        """
        state, now = self._health.of(attempt.endpoint.id), self._health.now()
        state.succeeded()
        if self._wants_tools:
            state.tools.add(now, 1.0)
        if first_s is not None:
            state.latency.add(now, first_s)
        if tokens_per_s is not None:
            state.throughput.add(now, tokens_per_s)
        if self._conversation is not None and attempt.endpoint.keeps_caches:
            self._conversation.answered(attempt.endpoint.id, now, cached_tokens)
        if self.wanted.choice is not None:
            self.wanted.choice.answered(attempt.slug, now, cached_tokens)

    def exhausted(self, docs_url: str) -> ProviderError:
        """Give the error that the client sees when no attempt answered."""
        return final_error(self._failures, self.model, docs_url)


def attempt_at(number: int, candidate: Candidate, ask: Ask | None) -> Attempt:
    """Give the attempt at a candidate; None for `ask`: it takes the call as it is."""
    endpoint = candidate.endpoint
    if ask is None:
        return Attempt(number, endpoint, candidate.slug, candidate.upstream)
    return Attempt(
        number,
        endpoint,
        candidate.slug,
        candidate.upstream,
        _clamped(ask, endpoint),
        ask.lacks(endpoint),
        _options(ask, candidate),
    )


def _clamped(ask: Ask, endpoint: Endpoint) -> int | None:
    """Give what `max_tokens` is cut to; None: it fits."""
    most, wanted = endpoint.max_output_tokens, ask.max_tokens()
    return most if most is not None and wanted is not None and wanted > most else None


def _options(ask: Ask, candidate: Candidate) -> tuple[tuple[str, bytes], ...]:
    """Give what the request says for this endpoint alone; what names its place beats what names its provider."""
    told: dict[str, bytes] = {}
    for names in (candidate.names.provider, candidate.names.in_full):
        for name, members in ask.preferences.options:
            if name in names:
                told.update(members)
    return tuple(told.items())
