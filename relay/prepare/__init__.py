"""What is sent: prepare(call, attempt) -> Request. No optimisation exists yet; each will be one step here."""

from collections.abc import Mapping

from relay.call import Call
from relay.catalog import Attempt
from relay.providers import Request, request


def prepare(call: Call, attempt: Attempt, redacted: Mapping[str, bytes]) -> Request:
    """Give the request of one attempt; the call's own content is never changed.

    redacted   members of the content that go in place of its own, as `"key":value`
    """
    return request(call, attempt, redacted)
