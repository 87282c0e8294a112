"""Bodies of the Messages dialect at doors that are not their maker's: Bedrock's Invoke and Vertex.

hosted() gives what is sent there (spec/wire-protocols.md 4.6, 4.7): the model stands in the path, the version in the
body, and of betas only names that are known there, for one that is not is refused. What comes back is the Messages
dialect's own.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from relay._core import contains
from relay.call import Call
from relay.catalog import Attempt
from relay.dialects import messages
from relay.dialects.converse import model_segment
from relay.dialects.outgoing import refused

Parts = list[bytes | memoryview]
QUIRKS: Final[Mapping[str, str]] = {
    "azure": "is hosted by Azure: its credential is an `api-key`, its models are deployments",
    "vertex": "is hosted by Vertex: the model is in the path, the credential a bearer token",
}
"""What APIs of others want otherwise where a cloud hosts them."""
_BEDROCK_VERSION: Final = b'"bedrock-2023-05-31"'
_VERTEX_VERSION: Final = b'"vertex-2023-10-16"'
_BETAS: Final = frozenset(
    {
        b"computer-use-2024-10-22",
        b"computer-use-2025-01-24",
        b"computer-use-2025-11-24",
        b"context-1m-2025-08-07",
        b"context-management-2025-06-27",
        b"dev-full-thinking-2025-05-14",
        b"effort-2025-11-24",
        b"interleaved-thinking-2025-05-14",
        b"output-128k-2025-02-19",
        b"token-efficient-tools-2025-02-19",
        b"tool-examples-2025-10-29",
        b"tool-search-tool-2025-10-19",
    }
)
"""Names of betas that the clouds' own documentation lists; an endpoint's `betas` goes in their place."""
_RENAMED: Final[Mapping[bytes, bytes]] = {b"advanced-tool-use-2025-11-20": b"tool-search-tool-2025-10-19"}
_ELSEWHERE: Final = (
    "cache_control",
    "container",
    "diagnostics",
    "fallbacks",
    "inference_geo",
    "mcp_servers",
    "service_tier",
    "speed",
    "user_profile_id",
)
"""Members that only the maker's own API has."""
_SOURCES: Final = (b'"url"', b'"file"')


def is_messages(attempt: Attempt) -> bool:
    """Tell whether an endpoint takes bodies of the Messages dialect: at Bedrock models of that dialect's maker do."""
    endpoint = attempt.endpoint
    if endpoint.dialect != "bedrock":
        return endpoint.dialect == "messages"
    return "anthropic." in attempt.model or (endpoint.accepts is not None and endpoint.accepts.author == "anthropic")


def bedrock(
    call: Call, attempt: Attempt, changed: Mapping[str, bytes], betas: bytes | None
) -> tuple[bytes, bytes, Parts]:
    """Give target, header lines and content for Invoke.

    raises   ProviderRefused for images and documents that do not come with their bytes
    """
    said = _without(call, attempt, changed)
    said |= {"model": b"", "stream": b"", "anthropic_version": _BEDROCK_VERSION}
    if names := _known(betas, attempt):
        said["anthropic_beta"] = orjson.dumps([name.decode() for name in names])
    _check_sources(call, said)
    verb = "invoke-with-response-stream" if call.stream else "invoke"
    tier = attempt.endpoint.tier
    fields = b"" if tier == "default" else b"x-amzn-bedrock-service-tier: %b\r\n" % tier.encode()
    return f"/model/{model_segment(attempt)}/{verb}".encode(), fields, messages.outgoing(call, attempt, said)


def vertex(
    call: Call, attempt: Attempt, changed: Mapping[str, bytes], betas: bytes | None
) -> tuple[bytes, bytes, Parts]:
    """Give target, header lines and content for Vertex; only a count has the model in its body."""
    said = _without(call, attempt, changed) | {"anthropic_version": _VERTEX_VERSION}
    names = _known(betas, attempt)
    fields = b"anthropic-beta: %b\r\n" % b",".join(names) if names else b""
    if call.operation == "count_tokens":
        return b"/count-tokens:rawPredict", fields, messages.outgoing(call, attempt, said)
    said["model"] = b""
    verb = "streamRawPredict" if call.stream else "rawPredict"
    return f"/{model_segment(attempt)}:{verb}".encode(), fields, messages.outgoing(call, attempt, said)


def _without(call: Call, attempt: Attempt, changed: Mapping[str, bytes]) -> dict[str, bytes]:
    """Give the changed values, and nothing in place of what is not taken, which is told to the attempt."""
    present = {member[0] for member in call.members}
    left_out = present.intersection(_ELSEWHERE)
    attempt.dropped |= left_out
    return dict(changed) | dict.fromkeys(left_out, b"")


def _known(betas: bytes | None, attempt: Attempt) -> list[bytes]:
    """Give the names of betas that are sent, each once; what is not is told to the attempt."""
    accepts = attempt.endpoint.accepts
    own = accepts.betas if accepts is not None else None
    names: dict[bytes, None] = {}
    for name in betas.split(b",") if betas else ():
        known = name if own is not None else _RENAMED.get(name, name)
        if known in (_BETAS if own is None else own):
            names[known] = None
        else:
            attempt.dropped_fields += (f"anthropic-beta: {name.decode('latin-1')[:64]}",)
    return list(names)


def _check_sources(call: Call, said: Mapping[str, bytes]) -> None:
    """Refuse content that lies elsewhere: such an endpoint fetches nothing."""
    text = said.get("messages") or next(
        (call.content[start:end] for key, _, _, start, end in call.members if key == "messages"), b"[]"
    )
    if not any(contains(text, needle) for needle in _SOURCES):
        return
    for at, message in enumerate(messages.decoded("messages", text)):
        _check_blocks(message.get("content"), f"messages.{at}.content")


def _check_blocks(content: Any, path: str) -> None:
    for at, block in enumerate(content if isinstance(content, list) else ()):
        if not isinstance(block, dict):
            continue
        source = block.get("source")
        if block.get("type") in ("image", "document") and isinstance(source, dict):
            if source.get("type") in ("url", "file"):
                raise refused(f"{path}.{at}.source.type", f"{source['type']!r} can't be sent to an endpoint of Bedrock")
            _check_blocks(source.get("content"), f"{path}.{at}.source.content")
        _check_blocks(block.get("content"), f"{path}.{at}.content")
