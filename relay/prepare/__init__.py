"""What is sent: prepare(call, attempt, redacted) -> Request. STEPS in order; add an optimisation: add a step.

prompt          a request on its way to one endpoint, and edits of its raw JSON
blocks          where its content blocks lie
history         old tool results and thinking, cleared where the endpoint does not clear them itself
signatures      thinking that another family signed
reasoning       how much thinking is asked for, in the words that the endpoint takes
limits          betas, strict tools and stop sequences that it takes
cache_control   the marks of what it is to cache
"""

from collections.abc import Callable, Mapping
from typing import Final

from relay._core import contains
from relay.call import Call
from relay.catalog import Attempt
from relay.dialects.preferences import redacted_options
from relay.prepare import cache_control, history, limits, reasoning, signatures
from relay.prepare.prompt import Prompt
from relay.providers import Request, request

_SHAPED: Final = frozenset({"context_management", "thinking", "tools"})
"""Members that may change before an endpoint of which nobody says what it takes."""

STEPS: Final[tuple[Callable[[Prompt], None], ...]] = (
    limits.betas,
    history.manage,
    signatures.sift,
    reasoning.translate,
    limits.strict_tools,
    limits.stop_sequences,
    cache_control.place,
    limits.options,
)


def prepare(call: Call, attempt: Attempt, redacted: Mapping[str, bytes]) -> Request:
    """Give the request of one attempt; the call's own content is never changed, what was left out is told to `attempt`.

    redacted   values that go in place of the content's own, by member
    raises     CallerInvalid for what this endpoint can't be sent
    """
    endpoint = attempt.endpoint
    if attempt.options and "provider" in redacted:
        attempt.options = redacted_options(attempt.options, call.preferences, redacted["provider"])
    if endpoint.accepts is None and not (endpoint.thinks or attempt.options or _may_change(call)):
        return request(call, attempt, redacted, call.betas)
    prompt = Prompt(call, attempt, redacted)
    for step in STEPS:
        step(prompt)
    return request(call, attempt, prompt.changed, b",".join(prompt.betas) or None)


def _may_change(call: Call) -> bool:
    for member in call.members:
        if member[0] in _SHAPED:
            return True
    return contains(call.content, signatures.SEALED)
