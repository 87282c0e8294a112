"""What is sent: prepare(call, attempt) -> Request. No optimisation exists yet; each will be one step here."""

from collections.abc import Mapping

from relay.call import Call
from relay.catalog import Attempt
from relay.providers import Request, request


def prepare(call: Call, attempt: Attempt, redacted: Mapping[str, bytes]) -> Request:
    """Give the request of one attempt; the call's own content is never changed.

    redacted   values that go in place of the content's own, by member
    """
    return request(call, attempt, redacted)
