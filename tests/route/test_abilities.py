"""What a request needs beside text decides who may answer, and who rather; what nobody says keeps nobody out."""

from typing import Any

import pytest

from relay.dialects import needs
from relay.errors import NoEndpoint
from tests.route.shapes import call, endpoint, generation, router, tried

IMAGE = {"type": "image", "source": {"type": "url", "url": "https://x.example/i.png"}}
PDF = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}}
PLAIN = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hello"}}
NESTED = {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "see"}, IMAGE]}}
FORMAT = {"type": "json_schema", "schema": {"type": "object"}}
SEARCH = [{"type": "web_search_20250305", "name": "web_search"}]
TOOL = [{"name": "t", "input_schema": {}}]

SEES = endpoint("sees", 9, input_modalities=frozenset({"text", "image", "file"}))
READS = endpoint("reads", 1, input_modalities=frozenset({"text"}))
SILENT = endpoint("silent", 5)


def said(*blocks: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": '"image" "document"'}, *blocks]}]}


def result(*blocks: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": "t", "content": list(blocks)}


@pytest.mark.parametrize(
    ("blocks", "held"),
    [
        ([], []),
        ([IMAGE], ["image"]),
        ([PDF], ["file"]),
        ([PLAIN], []),
        ([NESTED], ["image"]),
        ([result(IMAGE, PDF)], ["file", "image"]),
        ([{"type": "tool_result", "tool_use_id": "t", "content": "image"}], []),
        ([{"type": "search_result", "source": "document", "title": "", "content": []}], []),
        ([{"type": "later", "source": 7, "content": {"type": "image"}}], []),
    ],
    ids=repr,
)
def test_what_a_request_holds_is_found_wherever_it_stands(blocks: list[Any], held: list[str]) -> None:
    assert needs.modalities(call(**said(*blocks)).content) == set(held)


@pytest.mark.parametrize(
    ("block", "who"),
    [
        (IMAGE, ["silent/m", "sees/m"]),
        (PDF, ["silent/m", "sees/m"]),
        (PLAIN, ["reads/m", "silent/m", "sees/m"]),
        (result(IMAGE), ["silent/m", "sees/m"]),
    ],
    ids=["image", "pdf", "plain", "nested"],
)
def test_only_who_is_known_not_to_read_it_is_left_out(block: Any, who: list[str]) -> None:
    found = router(generation(SEES, READS, SILENT))

    assert tried(found, call(**said(block), provider={"sort": "price"})) == who


def test_nobody_looks_for_images_where_nobody_says_what_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bytes] = []
    monkeypatch.setattr(needs, "modalities", looked.append)

    assert tried(router(generation(SILENT, endpoint("other", 9))), call(**said(IMAGE))) == ["silent/m", "other/m"]
    assert looked == []


@pytest.mark.parametrize(
    ("asked", "who", "field"),
    [
        (said(IMAGE), READS, "messages"),
        (said(PDF), READS, "messages"),
        (said(PDF), endpoint("poor", 1, abilities=frozenset({"tools"})), "messages"),
        ({"tools": SEARCH}, endpoint("poor", 1, abilities=frozenset({"web_fetch"})), "tools"),
    ],
    ids=["image", "document", "pdf", "web_search"],
)
def test_a_need_that_nobody_meets_is_named(asked: dict[str, Any], who: Any, field: str) -> None:
    with pytest.raises(NoEndpoint) as raised:
        router(generation(who)).plan(call(**asked))

    told = raised.value.availability
    assert told is not None
    assert (raised.value.status, told["code"], told["excluded_by"]) == (
        404,
        "constraint_filtered",
        ["require_parameters"],
    )
    assert told["constraint"]["field"] == field
    assert raised.value.message.startswith(f"{field}: ")


def test_a_providers_own_tool_goes_where_it_is() -> None:
    has = endpoint("has", 9, abilities=frozenset({"web_search", "tools"}))
    lacks = endpoint("lacks", 1, abilities=frozenset({"tools"}))

    assert tried(router(generation(has, lacks, SILENT)), call(tools=SEARCH, provider={"sort": "price"})) == [
        "silent/m",
        "has/m",
    ]


@pytest.mark.parametrize(
    ("asked", "ability", "word"),
    [
        ({"tools": TOOL}, "tools", "tools"),
        ({"output_config": {"format": FORMAT}}, "structured_output", "structured_outputs"),
        ({"output_config": {"effort": "low"}}, None, "verbosity"),
    ],
    ids=["tools", "format", "effort"],
)
def test_those_of_a_model_that_have_a_feature_go_before_those_that_lack_it(
    asked: dict[str, Any], ability: str | None, word: str
) -> None:
    takes = endpoint("takes", 9, parameters=frozenset({word}))
    lacks = endpoint("lacks", 1, parameters=frozenset({"temperature"}))
    assert tried(router(generation(lacks, takes)), call(**asked)) == ["takes/m"]
    assert tried(router(generation(lacks, SILENT)), call(**asked)) == ["silent/m"]
    assert tried(router(generation(lacks)), call(**asked)) == ["lacks/m"]
    if ability is not None:
        able = endpoint("able", 9, abilities=frozenset({ability}))
        unable = endpoint("unable", 1, abilities=frozenset({"pdf"}))
        assert tried(router(generation(unable, able)), call(**asked)) == ["able/m"]
        assert tried(router(generation(unable)), call(**asked)) == ["unable/m"]


def test_what_nobody_takes_of_output_config_is_left_out() -> None:
    plan = router(generation(endpoint("p", parameters=frozenset({"structured_outputs"})))).plan(
        call(output_config={"effort": "low", "format": FORMAT})
    )

    attempt = plan.next()
    assert attempt is not None
    assert attempt.dropped == {"output_config.effort"}


def test_require_parameters_holds_for_settings_of_output_config() -> None:
    asked = call(output_config={"format": FORMAT}, provider={"require_parameters": True})

    with pytest.raises(NoEndpoint, match=r"does not take output_config\.format"):
        router(generation(endpoint("p", parameters=frozenset()))).plan(asked)


def test_a_null_in_output_config_asks_for_nothing() -> None:
    asked = call(output_config={"format": None, "effort": None}, provider={"require_parameters": True})

    assert tried(router(generation(endpoint("p", parameters=frozenset()))), asked) == ["p/m"]
