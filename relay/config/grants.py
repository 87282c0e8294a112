"""What a Grant comes to: `identity`, the holder of a key as the gateway knows it; `faults`, what a schema can't see."""

from collections.abc import Iterator, Mapping, Set

import orjson

from relay.call import NO_POLICY, Identity, Limits, Policy
from relay.config.callers import Grant, KeyLimits
from relay.config.faults import Judge, Where
from relay.config.redaction import Redact, RedactionPolicy
from relay.config.serving import Provider
from relay.known import KnownProvider


def identity(name: str, grant: Grant, expires: float | None = None, id: str | None = None) -> Identity:
    """Give the holder of a key as the gateway knows it.

    expires   of the secret itself, Unix seconds: what comes first counts
    id        the key's public part, where relay made it
    """
    policy = Policy(
        models=tuple(grant.models or ()),
        providers=_lower(grant.providers),
        ignore=_lower(grant.ignore),
        zdr=grant.zdr,
        redact=_redaction(grant.redact),
        aliases=dict(grant.aliases or {}),
        provider=grant.provider.model_dump(mode="json", exclude_none=True) if grant.provider else {},
    )
    ends = [at for at in (grant.expires, expires) if at is not None]
    return Identity(
        name=name,
        policy=NO_POLICY if policy == NO_POLICY else policy,
        limits=_limits(grant.limits),
        expires=min(ends, default=None),
        id=id,
        is_admin=grant.admin,
    )


def provider_names(providers: Mapping[str, Provider], known: Mapping[str, KnownProvider]) -> frozenset[str]:
    """Give what lists may call the providers of a file, in lower case: their keys and what clients read."""
    shown = [provider.name or (known[key].display_name if key in known else key) for key, provider in providers.items()]
    return _lower([*providers, *shown])


def faults(grant: Grant, names: Set[str] | None) -> Iterator[tuple[Where, str]]:
    """Give what is wrong with what a key may do, by the place in it.

    names   what lists of providers may hold, in lower case; None: nobody knows
    """
    order = grant.provider.order if grant.provider else None
    lists: tuple[tuple[Where, list[str] | None], ...] = (
        (("providers",), grant.providers),
        (("ignore",), grant.ignore),
        (("provider", "order"), order),
    )
    for where, said in lists:
        for index, name in enumerate(said or ()):
            if names is not None and not {name.lower(), name.lower().partition("/")[0]} & names:
                yield (*where, index), "no provider of this name stands in `providers`"
    for where, said in ((("models",), grant.models), (("providers",), grant.providers)):
        if said == []:
            yield where, "allows nothing; leave it out to allow all, or disable the key"
    if grant.limits and grant.limits.reset and grant.limits.spend_usd is None:
        yield ("limits", "reset"), "says when `spend_usd` begins anew, and that is not given"


def redaction_faults(grant: Grant, floor: Redact, judge: Judge) -> Iterator[tuple[Where, str]]:
    """Give what is wrong with what a key has redacted, by the place in it; `floor` is what it is added to."""
    if grant.redact is None:
        return
    for where, reason in judge(grant.redact.words(), floor.hold_max, floor.words()):
        yield ("redact", *where), reason[0].lower() + reason[1:]
    if grant.redact.hashes() and floor.hash_key is None:
        yield ("redact", "mode"), "`hash` needs a key; write `redact: {hash_key: {env: NAME}}`"


def _redaction(said: RedactionPolicy | None) -> bytes:
    words = said.words() if said else {}
    return orjson.dumps(words) if words else b""


def _lower(names: list[str] | None) -> frozenset[str]:
    return frozenset(name.lower() for name in names or ())


def _limits(said: KeyLimits | None) -> Limits | None:
    if said is None:
        return None
    limits = Limits(said.requests_per_minute, said.tokens_per_minute, said.spend_usd, said.reset)
    return None if limits == Limits() else limits
