"""What a client reads of the routing of its call: in a stream, in a whole answer and beside an error, or nowhere.

`a/m` is served by one and two, which cost the same; `b/n` by three alone; `short` is a name of the operator's for it.
"""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.support.answers import chunk, delta, failure, head, message, message_start, opening, streamed, whole
from tests.support.processes import Running
from tests.support.raw_client import Answer, ask, body, exchange
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import FIN, RawProvider
from tests.system.planted import ENVIRON

NAMES = ("one", "two", "three")
Providers = dict[str, RawProvider]


@pytest.fixture
async def providers() -> AsyncIterator[Providers]:
    found = {name: RawProvider() for name in NAMES}
    for provider in found.values():
        await provider.start()
        provider.answers = lambda call: [streamed() if b'"stream": true' in call.content else whole(message())]
    yield found
    for provider in found.values():
        await provider.stop()


@pytest.fixture
def relay(providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    price = {"prompt": 1, "completion": 2}
    one, two = ({"provider": name, "model": "up", "price": price} for name in ("one", "two"))
    three = {"provider": "three", "model": "up", "region": "eu", "max_output_tokens": 50}
    config = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {
            name: {"dialect": "messages", "base_url": f"http://127.0.0.1:{provider.port}", "name": name.upper()}
            for name, provider in providers.items()
        },
        "models": {
            "a/m": [one, two | {"supported_parameters": ["temperature"]}],
            "b/n": {"endpoints": [three], "author": "b", "family": "n"},
            "short": [three],
        },
    }
    with Running.relay(config, tmp_path_factory.mktemp("relay"), ENVIRON) as process:
        yield process


async def asked(relay: Running, model: str = "a/m", *, wants: str = "enabled", **said: Any) -> Answer:
    return await ask(relay.port, body(model, **said), x_openrouter_metadata=wants)


def told(answer: Answer) -> dict[str, Any]:
    """The record in the one place where it belongs."""
    assert answer.content.count(b"openrouter_metadata") == 1
    if "event-stream" not in answer.fields["content-type"]:
        found: dict[str, Any] = answer.json["openrouter_metadata"]
        return found
    name, data = answer.events[-1]
    assert name in ("message_stop", "error")
    assert set(data) - {"openrouter_metadata"} == (
        {"type"} if name == "message_stop" else {"type", "error", "request_id"}
    )
    return dict(data["openrouter_metadata"])


def selected(metadata: dict[str, Any]) -> list[str]:
    return [each["provider"] for each in metadata["endpoints"]["available"] if each["selected"]]


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_tells_how_it_was_routed(relay: Running, stream: bool) -> None:
    metadata = told(await asked(relay, stream=stream, provider={"order": ["two"]}))

    assert 0 <= metadata.pop("generation_time") < 10_000
    assert metadata == {
        "requested": "a/m",
        "strategy": "direct",
        "region": None,
        "summary": "available=2, selected=TWO",
        "attempt": 1,
        "is_byok": False,
        "endpoints": {
            "total": 2,
            "available": [
                {"provider": "TWO", "model": "a/m", "selected": True},
                {"provider": "ONE", "model": "a/m", "selected": False},
            ],
        },
    }


@pytest.mark.parametrize("wants", ["enabled", "Enabled", "ENABLED"])
async def test_the_word_counts_in_any_case(relay: Running, wants: str) -> None:
    assert told(await asked(relay, wants=wants))
    assert told(await ask(relay.port, body("a/m"), x_openrouter_experimental_metadata=wants))


@pytest.mark.parametrize("wants", ["true", "1", "", "enabled,", None])
@pytest.mark.parametrize("stream", [True, False])
async def test_without_the_word_nothing_is_told(relay: Running, wants: str, stream: bool) -> None:
    answer = await asked(relay, wants=wants, stream=stream)

    assert answer.status == 200
    assert b"openrouter_metadata" not in answer.content


@pytest.mark.parametrize("stream", [True, False])
async def test_attempts_are_told_when_there_were_several(relay: Running, providers: Providers, stream: bool) -> None:
    providers["one"].answers = [failure("529 Full", "overloaded_error", "no")]
    await providers["two"].stop()

    answer = await asked(relay, stream=stream, provider={"order": ["one", "two"]}, models=["b/n"])

    metadata = told(answer)
    assert metadata["attempts"] == [
        {"provider": "ONE", "model": "a/m", "status": 529},
        {"provider": "TWO", "model": "a/m", "status": 0},
        {"provider": "THREE", "model": "b/n", "status": 200},
    ]
    assert (metadata["attempt"], metadata["strategy"], metadata["region"]) == (3, "fallback", "eu")
    assert metadata["summary"] == "available=3, selected=THREE"
    assert selected(metadata) == ["THREE"]
    model = answer.events[0][1]["message"]["model"] if stream else answer.json["model"]
    assert model == "b/n"


@pytest.mark.parametrize(
    ("model", "strategy", "slug"),
    [("short", "alias", "short"), ("~b/n-latest", "latest", "b/n"), ("b/n:nitro", "direct", "b/n")],
)
async def test_a_model_is_told_as_it_was_asked_for_and_as_it_is_called(
    relay: Running, model: str, strategy: str, slug: str
) -> None:
    answer = await asked(relay, model)

    metadata = told(answer)
    assert (metadata["requested"], metadata["strategy"]) == (model, strategy)
    assert answer.json["model"] == slug == metadata["endpoints"]["available"][0]["model"]


async def test_what_was_left_out_or_cut_is_told(relay: Running, providers: Providers) -> None:
    providers["three"].answers = [whole(message(usage={}))]
    said: dict[str, Any] = {"provider": {"order": ["two", "nobody"]}, "top_k": 3, "top_p": 0.5, "temperature": 0.5}
    said["plugins"] = [{"id": "auto-router", "novelty": 1}]

    metadata = told(await asked(relay, **said))
    assert metadata["params"] == {
        "dropped_parameters": ["top_k", "top_p"],
        "dropped_fields": ["plugins.0.novelty"],
        "unknown_providers": ["nobody"],
    }

    assert told(await asked(relay, "b/n"))["params"] == {"max_tokens_clamped": 50, "usage_estimated": True}


@pytest.mark.parametrize("stream", [True, False])
async def test_pitfall_70_a_limit_that_nobody_reaches_is_cut_and_the_head_tells_it(
    relay: Running, providers: Providers, stream: bool
) -> None:
    content = body("b/n", stream=stream, max_tokens=51)

    cut = await ask(relay.port, content, x_relay_metadata="1")
    unasked = await ask(relay.port, content)
    fits = await ask(relay.port, body("b/n", stream=stream, max_tokens=50), x_relay_metadata="1")

    assert [json.loads(call.content)["max_tokens"] for call in providers["three"].calls] == [50, 50, 50]
    assert [answer.fields.get("x-relay-max-tokens") for answer in (cut, unasked, fits)] == ["50", None, None]


@pytest.mark.parametrize("stream", [True, False])
async def test_guardrails_are_told_by_counts(relay: Running, providers: Providers, stream: bool) -> None:
    texts = ["ask b@", "x.org"]
    providers["one"].answers = [streamed(texts) if stream else whole(message("".join(texts)))]
    policy = {"redact": {"email": True}, "only": ["one"], "order": ["one"]}
    prompt = [{"role": "user", "content": "write to a@x.org, a@x.org"}]

    answer = await asked(relay, stream=stream, gateway=policy, messages=prompt)

    assert b"x.org" not in answer.content
    assert told(answer)["pipeline"] == [
        {"type": "guardrail", "name": "gateway.only"},
        {
            "type": "guardrail",
            "name": "gateway.redact",
            "summary": "matches=3",
            "data": {"request": {"email": 2}, "response": {"email": 1}},
        },
    ]


async def test_a_provider_that_forgets_its_last_event_changes_nothing(relay: Running, providers: Providers) -> None:
    forgotten = streamed().replace(b'event: message_stop\ndata: {"type": "message_stop"}\n\n', b"")
    size, _, rest = forgotten.partition(b"\r\n\r\n")[2].partition(b"\r\n")
    content = rest.partition(b"\r\n")[0]
    assert len(content) < int(size, 16)
    providers["three"].answers = [head() + chunk(content) + b"0\r\n\r\n"]

    assert selected(told(await asked(relay, "b/n", stream=True))) == ["THREE"]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_failure_tells_what_was_tried_and_selects_nobody(
    relay: Running, providers: Providers, stream: bool
) -> None:
    for name in ("one", "two"):
        providers[name].answers = [failure("500 Oops", "api_error", "no")]

    answer = await asked(relay, stream=stream)

    metadata = told(answer)
    assert answer.status == 503
    assert (metadata["attempt"], metadata["summary"], selected(metadata)) == (2, "available=2, selected=none", [])
    assert sorted(each["status"] for each in metadata["attempts"]) == [500, 500]
    assert answer.json.keys() == {"type", "error", "request_id", "metadata", "openrouter_metadata"}


@pytest.mark.parametrize("redact", [False, True])
async def test_a_stream_that_breaks_off_tells_it_in_its_last_event(
    relay: Running, providers: Providers, redact: bool
) -> None:
    providers["three"].answers = [head(), chunk(opening() + delta("hello")), FIN]

    answer = await asked(relay, "b/n", stream=True, gateway={"redact": {"email": redact}})

    metadata = told(answer)
    assert [name for name, _ in answer.events][-1] == "error"
    assert (metadata["attempt"], metadata["strategy"], selected(metadata)) == (1, "direct", [])


async def test_nobody_who_may_answer_is_told_with_the_number_of_those_who_might(relay: Running) -> None:
    answer = await asked(relay, provider={"zdr": True})

    metadata = told(answer)
    assert (answer.status, metadata["attempt"], metadata["summary"]) == (404, 0, "available=0, selected=none")
    assert metadata["endpoints"] == {"total": 2, "available": []}


async def test_everybody_at_rest_is_no_fault_of_relays_own(relay: Running, providers: Providers) -> None:
    providers["three"].answers = [failure("429 Slow", "rate_limit_error", "slow", "retry-after: 30")]
    assert told(await asked(relay, "b/n"))["attempt"] == 1

    answer = await asked(relay, "b/n")

    assert (answer.status, told(answer)["attempt"]) == (429, 0)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"model": "none/such"}, 400),
        ({"max_tokens": 0}, 400),
        ({"gateway": {"redact": {"emails": True}}}, 400),
        ({"plugins": [{"id": "web"}]}, 400),
    ],
)
async def test_a_fault_of_the_request_tells_nothing_of_routing(
    relay: Running, said: dict[str, Any], status: int
) -> None:
    answer = await asked(relay, **{"model": "a/m"} | said)

    assert answer.status == status
    assert b"openrouter_metadata" not in answer.content


async def test_a_stranger_is_told_nothing(relay: Running) -> None:
    answer = await ask(relay.port, body("a/m"), x_openrouter_metadata="enabled", x_api_key="wrong-key-00000")

    assert answer.status == 401
    assert b"openrouter_metadata" not in answer.content


async def test_what_a_gateway_behind_says_of_its_own_routing_is_replaced(relay: Running, providers: Providers) -> None:
    providers["three"].answers = [whole(message(openrouter_metadata={"requested": "theirs"}))]

    assert told(await asked(relay, "b/n"))["requested"] == "b/n"


async def test_an_error_event_of_the_provider_is_told_as_a_failure(relay: Running, providers: Providers) -> None:
    error = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"full"}}\n\n'
    providers["three"].answers = [head(), chunk(message_start() + error), FIN]

    answer = await asked(relay, "b/n", stream=True)

    assert selected(told(answer)) == []


async def generation(relay: Running, answer: Answer) -> dict[str, Any]:
    path = f"/v1/generation?id={answer.fields['x-generation-id']}"
    found = await exchange(relay.port, request_head(None, method="GET", path=path))
    assert found.status == 200
    return dict(found.json["data"])


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("wants", ["enabled", None])
async def test_the_same_is_kept_with_the_generation_but_for_who_was_not_tried(
    relay: Running, providers: Providers, stream: bool, wants: str | None
) -> None:
    providers["one"].answers = [failure("529 Full", "overloaded_error", "no")]
    said: dict[str, Any] = {"provider": {"order": ["one", "two"]}, "models": ["b/n"], "user": "u-1"}
    answer = await ask(relay.port, body("a/m", stream=stream, **said), x_openrouter_metadata=wants)

    kept = await generation(relay, answer)

    assert (kept["external_user"], kept["router"]) == ("u-1", None)
    assert 0 <= kept["openrouter_metadata"].pop("generation_time") < 10_000
    assert kept["openrouter_metadata"] == {
        "requested": "a/m",
        "strategy": "direct",
        "region": None,
        "summary": "available=3, selected=TWO",
        "attempt": 2,
        "is_byok": False,
        "endpoints": {
            "total": 3,
            "available": [
                {"provider": "ONE", "model": "a/m", "selected": False},
                {"provider": "TWO", "model": "a/m", "selected": True},
            ],
        },
        "attempts": [
            {"provider": "ONE", "model": "a/m", "status": 529},
            {"provider": "TWO", "model": "a/m", "status": 200},
        ],
    }
    if wants:
        shown = told(answer)
        assert shown["endpoints"]["available"][:2] == kept["openrouter_metadata"]["endpoints"]["available"]
        assert shown["summary"] == kept["openrouter_metadata"]["summary"]


async def test_a_failure_is_kept_with_nobody_selected(relay: Running, providers: Providers) -> None:
    providers["three"].answers = [failure("500 Oops", "api_error", "no")]
    failed = await asked(relay, "b/n")
    refused = await asked(relay, provider={"zdr": True}, gateway={"redact": {"email": True}})

    tried, nobody = [(await generation(relay, answer))["openrouter_metadata"] for answer in (failed, refused)]

    assert (tried["summary"], tried["attempt"], selected(tried)) == ("available=1, selected=none", 1, [])
    assert (nobody["attempt"], nobody["endpoints"]["available"]) == (0, [])
