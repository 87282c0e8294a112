"""The public extensions of a request: what relay takes of them, and the words for what it does not build yet.

read() gives what is built: `gateway.redact`, who may answer, the session, plugins and what is recorded; any other that
is there is refused by its name (spec/openrouter-messages.md 3, spec/gateway-object.md 1).
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from relay.call import NO_PLUGINS, NO_POLICY, NO_PREFERENCES, Member, Plugins, Policy, Preferences
from relay.dialects import gateway_object, options, preferences
from relay.dialects.schema import OWN_FIELDS
from relay.errors import CallerInvalid

MAX_GATEWAY_BYTES: Final = 64 << 10
MAX_SESSION_ID: Final = 256
_READ: Final = OWN_FIELDS | preferences.MEMBERS


class Extensions:
    """What a request says beyond the Messages API.

    redact       what `gateway.redact` says, decoded and unchecked; None: nothing
    session_id   None: the request names none
    user         None: the request names none
    """

    __slots__ = ("plugins", "preferences", "redact", "session_id", "user")

    def __init__(self, redact: Any, preferences: Preferences, session_id: str | None) -> None:
        self.redact = redact
        self.preferences = preferences
        self.session_id = session_id
        self.plugins: Plugins = NO_PLUGINS
        self.user: str | None = None


NO_EXTENSIONS: Final = Extensions(None, NO_PREFERENCES, None)


def read(content: bytes, members: Sequence[Member], policy: Policy = NO_POLICY) -> Extensions:
    """Give what the request's extensions say, within what the policy of its key lets it have.

    raises   CallerInvalid for one that is not built, and for one that is not as it should be
    """
    said: dict[str, Any] = {}
    for name, _, _, start, end in members:
        if name in _READ:
            value = content[start:end]
            if value != b"null":
                said[name] = _decoded(name, value)
    if not said and policy is NO_POLICY:
        return NO_EXTENSIONS
    gateway = gateway_object.read(said.pop("gateway", None))
    session_id = _session(said.pop("session_id", None))
    preferred = {name: said.pop(name) for name in list(said) if name in preferences.MEMBERS}
    opted = {name: said.pop(name) for name in list(said) if name in options.MEMBERS}
    for name in said:
        raise CallerInvalid(f"{name}: this version of relay does not support it yet; remove the field")
    wanted = NO_PREFERENCES
    if preferred or gateway is not gateway_object.NOTHING or policy is not NO_POLICY:
        wanted = preferences.read(preferred, gateway, policy)
    found = Extensions(gateway.redact, wanted, session_id)
    if opted:
        found.plugins, found.user = options.read(opted)
    return found


def _decoded(name: str, value: bytes) -> Any:
    if name == "gateway" and len(value) > MAX_GATEWAY_BYTES:
        raise CallerInvalid(f"gateway: larger than {MAX_GATEWAY_BYTES} bytes")
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as fault:  # its grammar holds, so that only this can be wrong
        is_number = str(fault).startswith("number")
        reason = "a number is out of range" if is_number else "a \\u escape in a string is half of a surrogate pair"
        raise CallerInvalid(f"{name}: {reason}") from None


def _session(said: Any) -> str | None:
    if said is None:
        return None
    if not isinstance(said, str):
        raise CallerInvalid("session_id: expected str")
    if len(said) > MAX_SESSION_ID:
        raise CallerInvalid(f"session_id: longer than {MAX_SESSION_ID} characters")
    return said or None
