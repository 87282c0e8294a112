"""Every content block has a fate, and what nobody can read is found wherever it lies."""

import json
from typing import Any

import pytest

from relay._core import members
from relay.redact import blocks
from relay.redact.blocks import Fate

IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}
PDF = {"type": "document", "source": {"type": "url", "url": "https://e.example/a.pdf"}}
TEXT = {"type": "text", "text": "hi"}
PLAIN = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}}


def found(content: Any) -> list[tuple[str, str]]:
    return [(".".join(map(str, where)), fate.value) for where, fate in blocks.fates(content, ("content",))]


@pytest.mark.parametrize(
    ("block", "fate"),
    [
        (TEXT, Fate.SCANNED),
        (PLAIN, Fate.SCANNED),
        ({"type": "thinking", "thinking": "", "signature": ""}, Fate.OPAQUE),
        ({"type": "novelty"}, Fate.SKIPPED),
        (IMAGE, Fate.UNSCANNED),
        (PDF, Fate.UNSCANNED),
        ({"type": "document", "source": {"type": "file", "file_id": "file_1"}}, Fate.UNSCANNED),
        ({"type": "container_upload", "file_id": "file_1"}, Fate.UNSCANNED),
        ({"type": "novelty", "source": {"type": "base64", "data": ""}}, Fate.UNSCANNED),
    ],
)
def test_a_block_has_one_fate(block: dict[str, Any], fate: Fate) -> None:
    assert found([block]) == [("content.0", fate.value)]


def test_a_string_counts_as_one_scanned_block() -> None:
    assert found("hi") == [("content", "scanned")]


def test_binary_parts_are_found_inside_results_and_documents() -> None:
    content = [
        {"type": "tool_result", "tool_use_id": "t", "content": [TEXT, IMAGE]},
        {"type": "document", "source": {"type": "content", "content": [TEXT, IMAGE]}},
        {"type": "web_fetch_tool_result", "content": {"type": "web_fetch_result", "content": PDF}},
    ]

    assert found(content) == [
        ("content.0", "scanned"),
        ("content.0.content.0", "scanned"),
        ("content.0.content.1", "unscanned"),
        ("content.1", "scanned"),
        ("content.1.source.content.1", "unscanned"),
        ("content.2", "scanned"),
        ("content.2.content.content", "unscanned"),
    ]


def test_the_places_of_a_request_are_those_of_its_fields() -> None:
    turns = [{"role": "user", "content": "a"}, {"role": "user", "content": [IMAGE]}]
    content = json.dumps({"messages": turns, "system": "be brief", "model": "x"}).encode()

    places = [".".join(map(str, where)) for where, _ in blocks.of_request(content, members(content))]

    assert places == ["system", "messages.0.content", "messages.1.content.0"]


def test_an_answer_that_is_no_message_has_no_blocks() -> None:
    assert list(blocks.of_answer(b"[]")) == list(blocks.of_answer(b"{")) == list(blocks.of_answer(b"{}")) == []
