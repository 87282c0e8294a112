"""What a valid file becomes: generation, settings, secrets."""

import copy
import hashlib
import json
import pickle
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path

import pytest

from relay.call import Identity
from relay.catalog import Generation, Timeouts
from relay.config import Address, Loaded, LogFormat, Redaction, fileless, new_key, relocate
from relay.config.load import EMBEDDED
from relay.config.schema import Timeouts as AllTimeouts
from relay.config.serving import UpstreamTimeouts
from relay.known import KnownProvider
from relay.price import Price
from relay.redact.classes import Class, Mode
from relay.redact.policy import parse
from tests.config.shapes import ENVIRON

Load = Callable[..., Loaded]


def test_the_minimal_shape_loads(load_text: Load, minimal: str) -> None:
    generation = load_text(minimal).generation

    native, mirror = generation.models["anthropic/claude-sonnet-4.5"].endpoints
    assert native.id == "anthropic/claude-sonnet-4-5"
    assert (native.display_name, native.dialect, native.base_url) == (
        "Anthropic",
        "messages",
        "https://api.anthropic.com",
    )
    assert native.price == Price(3_000_000_000, 15_000_000_000, cache_read=300_000_000)
    assert native.count_tokens
    assert (mirror.display_name, mirror.base_url, mirror.price) == ("local", "http://127.0.0.1:8000/v1", None)
    assert generation.find("local/llama") is not None
    assert generation.keys == {hashlib.sha256(b"caller-key-material").digest(): Identity("dev")}
    assert generation.credentials[native.credential or ""].reveal() == "provider-key-material"
    assert generation.credentials[mirror.credential or ""].reveal() == "local-key-material"


def test_defaults_are_those_of_the_contract(load_text: Load, minimal: str) -> None:
    settings = load_text(minimal).settings

    assert settings.listen == Address("127.0.0.1", 8080)
    assert settings.ops_listen == Address("127.0.0.1", 9090)
    assert settings.body_limit_bytes == 32 << 20
    assert settings.concurrency == 2000
    assert settings.timeouts == Timeouts()
    assert (settings.client_timeouts.client_stall, settings.client_timeouts.keepalive_idle) == (60.0, 120.0)
    assert (settings.stream.ping_interval_s, settings.stream.early_commit_after_s) == (10.0, 10.0)
    assert (settings.stream.write_high_bytes, settings.stream.write_low_bytes) == (256 << 10, 64 << 10)
    assert settings.drain_deadline_s == 10.0
    assert settings.log_format is LogFormat.AUTO


def test_the_schema_knows_exactly_the_clocks_of_an_endpoint() -> None:
    schema = AllTimeouts()

    assert set(UpstreamTimeouts.model_fields) == {item.name for item in fields(Timeouts)}
    assert Timeouts(**{item.name: getattr(schema, item.name) for item in fields(Timeouts)}) == Timeouts()


def test_an_endpoints_keys_beat_its_providers_and_those_the_top(load_text: Load, minimal: str) -> None:
    text = minimal.replace(
        "zdr: true", "timeouts: {first_event: 20s, idle_event: 21s}, price: {prompt: 1, completion: 2}, name: Local"
    ).replace(
        "model: sonnet-mirror", "model: sonnet-mirror, timeouts: {first_event: 10s}, price: {prompt: 5, completion: 6}"
    )
    text += "timeouts: {idle_event: 30s, total_unary: 31s}\n"

    generation = load_text(text).generation

    _, mirror = generation.models["anthropic/claude-sonnet-4.5"].endpoints
    assert mirror.timeouts == Timeouts(first_event=10.0, idle_event=21.0, total_unary=31.0)
    assert mirror.price == Price(5_000_000_000, 6_000_000_000)
    (wild,) = generation.wildcards[0].endpoints
    assert (wild.timeouts.first_event, wild.display_name) == (20.0, "Local")
    assert wild.price == Price(1_000_000_000, 2_000_000_000)


def test_an_endpoint_may_have_its_own_credential_and_abilities(
    load_text: Load, minimal: str, environ: dict[str, str]
) -> None:
    text = minimal.replace(
        "model: sonnet-mirror", "model: sonnet-mirror, credential: {env: OTHER}, capabilities: [count_tokens]"
    )

    generation = load_text(text, {**environ, "OTHER": "other"}).generation

    _, mirror = generation.models["anthropic/claude-sonnet-4.5"].endpoints
    assert generation.credentials[mirror.credential or ""].reveal() == "other"
    assert mirror.count_tokens


def test_the_longer_form_of_a_model_says_when_it_came_out(load_text: Load, minimal: str) -> None:
    text = minimal.replace(
        '  "local/*":\n    - {provider: local, model: "*"}',
        "  m: {created: 1700000000, author: us, endpoints: [{provider: local, model: n}, {provider: local, model: n}]}",
    )

    model = load_text(text).generation.models["m"]

    assert model.created == 1_700_000_000
    assert [endpoint.id for endpoint in model.endpoints] == ["local/n", "local/n#2"]


def test_a_model_says_what_it_is_good_at(load_text: Load, minimal: str) -> None:
    text = minimal.replace(
        '  "local/*":\n    - {provider: local, model: "*"}',
        "  m: {endpoints: [{provider: local, model: n}],auto: true, scores: {general: 3, coding: 5, tasks: {math: 7}}}",
    )

    models = load_text(text).generation.models

    assert models["m"].auto
    assert [models["m"].quality(task) for task in ("math", "coding", "chat")] == [7, 5, 3]
    assert not models["anthropic/claude-sonnet-4.5"].auto
    assert models["anthropic/claude-sonnet-4.5"].quality("chat") is None


def test_the_longest_wildcard_comes_first(load_text: Load, minimal: str) -> None:
    text = minimal + '  "*": [{provider: local, model: "*"}]\n  "local/big-*": [{provider: local, model: "*"}]\n'

    assert [model.id for model in load_text(text).generation.wildcards] == ["local/big-*", "local/*", "*"]


def test_open_keys_on_loopback_let_anybody_in(load_text: Load, minimal: str) -> None:
    text = minimal.replace("keys:\n  - {name: dev, secret: {env: RELAY_KEY}}", "keys: open")

    assert load_text(text).generation.keys is None


def test_a_secrets_file_is_found_beside_the_configuration(load_text: Load, minimal: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file-0\n")

    generation = load_text(minimal.replace("{env: RELAY_KEY}", "{file: key}")).generation

    assert generation.keys == {hashlib.sha256(b"from-a-file-0").digest(): Identity("dev")}


def test_json_with_tabs_and_escapes_works(load_text: Load, minimal: str) -> None:
    data = {
        "keys": "open",
        "providers": {"p": {"dialect": "messages", "base_url": "http://127.0.0.1:1/", "name": 'é "x"\t'.strip()}},
        "models": {"m": [{"provider": "p", "model": "n"}]},
    }

    loaded = load_text(json.dumps(data, indent="\t"), name="relay.json")

    (endpoint,) = loaded.generation.models["m"].endpoints
    assert (endpoint.display_name, endpoint.base_url) == ('é "x"', "http://127.0.0.1:1")


def test_an_alias_stands_for_what_it_names(load_text: Load, minimal: str) -> None:
    text = minimal.replace(
        '  "local/*":\n    - {provider: local, model: "*"}',
        "  a: &one\n    - {provider: local, model: n}\n  b: *one",
    )

    generation = load_text(text).generation

    assert generation.models["a"].endpoints == generation.models["b"].endpoints


def test_the_environment_overrides_addresses_and_the_way_out(
    load_text: Load, minimal: str, environ: dict[str, str]
) -> None:
    overrides = {
        "RELAY_LISTEN": "[::1]:1234",
        "RELAY_OPS_LISTEN": ":4321",
        "RELAY_GRACE_SECONDS": "30",
        "RELAY_WORKERS": "1",
    }

    settings = load_text(minimal, environ | overrides).settings

    assert (settings.listen, settings.ops_listen) == (Address("::1", 1234), Address("", 4321))
    assert settings.listen.is_loopback
    assert not Address("", 4321).is_loopback
    assert settings.drain_deadline_s == 25.0


def test_the_digest_follows_the_meaning_not_the_spelling(load_text: Load, minimal: str) -> None:
    digests = [
        load_text(text).generation.digest
        for text in (minimal, "# a comment\n" + minimal.replace("3.0", "3"), minimal.replace("3.0", "4"))
    ]

    assert digests[0] == digests[1] != digests[2]
    assert len(digests[0]) == 12


def test_no_secret_is_printed_formatted_or_serialised(load_text: Load, minimal: str) -> None:
    loaded = load_text(minimal)

    for shown in (repr(loaded), str(loaded.generation), repr(loaded.generation.credentials)):
        assert "key-material" not in shown
    secret = loaded.generation.credentials["providers.anthropic"]
    with pytest.raises(TypeError):
        f"{secret}"
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.copy(secret)


def test_without_a_file_demo_and_the_providers_with_a_key_are_offered(
    known: Mapping[str, KnownProvider], environ: dict[str, str]
) -> None:
    key = new_key()

    loaded = fileless(environ, known, key, "http://127.0.0.1:7")

    generation = loaded.generation
    assert sorted(model.id for model in generation.wildcards) == ["anthropic/*", "demo/*"]
    demo = generation.find("demo/chat")
    assert demo is not None
    assert demo[1] == "chat"
    assert (demo[0].endpoints[0].base_url, demo[0].endpoints[0].credential) == ("http://127.0.0.1:7", None)
    assert generation.keys == {hashlib.sha256(key.encode()).digest(): Identity("local")}
    assert (loaded.settings.listen, loaded.source) == (Address("127.0.0.1", 8080), None)


def test_without_a_file_and_without_keys_demo_alone_is_offered(known: Mapping[str, KnownProvider]) -> None:
    generation = fileless({}, known, new_key()).generation

    assert [model.id for model in generation.wildcards] == ["demo/*"]
    assert not generation.credentials


def test_a_file_may_name_the_embedded_provider(load_text: Load) -> None:
    text = "keys: open\nproviders: {demo: {}}\nmodels: {m: [{provider: demo, model: chat}]}\n"

    generation = load_text(text).generation

    assert generation.models["m"].endpoints[0].base_url == ""
    assert _addresses(relocate(generation, EMBEDDED.name, "http://127.0.0.1:9")) == {"http://127.0.0.1:9"}
    assert _addresses(relocate(generation, "other", "http://127.0.0.1:9")) == {""}


def test_a_new_key_has_its_form_and_at_least_160_random_bits() -> None:
    kind, name, number, secret = new_key().split("-")

    assert (kind, name, len(number)) == ("sk", "relay", 8)
    assert len(secret) * 4 >= 160
    assert new_key() != new_key()


def _addresses(generation: Generation) -> set[str]:
    models = (*generation.models.values(), *generation.wildcards)
    return {endpoint.base_url for model in models for endpoint in model.endpoints}


def test_without_a_section_nothing_is_said_about_redaction(load_text: Load, minimal: str) -> None:
    assert load_text(minimal).settings.redaction == Redaction()
    assert load_text(minimal + "redact: {}\n").settings.redaction == Redaction()


def test_the_floor_of_redaction_holds_what_is_written_in_the_words_of_a_request(load_text: Load, minimal: str) -> None:
    text = minimal + (
        "redact: {email: true, ip: false, mode: {email: hash}, custom: [Apollo, {pattern: a.c}], "
        "restore: false, scan_thinking: drop, coverage: strict, hash_key: {env: HASH_KEY}}\n"
    )

    loaded = load_text(text)

    redaction = loaded.settings.redaction
    assert redaction.floor == {
        "email": True,
        "mode": {"email": "hash"},
        "custom": ["Apollo", {"pattern": "a.c"}],
        "restore": False,
        "scan_thinking": "drop",
    }
    assert redaction.is_strict
    assert redaction.hash_key is not None
    assert redaction.hash_key.reveal() == "hash-key-material"
    assert "redact" not in loaded.generation.credentials
    assert "Apollo" not in repr(loaded)


def test_the_floor_is_a_policy(load_text: Load, minimal: str) -> None:
    floor = load_text(minimal + "redact: {email: true, credit_card: true}\n").settings.redaction.floor

    policy = parse(floor)

    assert policy is not None
    assert policy.modes == {Class.EMAIL: Mode.MASK, Class.CREDIT_CARD: Mode.MASK}


def test_a_hash_key_that_is_too_short_is_refused(faults_of: Callable[..., list[str]], minimal: str) -> None:
    faults = faults_of(minimal + "redact: {hash_key: {env: SHORT}}\n", {**ENVIRON, "SHORT": "fifteen-letters"})

    assert faults == ["14: redact.hash_key: the secret is shorter than 16 characters"]


def test_a_long_context_price_changes_what_it_names_and_the_highest_stands_first(load_text: Load, minimal: str) -> None:
    text = minimal.replace(
        "cache_read: 0.3",
        "cache_write_5m: 4, image: 0.001, long_context: [{above_tokens: 2, prompt: 6}, {above_tokens: 9, request: 1}]",
    )

    price = load_text(text).generation.models["anthropic/claude-sonnet-4.5"].endpoints[0].price

    base = Price(3_000_000_000, 15_000_000_000, cache_write_5m=4_000_000_000, image=1_000_000)
    steps = ((9, replace(base, request=1_000_000_000)), (2, replace(base, prompt=6_000_000_000)))
    assert price == replace(base, long_context=steps)


@pytest.mark.parametrize(
    ("caching", "is_explicit"),
    [("", True), ("explicit", True), ("explicit+automatic", True), ("implicit", False), ("none", False)],
)
def test_writes_to_a_cache_are_explicit_where_it_is_said_and_in_the_messages_dialect(
    caching: str, is_explicit: bool, load_text: Load, minimal: str
) -> None:
    said = f", caching: {caching}" if caching else ""
    text = minimal.replace("model: sonnet-mirror", f"model: sonnet-mirror, price: {{prompt: 1, completion: 1}}{said}")

    mirror = load_text(text).generation.models["anthropic/claude-sonnet-4.5"].endpoints[1]

    assert mirror.price is not None
    assert mirror.price.is_explicit == is_explicit


def test_an_endpoint_of_a_callers_own_names_its_key(load_text: Load, minimal: str) -> None:
    text = minimal.replace("zdr: true", "owner_key: dev")

    native, mirror = load_text(text).generation.models["anthropic/claude-sonnet-4.5"].endpoints

    assert (native.owner_key, mirror.owner_key) == (None, "dev")
    assert not mirror.is_plain


@pytest.mark.parametrize(("dialect", "signer"), [("responses", "p"), ("chat", "openai"), ("messages", "openai")])
def test_thinking_is_its_providers_where_the_provider_encrypts_it(load_text: Load, dialect: str, signer: str) -> None:
    config = {
        "keys": "open",
        "providers": {"p": {"dialect": dialect, "base_url": "http://127.0.0.1:1/"}},
        "models": {"openai/gpt-5": [{"provider": "p", "model": "gpt-5"}]},
    }
    (endpoint,) = load_text(json.dumps(config), name="relay.json").generation.models["openai/gpt-5"].endpoints
    assert endpoint.accepts is not None
    assert endpoint.accepts.author == signer
