"""From a checked draft to what serves: `build`, and `relocate` for a provider whose address is known later."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from relay.call import Identity
from relay.catalog import (
    CALLER,
    DEFAULT_MAX_TOKENS,
    Accepts,
    Endpoint,
    Generation,
    Model,
    Provider,
    Scores,
    Secret,
    TokenSource,
)
from relay.config import schema, serving
from relay.config.callers import KeyRing
from relay.config.check import Draft, merged_timeouts
from relay.config.faults import Where
from relay.config.grants import identity
from relay.config.known import completed
from relay.config.known import models as known_models
from relay.config.references import endpoints, keys, servings
from relay.config.section import AccessTokens
from relay.config.settings import ClientTimeouts, LogFormat, Redaction, Settings, Stream
from relay.known import KnownProvider
from relay.price import Price

Placed = tuple[Where, serving.Endpoint]
_IMPLIED = {
    "tools": ("tools", "tool_choice"),
    "web_search": ("tools",),
    "web_fetch": ("tools",),
    "structured_output": ("structured_outputs",),
}
"""Capability → the words of `supported_parameters` that it says as well."""
_ENCRYPTING = ("responses",)  # dialects whose thinking its provider alone can read, whoever made the model
_AUTHORS = {"gemini": "google"}  # of dialects whose models are all of one house, whatever they are called here
_GOOGLE_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_AZURE_SCOPE = "https://cognitiveservices.azure.com/.default"
_UNKNOWN = KnownProvider(name="", display_name="", dialect="", base_url="")


def build(draft: Draft) -> tuple[Generation, Settings]:
    """Give the generation and the process's settings of a draft without faults."""
    placed = _placed(draft)
    models = [_model(draft, name, placed[name]) for name, entry in draft.file.models.items() if not _gone(entry)]
    exact = {model.id: model for model in models if "*" not in model.id}
    wildcards = sorted((model for model in models if "*" in model.id), key=lambda model: (-len(model.id), model.id))
    generation = Generation(
        models=exact,
        wildcards=tuple(wildcards),
        keys=_keys(draft),
        credentials=_credentials(draft),
        digest=digest(draft.file, draft.prices.version),
        price_version=draft.prices.version,
        body_limit_bytes=draft.file.limits.body,
        passes_credentials=any(each.credential == CALLER for model in models for each in model.endpoints),
        providers={name: _provider(draft, name) for name in draft.file.providers},
        deprecated={name: gone.successor for name, entry in draft.file.models.items() if (gone := _gone(entry))},
    )
    exact = {**exact, **_named(draft, placed, generation)}
    return replace(generation, models=exact, thinking=_thinking(exact)), _settings(draft)


def relocate(generation: Generation, provider: str, base_url: str) -> Generation:
    """Give the generation with all endpoints of one provider at another address."""

    def moved(model: Model) -> Model:
        return replace(
            model,
            endpoints=tuple(
                replace(endpoint, base_url=base_url) if endpoint.provider == provider else endpoint
                for endpoint in model.endpoints
            ),
        )

    return replace(
        generation,
        models={name: moved(model) for name, model in generation.models.items()},
        wildcards=tuple(map(moved, generation.wildcards)),
        thinking={name: moved(model) for name, model in generation.thinking.items()},
    )


def needs_demo(generation: Generation) -> bool:
    """Tell whether an endpoint of the embedded provider is in it, whose address nobody knows yet."""
    models = (*generation.models.values(), *generation.wildcards)
    return any(not endpoint.base_url for model in models for endpoint in model.endpoints)


def digest(file: schema.File, price_version: str) -> str:
    """Give the first 12 hex digits of the effective configuration's SHA-256; secrets count as their references."""
    text = json.dumps([file.model_dump(mode="json"), price_version], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _provider(draft: Draft, name: str) -> Provider:
    said, known = draft.file.providers[name], draft.known.get(name, _UNKNOWN)
    return Provider(
        slug=name,
        name=said.name or known.display_name or name,
        privacy_policy_url=said.privacy_policy_url,
        terms_of_service_url=said.terms_of_service_url,
        status_page_url=said.status_page_url,
        headquarters=said.headquarters,
        datacenters=None if said.datacenters is None else tuple(said.datacenters),
    )


def _placed(draft: Draft) -> dict[str, list[Placed]]:
    """Give the endpoints of each model with their places in the file."""
    found: dict[str, list[Placed]] = {name: [] for name in draft.file.models}
    for where, name, endpoint in endpoints(draft.file):
        found[name].append((where, endpoint))
    return found


def _model(draft: Draft, name: str, placed: Sequence[Placed], matched: str | None = None) -> Model:
    """Give a model of the file; `matched` is what its `*` stands for, None: it keeps it."""
    id = name if matched is None else name.replace("*", matched)
    entry = draft.file.models[name]
    served: list[Endpoint] = []
    seen: Counter[str] = Counter()
    for where, endpoint in placed:
        if matched is not None:
            endpoint = endpoint.model_copy(update={"model": endpoint.model.replace("*", matched)})
        built = _endpoint(draft, where, completed(draft, endpoint), _author(id, entry))
        seen[built.id] += 1
        if (count := seen[built.id]) > 1:
            built = replace(built, id=f"{built.id}#{count}")
        served.append(built)
    if isinstance(entry, list):
        return Model(id, tuple(served))
    scores = Scores(entry.scores.general, entry.scores.coding, entry.scores.tasks or {})
    return Model(id, tuple(served), entry.created, entry.author, entry.family, entry.distillable, entry.auto, scores)


def _named(draft: Draft, placed: Mapping[str, Sequence[Placed]], generation: Generation) -> dict[str, Model]:
    """Give the models that a `*` is known to stand for, so that they have a price and are listed."""
    found: dict[str, Model] = {}
    for wildcard in generation.wildcards:
        for _, endpoint in placed[wildcard.id]:
            for matched in known_models(draft, endpoint):
                id = wildcard.id.replace("*", matched)
                of = generation.find(id)
                if of is not None and of[0] is wildcard and id not in found:
                    found[id] = _model(draft, wildcard.id, placed[wildcard.id], matched)
    return found


def _gone(entry: list[serving.Endpoint] | serving.ModelEntry) -> serving.Deprecated | None:
    return None if isinstance(entry, list) else entry.deprecated


def _thinking(models: Mapping[str, Model]) -> dict[str, Model]:
    """Give the variants `:thinking` that nobody declares: of models that reason, the endpoints that are known to."""
    found = {}
    for name, model in models.items():
        able = [each for each in model.endpoints if each.parameters is not None and "reasoning" in each.parameters]
        if able and f"{name}:thinking" not in models:
            found[f"{name}:thinking"] = replace(model, endpoints=tuple(replace(each, thinks=True) for each in able))
    return found


def _endpoint(draft: Draft, where: Where, own: serving.Endpoint, author: str | None) -> Endpoint:
    provider = draft.file.providers[own.provider]
    known = draft.known.get(own.provider, _UNKNOWN)
    dialect = provider.dialect or known.dialect
    capabilities = own.capabilities if own.capabilities is not None else provider.capabilities
    origin = where if own.credential else ("providers", own.provider)
    said_credential = own.credential or provider.credential
    credential = _credential((*origin, "credential")) if said_credential else None

    def said(key: str) -> Any:
        own_word = getattr(own, key)
        return own_word if own_word is not None else getattr(provider, key)

    parameters, abilities = _abilities(said("supported_parameters"), capabilities)
    reads = said("input_modalities")
    manages_context = known.context_management if capabilities is None else "context_management" in capabilities
    return Endpoint(
        id="/".join([own.provider, own.model]) + _place(own),
        provider=own.provider,
        display_name=provider.name or known.display_name or own.provider,
        dialect=dialect,
        model=own.model,
        base_url=provider.base_url or known.base_url.replace("{region}", said("region") or ""),
        credential=CALLER if said_credential == "caller" else credential,
        price=_price(draft.price_of(own), said("caching") or _caching(dialect, own.model)),
        default_max_tokens=said("default_max_tokens") or said("max_output_tokens") or DEFAULT_MAX_TOKENS,
        count_tokens=dialect == "messages"
        and (known.count_tokens if capabilities is None else "count_tokens" in capabilities),
        ca_file=str(draft.folder / provider.ca_file) if provider.ca_file else None,
        timeouts=merged_timeouts(draft.file.timeouts, provider.timeouts, own.timeouts),
        variant=said("variant"),
        region=said("region"),
        tier=said("tier") or "default",
        context_tokens=said("context_tokens"),
        max_output_tokens=said("max_output_tokens"),
        quantization=said("quantization") or "unknown",
        parameters=parameters,
        zdr=said("zdr") is True,
        trains=said("trains") is not False,
        retains=said("retains") is not False,
        caches=said("caching") not in (None, "none"),
        caches_unasked=said("caching") == "implicit",
        abilities=abilities,
        input_modalities=None if reads is None else frozenset(reads + ["file"] * ("pdf" in (abilities or ()))),
        output_modalities=_words(said("output_modalities")),
        owner_key=said("owner_key"),
        accepts=_accepts(said, own.provider if dialect in _ENCRYPTING else _AUTHORS.get(dialect, author)),
        context_management="native" if manages_context else said("context_management_policy") or "emulate",
        quirks=known.quirks if dialect == known.dialect else frozenset(),
    )


def _abilities(
    parameters: list[str] | None, capabilities: list[str] | None
) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """Give both lists of what it takes; who says one thing in either of them has said it."""
    taken, abilities = _words(parameters), _words(capabilities)
    if abilities is not None and abilities & {"web_search", "web_fetch"}:
        abilities |= {"tools"}
    if taken is not None and abilities is not None:
        taken = taken.union(*[words for ability, words in _IMPLIED.items() if ability in abilities])
    return taken, abilities


def _words(said: Sequence[str] | None) -> frozenset[str] | None:
    return None if said is None else frozenset(said)


def _author(name: str, entry: list[serving.Endpoint] | serving.ModelEntry) -> str | None:
    """Give who made a model: as its entry says, else as its name does, unless that is a place for many."""
    if isinstance(entry, serving.ModelEntry) and entry.author:
        return entry.author.lower()
    head, slash, _ = name.partition("/")
    return head.lower() if slash and "*" not in name else None


def _accepts(said: Callable[[str], Any], author: str | None) -> Accepts | None:
    betas = said("betas")
    accepts = Accepts(
        author=author,
        caching=said("caching"),
        reasoning_style=said("reasoning_style"),
        reasoning_efforts=tuple(said("reasoning_efforts") or ()),
        adaptive_only=said("adaptive_only") is True,
        betas=None if betas is None else frozenset(name.encode() for name in betas),
        max_stop_sequences=said("max_stop_sequences"),
    )
    return None if accepts == Accepts() else accepts


def _place(own: serving.Endpoint) -> str:
    """Give what tells an endpoint from the provider's others of the model."""
    places = "".join(f"@{word}" for word in (own.variant, own.region) if word)
    return f"{places}:{own.tier}" if own.tier else places


def _price(said: serving.Price | None, caching: str | None) -> Price | None:
    """Give a price; writes to a cache cost more by default where the request asks for them (`explicit…`)."""
    if said is None:
        return None
    price = Price(
        prompt=said.prompt,
        completion=said.completion,
        cache_read=said.cache_read,
        cache_write_5m=said.cache_write_5m,
        cache_write_1h=said.cache_write_1h,
        request=said.request,
        image=said.image,
        audio=said.audio,
        is_explicit=caching is not None and caching.startswith("explicit"),
    )
    long = {step.above_tokens: replace(price, **_overrides(step)) for step in said.long_context}
    return replace(price, long_context=tuple(sorted(long.items(), key=lambda step: -step[0])))


def _caching(dialect: str, model: str) -> str | None:
    """Give how an endpoint caches where nobody says: as Anthropic's models do, wherever they are."""
    return "explicit" if dialect == "messages" or (dialect == "bedrock" and "anthropic." in model) else None


def _overrides(step: serving.LongContext) -> dict[str, Any]:
    return {name: value for name, value in step if name != "above_tokens" and value is not None}


def _credentials(draft: Draft) -> dict[str, Secret | TokenSource]:
    """Give the secrets of providers and endpoints; those of a pair of keys as one, with a space between them."""
    secrets: dict[str, Secret] = {}
    for where, secret in draft.secrets.items():
        if where[0] in ("providers", "models"):
            name = _credential(where if where[-1] == "credential" else where[:-1])
            secrets[name] = Secret(f"{secrets[name].reveal()} {secret.reveal()}") if name in secrets else secret
    sources = {
        _credential((*where, "credential")): _source(each.credential, draft.folder)
        for where, each in servings(draft.file)
        if isinstance(each.credential, AccessTokens)
    }
    return {**secrets, **sources}


def _source(said: AccessTokens, folder: Path) -> TokenSource:
    if said.google is None:
        return TokenSource("entra", None, said.scope or _AZURE_SCOPE)
    file = None if said.google == "default" else str(folder / said.google)
    return TokenSource("google", file, said.scope or _GOOGLE_SCOPE)


def _credential(where: Where) -> str:
    """Give the name of a credential: its holder's place, `providers.anthropic`."""
    return ".".join(map(str, where[:-1]))


def _keys(draft: Draft) -> dict[bytes, Identity] | None:
    if draft.file.keys == "open":
        return None
    return {
        _sha256(draft.secrets[*where, "secret"]): identity(key.name, key)
        for where, key in keys(draft.file)
        if not key.disabled
    }


def _sha256(secret: Secret) -> bytes:
    return hashlib.sha256(secret.reveal().encode()).digest()


def _settings(draft: Draft) -> Settings:
    file = draft.file
    timeouts, stream = file.timeouts, file.stream
    return Settings(
        listen=file.listen,
        ops_listen=file.ops.listen,
        body_limit_bytes=file.limits.body,
        concurrency=file.limits.concurrency,
        pool_max=file.pool.max,
        timeouts=merged_timeouts(timeouts),
        client_timeouts=ClientTimeouts(
            timeouts.header_read, timeouts.body_read, timeouts.keepalive_idle, timeouts.client_stall
        ),
        stream=Stream(stream.ping_interval, stream.early_commit_after, stream.write_high, stream.write_low),
        drain_deadline_s=file.drain.deadline,
        log_format=LogFormat(file.log.format),
        redaction=Redaction(
            floor=file.redact.words(),
            is_strict=file.redact.coverage == "strict",
            hash_key=draft.secrets.get(("redact", "hash_key")),
            hold_max=file.redact.hold_max,
        ),
        admin_token=draft.secrets.get(("admin", "token")),
        key_store=(draft.folder / file.keys.store).absolute() if isinstance(file.keys, KeyRing) else None,
        ledger_dir=draft.folder / file.ledger.dir if file.ledger.dir else None,
        ledger_refuses=file.ledger.on_full == "refuse",
    )
