"""What a schema can't say: references between sections, numbers that must fit each other, files that must exist.

`CHECKS` are functions from a Draft to places and reasons; each looks at the whole and knows nothing of the others.
"""

import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from relay.catalog import TASKS, Secret, Timeouts
from relay.config import grants
from relay.config.callers import KeyRing
from relay.config.explain import suggestion
from relay.config.faults import Finding, Judge, Where
from relay.config.prices import Prices
from relay.config.references import endpoints, keys, servings
from relay.config.schema import File
from relay.config.section import AccessTokens, KeyPair
from relay.config.serving import Endpoint, ModelEntry, Price, UpstreamTimeouts
from relay.config.unbuilt import CAPABILITIES, DIALECTS
from relay.known import KnownProvider


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that fits the schema, with what it refers to.

    secrets   by the place of their reference; those that lead nowhere are missing
    folder    where relative file names start
    judge     finds what the schema can't see in `redact`
    prices    what models cost of which the file does not say it
    """

    file: File
    known: Mapping[str, KnownProvider]
    secrets: Mapping[Where, Secret]
    folder: Path
    judge: Judge
    prices: Prices

    def price_of(self, endpoint: Endpoint) -> Price | None:
        """Give what an endpoint costs: by itself, its provider, the lists; None: nobody says."""
        provider = self.file.providers[endpoint.provider]
        tier = endpoint.tier or provider.tier or "default"
        return endpoint.price or provider.price or self.prices.find(endpoint.provider, endpoint.model, tier)


def check(draft: Draft) -> Iterator[Finding]:
    """Give everything that is wrong with a draft."""
    for rule in CHECKS:
        yield from rule(draft)


def merged_timeouts(*levels: UpstreamTimeouts | None) -> Timeouts:
    """Give the clocks of an endpoint: what a later level wrote beats what an earlier one wrote."""
    return Timeouts(**_written(*levels))


def _written(*levels: UpstreamTimeouts | None) -> dict[str, float]:
    clocks = Timeouts.__dataclass_fields__.keys()
    written: dict[str, float] = {}
    for level in filter(None, levels):
        written |= {name: getattr(level, name) for name in level.model_fields_set & clocks}
    return written


def _addresses(draft: Draft) -> Iterator[Finding]:
    ops = draft.file.ops.listen
    if ops and ops.collides_with(draft.file.listen):
        yield ("ops", "listen"), "must differ from `listen`"
    if draft.file.admin.token and not ops:
        yield ("admin", "token"), "has no port to be asked on; write `ops: {listen: HOST:PORT}`"


def _keys(draft: Draft) -> Iterator[Finding]:
    file = draft.file
    if file.keys == "open":
        if not file.listen.is_loopback:
            yield ("keys",), "`open` lets anybody in and is refused off loopback; list keys or listen on 127.0.0.1"
        return
    provider_names = grants.provider_names(file.providers, draft.known)
    names: set[str] = set()
    values: set[str] = set()
    for where, key in keys(file):
        if key.name in names:
            yield (*where, "name"), "another key has this name"
        names.add(key.name)
        secret = draft.secrets.get((*where, "secret"))
        if secret and secret.reveal() in values:
            yield (*where, "secret"), "another key has the same secret"
        if secret:
            values.add(secret.reveal())
        yield from (((*where, *place), reason) for place, reason in grants.faults(key, provider_names))
        found = grants.redaction_faults(key, file.redact, draft.judge)
        yield from (((*where, *place), reason) for place, reason in found)
    if isinstance(file.keys, KeyRing) and not (draft.folder / file.keys.store).parent.is_dir():
        yield ("keys", "store"), "the folder of this file does not exist"


def _providers(draft: Draft) -> Iterator[Finding]:
    served_with_own = {endpoint.provider for _, _, endpoint in endpoints(draft.file) if endpoint.credential}
    for name, provider in draft.file.providers.items():
        where = ("providers", name)
        known = draft.known.get(name)
        if known is None and not (provider.dialect and provider.base_url):
            hint = suggestion(name, list(draft.known)) or "; write its `dialect` and `base_url`"
            yield where, f"this version of relay knows no provider of this name{hint}"
        if provider.dialect not in (None, *DIALECTS):
            yield (*where, "dialect"), f"must be one of {', '.join(DIALECTS)}"
        if known and known.note and not (known.dialect and provider.base_url):
            refused = "can't be called" if known.dialect else "holds no conversations"
            remedy = "; write `base_url`" if known.dialect else ""
            yield where, f"{refused}: {known.note}{remedy}"
            continue
        wants = known is not None and known.env is not None and not provider.base_url
        if known and wants and not provider.credential and name not in served_with_own:
            yield where, f"has no credential; write `credential: {{env: {known.env}}}`"


def _regions(draft: Draft) -> Iterator[Finding]:
    """Judge what an endpoint of AWS needs to be addressed, and to be sent a signature."""
    for where, _, endpoint in endpoints(draft.file):
        provider = draft.file.providers.get(endpoint.provider)
        if provider is None:
            continue
        known = draft.known.get(endpoint.provider)
        is_pair = isinstance(endpoint.credential or provider.credential, KeyPair)
        address = provider.base_url or (known.base_url if known else "")
        if (is_pair or "{region}" in address) and not (endpoint.region or provider.region):
            yield where, "has no `region`, without which AWS can't be called; write it here or at the provider"
        if is_pair and (provider.dialect or (known and known.dialect)) != "bedrock":
            yield where, "is sent a pair of AWS's keys, which only the dialect `bedrock` signs with"


def _callers_credential(draft: Draft) -> Iterator[Finding]:
    """A client has one credential to give: what it means for one provider no other may see."""
    takers: dict[str, Where] = {}
    for name, provider in draft.file.providers.items():
        if provider.credential == "caller":
            takers.setdefault(name, ("providers", name))
    for where, _, endpoint in endpoints(draft.file):
        if endpoint.credential == "caller":
            takers.setdefault(endpoint.provider, where)
    for where in list(takers.values())[1:]:
        yield (*where, "credential"), "another provider is sent the caller's credential, which is meant for one alone"


def _tokens(draft: Draft) -> Iterator[Finding]:
    """Judge whether tokens can be got at all: the cloud's own library gets them."""
    for where, serving in servings(draft.file):
        said = serving.credential
        if not isinstance(said, AccessTokens):
            continue
        module, extra = ("azure.identity", "azure") if said.google is None else ("google.auth", "vertex")
        if not _is_installed(module):
            yield (*where, "credential"), f"needs what relay comes without: pip install 'relay-ingress[{extra}]'"
        elif said.google not in (None, "default") and not (draft.folder / str(said.google)).is_file():
            place = (*where, "credential", "google")
            yield place, "there is no such file; `default` is what the surroundings have"


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package around it
        return False


def _authorities(draft: Draft) -> Iterator[Finding]:
    for name, provider in draft.file.providers.items():
        if provider.ca_file is None:
            continue
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(draft.folder / provider.ca_file)
        except ssl.SSLError:
            yield ("providers", name, "ca_file"), "holds no certificate (PEM)"
        except OSError as cause:
            yield ("providers", name, "ca_file"), f"can't be read: {(cause.strerror or 'unknown error').lower()}"


def _models(draft: Draft) -> Iterator[Finding]:
    for name, model in draft.file.models.items():
        if name.count("*") > 1:
            yield ("models", name), "a model's name may hold one `*`"
        if isinstance(model, ModelEntry):
            yield from _entry(draft.file, name, model)
            yield from _chosen(name, model)
    for where, name, endpoint in endpoints(draft.file):
        if endpoint.provider not in draft.file.providers:
            hint = suggestion(endpoint.provider, list(draft.file.providers))
            yield (*where, "provider"), f"no provider of this name stands in `providers`{hint}"
        if endpoint.model.count("*") > 1:
            yield (*where, "model"), "may hold one `*`"
        elif "*" in endpoint.model and "*" not in name:
            yield (*where, "model"), "`*` stands for what the model's own name matched, and that name holds none"


def _entry(file: File, name: str, model: ModelEntry) -> Iterator[Finding]:
    gone = model.deprecated
    if gone is None:
        if model.endpoints is None:
            yield ("models", name, "endpoints"), "required key is missing"
        return
    where = ("models", name, "deprecated")
    if "*" in name:
        yield where, "a name with `*` stands for many models, which can't be gone at once"
    successor = file.models.get(gone.successor)
    if successor is None:
        yield (*where, "successor"), f"no such model in `models`{suggestion(gone.successor, list(file.models))}"
    elif isinstance(successor, ModelEntry) and successor.deprecated:
        yield (*where, "successor"), "is deprecated itself"


def _chosen(name: str, model: ModelEntry) -> Iterator[Finding]:
    """Judge what is said of a model for those that choose among models."""
    if model.auto and "*" in name:
        yield ("models", name, "auto"), "a name with `*` is no model that could be chosen"
    for task in model.scores.tasks or ():
        if task not in TASKS:
            hint = suggestion(task, list(TASKS)) or f"; there are {', '.join(TASKS)}"
            yield ("models", name, "scores", "tasks", task), f"there is no task of this name{hint}"


def _capabilities(draft: Draft) -> Iterator[Finding]:
    for where, serving in servings(draft.file):
        for index, name in enumerate(serving.capabilities or ()):
            place = (*where, "capabilities", index)
            if name not in CAPABILITIES:
                yield place, f"must be one of {', '.join(CAPABILITIES)}"


def _prices(draft: Draft) -> Iterator[Finding]:
    for where, serving in servings(draft.file):
        seen: set[int] = set()
        for index, step in enumerate(serving.price.long_context if serving.price else ()):
            place = (*where, "price", "long_context", index)
            if step.above_tokens in seen:
                yield (*place, "above_tokens"), "another price stands above as many tokens"
            if not step.model_fields_set - {"above_tokens"}:
                yield place, "changes no price; write the keys that cost something else"
            seen.add(step.above_tokens)


def _owners(draft: Draft) -> Iterator[Finding]:
    if isinstance(draft.file.keys, KeyRing):
        return  # a key of the store may come at any time
    names = [key.name for _, key in keys(draft.file)]
    for where, serving in servings(draft.file):
        if serving.owner_key is not None and serving.owner_key not in names:
            yield (*where, "owner_key"), f"no key of this name stands in `keys`{suggestion(serving.owner_key, names)}"


def _unpriced(draft: Draft) -> Iterator[Finding]:
    if not draft.file.cost.require_price:
        return
    for where, name, endpoint in endpoints(draft.file):
        model = draft.file.models[name]
        is_gone = isinstance(model, ModelEntry) and model.deprecated
        if endpoint.provider in draft.file.providers and not is_gone and draft.price_of(endpoint) is None:
            yield where, "has no price, which `cost.require_price` asks for; write `price`"


def _reasoning(draft: Draft) -> Iterator[Finding]:
    for where, serving in servings(draft.file):
        style = serving.reasoning_style
        if serving.adaptive_only and style not in (None, "effort"):
            yield (*where, "adaptive_only"), f"contradicts `reasoning_style: {style}`; remove one of them"


def _timeouts(draft: Draft) -> Iterator[Finding]:
    top, providers = draft.file.timeouts, draft.file.providers
    yield from _misfits(("timeouts",), top)
    for name, provider in providers.items():
        yield from _misfits(("providers", name, "timeouts"), top, provider.timeouts)
    for where, _, endpoint in endpoints(draft.file):
        if endpoint.provider in providers:
            yield from _misfits((*where, "timeouts"), top, providers[endpoint.provider].timeouts, endpoint.timeouts)


def _misfits(where: Where, *levels: UpstreamTimeouts | None) -> Iterator[Finding]:
    """Judge the last level: a default that can't run out is harmless, a written clock that can't is a mistake."""
    own, written = _written(levels[-1]), _written(*levels)
    total = written.get("total_stream")
    for name in ("first_event", "idle_event"):
        if own.keys() & {name, "total_stream"} and total is not None and written.get(name, 0.0) > total:
            yield (*where, name), "is longer than total_stream, so it can never run out"


def _buffers(draft: Draft) -> Iterator[Finding]:
    stream = draft.file.stream
    if stream.write_low >= stream.write_high:
        yield ("stream", "write_low"), "must be smaller than write_high"


def _ledger(draft: Draft) -> Iterator[Finding]:
    ledger = draft.file.ledger
    if ledger.on_full == "refuse" and ledger.dir is None:
        yield ("ledger", "on_full"), "`refuse` needs `dir`, the folder that could be full"


def _redaction(draft: Draft) -> Iterator[Finding]:
    section = draft.file.redact
    for where, reason in draft.judge(section.words(), section.hold_max, None):
        yield ("redact", *where), reason[0].lower() + reason[1:]
    if section.hashes() and section.hash_key is None:
        yield ("redact", "mode"), "`hash` needs a key; write `hash_key: {env: NAME}`"


CHECKS: tuple[Callable[[Draft], Iterator[Finding]], ...] = (
    _addresses,
    _keys,
    _providers,
    _regions,
    _callers_credential,
    _tokens,
    _authorities,
    _models,
    _capabilities,
    _prices,
    _owners,
    _unpriced,
    _reasoning,
    _timeouts,
    _buffers,
    _ledger,
    _redaction,
)
