"""What is wrong with a request's content is told by name, before anything reaches a provider."""

import asyncio
import json
from typing import Any

import pytest

from tests.support.answers import message, whole
from tests.support.processes import Running
from tests.support.raw_client import Client, ask, body, exchange, head
from tests.support.raw_provider import RawProvider
from tests.system.planted import PROMPT

pytestmark = pytest.mark.usefixtures("serves_on")

MIB = 1 << 20
USER = {"role": "user", "content": PROMPT}

MALFORMED = {
    "nothing": b"",
    "blank": b" \n",
    "words": b"hello",
    "cut": b'{"model":"raw/x","messages":[',
    "two texts": body("raw/x") + body("raw/x"),
    "a comma too many": b'{"model":"raw/x",}',
    "single quotes": b"{'model':'raw/x'}",
    "not a number": b'{"model":"raw/x","max_tokens":NaN}',
    "invalid UTF-8": b'{"model":"raw/x\xff"}',
    "half a surrogate": b'{"model":"raw/x","messages":[{"role":"user","content":"\\ud83d"}]}',
    "a control character in a string": b'{"model":"raw/\x01"}',
    "a byte order mark in UTF-16": b"\xff\xfe{\x00}\x00",
    "an array": b"[]",
    "a string": b'"model"',
    "null": b"null",
    "a NUL": b"\x00",
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
async def test_malformed_json_is_refused_with_400(relay: Running, provider: RawProvider, content: bytes) -> None:
    answer = await ask(relay.port, content)

    assert (answer.status, answer.error["type"], answer.error["error_type"]) == (
        400,
        "invalid_request_error",
        "invalid_request",
    )
    assert answer.error["message"].startswith("body: ")
    assert PROMPT.encode() not in answer.content
    assert not provider.calls


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no model": ({"model": None}, "model"),
    "empty model": ({"model": ""}, "model"),
    "model of the wrong type": ({"model": 7}, "model"),
    "no messages": ({"messages": []}, "messages"),
    "messages of the wrong type": ({"messages": "hi"}, "messages"),
    "message of the wrong type": ({"messages": [USER, 3]}, "messages.1"),
    "unknown role": ({"messages": [USER, {"role": "tool", "content": "x"}]}, "messages.1.role"),
    "role of the wrong type": ({"messages": [{"role": 1, "content": "x"}]}, "messages.0.role"),
    "no role": ({"messages": [{"content": "x"}]}, "messages.0.role"),
    "no content": ({"messages": [{"role": "user"}]}, "messages.0.content"),
    "content of the wrong type": ({"messages": [{"role": "user", "content": 1}]}, "messages.0.content"),
    "block without type": ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages.0.content.0.type"),
    "block of the wrong type": ({"messages": [{"role": "user", "content": ["x"]}]}, "messages.0.content.0"),
    "text of the wrong type": (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]},
        "messages.0.content.0.text",
    ),
    "max_tokens 0": ({"max_tokens": 0}, "max_tokens"),
    "max_tokens as text": ({"max_tokens": "10"}, "max_tokens"),
    "max_tokens as true": ({"max_tokens": True}, "max_tokens"),
    "max_tokens as a fraction": ({"max_tokens": 1.5}, "max_tokens"),
    "max_tokens beyond any number": ({"max_tokens": 10**23}, "max_tokens"),
    "stream as text": ({"stream": "yes"}, "stream"),
    "temperature below 0": ({"temperature": -1}, "temperature"),
    "top_p above 1": ({"top_p": 1.01}, "top_p"),
    "system of the wrong type": ({"system": 5}, "system"),
    "system block of the wrong type": ({"system": [{"type": "image"}]}, "system.0.type"),
    "tools of the wrong type": ({"tools": {}}, "tools"),
    "tool without name": ({"tools": [{"input_schema": {}}]}, "tools.0.name"),
    "tool without schema": ({"tools": [{"name": "a"}]}, "tools.0.input_schema"),
    "tool twice": ({"tools": 2 * [{"name": "a", "input_schema": {}}]}, "tools.1.name"),
    "tool_choice of no tool": ({"tool_choice": {"type": "tool", "name": "b"}}, "tool_choice.name"),
    "thinking without budget": ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
    "stop_sequences of the wrong type": ({"stop_sequences": "END"}, "stop_sequences"),
    "metadata of the wrong type": ({"metadata": "me"}, "metadata"),
}


@pytest.mark.parametrize(("members", "path"), FAULTS.values(), ids=FAULTS)
async def test_a_fault_of_a_request_is_told_with_its_path(
    relay: Running, provider: RawProvider, members: dict[str, Any], path: str
) -> None:
    answer = await ask(
        relay.port, json.dumps({"model": "raw/x", "max_tokens": 10, "messages": [USER]} | members).encode()
    )

    assert answer.status == 400
    assert (answer.error["type"], answer.error["error_type"]) == ("invalid_request_error", "invalid_request")
    assert answer.error["message"].startswith(f"{path}: ")
    assert PROMPT not in answer.error["message"]
    assert not provider.calls


@pytest.mark.parametrize("max_tokens", [2048, 2047])
async def test_pitfall_71_a_budget_that_is_not_below_the_limit_is_refused(
    relay: Running, provider: RawProvider, max_tokens: int
) -> None:
    thinking = {"type": "enabled", "budget_tokens": 2048}

    answer = await ask(relay.port, body("raw/x", thinking=thinking, max_tokens=max_tokens))

    assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")
    assert answer.error["message"].startswith("thinking.budget_tokens: ")
    assert not provider.calls


async def test_a_field_whose_name_is_half_a_character_is_refused_and_no_defect(
    relay: Running, provider: RawProvider
) -> None:
    answer = await ask(relay.port, rb'{"\ud800":1,"\ud800":2,"model":"raw/x","messages":[]}')

    assert answer.status == 400
    assert "given twice" in answer.error["message"]


async def test_an_extension_that_is_not_built_is_refused_by_name(relay: Running, provider: RawProvider) -> None:
    answer = await ask(relay.port, body("raw/x", preset="p"))

    assert answer.status == 400
    assert answer.error["message"].startswith("preset: ")
    assert not provider.calls


_AUTO = {"id": "auto-router"}
OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "tool calls": ({"max_tool_calls": 0}, "max_tool_calls"),
    "tool calls of words": ({"max_tool_calls": "3"}, "max_tool_calls"),
    "long user": ({"user": 257 * "u"}, "user"),
    "user of a number": ({"user": 1}, "user"),
    "trace of words": ({"trace": "t"}, "trace"),
    "trace id of a number": ({"trace": {"trace_id": 1, "anything": 2}}, "trace.trace_id"),
    "no condition": ({"stop_server_tools_when": []}, "stop_server_tools_when"),
    "no list of conditions": ({"stop_server_tools_when": {}}, "stop_server_tools_when"),
    "condition without type": ({"stop_server_tools_when": [{}]}, "stop_server_tools_when.0.type"),
    "unknown condition": ({"stop_server_tools_when": [{"type": "never"}]}, "stop_server_tools_when.0.type"),
    "no steps": (
        {"stop_server_tools_when": [{"type": "step_count_is", "step_count": 0}]},
        "stop_server_tools_when.0.step_count",
    ),
    "no name of a tool": (
        {"stop_server_tools_when": [{"type": "has_tool_call", "tool_name": "t"}, {"type": "has_tool_call"}]},
        "stop_server_tools_when.1.tool_name",
    ),
    "cost below zero": (
        {"stop_server_tools_when": [{"type": "max_cost", "max_cost_in_dollars": -1}]},
        "stop_server_tools_when.0.max_cost_in_dollars",
    ),
    "no list of plugins": ({"plugins": {"id": "auto-router"}}, "plugins"),
    "plugin without id": ({"plugins": [{}]}, "plugins.0.id"),
    "unknown plugin": ({"plugins": [_AUTO, {"id": "auto"}]}, "plugins.1.id"),
    "plugin that is not built": ({"plugins": [{"id": "web"}]}, "plugins.0.id"),
    "plugin given twice": ({"plugins": [_AUTO, _AUTO]}, "plugins.1.id"),
    "tradeoff": ({"plugins": [_AUTO | {"cost_quality_tradeoff": 11}]}, "plugins.0.cost_quality_tradeoff"),
    "tier": ({"plugins": [_AUTO | {"cost_tier": "huge"}]}, "plugins.0.cost_tier"),
    "too many patterns": ({"plugins": [_AUTO | {"allowed_models": 1025 * ["a"]}]}, "plugins.0.allowed_models"),
    "long pattern": ({"plugins": [_AUTO | {"excluded_models": ["a", 1025 * "a"]}]}, "plugins.0.excluded_models.1"),
    "long patterns": (
        {"plugins": [_AUTO | {"excluded_models": [f"{at:03}{1000 * 'a'}" for at in range(66)]}]},
        "plugins.0.excluded_models",
    ),
}


@pytest.mark.parametrize(("members", "path"), OPTIONS.values(), ids=OPTIONS)
async def test_a_fault_of_an_option_is_told_with_its_path(
    relay: Running, provider: RawProvider, members: dict[str, Any], path: str
) -> None:
    answer = await ask(relay.port, body("raw/x", **members))

    assert (answer.status, answer.error["message"].split(": ")[0]) == (400, path)
    assert not provider.calls


@pytest.mark.parametrize("number", [b"1e400", b"-1e999", b"1" + 400 * b"0"], ids=["large", "small", "long"])
async def test_a_number_beyond_all_bounds_is_told_as_such(relay: Running, number: bytes) -> None:
    content = body("raw/x", provider={"max_price": {"prompt": 0.125}}).replace(b"0.125", number)
    answer = await ask(relay.port, content)

    assert (answer.status, answer.error["message"]) == (400, "provider: a number is out of range")


async def test_an_unknown_plugin_is_told_the_known_ones(relay: Running) -> None:
    answer = await ask(relay.port, body("raw/x", plugins=[{"id": "auto"}]))

    assert "auto-router, auto-beta-router, context-compression" in answer.error["message"]


async def test_options_are_taken_and_not_sent(relay: Running, provider: RawProvider) -> None:
    provider.answers = [whole(message())]
    options = {
        "max_tool_calls": 3,
        "plugins": [{"id": "web", "enabled": False}, _AUTO],
        "stop_server_tools_when": [{"type": "max_cost", "max_cost_in_dollars": 0.5}],
        "trace": {"trace_id": "t", "anything": 1},
        "user": "u",
    }

    answer = await ask(relay.port, body("raw/x", **options))

    assert answer.status == 200
    assert json.loads(provider.calls[0].content).keys() & options.keys() == set()


PREFERENCES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown key": ({"provider": {"orders": ["a"]}}, "provider.orders"),
    "no object": ({"provider": ["a"]}, "provider"),
    "no list": ({"provider": {"order": "a"}}, "provider.order"),
    "no string": ({"provider": {"only": ["a", 1]}}, "provider.only.1"),
    "no flag": ({"provider": {"zdr": 1}}, "provider.zdr"),
    "unknown sort": ({"provider": {"sort": "cheap"}}, "provider.sort"),
    "unknown key of sort": ({"provider": {"sort": {"on": "price"}}}, "provider.sort.on"),
    "unknown partition": ({"provider": {"sort": {"partition": "all"}}}, "provider.sort.partition"),
    "unknown quantization": ({"provider": {"quantizations": ["int3"]}}, "provider.quantizations.0"),
    "unknown collection": ({"provider": {"data_collection": "never"}}, "provider.data_collection"),
    "price of words": ({"provider": {"max_price": {"prompt": "cheap"}}}, "provider.max_price.prompt"),
    "price below zero": ({"provider": {"max_price": {"prompt": -1}}}, "provider.max_price.prompt"),
    "price of images": ({"provider": {"max_price": {"image": "x"}}}, "provider.max_price.image"),
    "unknown percentile": ({"provider": {"preferred_max_latency": {"p95": 1}}}, "provider.preferred_max_latency.p95"),
    "options": ({"provider": {"options": []}}, "provider.options"),
    "options of a provider": ({"provider": {"options": {"a": 1}}}, "provider.options.a"),
    "option that the request has": ({"provider": {"options": {"a": {"system": "b"}}}}, "provider.options.a.system"),
    "option of relay": ({"provider": {"options": {"a": {"gateway": {}}}}}, "provider.options.a.gateway"),
    "edits": ({"context_management": {"edits": {}}}, "context_management.edits"),
    "edit without type": ({"context_management": {"edits": [{}]}}, "context_management.edits.0.type"),
    "trigger": (
        {"context_management": {"edits": [{"type": "clear_tool_uses_20250919", "trigger": {"type": "days"}}]}},
        "context_management.edits.0.trigger.type",
    ),
    "kept turns": (
        {"context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": {"type": "thinking_turns"}}]}},
        "context_management.edits.0.keep.value",
    ),
    "kept below zero": (
        {
            "context_management": {
                "edits": [{"type": "clear_tool_uses_20250919", "keep": {"type": "tool_uses", "value": -1}}]
            }
        },
        "context_management.edits.0.keep.value",
    ),
    "task budget": (
        {"output_config": {"task_budget": {"type": "tokens", "total": 1}}},
        "output_config.task_budget.total",
    ),
    "four fallback models": ({"models": ["a", "b", "c", "d"]}, "models"),
    "models and fallbacks": ({"models": ["raw/y"], "fallbacks": [{"model": "raw/z"}]}, "fallbacks"),
    "key of a fallback": ({"fallbacks": [{"model": "raw/y", "weight": 1}]}, "fallbacks.0.weight"),
    "fallback without model": ({"fallbacks": [{}]}, "fallbacks.0.model"),
    "unknown fallback": ({"fallbacks": [{"model": "none"}]}, "fallbacks.0.model"),
    "unknown model of models": ({"models": ["raw/y", "none"]}, "models.1"),
    "unknown route": ({"route": "none"}, "route"),
    "long session": ({"session_id": 257 * "s"}, "session_id"),
    "session of a number": ({"session_id": 1}, "session_id"),
    "unknown tier": ({"service_tier": "gold"}, "service_tier"),
}


@pytest.mark.parametrize(("members", "path"), PREFERENCES.values(), ids=PREFERENCES)
async def test_a_fault_of_a_preference_is_told_with_its_path(
    relay: Running, provider: RawProvider, members: dict[str, Any], path: str
) -> None:
    answer = await ask(relay.port, body("raw/x", **members))

    assert (answer.status, answer.error["message"].split(": ")[0]) == (400, path)
    assert not provider.calls


GATEWAYS: dict[str, Any] = {
    "gateway.order": {"order": "a"},
    "gateway.order.1": {"order": ["a", "a b"]},
    "gateway.only": {"only": []},
    "gateway.zdr": {"zdr": "yes"},
    "gateway": "on",
    "gateway.tags": {"tags": ["a"]},
    "gateway.redaction": {"redaction": {}},
    "gateway.redact": {"redact": True},
    "gateway.redact.emails": {"redact": {"emails": True}},
    "gateway.redact.email": {"redact": {"email": "yes"}},
    "gateway.redact.mode": {"redact": {"email": True, "mode": "hide"}},
    "gateway.redact.custom.1": {"redact": {"custom": ["a", "/(/"]}},
}


@pytest.mark.parametrize(("path", "value"), GATEWAYS.items(), ids=GATEWAYS)
async def test_a_fault_in_the_gateway_object_is_named_before_anything_is_sent(
    relay: Running, provider: RawProvider, path: str, value: object
) -> None:
    answer = await ask(relay.port, body("raw/x", gateway=value))

    assert answer.status == 400
    assert answer.error["message"].startswith(f"{path}: ")
    assert not provider.calls


async def test_all_faults_in_the_gateway_object_are_told_at_once_up_to_five(
    relay: Running, provider: RawProvider
) -> None:
    wrong = {"order": ["a", 1, "b c"], "only": [], "zdr": "yes", "redaction": {}, "tags": ["a"]}

    answer = await ask(relay.port, body("raw/x", gateway=wrong))

    paths = [fault.split(": ")[0] for fault in answer.error["message"].split("; ")]
    assert paths == ["gateway.redaction", "gateway.tags", "gateway.order.1", "gateway.order.2", "gateway.only"]
    assert not provider.calls


async def test_a_server_tool_of_the_gateway_is_refused_by_name(relay: Running, provider: RawProvider) -> None:
    answer = await ask(relay.port, body("raw/x", tools=[{"type": "openrouter:web_search"}]))

    assert (answer.status, answer.error["message"].split(":")[0]) == (400, "tools.0.type")
    assert not provider.calls


async def test_a_header_extension_that_is_not_built_is_refused_by_name(relay: Running, provider: RawProvider) -> None:
    answer = await ask(relay.port, body("raw/x"), x_openrouter_cache="true")

    assert (answer.status, answer.error["message"].split(":")[0]) == (400, "x-openrouter-cache")
    assert not provider.calls


@pytest.mark.parametrize("depth", [65, 1_000, 1_000_000])
@pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
async def test_deep_nesting_is_refused(relay: Running, provider: RawProvider, depth: int, bracket: bytes) -> None:
    answer = await ask(relay.port, b'{"model":"raw/x","messages":' + depth * bracket)

    assert (answer.status, answer.error["error_type"]) == (400, "invalid_request")
    assert not provider.calls


async def test_a_member_given_twice_is_refused(relay: Running, provider: RawProvider) -> None:
    answer = await ask(relay.port, b'{"model":"demo/chat","model":"raw/x","messages":[]}')

    assert (answer.status, answer.error["message"]) == (400, "model: given twice")


async def test_33_mib_declared_are_refused_before_they_are_sent(relay: Running) -> None:
    answer = await exchange(relay.port, head(33 * MIB))

    assert (answer.status, answer.error["type"]) == (413, "invalid_request_error")
    assert answer.error["error_type"] == "payload_too_large"
    assert answer.fields["connection"] == "close"


async def test_33_mib_declared_and_sent_get_their_answer(relay: Running) -> None:
    before = relay.rss_bytes()

    answer = await exchange(relay.port, head(33 * MIB), *(33 * [MIB * b"x"]))

    assert (answer.status, answer.error["error_type"]) == (413, "payload_too_large")
    assert relay.rss_bytes() - before < 8 * MIB


async def test_a_content_that_comes_after_its_refusal_is_no_head(relay: Running) -> None:
    async with Client(relay.port) as client:
        client.send(head(33 * MIB))
        assert (await client.answer()).status == 413
        for _ in range(4):
            client.send(65536 * b"x")
            await client.writer.drain()
            await asyncio.sleep(0.05)
        assert await client.closed(6) == b""


async def test_33_mib_in_chunks_get_their_answer(relay: Running) -> None:
    piece = b"%x\r\n%b\r\n" % (MIB, MIB * b"x")

    answer = await exchange(relay.port, head(None, transfer_encoding="chunked"), *(33 * [piece]), b"0\r\n\r\n")

    assert (answer.status, answer.error["error_type"]) == (413, "payload_too_large")


async def test_32_mib_pass(relay: Running, provider: RawProvider) -> None:
    provider.answers = [whole(message())]
    text = "x" * (32 * MIB - 200)
    content = body("raw/x", messages=[{"role": "user", "content": text}])
    assert 32 * MIB - 300 < len(content) <= 32 * MIB

    answer = await ask(relay.port, content)

    assert answer.status == 200
    assert len(provider.calls[-1].content) > 32 * MIB - 300


async def test_an_expecting_client_is_told_to_go_on_only_when_its_body_is_wanted(relay: Running) -> None:
    async with Client(relay.port) as client:
        client.send(head(33 * MIB, expect="100-continue"))
        refused = await client.head()
    async with Client(relay.port) as client:
        content = body("demo/chat@delay=0")
        client.send(head(len(content), expect="100-continue"))
        interim = await client.head()
        client.send(content)
        answer = await client.answer()

    assert refused.startswith(b"HTTP/1.1 413 ")
    assert interim.startswith(b"HTTP/1.1 100 ")
    assert answer.status == 200


async def test_a_coded_body_is_refused_with_415(relay: Running, provider: RawProvider) -> None:
    answer = await ask(relay.port, b"\x1f\x8b\x08", content_encoding="gzip")

    assert (answer.status, answer.error["type"]) == (415, "invalid_request_error")
    assert not provider.calls


async def test_an_unknown_model_is_refused_with_what_is_close(relay: Running) -> None:
    answer = await ask(relay.port, body("nobody/knows"))

    assert (answer.status, answer.error["error_type"]) == (400, "invalid_request")
    assert answer.error["message"].startswith("model: ")
    assert answer.error["availability"]["code"] == "model_not_found"


async def test_a_model_name_of_a_megabyte_fills_neither_log_nor_memory(relay: Running) -> None:
    name = f"nobody/{'m' * MIB}"
    await asyncio.sleep(1.1)  # at most ten refusals of one kind leave a line in a second, and tests before this one did

    answer = await ask(relay.port, body(name))
    line = await relay.find(lambda line: line.get("request_id") == answer.fields["x-generation-id"])

    assert answer.status == 400
    assert len(answer.content) < 4096
    assert len(json.dumps(line)) < 4096


async def test_a_long_title_of_an_app_fills_neither_log_nor_memory(relay: Running) -> None:
    answer = await ask(relay.port, body("demo/chat@delay=0,events=3"), x_title="t" * 15_000)
    record = await relay.record_of("demo/chat@delay=0,events=3")

    assert answer.status == 200
    assert len(json.dumps(record)) < 4096


@pytest.mark.parametrize("members", [{}, {"stream": True}], ids=["unary", "stream"])
async def test_a_refused_request_leaves_a_line_in_the_log(relay: Running, members: dict[str, Any]) -> None:
    answer = await ask(relay.port, body("raw/x", max_tokens=0, **members))

    line = await relay.find(lambda line: line.get("request_id") == answer.fields["x-generation-id"])

    assert (line["status"], line["error_type"]) == (400, "caller_invalid")
