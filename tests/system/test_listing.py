"""What clients read of the catalogue: models with every filter and order, endpoints, providers, and their figures.

`a/big` is served by two providers, `b/plain` by one of which nothing is known, `b/free` for nothing.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.processes import Json, Running
from tests.support.raw_client import Answer, ask, body, exchange, head
from tests.system.planted import ENVIRON

FACTS = {
    "name": "The One",
    "privacy_policy_url": "https://one.example/privacy",
    "terms_of_service_url": "https://one.example/terms",
    "status_page_url": "https://status.one.example",
    "headquarters": "DE",
    "datacenters": ["DE", "FR"],
}
BIG: list[Json] = [
    {
        "provider": "one",
        "model": "big",
        "variant": "turbo",
        "price": {"prompt": 2, "completion": 8, "cache_read": 0.2, "cache_write_5m": 2.5, "request": 0.001},
        "context_tokens": 200_000,
        "max_output_tokens": 64_000,
        "quantization": "fp8",
        "supported_parameters": ["temperature", "tools"],
        "input_modalities": ["text", "image"],
        "output_modalities": ["text"],
        "caching": "implicit",
        "zdr": True,
    },
    {
        "provider": "demo",
        "model": "chat@delay=0",
        "price": {"prompt": 1, "completion": 20},
        "context_tokens": 8_000,
        "supported_parameters": ["stop"],
        "input_modalities": ["text"],
        "output_modalities": ["text"],
    },
]
FREE: list[Json] = [
    {
        "provider": "one",
        "model": "free",
        "tier": "flex",
        "price": {"prompt": 0, "completion": 0},
        "context_tokens": 1_000_000,
        "supported_parameters": [],
        "input_modalities": ["text", "file"],
        "output_modalities": ["text", "audio"],
    }
]
ALL = ["a/big", "b/plain", "b/free"]


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory, demo: Running) -> Iterator[Running]:
    config = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {
            "one": {"dialect": "messages", "base_url": "http://127.0.0.1:9", **FACTS},
            "demo": {"dialect": "messages", "base_url": f"http://127.0.0.1:{demo.port}"},
        },
        "models": {
            "a/big": {"endpoints": BIG, "created": 1_700_000_000, "distillable": True},
            "b/plain": [{"provider": "demo", "model": "paced@delay=0"}],
            "b/free": {"endpoints": FREE, "created": 1_800_000_000},
            "wild/*": [{"provider": "one", "model": "*", "zdr": True}],
        },
    }
    with Running.relay(config, tmp_path_factory.mktemp("listing"), ENVIRON) as process:
        yield process


async def got(relay: Running, path: str, **fields: Any) -> Answer:
    return await exchange(relay.port, head(None, method="GET", path=path, **fields))


async def ids(relay: Running, **query: object) -> list[str]:
    answer = await got(relay, f"/v1/models?{urlencode(query)}")
    assert answer.status == 200
    return [model["id"] for model in answer.json["data"]]


async def test_a_model_says_all_that_relay_knows(relay: Running) -> None:
    answer = await got(relay, "/v1/models")

    assert answer.json["data"][0] == {
        "id": "a/big",
        "object": "model",
        "owned_by": "a",
        "canonical_slug": "a/big",
        "name": "a/big",
        "created": 1_700_000_000,
        "description": "",
        "context_length": 200_000,
        "architecture": {
            "modality": "text+image->text",
            "input_modalities": ["text", "image"],
            "output_modalities": ["text"],
            "tokenizer": None,
            "instruct_type": None,
        },
        "pricing": {
            "prompt": "0.000002",
            "completion": "0.000008",
            "request": "0.001",
            "input_cache_read": "0.0000002",
            "input_cache_write": "0.0000025",
        },
        "top_provider": {"context_length": 200_000, "max_completion_tokens": 64_000, "is_moderated": False},
        "per_request_limits": None,
        "supported_parameters": ["stop", "temperature", "tools"],
        "default_parameters": None,
    }


async def test_what_nobody_says_is_null_and_never_zero(relay: Running) -> None:
    plain = (await got(relay, "/v1/models/b/plain")).json["data"]

    assert plain["pricing"] is None
    assert plain["context_length"] is None
    assert plain["supported_parameters"] is None
    assert set(plain["architecture"].values()) == {None}


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({}, ALL),
        ({"q": "B/"}, ["b/plain", "b/free"]),
        ({"q": "big a"}, ["a/big"]),
        ({"q": "none"}, []),
        ({"supported_parameters": "tools"}, ["a/big", "b/plain"]),
        ({"supported_parameters": "temperature,tools"}, ["a/big", "b/plain"]),
        ({"supported_parameters": "temperature,stop"}, ["b/plain"]),
        ({"input_modalities": "image"}, ["a/big", "b/plain"]),
        ({"input_modalities": "text,file"}, ["b/plain", "b/free"]),
        ({"output_modalities": "audio"}, ["b/plain", "b/free"]),
        ({"context": 200_000}, ALL),
        ({"context": 200_001}, ["b/plain", "b/free"]),
        ({"max_price": "0.5"}, ["b/free"]),
        ({"max_price": 1}, ["a/big", "b/free"]),
        ({"providers": "the one"}, ["a/big", "b/free"]),
        ({"providers": "DEMO,none"}, ["a/big", "b/plain"]),
        ({"zdr": "true"}, ["a/big"]),
        ({"zdr": "false"}, ["b/plain", "b/free"]),
        ({"distillable": "true"}, ["a/big"]),
        ({"distillable": "false"}, ["b/plain", "b/free"]),
        ({"sort": "newest"}, ["b/free", "a/big", "b/plain"]),
        ({"sort": "pricing-low-to-high"}, ["b/free", "a/big", "b/plain"]),
        ({"sort": "pricing-high-to-low"}, ["a/big", "b/free", "b/plain"]),
        ({"sort": "context-high-to-low"}, ["b/free", "a/big", "b/plain"]),
        ({"limit": 1}, ["a/big"]),
        ({"offset": 1, "limit": 1}, ["b/plain"]),
        ({"offset": 3}, []),
        ({"offset": 1, "sort": "newest", "q": "b/"}, ["b/plain"]),
        ({"unknown": "x"}, ALL),
    ],
    ids=str,
)
async def test_a_query_leaves_what_it_asks_for(relay: Running, query: dict[str, object], left: list[str]) -> None:
    assert await ids(relay, **query) == left


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("limit=0", "limit: must be a whole number from 1 to 1000"),
        ("limit=1001", "limit: must be a whole number from 1 to 1000"),
        ("limit=x", "limit: must be"),
        ("limit=", "limit: must be"),
        ("limit=%C2%B2", "limit: must be"),
        ("offset=-1", "offset: must be a whole number from 0"),
        (f"offset={'9' * 5000}", "offset: must be"),
        ("context=0", "context: must be a whole number from 1"),
        ("max_price=cheap", "max_price: must be US dollars"),
        ("max_price=-1", "max_price: must be"),
        ("max_price=NaN", "max_price: must be"),
        ("zdr=yes", "zdr: must be true or false"),
        ("distillable=", "distillable: must be true or false"),
        ("sort=best", "sort: must be one of newest"),
        ("providers=", "providers: must be names"),
        ("supported_parameters=tools,,stop", "supported_parameters: must be names"),
    ],
)
async def test_a_value_that_makes_no_sense_is_a_400_that_names_it(relay: Running, query: str, words: str) -> None:
    answer = await got(relay, f"/v1/models?{query}")

    assert answer.status == 400
    assert answer.error["message"].startswith(words)


async def test_the_messages_shape_pages_through_all_models(relay: Running) -> None:
    first = (await got(relay, "/v1/models?limit=2", anthropic_version="2023-06-01")).json
    rest = (await got(relay, f"/v1/models?limit=2&after_id={first['last_id']}", anthropic_version="2023-06-01")).json

    assert [model["id"] for model in first["data"] + rest["data"]] == ALL
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert first["data"][0]["created_at"] == "2023-11-14T22:13:20Z"


async def test_a_models_endpoints_are_listed_with_what_is_known_of_each(relay: Running) -> None:
    told = (await got(relay, "/api/v1/models/a/big/endpoints")).json["data"]

    assert (told["id"], told["created"]) == ("a/big", 1_700_000_000)
    one, other = told["endpoints"]
    assert one == {
        "name": "The One | a/big",
        "model_id": "a/big",
        "model_name": "a/big",
        "provider_name": "The One",
        "tag": "one/turbo",
        "quantization": "fp8",
        "context_length": 200_000,
        "max_completion_tokens": 64_000,
        "max_prompt_tokens": None,
        "pricing": one["pricing"],
        "supported_parameters": ["temperature", "tools"],
        "supports_implicit_caching": True,
        "status": 0,
        "uptime_last_5m": None,
        "uptime_last_30m": None,
        "uptime_last_1d": None,
        "latency_last_30m": None,
        "throughput_last_30m": None,
    }
    assert (other["tag"], other["quantization"], other["supports_implicit_caching"]) == ("demo", "unknown", False)


async def test_an_endpoint_tells_how_its_calls_went(relay: Running) -> None:
    for _ in range(10):
        answer = await ask(relay.port, body("b/plain", stream=True))
        assert answer.status == 200
    for _ in range(3):
        await ask(relay.port, body("wild/x"))

    (good,) = (await got(relay, "/v1/models/b/plain/endpoints")).json["data"]["endpoints"]
    (bad,) = (await got(relay, "/v1/models/wild/x/endpoints")).json["data"]["endpoints"]

    assert (good["status"], good["uptime_last_5m"], good["uptime_last_1d"]) == (0, 100.0, 100.0)
    assert good["latency_last_30m"].keys() == {"p50", "p75", "p90", "p99"}
    assert 0 < good["latency_last_30m"]["p50"] <= good["latency_last_30m"]["p99"]
    assert good["throughput_last_30m"]["p50"] > 0
    assert (bad["status"], bad["uptime_last_30m"], bad["latency_last_30m"]) == (-1, 0.0, None)
    assert (await ids(relay, sort="latency-low-to-high"))[0] == "b/plain"
    assert (await ids(relay, sort="throughput-high-to-low"))[0] == "b/plain"


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_providers_are_listed_for_people(relay: Running, prefix: str) -> None:
    one, other = (await got(relay, f"{prefix}/v1/providers")).json["data"]

    assert one == FACTS | {"name": "The One", "slug": "one"}
    assert other == dict.fromkeys(FACTS) | {"name": "Demo", "slug": "demo"}


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_endpoints_that_keep_nothing_are_listed(relay: Running, prefix: str) -> None:
    listed = (await got(relay, f"{prefix}/v1/endpoints/zdr")).json["data"]

    assert [endpoint["name"] for endpoint in listed] == ["The One | a/big", "The One | wild/*"]


@pytest.mark.parametrize(
    "path", ["/v1/models", "/v1/models/a/big", "/v1/models/a/big/endpoints", "/v1/providers", "/v1/endpoints/zdr"]
)
async def test_no_list_is_read_without_a_key(relay: Running, path: str) -> None:
    answer = await got(relay, path, x_api_key=None)

    assert (answer.status, answer.error["type"]) == (401, "authentication_error")


@pytest.mark.parametrize("path", ["/v1/models/none", "/v1/models/none/endpoints", "/v1/models/endpoints"])
async def test_a_model_that_is_not_there_is_a_404(relay: Running, path: str) -> None:
    answer = await got(relay, path)

    assert (answer.status, answer.error["error_type"]) == (404, "not_found")
