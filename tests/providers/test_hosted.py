"""What is sent to clouds that host the APIs of others: Bedrock's Invoke, Vertex, Azure."""

import json
from typing import Any

import pytest

from relay._core import members
from relay.call import Call, Identity
from relay.catalog import CALLER, Accepts, Attempt, Endpoint, Secret
from relay.errors import ProviderRefused, Retry
from relay.providers import Request, credential_form, request, signer_of

Json = dict[str, Any]
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
ARN = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc"


def attempt_at(dialect: str, model: str, *quirks: str, **more: Any) -> Attempt:
    endpoint = Endpoint(
        "e", "p", "P", dialect, model, more.pop("base_url", "https://h/v1"), quirks=frozenset(quirks), **more
    )
    return Attempt(1, endpoint, "a/m", model)


def sent(
    attempt: Attempt, body: Json | bytes | None = None, betas: bytes | None = None, stream: bool = True, **more: Any
) -> Request:
    said = body or {"model": "a/m", "stream": stream, "messages": [{"role": "user", "content": "Hi"}]}
    content = said if isinstance(said, bytes) else json.dumps(said).encode()
    call = Call(
        "gen-1-a", more.pop("operation", "chat"), "a/m", stream, content, members(content), Identity("dev"), 0,
        version=b"2023-06-01", betas=betas, session_id=None, app=None, reports=False, **more,
    )  # fmt: skip
    return request(call, attempt, {}, betas)


def body_of(request: Request) -> Json:
    found: Json = json.loads(b"".join(request.content))
    return found


def test_invoke_has_the_model_in_its_path_and_neither_it_nor_the_stream_in_its_body() -> None:
    asked = sent(attempt_at("bedrock", CLAUDE), stream=True)
    assert asked.target == b"/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke-with-response-stream"
    assert (
        asked.fields == b"content-type: application/json\r\naccept-encoding: identity\r\naccept: application/json\r\n"
    )
    assert body_of(asked) == {
        "messages": [{"role": "user", "content": "Hi"}],
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 4096,
    }
    assert (asked.translated, asked.message(b"{}")) == (None, b"{}")
    whole = sent(attempt_at("bedrock", CLAUDE), stream=False)
    assert whole.target.endswith(b"/invoke")


@pytest.mark.parametrize("tier", ["flex", "priority", "default"])
def test_invoke_is_asked_for_the_tier_that_its_endpoint_is_billed_at(tier: str) -> None:
    asked = sent(attempt_at("bedrock", CLAUDE, tier=tier))
    line = b"x-amzn-bedrock-service-tier: %b\r\n" % tier.encode()
    assert (line in asked.fields) is (tier != "default")


def test_an_arn_is_one_segment_and_claude_by_its_author() -> None:
    asked = sent(attempt_at("bedrock", ARN, accepts=Accepts(author="anthropic")))
    assert asked.target.startswith(b"/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2Fabc/")


@pytest.mark.parametrize("model", [".", ".."])
def test_a_client_can_not_lead_upwards_in_the_path(model: str) -> None:
    with pytest.raises(ProviderRefused, match="model: "):
        sent(attempt_at("bedrock", model, accepts=Accepts(author="anthropic")))


def test_pitfall_67_and_72_marks_and_bytes_of_tools_stay() -> None:
    tools = b'"tools":[{"name":"f","input_schema":{"b":1.10,"a":1e2},"cache_control":{"type":"ephemeral"}}]'
    asked = sent(attempt_at("bedrock", CLAUDE), b'{"model":"a",%b,"messages":[]}' % tools)
    assert tools in b"".join(asked.content)


def test_pitfall_68_betas_go_into_the_body_and_unknown_ones_nowhere() -> None:
    attempt = attempt_at("bedrock", CLAUDE)
    betas = (
        b"interleaved-thinking-2025-05-14,novelty-2027-01-01,advanced-tool-use-2025-11-20,tool-search-tool-2025-10-19"
    )
    asked = sent(attempt, betas=betas)
    assert body_of(asked)["anthropic_beta"] == ["interleaved-thinking-2025-05-14", "tool-search-tool-2025-10-19"]
    assert b"anthropic-beta" not in asked.fields
    assert attempt.dropped_fields == ("anthropic-beta: novelty-2027-01-01",)
    own = attempt_at("bedrock", CLAUDE, accepts=Accepts(betas=frozenset({b"novelty-2027-01-01"})))
    assert body_of(sent(own, betas=betas))["anthropic_beta"] == ["novelty-2027-01-01"]


def test_members_of_the_makers_own_api_are_left_out_and_told() -> None:
    attempt = attempt_at("bedrock", CLAUDE)
    asked = body_of(sent(attempt, {"model": "a", "messages": [], "service_tier": "auto", "speed": "fast"}))
    assert asked.keys() == {"messages", "anthropic_version", "max_tokens"}
    assert attempt.dropped == {"service_tier", "speed"}


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ([{"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}], "0.source.type"),
        ([{"type": "document", "source": {"type": "file", "file_id": "f"}}], "0.source.type"),
        (
            [
                {
                    "type": "tool_result",
                    "tool_use_id": "t",
                    "content": [{"type": "image", "source": {"type": "url", "url": ""}}],
                }
            ],
            "0.content.0.source.type",
        ),
    ],
)
def test_content_that_lies_elsewhere_is_refused_with_its_path(content: list[Json], path: str) -> None:
    said = {"model": "a", "messages": [{"role": "user", "content": content}]}
    with pytest.raises(ProviderRefused) as refused:
        sent(attempt_at("bedrock", CLAUDE), said)
    assert refused.value.message.startswith(f"messages.0.content.{path}: ")
    assert refused.value.retry is Retry.OTHER


def test_a_tool_may_have_a_member_called_url() -> None:
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {"url": "x", "source": {"type": "url"}}}
    said = {"model": "a", "messages": [{"role": "assistant", "content": [call]}]}
    assert body_of(sent(attempt_at("bedrock", CLAUDE), said))["messages"] == said["messages"]


def test_vertex_has_the_model_in_its_path_and_a_bearer_token() -> None:
    attempt = attempt_at("messages", "claude-sonnet-4-5@20250929", "vertex")
    asked = sent(attempt, betas=b"context-1m-2025-08-07,novelty")
    assert asked.target == b"/claude-sonnet-4-5%4020250929:streamRawPredict"
    assert asked.fields.endswith(b"accept: text/event-stream\r\nanthropic-beta: context-1m-2025-08-07\r\n")
    assert b"anthropic-version" not in asked.fields
    assert body_of(asked) == {
        "stream": True,
        "messages": [{"role": "user", "content": "Hi"}],
        "anthropic_version": "vertex-2023-10-16",
        "max_tokens": 4096,
    }
    assert sent(attempt, stream=False).target.endswith(b":rawPredict")
    assert credential_form(attempt.endpoint) == "authorization: Bearer"


def test_vertex_counts_tokens_with_the_model_in_the_body() -> None:
    attempt = attempt_at("messages", "claude-haiku-4-5", "vertex", count_tokens=True)
    asked = sent(attempt, operation="count_tokens", stream=False)
    assert asked.target == b"/count-tokens:rawPredict"
    assert body_of(asked)["model"] == "claude-haiku-4-5"


def test_pitfall_88_a_count_that_bedrock_can_not_make_is_not_sent() -> None:
    assert sent(attempt_at("bedrock", CLAUDE), operation="count_tokens", stream=False).size == 0


@pytest.mark.parametrize(
    ("base_url", "target"),
    [
        ("https://r.openai.azure.com/openai/v1", b"/chat/completions"),
        ("https://r.openai.azure.com/openai?api-version=2024-10-21", b"/deployments/my%20gpt/chat/completions"),
    ],
)
def test_azure_has_deployments_where_its_address_names_a_version(base_url: str, target: bytes) -> None:
    attempt = attempt_at("chat", "my gpt", "azure", base_url=base_url)
    assert sent(attempt).target == target
    assert credential_form(attempt.endpoint) == "api-key:"


@pytest.mark.parametrize(
    ("dialect", "quirks", "line"),
    [
        ("messages", (), "x-api-key: theirs\r\n"),
        ("messages", ("vertex",), "authorization: Bearer theirs\r\n"),
        ("chat", ("azure",), "api-key: theirs\r\n"),
        ("bedrock", (), "authorization: Bearer theirs\r\n"),
    ],
)
def test_a_callers_own_credential_leaves_as_the_endpoint_takes_it(
    dialect: str, quirks: tuple[str, ...], line: str
) -> None:
    attempt = attempt_at(dialect, CLAUDE, *quirks, credential=CALLER)
    own = sent(attempt, credential=Secret("x-api-key: theirs\r\n")).own
    assert own is not None
    assert own.reveal() == line


def test_a_pair_of_keys_signs_and_a_single_one_is_a_bearer() -> None:
    endpoint = attempt_at("bedrock", CLAUDE, region="us-east-1").endpoint
    assert signer_of(endpoint, "AKIA secret", "h") is not None
    assert signer_of(endpoint, "ABSKsingle", "h") is None
    assert signer_of(attempt_at("messages", "m").endpoint, "two words", "h") is None
    assert credential_form(endpoint) == "authorization: Bearer"
