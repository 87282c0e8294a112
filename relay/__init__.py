"""relay: a streaming gateway for language models.

As a library: redact() and find() for a text that is there, Redactor for one that streams (relay.redact.redactor). They
are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relay.redact.redactor import Redactor, Span, find, redact
    from relay.redact.replacements import Blocked

__all__ = ["Blocked", "Redactor", "Span", "__version__", "find", "redact"]
__version__ = "0.1.0"

_MODULES = {
    "Blocked": "relay.redact.replacements",
    "Redactor": "relay.redact.redactor",
    "Span": "relay.redact.redactor",
    "find": "relay.redact.redactor",
}


def __getattr__(name: str) -> Any:
    if name == "redact":
        return import_module("relay.redact")
    if name not in _MODULES:
        raise AttributeError(f"module 'relay' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
