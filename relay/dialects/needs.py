"""What a request needs of a model beside text: modalities(), server_tools(), settings(). Each finds out cheaply that
it needs nothing; the request is checked already.
"""

from typing import Final

from msgspec import Raw, Struct
from msgspec.json import Decoder

_NONE: Final[frozenset[str]] = frozenset()
_SERVER_TOOLS: Final = ("web_search", "web_fetch")


class _Block(Struct):
    type: str = ""
    source: Raw = Raw(b"")
    content: Raw = Raw(b"")


class _Source(Struct):
    type: str = ""
    content: Raw = Raw(b"")


class _Message(Struct):
    content: Raw = Raw(b"")


class _Prompt(Struct):
    messages: list[_Message]


class _Tool(Struct):
    type: str | None = None


class _OutputConfig(Struct):
    effort: str | None = None
    format: Raw = Raw(b"null")


_PROMPT: Final = Decoder(_Prompt)
_BLOCKS: Final = Decoder(list[_Block])
_SOURCE: Final = Decoder(_Source)
_TOOLS: Final = Decoder(list[_Tool])
_OUTPUT_CONFIG: Final = Decoder(_OutputConfig)


def modalities(content: bytes) -> frozenset[str]:
    """Give what a request holds beside text: `image`, `file` (a document that is not text itself)."""
    if b'"image"' not in content and b'"document"' not in content:
        return _NONE
    found: set[str] = set()
    for message in _PROMPT.decode(content).messages:
        _look(message.content, found)
    return frozenset(found)


def _look(content: Raw, found: set[str]) -> None:
    """Look through a list of blocks, and what they hold; text has none."""
    if bytes(content)[:1] != b"[":
        return
    for block in _BLOCKS.decode(content):
        if block.type == "image":
            found.add("image")
        elif block.type == "tool_result":
            _look(block.content, found)
        elif block.type == "document":
            _look_at(_SOURCE.decode(block.source), found)


def _look_at(source: _Source, found: set[str]) -> None:
    if source.type == "content":
        _look(source.content, found)
    elif source.type != "text":
        found.add("file")


def server_tools(tools: bytes) -> frozenset[str]:
    """Give which tools of the provider the `tools` of a request name: `web_search`, `web_fetch`."""
    if b'"web_' not in tools:
        return _NONE
    types = [tool.type or "" for tool in _TOOLS.decode(tools)]
    return frozenset([name for name in _SERVER_TOOLS if any(type.startswith(f"{name}_") for type in types)])


def settings(output_config: bytes) -> list[str]:
    """Give which settings of `output_config` are there, by their path in the request."""
    said = _OUTPUT_CONFIG.decode(output_config)
    there = (("output_config.effort", said.effort is not None), ("output_config.format", bytes(said.format) != b"null"))
    return [path for path, is_there in there if is_there]
