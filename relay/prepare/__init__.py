"""What is sent: prepare(call, attempt) -> Request. No optimisation exists yet; each will be one step here."""

from relay.call import Call
from relay.catalog import Attempt
from relay.providers import Request, request


def prepare(call: Call, attempt: Attempt) -> Request:
    """Give the request of one attempt; the call's own content is never changed."""
    return request(call, attempt)
