"""What requests in OpenAI's dialects have in common on their way into the hub (spec/wire-protocols.md 4.3).

The words that those dialects share: extensions, tools, images, files, how much to think.
"""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from msgspec import Raw
from msgspec.json import encode

from relay._core import LimitExceeded, ProtocolError, members
from relay.call import Member
from relay.dialects.schema import OWN_FIELDS, CacheControl
from relay.errors import CallerInvalid

Json = dict[str, Any]
EXTENSIONS: Final = (OWN_FIELDS | {"cache_control", "context_management", "service_tier", "speed", "thinking"}) - {
    "user"
}
"""Members that mean the same as in the hub, and go there as they are."""
MOST_ID: Final = 64
MAX_DEPTH: Final = 48
CHOICES: Final[Mapping[str, str]] = {"auto": "auto", "required": "any", "none": "none"}
"""Ways to choose among tools → the hub's."""
IN_JSON: Final = "Answer with one JSON object and nothing else."
"""What the hub's system prompt says for an answer in JSON of which nobody says more."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
_ILLEGAL: Final = re.compile(r"[^A-Za-z0-9_-]")
_DATA_URL: Final = re.compile(r"data:([^;,]*)(?:;[^;,]*)*;base64,")
_IMAGES: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")


class Names:
    """Names of tools: those that the hub's dialect does not take are replaced, and `replaced` leads back."""

    __slots__ = ("replaced",)

    def __init__(self) -> None:
        self.replaced: dict[bytes, bytes] = {}

    def alias(self, name: str) -> str:
        """Give the name under which the hub knows a tool."""
        if len(name) <= MOST_ID and _ID.fullmatch(name):
            return name
        alias = _legal(name)
        self.replaced[alias.encode()] = name.encode()
        return alias


def legal_id(id: str) -> str:
    """Give the id under which the hub knows a tool call; the same for the call and its result."""
    return id if len(id) <= MOST_ID and _ID.fullmatch(id) else _legal(id)


def _legal(word: str) -> str:
    return f"{_ILLEGAL.sub('_', word)[: MOST_ID - 9]}_{sha256(word.encode()).hexdigest()[:8]}"


def written(said: Mapping[str, Any], content: bytes, spans: Sequence[Member]) -> bytes:
    """Give the hub's request: what was said, without what is None, and the extensions as they came."""
    hub = {key: value for key, value in said.items() if value is not None}
    for key, _, _, start, end in spans:
        value = content[start:end]
        if _is_hubs(key, value) and value != b"null":
            hub[key] = Raw(value)
    return encode(hub)


def unread(spans: Sequence[Member], content: bytes, known: Sequence[str]) -> list[str]:
    """Give the members that neither the dialect's own types nor the hub know, in their order."""
    return [
        key[:64]
        for key, _, _, start, end in spans
        if key not in known and not _is_hubs(key, content[start:end]) and content[start:end] != b"null"
    ]


def _is_hubs(key: str, value: bytes) -> bool:
    """Tell whether a member means what it means in the hub: OpenAI gives some of the names a meaning of its own."""
    if key == "context_management":
        return value[:1] != b"["
    return key in EXTENSIONS and not (key == "service_tier" and value == b'"scale"')


def kind_of(part: Json, path: str, kinds: Sequence[str]) -> str:
    """Give the type of a part or an item.

    raises   CallerInvalid when it is none of these
    """
    kind = part.get("type")
    if not isinstance(kind, str):
        raise CallerInvalid(f"{path}.type: " + ("field required" if kind is None else "expected str"))
    if kind not in kinds:
        raise CallerInvalid(f"{path}.type: must be one of {', '.join(kinds)}")
    return kind


def answer_format(schema: Raw | None, path: str) -> Json | None:
    """Give the format of an answer that keeps to a schema; None is any.

    raises   CallerInvalid for what is no schema
    """
    if schema is None:
        return None
    if bytes(schema)[:1] != b"{":
        raise CallerInvalid(f"{path}: must be a JSON schema")
    return {"type": "json_schema", "schema": schema}


def json_object(text: str, path: str) -> Raw:
    """Give the text of a JSON object as it is; an empty one is an empty object.

    raises   CallerInvalid when it is none
    """
    raw = text.strip().encode()
    if not raw:
        return Raw(b"{}")
    try:
        members(raw, MAX_DEPTH)
    except LimitExceeded:
        raise CallerInvalid(f"{path}: nested deeper than {MAX_DEPTH} levels") from None
    except ProtocolError:
        raise CallerInvalid(f"{path}: must be the JSON of an object") from None
    return Raw(raw)


def schema(raw: Raw, path: str) -> Json:
    """Give a tool's parameters as the hub has them; each member keeps its bytes.

    raises   CallerInvalid when they are no object
    """
    text = bytes(raw)
    if text in (b"", b"null"):
        return {"type": "object", "properties": {}}
    try:
        spans = members(text, MAX_DEPTH)
    except (LimitExceeded, ProtocolError):
        raise CallerInvalid(f"{path}: must be a JSON schema, an object of {MAX_DEPTH} levels at most") from None
    found = {key: Raw(text[start:end]) for key, _, _, start, end in spans}
    return {"type": "object"} | ({} if "properties" in found else {"properties": {}}) | found


def tool(name: str, description: str | None, parameters: Json, strict: bool | None, mark: CacheControl | None) -> Json:
    """Give a function as a tool of the hub."""
    said: Json = {"name": name, "description": description or None, "input_schema": parameters, "strict": strict}
    said["cache_control"] = mark
    return {key: value for key, value in said.items() if value is not None}


def single(choice: Json | None, parallel: bool | None) -> Json | None:
    """Give the choice of tools, with word of it where one call at most is wanted."""
    if parallel is not False or (choice is not None and choice["type"] == "none"):
        return choice
    return (choice or {"type": "auto"}) | {"disable_parallel_tool_use": True}


def thinking(effort: str | None) -> tuple[Json | None, str | None]:
    """Give thinking and effort for a level; the hub's lowest stands for those below it."""
    if effort is None:
        return None, None
    if effort == "none":
        return {"type": "disabled"}, None
    return {"type": "adaptive"}, "low" if effort == "minimal" else effort


def image(url: str, path: str) -> Json:
    """Give an image by its URL, which may hold it.

    raises   CallerInvalid for a URL that no provider could read
    """
    if url[:5] == "data:":
        found = _DATA_URL.match(url)
        kind = found[1].replace("image/jpg", "image/jpeg") if found else ""
        if found is None or kind not in _IMAGES:
            raise CallerInvalid(f"{path}: a data URL must hold {', '.join(_IMAGES)} in base64")
        return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": url[found.end() :]}}
    if url[:8] != "https://" and url[:7] != "http://":
        raise CallerInvalid(f"{path}: must be a URL of http, https or data")
    return {"type": "image", "source": {"type": "url", "url": url}}


def file(data: str | None, id: str | None, name: str | None, path: str, field: str) -> Json:
    """Give a file as a document: a PDF, or a text, or where it is.

    field    how the member is called that holds it
    raises   CallerInvalid for what is neither
    """
    if data is None:
        if id is None:
            raise CallerInvalid(f"{path}.{field}: field required")
        return {"type": "document", "source": {"type": "file", "file_id": id}}
    title = {"title": name} if name else {}
    if data[:8] == "https://" or data[:7] == "http://":
        return {"type": "document", "source": {"type": "url", "url": data}} | title
    found = _DATA_URL.match(data)
    bare = "" if data[:5] == "data:" else "application/pdf"  # base64 by itself is a PDF's
    kind = found[1] if found else bare
    inner = data[found.end() :] if found else data
    if kind == "application/pdf":
        source = {"type": "base64", "media_type": kind, "data": inner}
    elif kind[:5] == "text/":
        source = {"type": "text", "media_type": "text/plain", "data": _decoded(inner, f"{path}.{field}")}
    else:
        raise CallerInvalid(f"{path}.{field}: must be a PDF or a text, as a data URL in base64")
    return {"type": "document", "source": source} | title


def _decoded(data: str, path: str) -> str:
    try:
        return b64decode(data, validate=True).decode()
    except (Error, UnicodeDecodeError):
        raise CallerInvalid(f"{path}: must be UTF-8 in base64") from None
