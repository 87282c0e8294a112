"""Who may answer: RULES, asked in this order (spec/openrouter-messages.md 9.2).

A rule gives None for an endpoint that may stay, else why it may not, in words that an operator reads. Add a rule: write
the function, and name it in RULES with the word that clients read in `excluded_by`.
"""

from collections.abc import Callable, Sequence
from typing import Final

from relay.call import matches
from relay.catalog import CALLER
from relay.price import Price
from relay.route.ask import Ask, Candidate

Rule = Callable[[Ask, Candidate], str | None]
_HELD: Final = {"image": "an image", "file": "a document"}
OVER: Final = 1.1  # of a window: the provider counts, relay estimates


def models(ask: Ask, candidate: Candidate) -> str | None:
    """What its key may ask for."""
    allowed = ask.preferences.allowed_models
    if not allowed or any(matches(pattern, candidate.slug) for pattern in allowed):
        return None
    return "key.models does not name its model"


def owner(ask: Ask, candidate: Candidate) -> str | None:
    """An account of a caller's own answers nobody else."""
    if candidate.endpoint.owner_key in (None, ask.key):
        return None
    return "it is another key's own account (owner_key)"


def credential(ask: Ask, candidate: Candidate) -> str | None:
    """A provider that takes the caller's own credential wants one."""
    if candidate.endpoint.credential != CALLER or ask.has_credential:
        return None
    return "it takes the caller's own credential, and the request sends none"


def only(ask: Ask, candidate: Candidate) -> str | None:
    """Lists of which an endpoint must be in each."""
    for field, names in ask.preferences.only:
        if candidate.names.usual.isdisjoint(names):
            return f"{field} does not name it"
    return None


def order(ask: Ask, candidate: Candidate) -> str | None:
    """A list that nobody else stands behind."""
    listed = ask.preferences.order
    if not listed or ask.preferences.allow_fallbacks or not candidate.names.usual.isdisjoint(listed):
        return None
    return "provider.order does not name it, and provider.allow_fallbacks is false"


def ignore(ask: Ask, candidate: Candidate) -> str | None:
    """Lists in which it must not be, nor its provider: who is ignored is so in every tier."""
    for field, names in ask.preferences.ignore:
        if not (candidate.names.usual.isdisjoint(names) and candidate.names.provider.isdisjoint(names)):
            return f"{field} names it"
    return None


def zdr(ask: Ask, candidate: Candidate) -> str | None:
    """No data is kept at all."""
    if ask.preferences.zdr and not candidate.endpoint.zdr:
        return f"{ask.preferences.zdr} is asked for, and it is not known to keep no data (zdr)"
    return None


def training(ask: Ask, candidate: Candidate) -> str | None:
    """It neither trains on what it is sent nor keeps it."""
    if not ask.preferences.denies_training:
        return None
    if candidate.endpoint.trains:
        return "provider.data_collection is deny, and it is not known to train on nothing (trains)"
    if candidate.endpoint.retains:
        return "provider.data_collection is deny, and it is not known to keep nothing (retains)"
    return None


def distillable(ask: Ask, candidate: Candidate) -> str | None:
    """Its model may be distilled."""
    if ask.preferences.distillable and not candidate.model.distillable:
        return "provider.enforce_distillable_text is asked for, and the model is not known to be distillable"
    return None


def quantization(ask: Ask, candidate: Candidate) -> str | None:
    """How its weights are stored."""
    wanted = ask.preferences.quantizations
    if wanted and candidate.endpoint.quantization not in wanted:
        return f"provider.quantizations does not name {candidate.endpoint.quantization}"
    return None


def max_price(ask: Ask, candidate: Candidate) -> str | None:
    """What it costs at most; an unknown price may be any."""
    price = candidate.endpoint.price
    for kind, most in ask.preferences.max_price:
        if price is None:
            return f"provider.max_price.{kind} is given, and its price is not known"
        asked = _asked(price.at(ask.input_tokens()) if price.long_context else price, kind)
        if asked > most:
            return f"provider.max_price.{kind} is {_usd(most)}, and it asks {_usd(asked)}"
    return None


def _asked(price: Price, kind: str) -> int:
    """Give a price; images without a fee of their own are free, audio without a price of its own is prompt."""
    if kind == "image":
        return price.image or 0
    if kind == "audio":
        return price.prompt if price.audio is None else price.audio
    asked: int = getattr(price, kind)
    return asked


def context_length(ask: Ask, candidate: Candidate) -> str | None:
    """The prompt fits into its window, by an estimate that may be a tenth too high."""
    window = candidate.endpoint.context_tokens
    # No text has more tokens than bytes: most need no estimate.
    if window is None or ask.size <= window or ask.input_tokens() <= window * OVER:
        return None
    return f"the prompt has some {ask.input_tokens()} tokens, and its window holds {window}"


def modalities(ask: Ask, candidate: Candidate) -> str | None:
    """It reads what the request holds; where nobody says what it reads, nobody looks what the request holds."""
    endpoint = candidate.endpoint
    known = endpoint.input_modalities
    if known is None and endpoint.abilities is None:
        return None
    for each in sorted(ask.modalities()):
        if known is not None and each not in known:
            return f"the request holds {_HELD[each]}, and it is known to read {', '.join(sorted(known))} alone"
        if known is None and each == "file" and not endpoint.has("pdf"):
            return "the request holds a document, and it is known to read none (pdf)"
    return None


def server_tools(ask: Ask, candidate: Candidate) -> str | None:
    """It has the tools that only a provider can run."""
    if candidate.endpoint.abilities is None:
        return None
    for each in sorted(ask.server_tools()):
        if not candidate.endpoint.has(each):
            return f"the request names the provider's tool {each}, and it is known to have none"
    return None


def parameters(ask: Ask, candidate: Candidate) -> str | None:
    """It takes all that the request says, where that is asked for."""
    if ask.preferences.require_parameters and (lacking := ask.lacks(candidate.endpoint)):
        return f"provider.require_parameters is asked for, and it does not take {', '.join(sorted(lacking))}"
    return None


def tier(ask: Ask, candidate: Candidate) -> str | None:
    """A service tier answers only who asks for it, by its name or in a list."""
    endpoint = candidate.endpoint
    if endpoint.tier in ("default", ask.tier):
        return None
    in_full = candidate.names.in_full
    if not in_full.isdisjoint(ask.preferences.order):
        return None
    # What a key may have it does not ask for with every call.
    if any(field != "key.providers" and not in_full.isdisjoint(names) for field, names in ask.preferences.only):
        return None
    return f"it is of the tier {endpoint.tier}, which the request does not ask for"


RULES: Final[Sequence[tuple[str, Rule]]] = (
    ("allowed_models", models),
    ("allowed_providers", owner),
    ("credential", credential),
    ("allowed_providers", only),
    ("allowed_providers", order),
    ("allowed_providers", ignore),
    ("data_policy:zdr", zdr),
    ("data_policy:training", training),
    ("quantization", distillable),
    ("quantization", quantization),
    ("max_price", max_price),
    ("context_length", context_length),
    ("require_parameters", modalities),
    ("require_parameters", server_tools),
    ("require_parameters", parameters),
    ("tier", tier),
)


class Sifted:
    """What the rules left of the candidates, in their order.

    dropped   each that may not answer, the word of the rule, and why
    emptied   the word of the rule that left nobody; None: somebody is left
    """

    __slots__ = ("dropped", "emptied", "kept")

    def __init__(self, kept: list[Candidate]) -> None:
        self.kept = kept
        self.dropped: list[tuple[Candidate, str, str]] = []
        self.emptied: str | None = None


def sift(ask: Ask, candidates: Sequence[Candidate]) -> Sifted:
    """Ask every rule of every candidate that is left."""
    sifted = Sifted(list(candidates))
    for word, rule in RULES:
        kept: list[Candidate] | None = None  # most rules drop nobody, and need no list of their own
        for at, candidate in enumerate(sifted.kept):
            why = rule(ask, candidate)
            if why is not None:
                sifted.dropped.append((candidate, word, why))
                if kept is None:
                    kept = sifted.kept[:at]
            elif kept is not None:
                kept.append(candidate)
        if kept is not None:
            sifted.kept = kept
            if not kept:
                sifted.emptied = word
    return sifted


def _usd(nanos: int) -> str:
    return f"${nanos / 1e9:g}"
