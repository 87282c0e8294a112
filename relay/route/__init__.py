"""Which endpoint next: plan(call, generation) -> Plan.

A plan hands out attempts in the operator's order, at most MAX_ATTEMPTS, and says at the end why none answered.
"""

from collections.abc import Iterator
from typing import Final

from relay.call import Call
from relay.catalog import Attempt, Endpoint, Generation, Model
from relay.errors import ProviderError, Retry, UnknownModel
from relay.route.final import final_error

MAX_ATTEMPTS: Final = 6

__all__ = ["Plan", "plan"]


class Plan:
    """The attempts of one call, in order; learns from their failures."""

    def __init__(self, model: Model, wildcard: str | None) -> None:
        self.model = model.id if wildcard is None else model.id.replace("*", wildcard)
        self._wildcard = wildcard
        self._endpoints: Iterator[Endpoint] = iter(model.endpoints[:MAX_ATTEMPTS])
        self._failures: list[tuple[Attempt, ProviderError]] = []
        self._number = 0

    def next(self) -> Attempt | None:
        """Give the next attempt; None when the endpoints are used up."""
        endpoint = next(self._endpoints, None)
        if endpoint is None:
            return None
        self._number += 1
        model = endpoint.model if self._wildcard is None else endpoint.model.replace("*", self._wildcard)
        return Attempt(self._number, endpoint, model)

    def failed(self, attempt: Attempt, error: ProviderError) -> None:
        """Note why an attempt failed; after a failure that would repeat itself elsewhere no endpoint is left."""
        attempt.error = error.reason
        attempt.error_type = error.error_type
        attempt.status = attempt.status or error.upstream_status
        self._failures.append((attempt, error))
        if error.retry is Retry.NEVER:
            self._endpoints = iter(())

    def exhausted(self, docs_url: str) -> ProviderError:
        """Give the error that the client sees when no attempt answered."""
        return final_error(self._failures, self.model, docs_url)


def plan(call: Call, generation: Generation) -> Plan:
    """Find the endpoints that may answer the call.

    raises   UnknownModel
    """
    found = generation.find(call.model)
    if found is None:
        raise UnknownModel(call.model, generation.close_to(call.model), generation.docs_url)
    return Plan(*found)
