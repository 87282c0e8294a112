"""What an endpoint takes only so much of: betas, strict tools, stop sequences; and options that it alone gets."""

from typing import Final

from relay._core import contains, items
from relay.prepare.blocks import blocks
from relay.prepare.prompt import Edits, Prompt
from relay.providers.hosted import is_messages

_STRICT: Final = b'"strict"'
_STRICT_BETA: Final = b"structured-outputs-2025-11-13"
_STOPS: Final = "stop_sequences"


def betas(prompt: Prompt) -> None:
    """Send the names on the endpoint's list only; without a list, all."""
    allowed = prompt.accepts.betas
    if allowed is not None:
        prompt.betas = [name for name in prompt.betas if name in allowed]


def strict_tools(prompt: Prompt) -> None:
    """Ask for strict tools in the hub's own dialect only where the client has asked for the beta that knows them (5.1).

    Others have a word of their own for them, or none: their translation says so.
    """
    if _STRICT_BETA in prompt.betas or not is_messages(prompt.attempt):
        return
    text = prompt.value("tools")
    if not contains(text, _STRICT):
        return
    edits = Edits(text)
    for tool in blocks(text, (0, len(text)), "tools", _STRICT):
        edits.remove_fields(tool.members, "strict")
    prompt.put("tools", edits.applied())


def stop_sequences(prompt: Prompt) -> None:
    """Send the first ones, as many as the endpoint takes."""
    most = prompt.accepts.max_stop_sequences
    text = prompt.value(_STOPS) if most is not None else b""
    if most is None or not text:
        return
    places = items(text, 0, len(text))
    if len(places) <= most:
        return
    edits = Edits(text)
    edits.remove(places, [at >= most for at in range(len(places))])
    prompt.put(_STOPS, edits.applied())
    for at in range(most, len(places)):
        prompt.forgo(f"{_STOPS}.{at}")


def options(prompt: Prompt) -> None:
    """Add what `provider.options` says for this endpoint."""
    if prompt.call.operation == "chat":
        for key, value in prompt.attempt.options:
            prompt.put(key, value)
