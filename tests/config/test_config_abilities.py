"""What the file says of abilities and providers, as the catalogue has it."""

from collections.abc import Callable

from relay.catalog import Endpoint, Provider
from relay.config import Loaded

Load = Callable[..., Loaded]


def mirror(load_text: Load, minimal: str, *keys: str) -> Endpoint:
    text = minimal.replace("model: sonnet-mirror", ", ".join(["model: sonnet-mirror", *keys]))
    return load_text(text).generation.models["anthropic/claude-sonnet-4.5"].endpoints[1]


def test_what_is_not_said_is_unknown(load_text: Load, minimal: str) -> None:
    found = mirror(load_text, minimal)

    assert (found.abilities, found.parameters, found.input_modalities, found.output_modalities) == 4 * (None,)


def test_a_capability_says_what_its_parameter_says(load_text: Load, minimal: str) -> None:
    found = mirror(
        load_text, minimal, "capabilities: [structured_output, tools]", "supported_parameters: [temperature]"
    )

    assert found.parameters == {"temperature", "tools", "tool_choice", "structured_outputs"}


def test_who_runs_tools_of_its_own_takes_tools(load_text: Load, minimal: str) -> None:
    assert mirror(load_text, minimal, "capabilities: [web_search]").abilities == {"web_search", "tools"}


def test_who_reads_pdf_reads_files(load_text: Load, minimal: str) -> None:
    found = mirror(load_text, minimal, "capabilities: [pdf]", "input_modalities: [text]")

    assert found.input_modalities == {"text", "file"}


def test_a_providers_facts_are_there_for_lists(load_text: Load, minimal: str) -> None:
    text = minimal.replace("zdr: true", "name: Here, headquarters: DE, datacenters: [DE, FR]")

    providers = load_text(text).generation.providers

    assert providers["local"] == Provider("local", "Here", headquarters="DE", datacenters=("DE", "FR"))
    assert providers["anthropic"] == Provider("anthropic", "Anthropic")
