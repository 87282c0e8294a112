"""The public extensions of a request: what relay takes of them, and the words for what it does not build yet.

read() gives `gateway.redact`, the one that is built; any other that is there is refused by its name
(spec/openrouter-messages.md 3, spec/gateway-object.md 1).
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from relay.call import Member
from relay.dialects.schema import EMPTY_IS_ABSENT, OWN_FIELDS
from relay.errors import CallerInvalid

MAX_GATEWAY_BYTES: Final = 64 << 10
_NOT_BUILT: Final = frozenset(
    {
        "chatHistoryCompression",
        "chatHistoryOptimization",
        "imageGenerationModel",
        "mediaOptimization",
        "only",
        "order",
        "planningTriggerScore",
        "tags",
        "toolOptimization",
        "zdr",
    }
)
_IGNORED: Final = "skills"


def read(content: bytes, members: Sequence[Member]) -> Any:
    """Give what the request's `gateway.redact` says, decoded and unchecked; None when it says nothing.

    raises   CallerInvalid for an extension that is not built, and for a `gateway` that is no such object
    """
    redact = None
    for name, _, _, start, end in members:
        if name not in OWN_FIELDS:
            continue
        value = content[start:end]
        if name == "gateway":
            redact = _gateway(value)
            continue
        is_empty = value[:1] == b"[" and not value[1:-1].strip()
        if value != b"null" and not (name in EMPTY_IS_ABSENT and is_empty):
            raise CallerInvalid(f"{name}: this version of relay does not support it yet; remove the field")
    return redact


def _gateway(value: bytes) -> Any:
    if len(value) > MAX_GATEWAY_BYTES:
        raise CallerInvalid(f"gateway: larger than {MAX_GATEWAY_BYTES} bytes")
    try:
        gateway = orjson.loads(value)
    except orjson.JSONDecodeError:  # its grammar holds, so that only this can be wrong
        raise CallerInvalid("gateway: a \\u escape in a string is half of a surrogate pair") from None
    if gateway is None:
        return None
    if not isinstance(gateway, dict):
        raise CallerInvalid("gateway: Input should be a valid object")
    for key, said in gateway.items():
        if key in _NOT_BUILT and said not in (None, False, []):
            raise CallerInvalid(f"gateway.{key}: this version of relay does not support it yet; remove the field")
        if key not in _NOT_BUILT and key not in ("redact", _IGNORED):
            raise CallerInvalid(f"gateway.{key[:64]}: Extra inputs are not permitted")
    return gateway.get("redact")
