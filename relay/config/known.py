"""What relay knows of a provider's models fills in what the file leaves out: completed(), and models() behind a `*`."""

from collections.abc import Iterator

from relay.config.check import Draft
from relay.config.serving import Endpoint, Serving
from relay.price import undated


def completed(draft: Draft, endpoint: Endpoint) -> Endpoint:
    """Give an endpoint with what is known of its model wherever neither it nor its provider says anything."""
    provider = draft.file.providers[endpoint.provider]
    known = draft.known.get(endpoint.provider)
    facts = known.models.get(undated(endpoint.model), {}) if known else {}
    said = dict(Serving.model_validate(dict(facts)))
    if said["context_tokens"] is None:
        said["context_tokens"] = draft.prices.context_tokens(endpoint.provider, endpoint.model)
    silent = {
        key: value
        for key, value in said.items()
        if value is not None and getattr(endpoint, key) is None and getattr(provider, key) is None
    }
    return endpoint.model_copy(update=silent)


def models(draft: Draft, endpoint: Endpoint) -> Iterator[str]:
    """Give what the `*` of an endpoint may stand for, of the models that its provider is known to have."""
    head, star, tail = endpoint.model.partition("*")
    known = draft.known.get(endpoint.provider)
    if not star or known is None:
        return
    for name in known.models:
        if name.startswith(head) and name.endswith(tail) and len(name) > len(head) + len(tail):
            yield name[len(head) : len(name) - len(tail)]
