"""The `gateway` object of a request (spec/gateway-object.md 1): GatewayObject, read() with everything that is wrong.

What it says of redaction is judged where redaction is; what this version does not build is refused by its name.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from relay.errors import CallerInvalid

MOST_TOLD: Final = 5
MOST_PROVIDERS: Final = 32
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9._/-]{0,63}")
_NOT_BUILT: Final = frozenset(
    {
        "chatHistoryCompression",
        "chatHistoryOptimization",
        "imageGenerationModel",
        "mediaOptimization",
        "planningTriggerScore",
        "tags",
        "toolOptimization",
    }
)
_IGNORED: Final = "skills"

Refuse = Callable[[str, str], None]


class GatewayObject:
    """What it says.

    order, only   providers in lower case, each once; empty: it says nothing of them
    redact        decoded and unchecked; None: nothing
    """

    __slots__ = ("only", "order", "redact", "zdr")

    def __init__(self) -> None:
        self.order: tuple[str, ...] = ()
        self.only: tuple[str, ...] = ()
        self.zdr = False
        self.redact: Any = None


NOTHING: Final = GatewayObject()


def read(said: Any) -> GatewayObject:
    """Give what a decoded `gateway` says.

    raises   CallerInvalid with up to MOST_TOLD problems, `gateway.<path>: <reason>` each
    """
    if said is None:
        return NOTHING
    if not isinstance(said, dict):
        raise CallerInvalid("gateway: Input should be a valid object")
    found, faults = GatewayObject(), _faults_of_names(said)

    def refuse(path: str, reason: str) -> None:
        faults.append(f"gateway.{path}: {reason}")

    found.order = _slugs(said, "order", 0, refuse)
    found.only = _slugs(said, "only", 1, refuse)
    found.zdr = _flag(said, "zdr", refuse)
    found.redact = said.get("redact")
    if faults:
        raise CallerInvalid("; ".join(faults[:MOST_TOLD]))
    return found


def _faults_of_names(said: Mapping[str, Any]) -> list[str]:
    faults = []
    for key, value in said.items():
        if key in GatewayObject.__slots__ or key == _IGNORED:
            continue
        if key not in _NOT_BUILT:
            faults.append(f"gateway.{key[:64]}: Extra inputs are not permitted")
        elif value not in (None, False, []):
            faults.append(f"gateway.{key}: this version of relay does not support it yet: remove the field")
    return faults


def _slugs(said: Mapping[str, Any], key: str, least: int, refuse: Refuse) -> tuple[str, ...]:
    names = said.get(key)
    if names is None:
        return ()
    if not isinstance(names, list):
        refuse(key, "Input should be a valid array")
        return ()
    if len(names) < least:
        refuse(key, f"List should have at least {least} item")
    if len(names) > MOST_PROVIDERS:
        refuse(key, f"List should have at most {MOST_PROVIDERS} items")
    for at, name in enumerate(names[:MOST_PROVIDERS]):
        if not isinstance(name, str):
            refuse(f"{key}.{at}", "Input should be a valid string")
        elif not _SLUG.fullmatch(name.lower()):
            refuse(f"{key}.{at}", f"String should match pattern '^{_SLUG.pattern}$'")
    return tuple(dict.fromkeys([str(name).lower() for name in names]))


def _flag(said: Mapping[str, Any], key: str, refuse: Refuse) -> bool:
    value = said.get(key)
    if value is not None and not isinstance(value, bool):
        refuse(key, "Input should be a valid boolean")
    return value is True
