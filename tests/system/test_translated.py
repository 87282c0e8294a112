"""Every translated dialect: the embedded provider says through it what it says in Messages, and fails alike.

`demo/*` speaks Messages; `chat/*`, `gemini/*`, `responses/*` are the same provider spoken to in that dialect. A
dialect: a word.
"""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from tests.support.processes import Running
from tests.support.raw_client import ask, body
from tests.system.planted import ENVIRON
from tests.system.translated import WEATHER, Json, said

DIALECTS = ["chat", "gemini", "responses"]
SCRIPTS = ["chat", "echo", "tools", "tools@calls=2", "agent", "thinking", "unicode", "cache", "refusal", "max-tokens"]
SCRIPTS += ["echo@split=3", "echo@calls=2", "json-answer", "crlf", "bom", "empty-data", "no-stop", "no-event-line"]

pytestmark = pytest.mark.parametrize("dialect", DIALECTS)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, demo: Running) -> Iterator[Running]:
    upstream = f"http://127.0.0.1:{demo.port}"
    translated = {name: {"dialect": name, "base_url": f"{upstream}/v1"} for name in DIALECTS}
    config = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {"demo": {"dialect": "messages", "base_url": upstream}} | translated,
        "models": {f"{name}/*": [{"provider": name, "model": "*"}] for name in ("demo", *DIALECTS)},
    }
    with Running.relay(config, tmp_path_factory.mktemp("translated"), ENVIRON) as process:
        yield process
    assert process.noise == []


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("script", SCRIPTS)
async def test_pitfall_87_a_translated_provider_says_what_a_messages_provider_says(
    client: anthropic.AsyncAnthropic, dialect: str, script: str, stream: bool
) -> None:
    """Projection: ids and signatures are each dialect's own, `caller` is relay's; a refusal has no explanation. Gemini
    has no word for a cache that gave nothing.
    """
    more: Json = {"tools": [WEATHER], "messages": [{"role": "user", "content": "What is up in Paris? 漢 😀"}]}
    name = f"{script}{',' if '@' in script else '@'}delay=0"
    native = await said(client, f"demo/{name}", stream=stream, **more)
    translated = await said(client, f"{dialect}/{name}", stream=stream, **more)

    assert _projected(translated, dialect) == _projected(native, "messages")
    assert (translated.stop_reason, translated.stop_sequence) == (native.stop_reason, native.stop_sequence)
    assert translated.usage.output_tokens == native.usage.output_tokens
    cached = translated.usage.cache_read_input_tokens
    assert (0 if cached is None and dialect == "gemini" else cached) == native.usage.cache_read_input_tokens
    assert translated.usage.input_tokens > 0
    assert (translated.model, translated.type, translated.role) == (f"{dialect}/{name}", "message", "assistant")
    assert translated.id.startswith("gen-")


def _projected(answer: Any, dialect: str) -> list[tuple[Any, ...]]:
    return [_facts(block) for block in _told(answer, dialect)]


def _told(answer: Any, dialect: str) -> list[Any]:
    """The blocks that say something: of Gemini, thinking without a word carries the signature of the call behind it."""
    return [block for block in answer.content if dialect != "gemini" or block.type != "thinking" or block.thinking]


def _facts(block: Any) -> tuple[Any, ...]:
    if block.type == "tool_use":
        return block.type, block.name, block.input
    return block.type, block.text if block.type == "text" else block.thinking


@pytest.mark.parametrize("stream", [True, False])
async def test_a_tool_loop_that_thinks_ends(client: anthropic.AsyncAnthropic, dialect: str, stream: bool) -> None:
    """A provider that wants its thinking back refuses it unless it comes as it was, in its place."""
    first = await said(client, f"{dialect}/agent@delay=0,calls=1,signature=900", stream=stream, tools=[WEATHER])
    assert [block.type for block in _told(first, dialect)] == ["thinking", "text", "tool_use"]
    turn = [block.model_dump(exclude_none=True) for block in first.content]
    told = [{"type": "text", "text": "sunny"}]
    result = {"type": "tool_result", "tool_use_id": first.content[-1].id, "content": told}
    history: Any = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": turn},
        {"role": "user", "content": [result, {"type": "text", "text": "Well?"}]},
    ]
    second = await said(client, f"{dialect}/tools@delay=0", stream=stream, tools=[WEATHER], messages=history)
    assert second.content[0].text == "The demo called a tool, which answered: sunny"
    assert second.stop_reason == "end_turn"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("status", "kind"), [(400, 400), (401, 502), (404, 404), (429, 429), (500, 502), (503, 503)])
async def test_pitfall_77_errors_reach_the_client_in_its_own_words(
    client: anthropic.AsyncAnthropic, dialect: str, status: int, kind: int, stream: bool
) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        await said(client, f"{dialect}/error@status={status}", stream=stream)
    assert caught.value.status_code == kind
    assert caught.value.body["type"] == "error"


@pytest.mark.parametrize("script", ["error-first", "json-error", "error-mid@after=0"])
async def test_pitfall_83_an_error_with_status_200_is_one(
    client: anthropic.AsyncAnthropic, dialect: str, script: str
) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        await said(client, f"{dialect}/{script}", stream=True)
    assert caught.value.status_code == (503 if dialect == "gemini" else 529), "Google has no word of its own for 529"


@pytest.mark.parametrize("script", ["cut@bytes=3500,delay=0", "reset@bytes=3500,delay=0", "error-mid@delay=0,after=3"])
async def test_pitfall_79_a_stream_that_breaks_off_ends_with_an_error(
    gateway: Running, dialect: str, script: str
) -> None:
    answer = await ask(gateway.port, body(f"{dialect}/{script}", stream=True))
    kinds = [kind for kind, _ in answer.events]
    assert (answer.status, kinds[0], kinds[-1]) == (200, "message_start", "error")
    assert not {"message_stop", "message_delta"} & set(kinds)
