"""What models cost when the file does not say it: relay's own list, the operator's, days, tiers, and holes."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from relay.catalog import Endpoint, Price
from relay.config import ConfigError, Loaded, fileless, load
from relay.config.prices import Prices, Table, own
from relay.config.prices import load as load_list
from relay.config.serving import Serving
from relay.providers import PROVIDERS
from relay.redact.hold import faults
from tests.config.shapes import ENVIRON, MINIMAL

Load = Callable[..., Loaded]
UNPRICED = MINIMAL.replace(", price: {prompt: 3.0, completion: 15.0, cache_read: 0.3}", "")
SONNET = Price(3_000_000_000, 15_000_000_000, 300_000_000, 3_750_000_000, 6_000_000_000)
DATED = """\
version: acme-7
providers:
  local:
    m:
      also: [m-mini]
      context_tokens: 1000
      prices:
        - {prompt: 1, completion: 2}
        - {from: 2026-06-01, prompt: 3, completion: 4}
        - {from: 2030-01-01, prompt: 5, completion: 6}
        - {tier: flex, prompt: 0.5, completion: 1}
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Load:
    def loaded(text: str, known: Mapping[str, Any] = PROVIDERS) -> Loaded:
        path = tmp_path / "relay.yaml"
        path.write_text(text)
        return load(path, known, ENVIRON, faults)

    return loaded


@pytest.fixture
def list_of(tmp_path: Path) -> Callable[[str], Table]:
    def list_of(text: str) -> Table:
        path = tmp_path / "prices.yaml"
        path.write_text(text)
        return load_list(path, "prices.yaml")

    return list_of


def first(generation: Any) -> Endpoint:
    endpoint: Endpoint = generation.models["anthropic/claude-sonnet-4.5"].endpoints[0]
    return endpoint


def plain(price: Price | None) -> tuple[int, ...] | None:
    if price is None:
        return None
    parts = price.prompt, price.completion, price.cache_read, price.cache_write_5m, price.cache_write_1h
    return tuple(part or 0 for part in parts)


def test_a_known_model_has_its_price_size_and_abilities(loaded: Load) -> None:
    generation = loaded(UNPRICED).generation

    found = first(generation)
    assert plain(found.price) == plain(SONNET)
    assert (found.context_tokens, found.max_output_tokens, found.caches) == (200_000, 64_000, True)
    assert found.input_modalities == {"text", "image", "file"}
    assert found.parameters is not None
    assert {"temperature", "reasoning", "structured_outputs"} <= found.parameters
    assert found.has("web_fetch")
    assert generation.price_version.startswith("genai-prices ")


def test_what_the_operator_says_beats_what_is_known(loaded: Load) -> None:
    own_keys = "price: {prompt: 1, completion: 2}, context_tokens: 10, input_modalities: [text]"
    found = first(loaded(UNPRICED.replace("claude-sonnet-4-5", f"claude-sonnet-4-5, {own_keys}")).generation)

    assert found.price == Price(1_000_000_000, 2_000_000_000)
    assert (found.context_tokens, found.max_output_tokens) == (10, 64_000)
    of_provider = UNPRICED.replace("{env: ANTHROPIC_API_KEY}", "{env: ANTHROPIC_API_KEY}, max_output_tokens: 77")
    assert first(loaded(of_provider).generation).max_output_tokens == 77


@pytest.mark.parametrize(
    ("model", "is_known"),
    [("claude-sonnet-4-5-20250929", True), ("claude-sonnet-4-5-mine", False), ("claude-sonnet-9", False)],
)
def test_a_name_with_a_date_is_known_and_one_of_tomorrow_is_not(loaded: Load, model: str, is_known: bool) -> None:
    found = first(loaded(UNPRICED.replace("claude-sonnet-4-5", model)).generation)

    assert (found.price is not None, found.context_tokens is not None) == (is_known, is_known)


def test_every_fact_of_a_known_model_is_one_that_a_file_could_say() -> None:
    for provider in PROVIDERS.values():
        prices = Prices([own([provider.name])], date(2026, 11, 23))
        for name, facts in provider.models.items():
            Serving.model_validate(facts)
            assert prices.find(provider.name, name, "default") is not None, name
            assert prices.context_tokens(provider.name, name) == facts["context_tokens"], name


@pytest.mark.parametrize("provider", ["google-ai-studio", "google-vertex"])
def test_both_doors_of_google_have_its_prices(loaded: Load, provider: str) -> None:
    text = UNPRICED.replace("anthropic: {", f"{provider}: {{").replace("provider: anthropic", f"provider: {provider}")
    found = first(loaded(text.replace("claude-sonnet-4-5", "gemini-2.5-flash")).generation)

    assert found.price is not None
    assert (found.price.prompt, found.price.cache_read) == (300_000_000, 30_000_000)
    assert found.context_tokens == 1_048_576


def test_the_whole_of_relays_own_list_is_valid() -> None:
    path = Path(__file__).parents[2] / "relay" / "data" / "prices.json"
    names = json.loads(path.read_text())["providers"]

    table = own(names)

    assert {"anthropic", "openai", "google", "mistral"} <= names.keys()
    assert all(table.find(provider, model) for provider, models in names.items() for model in models)


def test_no_house_of_relays_own_list_is_without_a_row_that_finds_it() -> None:
    path = Path(__file__).parents[2] / "relay" / "data" / "prices.json"
    listed = json.loads(path.read_text())["providers"]
    table = own(list(PROVIDERS))

    found = {
        house: [row for row in PROVIDERS if table.find(row, next(iter(models)))] for house, models in listed.items()
    }

    assert [house for house, rows in found.items() if not rows] == []
    assert found["aws"] == ["amazon-bedrock"]


def test_prices_hold_from_their_day_on_and_for_their_tier(list_of: Callable[[str], Table]) -> None:
    table = list_of(DATED)

    def prompt(day: date, tier: str = "default", model: str = "m") -> int | None:
        found = Prices([table], day).find("local", model, tier)
        return None if found is None else found.prompt // 100_000_000

    assert prompt(date(2026, 5, 31)) == 10
    assert prompt(date(2026, 6, 1)) == 30
    assert prompt(date(2030, 1, 1)) == 50
    assert prompt(date(2026, 6, 1), "flex") == 5
    assert prompt(date(2026, 6, 1), "priority") is None
    assert prompt(date(2026, 6, 1), model="m-mini") == 30
    assert prompt(date(2026, 6, 1), model="other") is None
    assert Prices([table], date(2026, 6, 1)).context_tokens("local", "m") == 1000


def test_long_prompts_have_their_own_price_where_the_list_says_so() -> None:
    found = Prices([own(["anthropic"])], date(2026, 11, 23)).find("anthropic", "claude-haiku-5-5", "default")

    assert found is not None
    (step,) = found.long_context
    assert (step.above_tokens, step.prompt, step.completion) == (100_000, 500_000_000, 2_500_000_000)


def test_the_operators_list_beats_relays_own(loaded: Load, tmp_path: Path) -> None:
    listed = {"version": "acme-7", "providers": {"anthropic": {"claude-sonnet-4-5": {"prices": [_row(7)]}}}}
    (tmp_path / "prices.json").write_text(json.dumps(listed))

    generation = loaded(UNPRICED + "prices: {file: prices.json}\n").generation

    assert first(generation).price == Price(7_000_000_000, 7_000_000_000)
    assert generation.price_version.startswith("acme-7 (")
    assert ", genai-prices " in generation.price_version


def test_another_list_is_another_configuration(loaded: Load, tmp_path: Path) -> None:
    digests = set()
    for usd in (7, 8):
        listed = {"version": "acme", "providers": {"local": {"x": {"prices": [_row(usd)]}}}}
        (tmp_path / "prices.json").write_text(json.dumps(listed))
        digests.add(loaded(UNPRICED + "prices: {file: prices.json}\n").generation.digest)

    assert len(digests) == 2


def _row(usd: float) -> dict[str, float]:
    return {"prompt": usd, "completion": usd}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("prompt: 1,", "prompt: cheap,"), "8: providers.local.m.prices.0.prompt: must be a number of US dollars"),
        (("prompt: 1,", "promt: 1,"), "8: providers.local.m.prices.0.promt: unknown key; did you mean prompt?"),
        (("2026-06-01", "2026-13-01"), "9: providers.local.m.prices.1.from: must be a day, such as 2026-11-23"),
        (("version: acme-7\n", ""), "version: required key is missing"),
        (("tier: flex", "tier: slow"), "11: providers.local.m.prices.3.tier: must be 'default', 'flex' or 'priority'"),
        (("      prices:", "      price:"), "7: providers.local.m.price: unknown key; did you mean prices?"),
    ],
)
def test_a_fault_in_a_list_is_named_with_its_line(
    list_of: Callable[[str], Table], change: tuple[str, str], fault: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        list_of(DATED.replace(*change))

    assert any(str(each).endswith(fault) for each in caught.value.faults), caught.value


def test_a_list_that_is_not_there_is_a_fault_of_the_file(loaded: Load) -> None:
    with pytest.raises(ConfigError, match=r"^nowhere\.yaml: the file can't be read: no such file or directory$"):
        loaded(UNPRICED + "prices: {file: nowhere.yaml}\n")


def test_a_hole_is_refused_where_prices_are_required(loaded: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(UNPRICED + "cost: {require_price: true}\n")

    places = [fault.path for fault in caught.value.faults]
    assert places == ["models.anthropic/claude-sonnet-4.5.1", "models.local/*.0"]
    assert all("has no price" in fault.reason for fault in caught.value.faults)
    priced = UNPRICED.replace("zdr: true", "price: {prompt: 0, completion: 0}")
    assert first(loaded(priced + "cost: {require_price: true}\n").generation).price is not None


def test_without_a_file_the_known_models_of_a_provider_are_there_by_name() -> None:
    generation = fileless({"ANTHROPIC_API_KEY": "provider-key-material"}, PROVIDERS, "caller-key").generation

    model = generation.models["anthropic/claude-haiku-4-5"]
    (endpoint,) = model.endpoints
    assert (model.id, endpoint.model) == ("anthropic/claude-haiku-4-5", "claude-haiku-4-5")
    assert endpoint.price is not None
    assert generation.credentials[endpoint.credential or ""].reveal() == "provider-key-material"
    found = generation.find("anthropic/claude-of-tomorrow")
    assert found is not None
    assert found[0].endpoints[0].price is None


def test_names_behind_a_star_keep_to_the_longest_wildcard_and_to_what_is_declared(loaded: Load) -> None:
    text = UNPRICED + (
        '  "a/*": [{provider: anthropic, model: "claude-*"}, {provider: local, model: "*"}]\n'
        '  "a/opus-*": [{provider: local, model: "*"}]\n'
        "  a/haiku-4-5: [{provider: local, model: mine}]\n"
    )

    models = loaded(text).generation.models

    assert [endpoint.model for endpoint in models["a/sonnet-4-5"].endpoints] == ["claude-sonnet-4-5", "sonnet-4-5"]
    assert models["a/haiku-4-5"].endpoints[0].model == "mine"
    assert not [name for name in models if name.startswith("a/opus-")]
