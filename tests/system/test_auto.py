"""Models that relay chooses, over a real process: who answers, what the reply calls it, and what a session keeps.

Each model is served by the provider of its name; what they say of themselves is not what the client reads.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.support.answers import failure, message, streamed, whole
from tests.support.processes import Running
from tests.support.raw_client import Answer, ask, body
from tests.support.raw_provider import RawProvider
from tests.system.planted import ENVIRON

MODELS: dict[str, dict[str, Any]] = {
    "best": {"usd": 30, "auto": True, "scores": {"general": 90, "coding": 70}},
    "coder": {"usd": 3, "auto": True, "scores": {"general": 40, "coding": 95}},
    "cheap": {"usd": 0.3, "auto": True, "scores": {"general": 20}},
    "gratis": {"usd": 0},
}
CODE = "Debug this:\n```python\nimport os\n```"
Providers = dict[str, RawProvider]


@pytest.fixture
async def providers() -> AsyncIterator[Providers]:
    found = {name: RawProvider() for name in MODELS}
    for provider in found.values():
        await provider.start()
        provider.answers = lambda call: [streamed() if b'"stream": true' in call.content else whole(message())]
    yield found
    for provider in found.values():
        await provider.stop()


@pytest.fixture
def relay(providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    config = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}, "aliases": {"claude-pick": "openrouter/auto"}}],
        "providers": {
            name: {"dialect": "messages", "base_url": f"http://127.0.0.1:{provider.port}"}
            for name, provider in providers.items()
        },
        "models": {f"lab/{name}": _entry(name, **said) for name, said in MODELS.items()},
    }
    with Running.relay(config, tmp_path_factory.mktemp("relay"), ENVIRON) as process:
        yield process


def _entry(name: str, usd: float, **said: Any) -> dict[str, Any]:
    return {"endpoints": [{"provider": name, "model": "up", "price": {"prompt": usd, "completion": usd}}]} | said


async def asked(relay: Running, text: str = "good morning", model: str = "openrouter/auto", **said: Any) -> Answer:
    messages = [{"role": "user", "content": text}]
    return await ask(relay.port, body(model, messages=messages, **said), x_openrouter_metadata="enabled")


def plugin(**said: Any) -> dict[str, Any]:
    return {"plugins": [{"id": "auto-router"} | said]}


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        ({"cost_quality_tradeoff": 0}, "best"),
        ({"cost_quality_tradeoff": 10}, "cheap"),
        ({"cost_quality_tradeoff": 0, "excluded_models": ["lab/b*"]}, "coder"),
        ({"cost_quality_tradeoff": 0, "allowed_models": ["*/cheap", "elsewhere/*"]}, "cheap"),
        ({"cost_tier": "max", "cost_quality_tradeoff": 10}, "best"),
        ({"cost_tier": "low"}, "cheap"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_the_plugin_says_how_is_chosen(
    relay: Running, providers: Providers, said: dict[str, Any], chosen: str, stream: bool
) -> None:
    answer = await asked(relay, stream=stream, **plugin(**said))

    replied = answer.events[0][1]["message"] if stream else answer.json
    assert (answer.status, replied["model"]) == (200, f"lab/{chosen}")
    assert [name for name, provider in providers.items() if provider.calls] == [chosen]
    assert b"plugins" not in providers[chosen].calls[0].content


async def test_the_choice_is_told(relay: Running) -> None:
    metadata = (await asked(relay, CODE, **plugin(cost_quality_tradeoff=0))).json["openrouter_metadata"]

    assert (metadata["requested"], metadata["strategy"]) == ("openrouter/auto", "auto")
    assert [each["model"] for each in metadata["endpoints"]["available"]] == ["lab/coder", "lab/best", "lab/cheap"]
    assert metadata["endpoints"]["total"] == 3
    (stage,) = metadata["pipeline"]
    assert (stage["type"], stage["name"], stage["data"]["task_type"]) == ("plugin", "auto-router", "coding")
    assert 0.5 < stage["data"]["confidence"] <= 1
    record = await relay.record_of("openrouter/auto")
    assert (record["router"], record["strategy"], record["model"]) == ("openrouter/auto", "auto", "lab/coder")


async def test_the_next_model_answers_where_the_best_fails(relay: Running, providers: Providers) -> None:
    providers["best"].answers = [failure("400 Bad", "invalid_request_error", "no")]

    answer = await asked(relay, **plugin(cost_quality_tradeoff=0))

    assert (answer.status, answer.json["model"]) == (200, "lab/coder")
    assert answer.json["openrouter_metadata"]["strategy"] == "fallback"


async def test_restrictions_that_leave_no_model_are_told_as_such(relay: Running, providers: Providers) -> None:
    answer = await asked(relay, **plugin(excluded_models=["*"]))

    assert (answer.status, answer.error["error_type"]) == (404, "not_found")
    assert answer.error["message"] == "No models match your request and model restrictions"
    assert answer.error["availability"]["code"] == "no_endpoints"
    assert answer.json["openrouter_metadata"]["endpoints"] == {"total": 3, "available": []}
    assert not any(provider.calls for provider in providers.values())


async def test_a_session_keeps_the_model_that_was_chosen_first(relay: Running, providers: Providers) -> None:
    said = plugin(cost_quality_tradeoff=0)
    for text in ("good morning", CODE, CODE):
        assert (await asked(relay, text, session_id="s", **said)).json["model"] == "lab/best"
    assert (await asked(relay, CODE, session_id="other", **said)).json["model"] == "lab/coder"

    unpinned = plugin(cost_quality_tradeoff=0, pin_model=False)
    assert (await asked(relay, CODE, session_id="s", **unpinned)).json["model"] == "lab/coder"


async def test_free_is_what_costs_nothing(relay: Running) -> None:
    answer = await asked(relay, model="openrouter/free")

    assert (answer.json["model"], answer.json["usage"]["cost"]) == ("lab/gratis", 0)
    assert answer.json["openrouter_metadata"]["strategy"] == "free"


async def test_an_alias_of_the_key_may_stand_for_it(relay: Running) -> None:
    answer = await asked(relay, model="claude-pick", **plugin(cost_quality_tradeoff=0))

    assert answer.json["model"] == "lab/best"
    assert answer.json["openrouter_metadata"]["requested"] == "claude-pick"
