"""The rows of the providers: all that were promised, each whole, and what a configuration may do with it."""

import json
from collections import Counter
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from relay.config import EMBEDDED, ConfigError, Loaded, fileless, load
from relay.dialects import chat, gemini
from relay.known import KnownProvider
from relay.providers import PROVIDERS, hosted

QUIRKS = {"chat": chat.QUIRKS, "gemini": gemini.QUIRKS}
DIALECTS = {"messages", "chat", "responses", "gemini", "bedrock"}
NAMED = """
    AkashML:akashml AI21:ai21 AionLabs:aion-labs Alibaba:alibaba Ambient:ambient Baidu:baidu AmazonNova:amazon-nova
    AmazonBedrock:amazon-bedrock Anthropic:anthropic ArceeAI:arcee-ai AtlasCloud:atlas-cloud Avian:avian Azure:azure
    BaseTen:baseten BytePlus:byteplus
    BlackForestLabs:black-forest-labs Cerebras:cerebras Chutes:chutes Cirrascale:cirrascale Clarifai:clarifai
    Cloudflare:cloudflare Cohere:cohere Crucible:crucible Crusoe:crusoe Darkbloom:darkbloom Decart:decart
    DeepInfra:deepinfra DeepSeek:deepseek DekaLLM:dekallm DigitalOcean:digitalocean Featherless:featherless
    Fireworks:fireworks Friendli:friendli GMICloud:gmicloud GoogleAIStudio:google-ai-studio
    Google:google-vertex Groq:groq HeyGen:heygen Inception:inception
    Inceptron:inceptron InferenceNet:inference-net Ionstream:ionstream Infermatic:infermatic IoNet:io-net
    InferactvLLM:inferact-vllm Inflection:inflection Liquid:liquid Mara:mara Mancer2:mancer Minimax:minimax
    ModelRun:modelrun Mistral:mistral Modular:modular MoonshotAI:moonshotai Morph:morph NCompass:ncompass
    Nebius:nebius NexAGI:nex-agi NextBit:nextbit Novita:novita Nvidia:nvidia OpenAI:openai
    OpenInference:open-inference Parasail:parasail Poolside:poolside Perceptron:perceptron Perplexity:perplexity
    Phala:phala Recraft:recraft Reka:reka Relace:relace SakanaAI:sakana-ai SambaNova:sambanova Seed:seed
    SiliconFlow:siliconflow Sourceful:sourceful StepFun:stepfun Stealth:stealth StreamLake:streamlake
    Switchpoint:switchpoint Tenstorrent:tenstorrent Together:together Upstage:upstage Venice:venice Wafer:wafer
    WandB:wandb Quiver:quiver Xiaomi:xiaomi xAI:xai Z.AI:z-ai FakeProvider:demo
    OpenRouter:openrouter Ollama:ollama vLLM:vllm llama.cpp:llama-cpp LMStudio:lmstudio LiteLLM:litellm
"""
"""The names that OpenRouter's API has, and those of servers of one's own; the slug of each."""
ROWS = list(PROVIDERS.values())
UNFINISHED = [row for row in ROWS if row.note]


def test_no_provider_that_was_promised_is_missing() -> None:
    slugs = {pair.partition(":")[2] for pair in NAMED.split()}
    assert slugs - {*PROVIDERS, EMBEDDED.name} == set()


def test_sixty_rows_and_more_say_where_and_who_says_so() -> None:
    assert len([row for row in ROWS if row.base_url and row.source]) >= 60


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.name))
def test_a_row_is_whole(row: KnownProvider) -> None:
    assert row.dialect in DIALECTS or (not row.dialect and row.note)
    assert row.base_url or row.note, "without an address it has to say why"
    assert not (row.base_url and row.note)
    assert row.source or row.note
    assert row.quirks <= QUIRKS.get(row.dialect, {}).keys() | hosted.QUIRKS.keys()
    for url in filter(None, (row.base_url, row.source, row.data_policy)):
        parts = urlsplit(url)
        assert parts.hostname and not parts.query and not parts.fragment
        assert parts.scheme == "https" or parts.hostname == "127.0.0.1"
    assert not row.base_url.endswith(("/", "/chat/completions"))


def test_names_and_addresses_are_each_ones_own() -> None:
    written = json.loads(files("relay").joinpath("data/providers.json").read_bytes())
    assert [row["name"] for row in written] == sorted({row["name"] for row in written})
    assert [url for url, times in Counter(row.base_url for row in ROWS if row.base_url).items() if times > 1] == []
    assert [env for env, times in Counter(row.env for row in ROWS if row.env).items() if times > 1] == []


def test_without_a_file_every_provider_is_offered_whose_variable_is_set() -> None:
    environ = {row.env: "a-credential-of-theirs" for row in ROWS if row.env}
    offered = {
        name.removesuffix("/*")
        for name in (model.id for model in fileless(environ, PROVIDERS, "a-key-of-ours").generation.wildcards)
    }
    assert offered == {"demo"} | {row.name for row in ROWS if row.env and not row.note and "{" not in row.base_url}


def loaded(folder: Path, row: KnownProvider, more: str = "") -> Loaded:
    path = folder / "relay.yaml"
    path.write_text(
        f"keys: open\nproviders:\n  {row.name}: {{credential: {{env: KEY}}{more}}}\n"
        f"models: {{m: [{{provider: {row.name}, model: m}}]}}\n"
    )
    return load(path, PROVIDERS, {"KEY": "a-credential-of-theirs"}, lambda *_: ())


@pytest.mark.parametrize("row", UNFINISHED, ids=lambda row: str(row.name))
def test_what_can_not_be_called_by_its_name_alone_is_refused_and_says_why(row: KnownProvider, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, row)
    (said,) = map(str, caught.value.faults)
    assert said.partition("relay.yaml:")[2].startswith(f"3: providers.{row.name}: ")
    assert row.note in said
    assert ("write `base_url`" in said) is bool(row.dialect)


@pytest.mark.parametrize("row", [row for row in UNFINISHED if row.dialect], ids=lambda row: str(row.name))
def test_with_its_address_written_it_serves(row: KnownProvider, tmp_path: Path) -> None:
    generation = loaded(tmp_path, row, ', base_url: "https://inference.example/v1"').generation
    (endpoint,) = generation.models["m"].endpoints
    assert (endpoint.dialect, endpoint.base_url) == (row.dialect, "https://inference.example/v1")


def test_what_holds_no_conversations_is_refused_with_an_address_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="makes images"):
        loaded(tmp_path, PROVIDERS["recraft"], ', base_url: "https://inference.example/v1"')
