"""Who signs the requests to an endpoint, where a header line that stays the same is not enough."""

from typing import TYPE_CHECKING

from relay.catalog import Endpoint

if TYPE_CHECKING:
    from relay.providers.sigv4 import Signer


def signer_of(endpoint: Endpoint, secret: str, host: str) -> "Signer | None":
    """Give what signs for an endpoint whose credential is a pair of keys; None: a line says it.

    secret   of several parts, with a space between them: access key, secret key, and a session token or none
    """
    if endpoint.dialect != "bedrock" or " " not in secret:
        return None
    from relay.providers.sigv4 import Signer  # what few configurations need is loaded for them alone

    access_key, secret_key, *token = secret.split(" ")
    return Signer(access_key, secret_key, token[0] if token else "", host, endpoint.region or "")
