"""The JSON Schema says what the loader takes; what is shown loads again; nothing but ConfigError comes out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import yaml
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from relay.config import ConfigError, Loaded, load, parse
from relay.config.schema import File, json_schema
from relay.config.source import MAX_NODES, read
from relay.config.unbuilt import UNBUILT
from relay.config.values import Duration, Size, Usd
from relay.redact.hold import faults
from tests.config.shapes import ENVIRON, KNOWN, MINIMAL

SECRETS = tuple(ENVIRON.values())
FULL = (
    MINIMAL.replace(
        "zdr: true",
        "default_max_tokens: 100, capabilities: [count_tokens, tools], input_modalities: [text, image], "
        "output_modalities: [text], caching: explicit, reasoning_style: effort, reasoning_efforts: [low, high], "
        "adaptive_only: true, betas: [a-2025-01-01], max_stop_sequences: 4, context_management_policy: drop, "
        "privacy_policy_url: https://here.example/privacy, headquarters: DE, datacenters: [DE, FR], data_region: eu, "
        "name: Here, timeouts: {first_event: 1500ms}, price: {prompt: 0.000000001, completion: 1e3, request: 0.01, "
        "image: 0.001, audio: 4, long_context: [{above_tokens: 200000, prompt: 6, request: 0.02}, "
        "{above_tokens: 500000, completion: 9}]}, owner_key: dev",
    ).replace(
        "  - {name: dev, secret: {env: RELAY_KEY}}",
        """\
  store: keys.db
  inline:
    - name: dev
      secret: {env: RELAY_KEY}
      expires: "2027-01-31T12:00:00.5+01:00"
      models: ["anthropic/*", "local/*"]
      providers: [Anthropic, here/eu]
      ignore: [local/flex]
      zdr: true
      aliases: {claude-sonnet-4-5: anthropic/claude-sonnet-4.5}
      provider: {order: [local], sort: price, quantizations: [fp8], max_price: {prompt: 1.5}, preferred_max_latency: 2}
      limits: {requests_per_minute: 60, tokens_per_minute: 100000, spend_usd: 12.5, reset: monthly}
      admin: true
      disabled: true""",
    )
    + """\
  old: {deprecated: {successor: "local/*"}}
limits: {body: 1MiB, concurrency: 10}
timeouts: {client_stall: 2m, total_stream: 1h}
stream: {ping_interval: 2.5s, early_commit_after: 0s, write_high: 128KiB, write_low: 1B}
drain: {deadline: 0s}
ledger: {dir: records, on_full: refuse}
log: {format: json}
redact:
  email: true
  custom: [Apollo, /ab+/i, {pattern: a.c, name: abc, ignore_case: true, max_len: 12}]
  mode: {email: placeholder, ip: hash}
  apply_to: [request]
  restore_in: [text]
  allow: ["@example.org"]
  coverage: strict
  hash_key: {env: HASH_KEY}
"""
)
VALIDATOR = Draft202012Validator(json_schema())


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("text", [MINIMAL, FULL])
def test_the_schema_takes_what_the_loader_takes(text: str, load_text: Callable[..., Loaded]) -> None:
    load_text(text)

    VALIDATOR.validate(yaml.safe_load(text.replace("1e3", "1000")))


@pytest.mark.parametrize(
    "change",
    [
        ("listen: 127.0.0.1:8080", "listen: here"),
        ("{env: RELAY_KEY}", "literal"),
        ("{env: RELAY_KEY}", "{}"),
        ("dialect: messages", "dialect: klingon"),
        ("zdr: true", "zrd: true"),
        ("prompt: 3.0", "prompt: -3"),
        ("keys:", "redact: {emial: true}\nkeys:"),
        ("keys:", "limits: {body: 3}\nkeys:"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(change: tuple[str, str], load_text: Callable[..., Loaded]) -> None:
    text = MINIMAL.replace(*change)

    assert not VALIDATOR.is_valid(yaml.safe_load(text))
    with pytest.raises(ConfigError):
        load_text(text)


def test_every_key_of_the_schema_has_help_and_its_default() -> None:
    schema = json_schema()
    sections = {"File": schema, **schema["$defs"]}

    for name, section in sections.items():
        required = section.get("required", [])
        for key, entry in section["properties"].items():
            named = sections[entry["$ref"].rpartition("/")[2]] if "$ref" in entry else {}
            assert entry.get("description") or named.get("description"), f"{name}.{key}"
            assert key in required or "default" in entry, f"{name}.{key}"


def test_no_key_is_both_built_and_refused() -> None:
    schema = json_schema()
    built = {"File": schema, **schema["$defs"]}

    for section, keys in UNBUILT.items():
        assert not keys.keys() & built[section]["properties"].keys()


@pytest.mark.parametrize("text", [MINIMAL, FULL])
def test_what_is_shown_loads_as_the_same_configuration(text: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(text)
    shown = parse(first, KNOWN, ENVIRON, faults).model_dump(mode="json", exclude_none=True)
    second.write_text(yaml.safe_dump(shown))

    again = load(second, KNOWN, ENVIRON, faults)

    once = load(first, KNOWN, ENVIRON, faults)
    assert again.settings == once.settings
    assert again.generation.models == once.generation.models
    assert again.generation.digest == once.generation.digest
    assert not any(secret in json.dumps(shown) for secret in SECRETS)


@given(milliseconds=st.integers(min_value=10, max_value=24 * 3600 * 1000))
def test_a_duration_is_written_as_it_is_read(milliseconds: int) -> None:
    clock = Duration("10ms", "24h")

    assert clock.read(clock.write(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)
    assert clock.write(clock.read(f"{milliseconds}ms")) == clock.write(milliseconds / 1000)


@given(size=st.integers(min_value=0, max_value=1 << 30))
def test_a_size_is_written_as_it_is_read(size: int) -> None:
    assert Size("0B", "1GiB").read(Size("0B", "1GiB").write(size)) == size


@given(nano=st.integers(min_value=0, max_value=10**15))
def test_a_price_is_written_as_it_is_read(nano: int) -> None:
    assert Usd("call").read(Usd("call").write(nano)) == nano


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, None, "1_000", "x", "9" * 40, [], "-1", "1e-10"])
def test_a_price_is_a_plain_number(value: object) -> None:
    with pytest.raises(ValueError, match="must"):
        Usd("call").read(value)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
KEYS = st.sampled_from(sorted({*File.model_fields, *(key for keys in UNBUILT.values() for key in keys), "env", "file"}))
VALUES = st.recursive(
    SCALARS | st.sampled_from([*SECRETS, "open", "15s", "1MiB", "chat", "*", "127.0.0.1:1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def _paths(data: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [where, *(path for key, value in inner for path in _paths(value, (*where, key)))]


BASE = yaml.safe_load(FULL)
PLACES = [path for path in _paths(BASE) if path]


@settings(max_examples=250, deadline=None)
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), VALUES, KEYS, st.sampled_from("sda")), max_size=4))
def test_any_change_of_a_valid_file_gives_a_configuration_or_its_faults(
    changes: list[tuple[tuple[Any, ...], Any, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = json.loads(json.dumps(BASE))
    for where, value, key, action in changes:
        _change(data, where, value, key, action)
    path = tmp_path_factory.getbasetemp() / "mutated.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8", errors="surrogatepass")

    try:
        shown = repr(load(path, KNOWN, ENVIRON, faults))
    except ConfigError as error:
        assert all(fault.reason for fault in error.faults)
        shown = str(error) if not any(secret in json.dumps(changes) for secret in SECRETS) else ""
    assert not any(secret in shown for secret in SECRETS)


def _change(data: Any, where: tuple[Any, ...], value: Any, key: str, action: str) -> None:
    holder = data
    try:
        for part in where[:-1]:
            holder = holder[part]
        if action == "s":
            holder[where[-1]] = value
        elif action == "d":
            del holder[where[-1]]
        else:
            holder[where[-1]][key] = value
    except (KeyError, IndexError, TypeError):
        return


@pytest.mark.parametrize("name", ["(list)", "(open)", "(entry)", "(text)", "[key]"])
def test_a_key_that_is_spelled_as_a_step_of_pydantic_is_a_fault_like_any_other(
    name: str, load_text: Callable[..., Loaded]
) -> None:
    data = yaml.safe_load(MINIMAL)
    data["providers"]["acquire"] = {name: None, "acquire": None}

    with pytest.raises(ConfigError) as caught:
        load_text(yaml.safe_dump(data))

    assert caught.value.faults


@settings(max_examples=250, deadline=None)
@given(content=st.binary(max_size=200) | st.text("{}[]:,-&*?|>'\"#%@!\n \tab0~", max_size=200).map(str.encode))
def test_any_bytes_give_plain_data_or_faults(content: bytes) -> None:
    try:
        source, _ = read(content, "relay.yaml")
    except ConfigError as error:
        assert error.faults
        return
    json.dumps(source.data)


def test_aliases_cannot_multiply_without_bound() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    with pytest.raises(ConfigError, match=f"more than {MAX_NODES} values"):
        read("\n".join(lines).encode(), "relay.yaml")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_not_followed(opening: str) -> None:
    with pytest.raises(ConfigError):
        read((opening * 100_000).encode(), "relay.yaml")


def test_words_and_numbers_are_read_as_json_reads_them() -> None:
    text = b"[yes, on, True, ~, 1:30, 2024-01-01, 010, 1e3, .5, .inf, 0x10, '3']"

    source, _ = read(text, "relay.yaml")

    assert source.data == ["yes", "on", True, None, "1:30", "2024-01-01", 10, 1000.0, 0.5, ".inf", "0x10", "3"]
