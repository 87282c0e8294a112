"""Models that are gone, and variants that think, as the file has them."""

from collections.abc import Callable

import pytest

from relay.config import Loaded, relocate

Load = Callable[..., Loaded]
Faults = Callable[..., list[str]]
OLD = "  old/m: {deprecated: {successor: anthropic/claude-sonnet-4.5}}\n"


def test_a_model_that_is_gone_serves_nobody(load_text: Load, minimal: str) -> None:
    text = minimal + OLD + "  older: {endpoints: [{provider: local, model: x}], deprecated: {successor: local/*}}\n"

    generation = load_text(text).generation

    assert generation.deprecated == {"old/m": "anthropic/claude-sonnet-4.5", "older": "local/*"}
    assert not generation.models.keys() & generation.deprecated.keys()


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("  m: {created: 1}\n", "14: models.m.endpoints: required key is missing"),
        ("  m: {endpoints: []}\n", "14: models.m.endpoints: must hold at least one entry"),
        ("  m: {deprecated: {}}\n", "14: models.m.deprecated.successor: required key is missing"),
        (
            "  m: {deprecated: {successor: locl/*}}\n",
            "14: models.m.deprecated.successor: no such model in `models`; did you mean local/*?",
        ),
        ("  m: {deprecated: {successor: m}}\n", "14: models.m.deprecated.successor: is deprecated itself"),
        (
            '  "m/*": {deprecated: {successor: local/*}}\n',
            "14: models.m/*.deprecated: a name with `*` stands for many models, which can't be gone at once",
        ),
    ],
)
def test_a_fault_of_a_model_is_named(faults_of: Faults, minimal: str, line: str, fault: str) -> None:
    assert faults_of(minimal + line) == [fault]


def test_a_model_that_reasons_has_a_variant_that_thinks(load_text: Load, minimal: str) -> None:
    text = minimal.replace("model: sonnet-mirror", "model: sonnet-mirror, supported_parameters: [reasoning, tools]")

    generation = relocate(load_text(text).generation, "local", "http://127.0.0.1:1")

    variant = generation.thinking["anthropic/claude-sonnet-4.5:thinking"]
    assert variant.id == "anthropic/claude-sonnet-4.5"
    (endpoint,) = variant.endpoints
    assert (endpoint.id, endpoint.thinks, endpoint.base_url) == ("local/sonnet-mirror", True, "http://127.0.0.1:1")


def test_a_variant_that_is_declared_stays_as_it_is(load_text: Load, minimal: str) -> None:
    text = minimal.replace("model: sonnet-mirror", "model: sonnet-mirror, supported_parameters: [reasoning]")
    text += "  anthropic/claude-sonnet-4.5:thinking: [{provider: local, model: thinker}]\n"

    generation = load_text(text).generation

    assert generation.thinking == {}
    assert not generation.models["anthropic/claude-sonnet-4.5:thinking"].endpoints[0].thinks
