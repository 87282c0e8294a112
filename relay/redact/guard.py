"""The edge of redaction: what fails inside refuses the call; whatever it was, it may quote the text (RED-1, RED-10).

What is raised in its place holds on to nothing of it, not even as its context: that would keep values alive. Errors of
the call itself pass as they are.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from relay.errors import RelayError
from relay.redact.replacements import fault

Asked = ParamSpec("Asked")
Given = TypeVar("Given")


def guarded(work: Callable[Asked, Given]) -> Callable[Asked, Given]:
    """Give `work` with such an edge; it raises RelayError, ProtocolError and LimitExceeded."""

    @wraps(work)
    def guarded(*args: Asked.args, **kwargs: Asked.kwargs) -> Given:
        try:
            return work(*args, **kwargs)
        except RelayError:
            raise
        except Exception as cause:  # noqa: BLE001
            refusals = [fault(cause)]
        raise refusals.pop()  # a variable of its own would tie frame and traceback into a cycle

    return guarded


def guarded_task(work: Callable[Asked, Awaitable[Given]]) -> Callable[Asked, Awaitable[Given]]:
    """The same of a coroutine function."""

    @wraps(work)
    async def guarded(*args: Asked.args, **kwargs: Asked.kwargs) -> Given:
        try:
            return await work(*args, **kwargs)
        except RelayError:
            raise
        except Exception as cause:  # noqa: BLE001
            refusals = [fault(cause)]
        raise refusals.pop()

    return guarded
