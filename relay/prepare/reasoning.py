"""How much thinking is asked for, in the words that an endpoint takes (spec/openrouter-messages.md 3.1, 3.2).

An endpoint of which nobody says anything gets what the client wrote. `max_tokens` stays larger than the budget.
"""

from typing import Any, Final

import orjson

from relay.dialects.messages import decoded
from relay.dialects.reasoning import LEAST_BUDGET, budget_of, effort_of, nearest
from relay.errors import CallerInvalid
from relay.prepare.prompt import Edits, Prompt, found, members_of, string

_USUAL: Final = "high"
"""The effort of a request that names none, as the Messages API has it."""
_CONFIG: Final = "output_config"
_THINKING: Final = "thinking"


def translate(prompt: Prompt) -> None:
    """Write `thinking` and `output_config.effort` as the endpoint takes them."""
    accepts = prompt.accepts
    raw, config = prompt.value(_THINKING), prompt.value(_CONFIG)
    if not raw and not config and not prompt.attempt.endpoint.thinks:
        return
    said: dict[str, Any] = decoded(_THINKING, raw) if raw else {}
    thinking = said or _of_variant(prompt)
    members = members_of(config) if config else []
    effort = string(config, found(members, "effort")) if config else None
    style = accepts.reasoning_style
    if style == "none":
        _drop(prompt, thinking)
        if effort is not None:
            prompt.forgo(f"{_CONFIG}.effort")
        _put_effort(prompt, None)
        return
    if style in ("budget", "flag"):
        wanted = _as_budget(prompt, thinking, effort) if style == "budget" else _as_flag(thinking, effort)
        _put_thinking(prompt, said, wanted)
        _put_effort(prompt, None)
        _make_room(prompt, wanted)
        return
    if style == "effort" and thinking.get("type") == "enabled" and effort is None:
        effort = effort_of(thinking["budget_tokens"], _most(prompt))
    if thinking.get("type") == "enabled" and (accepts.adaptive_only or style == "effort"):
        adaptive = {key: value for key, value in thinking.items() if key != "budget_tokens"} | {"type": "adaptive"}
        _put_thinking(prompt, said, adaptive)
    else:
        _put_thinking(prompt, said, thinking)
        _make_room(prompt, thinking)
    if effort is not None:
        _put_effort(prompt, nearest(effort, accepts.reasoning_efforts) if accepts.reasoning_efforts else effort)


def _most(prompt: Prompt) -> int:
    """Give what a budget is a share of: the limit of the answer, and where the request has none, the endpoint's."""
    if prompt.value("max_tokens"):
        return prompt.max_tokens()
    return prompt.attempt.endpoint.max_output_tokens or prompt.max_tokens()


def _of_variant(prompt: Prompt) -> dict[str, Any]:
    """Give the thinking of a variant that thinks, with half of what the answer may have, where the request says none.

    raises   CallerInvalid where the answer may have too little for that
    """
    if not prompt.attempt.endpoint.thinks or prompt.call.operation != "chat":
        return {}
    most = prompt.max_tokens()
    if most <= LEAST_BUDGET:
        raise CallerInvalid(f"max_tokens: must be more than {LEAST_BUDGET} for a variant that thinks")
    return {"type": "enabled", "budget_tokens": max(LEAST_BUDGET, most // 2)}


def _as_budget(prompt: Prompt, thinking: dict[str, Any], effort: str | None) -> dict[str, Any]:
    """Give thinking by a number of tokens; an effort alone asks for it too."""
    kind = thinking.get("type", "adaptive" if effort else "disabled")
    if kind != "adaptive":
        return thinking
    budget = budget_of(effort or _USUAL, prompt.max_tokens())
    return thinking | {"type": "enabled", "budget_tokens": budget}


def _as_flag(thinking: dict[str, Any], effort: str | None) -> dict[str, Any]:
    """Give thinking that is on or off."""
    kind = thinking.get("type", "adaptive" if effort else "disabled")
    if not thinking and kind == "disabled":
        return thinking
    return {"type": "disabled" if kind == "disabled" else "enabled"}


def _make_room(prompt: Prompt, thinking: dict[str, Any]) -> None:
    """Keep the limit of the answer above the budget: a longer answer where nobody limits it, else less thinking."""
    budget = thinking.get("budget_tokens")
    if thinking.get("type") != "enabled" or budget is None or budget < prompt.max_tokens():
        return
    if prompt.call.operation != "chat":
        return  # what is only counted has no limit
    endpoint = prompt.attempt.endpoint
    if prompt.value("max_tokens") == b"":
        most = endpoint.max_output_tokens or budget + endpoint.default_max_tokens
        prompt.put("max_tokens", b"%d" % min(most, budget + endpoint.default_max_tokens))
    fitting = min(budget, budget_of(_USUAL, prompt.max_tokens())) if budget >= prompt.max_tokens() else budget
    if fitting >= prompt.max_tokens():  # not even the least thinking fits
        _drop(prompt, thinking)
    elif fitting != budget:
        _put_thinking(prompt, {}, thinking | {"budget_tokens": fitting})


def _drop(prompt: Prompt, thinking: dict[str, Any]) -> None:
    prompt.put(_THINKING, b"")
    if thinking.get("type", "disabled") != "disabled":
        prompt.attempt.dropped |= {_THINKING}


def _put_thinking(prompt: Prompt, before: dict[str, Any], after: dict[str, Any]) -> None:
    if after != before:
        prompt.put(_THINKING, orjson.dumps(after))


def _put_effort(prompt: Prompt, effort: str | None) -> None:
    """Set or remove `output_config.effort`; what else the object holds keeps its bytes."""
    config = prompt.value(_CONFIG)
    members = members_of(config) if config else []
    place = found(members, "effort")
    if effort is None and place is not None and len(members) == 1:
        prompt.put(_CONFIG, b"")
        return
    edits = Edits(config or b"{}")
    if effort is None:
        edits.remove_fields(members, "effort")
    elif place is None:
        edits.replace(1, 1, b'"effort":"%b"%b' % (effort.encode(), b"," if members else b""))
    elif string(config, place) != effort:
        edits.replace(place[0], place[1], b'"%b"' % effort.encode())
    changed = edits.applied()
    if changed != (config or b"{}"):
        prompt.put(_CONFIG, changed)
