"""Every field of the Messages schema: scanned, opaque or forbidden (RED-6).

SCANNED fields are texts, DOCUMENT fields JSON of their own; what a tree does not name is opaque and keeps its bytes.
The trees are what `_core.Document` walks by.
"""

import re
from collections.abc import Mapping
from typing import Final

from relay._core import Field

SCANNED: Final = Field(scanned=True)
DOCUMENT: Final = Field(json=True)


def _object(**members: Field) -> Field:
    return Field(members=members)


def _each(field: Field) -> Field:
    """Give the field of an object whose members are all alike."""
    found = Field()
    found.others = field
    return found


_CITATION: Final = _object(cited_text=SCANNED, document_title=SCANNED, source=SCANNED, title=SCANNED)
_TEXT: Final = _object(text=SCANNED, citations=_CITATION)
_SEARCH_RESULT: Final = _object(source=SCANNED, title=SCANNED, content=_TEXT)
_PARTS: Final = Field(scanned=True, types={"text": _TEXT, "search_result": _SEARCH_RESULT})
_SOURCE: Final = Field(types={"text": _object(data=SCANNED), "content": _object(content=_PARTS)})
_PLAIN_DOCUMENT: Final = _object(title=SCANNED, context=SCANNED, source=_SOURCE)
_PARTS.types[b"document"] = _PLAIN_DOCUMENT  # documents hold documents
_TOOL_USE: Final = _object(input=DOCUMENT)
_RESULT_PARTS: Final = {"text": _TEXT, "search_result": _SEARCH_RESULT, "document": _PLAIN_DOCUMENT}
_TOOL_RESULT: Final = _object(content=Field(scanned=True, types=_RESULT_PARTS))
_MADE_BY_MACHINES: Final = (
    "encrypted_content",
    "encrypted_index",
    "encrypted_stdout",
    "file_id",
    "page_age",
    "type",
    "url",
)


def _any_text() -> Field:
    """Give the field of a value whose shape nobody promises: each text in it is scanned, at any depth."""
    found = Field(scanned=True, members={name: Field() for name in _MADE_BY_MACHINES})
    found.others = found
    return found


_RESULT: Final = _object(content=_any_text())
_WEB_FETCH: Final = _object(content=Field(scanned=True, members={"content": _PLAIN_DOCUMENT, "error_code": SCANNED}))

BLOCKS: Final[Mapping[str, Field]] = {
    "text": _TEXT,
    "document": _PLAIN_DOCUMENT,
    "search_result": _SEARCH_RESULT,
    "tool_use": _TOOL_USE,
    "server_tool_use": _TOOL_USE,
    "mcp_tool_use": _TOOL_USE,
    "tool_result": _TOOL_RESULT,
    "mcp_tool_result": _TOOL_RESULT,
    "web_search_tool_result": _RESULT,
    "web_fetch_tool_result": _WEB_FETCH,
    "code_execution_tool_result": _RESULT,
    "bash_code_execution_tool_result": _RESULT,
    "text_editor_code_execution_tool_result": _RESULT,
    "advisor_tool_result": _RESULT,
    "openrouter_bash_tool_result": _RESULT,
    "openrouter_shell_tool_result": _RESULT,
    "compaction": _object(content=SCANNED),
}
"""Type of a content block → its fields. Of blocks that are not named here nothing is scanned in a request."""

OPAQUE_BLOCKS: Final = frozenset({"thinking", "redacted_thinking", "image", "container_upload", "fallback"})
"""Blocks that pass as they are: signed, binary, or names alone. Of thinking that nobody signed see UNSIGNED."""

OPAQUE_FIELDS: Final = frozenset(
    {"cache_control", "id", "is_error", "name", "tool_use_id", "type"},
)
"""Fields of scanned blocks that pass: names and ids."""

OPAQUE_MEMBERS: Final = frozenset(
    {
        "cache_control",
        "max_tokens",
        "model",
        "service_tier",
        "speed",
        "stop_sequences",
        "stream",
        "temperature",
        "thinking",
        "tool_choice",
        "top_k",
        "top_p",
    }
)
"""Members of a request that pass (spec/redaction.md 2): settings, names and schemas."""

_SAID: Final = {"text": SCANNED}
"""Of blocks of an answer that are not named: in a stream their text is the block's, whatever its kind."""

_CONTENT: Final = Field(scanned=True, members=_SAID, types=BLOCKS)
_NOT_SIGNED: Final = re.compile(rb'(?:null|"(?:relay1\.[^."]*\.[^."]*\.?)?")?')
"""Signatures that sign nothing: none, or a seal with nothing in it (spec/openrouter-messages.md 13.3)."""


def _signs_nothing(signature: bytes) -> bool:
    return _NOT_SIGNED.fullmatch(signature) is not None


UNSIGNED: Final = Field(members={"thinking": SCANNED}, when=("signature", _signs_nothing))
"""Thinking in a request: without a signature that would break it is a text."""


def _schema() -> Field:
    """Give the field of a JSON schema: of its keywords only `description` is a text, at any depth."""
    schema = _object(description=Field(scanned=True))
    # A property may be called `description` too: then a schema stands there.
    described = schema.members[b"description"]
    described.others = schema.others = schema
    described.members[b"description"] = described
    return schema


REQUEST: Final[dict[str, Field]] = {
    "tools": _object(description=SCANNED, input_schema=_schema(), input_examples=DOCUMENT),
    "system": Field(scanned=True, types={"text": _TEXT}),
    "messages": _object(content=Field(scanned=True, types={**BLOCKS, "thinking": UNSIGNED})),
    "metadata": _object(user_id=SCANNED),
    "output_config": _object(format=_object(schema=_schema())),
    "context_management": _object(edits=_object(instructions=SCANNED)),
    "provider": _object(options=_each(_each(DOCUMENT))),
    "user": SCANNED,
}
"""Members of a request that are scanned, in the order in which placeholders are numbered (spec/redaction.md 8.3).

Options of a provider become members of what it is sent, and the user is recorded: neither may be the way around."""

_DETAILS: Final = _object(explanation=SCANNED)

ANSWER: Final = _object(content=_CONTENT, stop_details=_DETAILS)
"""A whole message."""

_THOUGHT: Final = _object(thinking=SCANNED)

_TOLD: Final = Field(scanned=True, members=_SAID, types={**BLOCKS, "thinking": _THOUGHT})

TRANSLATED: Final = _object(content=_TOLD, stop_details=_DETAILS)
"""A whole message that came in another dialect: its thinking is a text. In a stream it comes before anybody can know
whether it is signed, and both forms of an answer are to say the same (see redact.signed)."""

MESSAGE_START: Final = _object(message=ANSWER)
MESSAGE_DELTA: Final = _object(delta=_object(stop_details=_DETAILS))
BLOCK_START: Final = _object(content_block=Field(types={**BLOCKS, "text": _object(citations=_CITATION)}))
"""The text of a block's start goes on in its deltas, so the stream's own channel takes it."""

DELTA: Final = _object(delta=_object(citation=_CITATION, content=SCANNED))
"""Deltas that come whole: citations, compactions."""
