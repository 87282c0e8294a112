"""Who answers: how each provider is addressed and what its failures mean.

PROVIDERS    rows that relay knows; a name that isn't there is described in the configuration
request      what is sent for a call
credential_form   how an endpoint is told the credential
signer_of         what signs each request to it, where that is how
error        what a status and body mean
fault        what a broken or failed stream means
"""

from relay.providers.compatible import PROVIDERS
from relay.providers.failures import error, fault
from relay.providers.request import Request, credential_form, request
from relay.providers.signing import signer_of

__all__ = ["PROVIDERS", "Request", "credential_form", "error", "fault", "request", "signer_of"]
