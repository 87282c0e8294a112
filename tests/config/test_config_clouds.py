"""Providers of clouds: pairs of keys, regions, and addresses that every customer has of their own."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from relay import config
from relay.catalog import Generation, TokenSource
from relay.config import ConfigError
from relay.config.load import fileless
from relay.providers import PROVIDERS
from relay.redact.hold import faults
from tests.config.shapes import ENVIRON

Load = Callable[[str], Generation]
AWS = {"AWS_ID": "AKIA-material", "AWS_SECRET": "aws-secret-material", "AWS_TOKEN": "aws-token-material"}
PAIR = "access_key: {env: AWS_ID}, secret_key: {env: AWS_SECRET}"
BEDROCK = """\
listen: 127.0.0.1:8080
ops: {listen: 127.0.0.1:9090}
keys:
  - {name: dev, secret: {env: RELAY_KEY}}
providers:
  amazon-bedrock: {credential: {PAIR}, region: eu-central-1}
models:
  anthropic/claude-sonnet-4.5:
    - {provider: amazon-bedrock, model: "anthropic.claude-sonnet-4-5-20250929-v1:0"}
    - provider: amazon-bedrock
      model: amazon.nova-pro-v1:0
      region: us-east-1
      credential: {PAIR, session_token: {env: AWS_TOKEN}}
""".replace("PAIR", PAIR)


@pytest.fixture(name="load")
def _load(tmp_path: Path) -> Load:
    def loaded(text: str) -> Generation:
        path = tmp_path / "relay.yaml"
        path.write_text(text)
        return config.load(path, PROVIDERS, {**ENVIRON, **AWS}, faults).generation

    return loaded


def test_a_pair_of_keys_is_one_credential_and_never_shown(load: Load) -> None:
    generation = load(BEDROCK)
    ours, nova = generation.models["anthropic/claude-sonnet-4.5"].endpoints
    assert generation.credentials[ours.credential].reveal() == "AKIA-material aws-secret-material"
    assert generation.credentials[nova.credential].reveal() == "AKIA-material aws-secret-material aws-token-material"
    assert "material" not in repr(generation)


def test_the_address_follows_the_region(load: Load) -> None:
    ours, nova = load(BEDROCK).models["anthropic/claude-sonnet-4.5"].endpoints
    assert ours.base_url == "https://bedrock-runtime.eu-central-1.amazonaws.com"
    assert nova.base_url == "https://bedrock-runtime.us-east-1.amazonaws.com"
    assert (ours.dialect, ours.id) == ("bedrock", "amazon-bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0")


def test_writes_to_the_cache_of_claude_cost_more_wherever_it_is(load: Load) -> None:
    text = BEDROCK.replace("region: eu-central-1", "region: eu-central-1, price: {prompt: 4, completion: 8}")
    claude, nova = load(text).models["anthropic/claude-sonnet-4.5"].endpoints
    assert claude.price and nova.price
    assert (claude.price.is_explicit, nova.price.is_explicit) == (True, False)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            ", region: eu-central-1",
            "",
            "9: models.anthropic/claude-sonnet-4.5.0: has no `region`, without which AWS can't be called; write it "
            "here or at the provider",
        ),
        (
            "region: eu-central-1",
            "region: eu-central-1, dialect: chat, base_url: 'https://x'",
            "9: models.anthropic/claude-sonnet-4.5.0: is sent a pair of AWS's keys, which only the dialect `bedrock` "
            "signs with",
        ),
        (
            "secret_key: {env: AWS_SECRET}}, region: e",
            "secret_key: {env: NO_SECRET}}, region: e",
            "6: providers.amazon-bedrock.credential.secret_key: the environment variable NO_SECRET is not set",
        ),
        (
            "{access_key: {env: AWS_ID}, secret_key: {env: AWS_SECRET}}, region: e",
            "{access_key: {env: AWS_ID}}, region: e",
            "6: providers.amazon-bedrock.credential.secret_key: required key is missing",
        ),
        (
            "{access_key: {env: AWS_ID}, secret_key: {env: AWS_SECRET}}, region: e",
            "{access_key: abc, secret_key: {env: AWS_SECRET}}, region: e",
            "6: providers.amazon-bedrock.credential.access_key: a secret never stands in the file; "
            "write {env: NAME} or {file: PATH}",
        ),
        (
            "models:",
            "  google-vertex-anthropic: {credential: {env: AWS_ID}}\nmodels:",
            f": {PROVIDERS['google-vertex-anthropic'].note}; write `base_url`",
        ),
    ],
)
def test_what_is_wrong_with_a_cloud_is_told(load: Load, old: str, new: str, fault: str) -> None:
    assert BEDROCK.count(old) == 1
    with pytest.raises(ConfigError) as caught:
        load(BEDROCK.replace(old, new))
    assert any(str(each).endswith(fault) for each in caught.value.faults), [str(each) for each in caught.value.faults]


def test_an_address_may_name_the_version_of_an_api(load: Load) -> None:
    url = "https://r.openai.azure.com/openai?api-version=2024-10-21"
    text = BEDROCK.replace("models:", f"  azure: {{credential: {{env: AWS_ID}}, base_url: '{url}'}}\nmodels:")
    text += "  openai/gpt: [{provider: azure, model: my-gpt}]\n"
    endpoint = load(text).models["openai/gpt"].endpoints[0]
    assert (endpoint.base_url, endpoint.dialect) == (url, "chat")
    assert "azure" in endpoint.quirks


TOKENS = "  google-vertex-anthropic: {base_url: 'https://x/models', credential: SAID}\nmodels:"


@pytest.mark.parametrize(
    ("said", "kind", "file", "scope"),
    [
        ("{google: default}", "google", None, "https://www.googleapis.com/auth/cloud-platform"),
        ("{google: key.json, scope: 'https://s'}", "google", "key.json", "https://s"),
        ("{entra: default}", "entra", None, "https://cognitiveservices.azure.com/.default"),
    ],
)
def test_tokens_that_end_are_named_by_who_gives_them(
    load: Load, tmp_path: Path, said: str, kind: str, file: str | None, scope: str
) -> None:
    (tmp_path / "key.json").write_text("{}")
    text = BEDROCK.replace("models:", TOKENS.replace("SAID", said))
    generation = load(text + "  claude: [{provider: google-vertex-anthropic, model: c}]\n")
    endpoint = generation.models["claude"].endpoints[0]
    expected = TokenSource(kind, str(tmp_path / file) if file else None, scope)
    assert generation.credentials[endpoint.credential] == expected


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("{google: gone.json}", "credential.google: there is no such file; `default` is what the surroundings have"),
        ("{google: default, entra: default}", "credential: must be either {google: …} or {entra: default}"),
        ("{scope: 'https://s'}", "credential: must be either {google: …} or {entra: default}"),
        ("{entra: key.json}", "credential.entra: must be 'default'"),
    ],
)
def test_what_is_wrong_with_a_source_of_tokens_is_told(load: Load, said: str, fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(BEDROCK.replace("models:", TOKENS.replace("SAID", said)))
    assert any(str(each).endswith(fault) for each in caught.value.faults), [str(each) for each in caught.value.faults]


@pytest.mark.parametrize(("said", "extra"), [("{google: default}", "vertex"), ("{entra: default}", "azure")])
def test_a_library_that_is_missing_is_told_with_its_extra(
    load: Load, monkeypatch: pytest.MonkeyPatch, said: str, extra: str
) -> None:
    monkeypatch.setattr("relay.config.check.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=re.escape(f"pip install 'relay-ingress[{extra}]'")):
        load(BEDROCK.replace("models:", TOKENS.replace("SAID", said)))


def test_without_a_file_no_cloud_is_offered_whose_address_nobody_knows() -> None:
    environ = {"AWS_BEARER_TOKEN_BEDROCK": "k", "AZURE_OPENAI_API_KEY": "k", "OPENAI_API_KEY": "k"}
    generation = fileless(environ, PROVIDERS, "sk-relay-1").generation
    assert {model.id for model in generation.wildcards} == {"demo/*", "openai/*"}
