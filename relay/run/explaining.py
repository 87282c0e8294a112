"""What would become of a request, without sending anything: explained(), and written(), the same for people."""

from collections.abc import Mapping
from textwrap import indent
from typing import Any

from relay.call import Call, Identity
from relay.catalog import Attempt, Endpoint
from relay.downstream import decode
from relay.errors import ProviderRefused
from relay.prepare import prepare
from relay.price import Price
from relay.redact.redaction import Redactors
from relay.route import Explanation, Router

_NANO = 1e9


async def explained(router: Router, redactors: Redactors, content: bytes) -> dict[str, Any]:
    """Give who would be tried for a request, who not and why, and what the first would be sent, redacted.

    raises   RelayError for a request that is refused before anybody could answer
    """
    call = decode.call("explain", "chat", content, {}, Identity("explain"), 0)
    told = router.explain(call)
    attempts, sent, unfit = await _sent(redactors, call, told.attempts())
    return {
        "model": call.model,
        "strategy": told.wanted.strategy(attempts[0].slug if attempts else None),
        "stage": told.wanted.choice and told.wanted.choice.stage,
        "bytes": call.size,
        "input_tokens_estimate": told.input_tokens(),
        "tried": [_tried(told, attempt) for attempt in attempts],
        "losers": [_loser(candidate.endpoint, candidate.slug, word, why) for candidate, word, why in told.losers]
        + unfit,
        "error": told.error and {"status": told.error.status} | told.error.envelope(None)["error"],
        "sent": sent,
    }


async def _sent(
    redactors: Redactors, call: Call, attempts: list[Attempt]
) -> tuple[list[Attempt], str | None, list[dict[str, Any]]]:
    """Give the attempts that can be sent, what the first is sent, and why the others can't be.

    raises   RelayError when none can
    """
    redaction = redactors.of(call)
    try:
        return _prepared(call, attempts, await redaction.prompt(call.content, call.members) if redaction else {})
    finally:
        if redaction is not None:
            redaction.forget()


def _prepared(
    call: Call, attempts: list[Attempt], redacted: Mapping[str, bytes]
) -> tuple[list[Attempt], str | None, list[dict[str, Any]]]:
    fit: list[tuple[Attempt, str]] = []
    unfit: list[dict[str, Any]] = []
    refusal: ProviderRefused | None = None
    for attempt in attempts:
        try:
            fit.append((attempt, b"".join(prepare(call, attempt, redacted).content).decode()))
        except ProviderRefused as refused:
            refusal = refused
            unfit.append(_loser(attempt.endpoint, attempt.slug, "dialect", refused.message))
    if refusal is not None and not fit:
        raise refusal
    return [attempt for attempt, _ in fit], fit[0][1] if fit else None, unfit


def _tried(told: Explanation, attempt: Attempt) -> dict[str, Any]:
    endpoint = attempt.endpoint
    return {
        "endpoint": endpoint.id,
        "provider": endpoint.display_name,
        "model": attempt.slug,
        "upstream_model": attempt.model,
        "price": _price(endpoint.price),
        "most_nanousd": told.most_nanousd(attempt),
        "max_tokens_cut_to": attempt.max_tokens,
        "left_out": sorted([*attempt.dropped, *attempt.dropped_fields]),
    }


def _loser(endpoint: Endpoint, slug: str, word: str, why: str) -> dict[str, Any]:
    return {
        "endpoint": endpoint.id,
        "provider": endpoint.display_name,
        "model": slug,
        "excluded_by": word,
        "why": why,
    }


def _price(price: Price | None) -> dict[str, float] | None:
    return None if price is None else {"prompt": price.prompt / _NANO, "completion": price.completion / _NANO}


def written(facts: Mapping[str, Any]) -> str:
    """Give what explained() says as lines of text."""
    tokens = f"some {facts['input_tokens_estimate']:,} tokens of prompt"
    strategy = f"strategy  {facts['strategy']}"
    if facts["stage"]:
        data = facts["stage"]["data"]
        strategy += f": it seems to be {data['task_type']}, sure by {data['confidence']:.2f}"
    lines = [f"request   {facts['model']}: {facts['bytes']:,} bytes, {tokens}", strategy, ""]
    if facts["error"]:
        lines += [f"refused   {facts['error']['status']}: {facts['error']['message']}", ""]
    if facts["tried"]:
        lines += ["tried, one after the other while nothing was answered"]
        lines += [f"  {at}  {_as_line(each)}" for at, each in enumerate(facts["tried"], 1)] + [""]
    if facts["losers"]:
        lines += ["not tried"]
        width = max(len(each["endpoint"]) for each in facts["losers"])
        lines += [f"  {each['endpoint']:{width}}  {each['why']} ({each['excluded_by']})" for each in facts["losers"]]
        lines += [""]
    if facts["sent"] is not None:
        lines += [f"sent to {facts['tried'][0]['endpoint']}", indent(facts["sent"], "  ")]
    return "\n".join(lines).rstrip("\n")


def _as_line(each: Mapping[str, Any]) -> str:
    price = each["price"]
    parts = [each["endpoint"]]
    if price is None:
        parts.append("price unknown")
    else:
        parts.append(f"${price['prompt']:g} and ${price['completion']:g} a million tokens")
        parts.append(f"at most ${each['most_nanousd'] / _NANO:.6f}")
    if each["max_tokens_cut_to"]:
        parts.append(f"max_tokens cut to {each['max_tokens_cut_to']}")
    if each["left_out"]:
        parts.append(f"without {', '.join(each['left_out'])}, which it does not take")
    return ", ".join(parts)
