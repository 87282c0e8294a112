"""Who answers: how each provider is addressed and what its failures mean.

PROVIDERS    rows that relay knows; a name that isn't there is described in the configuration
request      what is sent for a call
error, error_in   what a status and body mean; what an error body with status 200 means
fault        what a broken or failed stream means
"""

from relay.providers.compatible import PROVIDERS
from relay.providers.failures import error, error_in, fault
from relay.providers.request import Request, request

__all__ = ["PROVIDERS", "Request", "error", "error_in", "fault", "request"]
