"""The conformance checklist of the Messages contract (its section 21): who shows which item, and items 5 to 10.

CHECKLIST names one test an item; each runs a real relay against real or scripted providers. Items 24 to 29 are of tools
that relay runs itself and of plugins, which are not built.
"""

import ast
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.answers import failure, message, streamed, whole
from tests.support.load import Provider as NativeProvider
from tests.support.load import run
from tests.support.processes import Running
from tests.support.raw_client import Answer, ask, body
from tests.support.raw_provider import RawProvider
from tests.system.planted import ENVIRON

TESTS: Final = Path(__file__).parents[1]
CHECKLIST: Final[Mapping[int, str]] = {
    1: "clients/test_answers.py::test_a_whole_message_is_the_providers",
    2: "system/test_bytes.py::test_system_tools_messages_and_unknown_fields_arrive_byte_for_byte",
    3: "system/test_bad_requests.py::test_a_fault_of_a_preference_is_told_with_its_path",
    4: "system/test_bad_requests.py::test_a_fault_of_a_preference_is_told_with_its_path",
    5: "system/test_conformance.py::test_prices_1_and_3_are_asked_first_9_to_1",
    6: "system/test_conformance.py::test_an_order_without_fallbacks_is_never_left",
    7: "system/test_conformance.py::test_a_provider_in_a_list_means_none_of_its_tiers",
    8: "system/test_conformance.py::test_a_filter_that_leaves_nobody_says_which",
    9: "system/test_conformance.py::test_a_cutoff_sends_to_the_end_and_leaves_nobody_out",
    10: "system/test_conformance.py::test_models_are_sorted_as_one_group_when_asked",
    11: "system/test_routing.py::test_a_session_stays_with_one_endpoint_on_every_replica_and_moves_when_it_dies",
    12: "system/test_bytes.py::test_system_tools_messages_and_unknown_fields_arrive_byte_for_byte",
    13: "system/test_prompt.py"
    "::test_a_mark_of_the_whole_goes_to_the_last_block_of_an_endpoint_without_automatic_caching",
    14: "system/test_routing.py::test_rate_limits_everywhere_are_told_and_kept",
    15: "system/test_routing.py::test_a_provider_that_refuses_relay_itself_is_passed_over",
    16: "system/test_routing.py::test_what_fails_before_its_first_event_goes_on_and_what_fails_behind_it_does_not",
    17: "system/test_cut_streams.py::test_a_stream_cut_at_any_byte_ends_in_exactly_one_terminal_event",
    18: "system/test_bytes.py::test_a_stream_is_chunked_with_its_last_chunk_and_nothing_more",
    19: "system/test_clocks.py::test_pitfall_41_before_message_start_the_client_gets_comments_and_then_the_stream",
    20: "clients/test_answers.py::test_a_stream_without_usage_gets_an_estimate",
    21: "system/test_prompt.py::test_thinking_goes_back_to_its_family_alone",
    22: "system/test_metadata.py::test_the_word_counts_in_any_case",
    23: "system/test_metadata.py::test_a_failure_tells_what_was_tried_and_selects_nobody",
    30: "system/test_auto.py::test_the_plugin_says_how_is_chosen",
    31: "system/test_ledger.py::test_days_come_to_what_the_calls_came_to",
    32: "system/test_costs.py::test_an_own_account_costs_the_caller_nothing_here_and_shows_what_it_costs_there",
    33: "accept/test_claude_code.py::test_a_tool_loop_of_two_turns_is_completed",
    34: "system/test_prompt.py::test_an_edited_context_never_fails_and_the_answer_tells_of_it",
    35: "system/test_key_limits.py::test_a_limit_of_the_provider_is_told_apart_from_ones_own",
}
"""Item → test."""

NAMES: Final = ("one", "two", "three")
Providers = dict[str, RawProvider]


@pytest.mark.parametrize(("item", "where"), CHECKLIST.items(), ids=map(str, CHECKLIST))
def test_every_item_has_its_test(item: int, where: str) -> None:
    file, _, name = where.partition("::")
    found = {getattr(node, "name", "") for node in ast.walk(ast.parse((TESTS / file).read_text()))}
    assert name in found, f"item {item}"


@pytest.fixture
async def providers() -> AsyncIterator[Providers]:
    found = {name: RawProvider() for name in NAMES}
    for provider in found.values():
        await provider.start()
        provider.answers = [streamed()]
    yield found
    for provider in found.values():
        await provider.stop()


def configured(ports: Mapping[str, int]) -> dict[str, Any]:
    """`a/m` by one (cheap), two (dear) and a tier of three; `b/n` by three (cheaper than two)."""
    prices = {"one": 1, "two": 3, "three": 2}
    serving: dict[str, dict[str, Any]] = {
        name: {"provider": name, "model": "up", "price": {"prompt": usd, "completion": usd}}
        for name, usd in prices.items()
    }
    return {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {
            name: {"dialect": "messages", "base_url": f"http://127.0.0.1:{port}"} for name, port in ports.items()
        },
        "models": {
            "a/m": [serving["one"], serving["two"], serving["three"] | {"tier": "flex"}],
            "b/n": [serving["three"]],
        },
    }


@pytest.fixture
def relay(providers: Providers, tmp_path: Path) -> Iterator[Running]:
    ports = {name: provider.port for name, provider in providers.items()}
    with Running.relay(configured(ports), tmp_path, ENVIRON) as process:
        yield process


async def asked(relay: Running, model: str = "a/m", **said: Any) -> Answer:
    return await ask(relay.port, body(model, stream=True, **said))


def counts(providers: Providers) -> list[int]:
    return [len(providers[name].calls) for name in NAMES]


@pytest.mark.slow
def test_prices_1_and_3_are_asked_first_9_to_1(tmp_path: Path) -> None:
    with NativeProvider() as one, NativeProvider() as two:
        config = configured({"one": one.port, "two": two.port, "three": 9})
        config["models"]["native/u"] = [endpoint | {"model": "u"} for endpoint in config["models"]["a/m"][:2]]
        with Running.relay(config, tmp_path, ENVIRON) as relay:
            calls = 0
            while calls < 10_000:
                calls += run(relay.port, "native/u", seconds=1)
            relay.end()
            first = Counter(record["provider"] for record in relay.records)

    assert first.total() >= 10_000
    deviation = (first.total() * 0.9 * 0.1) ** 0.5
    assert abs(first["one"] - 0.9 * first.total()) < 5 * deviation, first


async def test_an_order_without_fallbacks_is_never_left(relay: Running, providers: Providers) -> None:
    providers["two"].answers = [failure("500 Oops", "api_error", "no")]

    answer = await asked(relay, provider={"order": ["two"], "allow_fallbacks": False})

    assert (answer.status, answer.error["error_type"]) == (502, "provider_unavailable")
    assert counts(providers) == [0, 1, 0]


async def test_a_provider_in_a_list_means_none_of_its_tiers(relay: Running, providers: Providers) -> None:
    refused = await asked(relay, provider={"only": ["three"]})
    assert (refused.status, refused.error["availability"]["code"]) == (404, "no_endpoints")

    assert (await asked(relay, provider={"only": ["three/flex"]})).status == 200
    assert counts(providers) == [0, 0, 1]


EMPTIES: Final[Mapping[str, tuple[dict[str, Any], str, list[str]]]] = {
    "only": ({"provider": {"only": ["nobody"]}}, "no_endpoints", ["allowed_providers"]),
    "ignore": ({"provider": {"ignore": ["one", "two", "three"]}}, "no_endpoints", ["allowed_providers"]),
    "zdr": ({"gateway": {"zdr": True}}, "privacy_restricted", ["data_policy:zdr"]),
    "training": ({"provider": {"data_collection": "deny"}}, "privacy_restricted", ["data_policy:training"]),
    "distillable": ({"provider": {"enforce_distillable_text": True}}, "constraint_filtered", ["quantization"]),
    "quantizations": ({"provider": {"quantizations": ["fp8"]}}, "constraint_filtered", ["quantization"]),
    "max_price": ({"provider": {"max_price": {"prompt": "0.5"}}}, "constraint_filtered", ["max_price"]),
    "two of them": (
        {"provider": {"only": ["one"], "max_price": {"completion": 0.5}}},
        "constraint_filtered",
        ["allowed_providers", "max_price"],
    ),
}


@pytest.mark.parametrize(("said", "code", "words"), EMPTIES.values(), ids=EMPTIES)
async def test_a_filter_that_leaves_nobody_says_which(
    relay: Running, providers: Providers, said: dict[str, Any], code: str, words: list[str]
) -> None:
    answer = await asked(relay, **said)

    told = answer.error["availability"]
    assert (answer.status, told["code"], told["excluded_by"]) == (404, code, words)
    assert (told["retryable"], told["requested_models"]) == (False, ["a/m"])
    assert counts(providers) == [0, 0, 0]


async def test_a_cutoff_sends_to_the_end_and_leaves_nobody_out(relay: Running, providers: Providers) -> None:
    providers["one"].answers = [0.05, streamed()]
    for _ in range(12):
        await asked(relay, provider={"only": ["one"]})
        await asked(relay, provider={"only": ["two"]})
    quick = {"sort": "price", "preferred_max_latency": {"p90": 0.04}}

    assert (await asked(relay, provider=quick)).status == 200
    assert counts(providers) == [12, 13, 0]
    assert (await asked(relay, provider={"sort": "price"})).status == 200
    assert counts(providers) == [13, 13, 0]

    providers["two"].answers = [failure("500 Oops", "api_error", "no")]
    assert (await asked(relay, provider=quick)).status == 200
    assert counts(providers) == [14, 14, 0]


async def test_models_are_sorted_as_one_group_when_asked(relay: Running, providers: Providers) -> None:
    by_price = {"by": "price", "partition": "none"}
    providers["one"].answers = [failure("500 Oops", "api_error", "no")]
    providers["three"].answers = [whole(message())]

    answer = await ask(relay.port, body("a/m", models=["b/n"], provider={"sort": by_price}))

    assert (answer.status, answer.json["model"], counts(providers)) == (200, "b/n", [1, 0, 1])
    assert json.loads(providers["three"].calls[0].content)["model"] == "up"
