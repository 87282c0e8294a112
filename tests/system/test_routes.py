"""What the data port answers, and how it says that it answers nothing else."""

import json

import pytest

from tests.support.answers import whole
from tests.support.processes import Running
from tests.support.raw_client import KEY, Client, body, exchange, head
from tests.support.raw_provider import RawProvider

pytestmark = pytest.mark.usefixtures("serves_on")


@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/", "/health"])
async def test_liveness_is_answered_without_a_key(relay: Running, prefix: str, method: str, path: str) -> None:
    asked = head(None, method=method, path=prefix + path, x_api_key=None)

    answer = await exchange(relay.port, asked, without_content=method == "HEAD")

    assert answer.status == 200
    assert int(answer.fields["content-length"]) > 0


async def test_head_sends_no_content_and_the_connection_lives_on(relay: Running) -> None:
    async with Client(relay.port) as client:
        client.send(head(None, method="HEAD", path="/"))
        first = await client.answer(without_content=True)
        client.send(head(None, method="GET", path="/health"))
        second = await client.answer()

    assert (first.status, second.status) == (200, 200)
    assert second.json["name"] == "relay"


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_models_are_listed_in_both_shapes(relay: Running, prefix: str) -> None:
    asked = head(None, method="GET", path=f"{prefix}/v1/models")
    openrouter = await exchange(relay.port, asked)
    messages = await exchange(
        relay.port, head(None, method="GET", path=f"{prefix}/v1/models", anthropic_version="2023-06-01")
    )

    assert (openrouter.status, list(openrouter.json)) == (200, ["object", "data"])
    assert (messages.status, messages.json["has_more"]) == (200, False)


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_a_model_of_a_wildcard_is_found_by_its_name(relay: Running, prefix: str) -> None:
    asked = head(None, method="GET", path=f"{prefix}/v1/models/demo/chat", anthropic_version="2023-06-01")

    answer = await exchange(relay.port, asked)

    assert (answer.status, answer.json["id"]) == (200, "demo/chat")


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_messages_and_counting_are_there_with_and_without_api(
    relay: Running, provider: RawProvider, prefix: str
) -> None:
    content = body("demo/chat@delay=0")
    counted = body("raw/x")
    provider.answers = [whole(b'{"input_tokens":12}')]

    answer = await exchange(relay.port, head(len(content), path=f"{prefix}/v1/messages?beta=true"), content)
    count = await exchange(relay.port, head(len(counted), path=f"{prefix}/v1/messages/count_tokens"), counted)

    assert (answer.status, answer.json["type"]) == (200, "message")
    assert (count.status, count.json) == (200, {"input_tokens": 12})


ABSENT = [
    "/v1",
    "/v1/message",
    "/v1/messages/",
    "/v1/messages/batches",
    "/v2/messages",
    "/api/api/v1/messages",
    "//v1/messages",
    "/v1/%6dessages",
    "/../v1/messages",
    "/metrics",
    "/livez",
    "/admin/config",
    "/favicon.ico",
    "/" + 3000 * "a",
    "/%ff",
]


@pytest.mark.parametrize("path", ABSENT, ids=range(len(ABSENT)))
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_any_other_path_is_a_404_that_names_what_exists(relay: Running, method: str, path: str) -> None:
    answer = await exchange(relay.port, head(0 if method == "POST" else None, method=method, path=path))

    assert (answer.status, answer.error["type"], answer.error["error_type"]) == (404, "not_found_error", "not_found")
    assert "POST /v1/messages" in answer.error["message"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/messages", "POST"),
        ("PUT", "/v1/messages", "POST"),
        ("OPTIONS", "/v1/messages", "POST"),
        ("DELETE", "/v1/models", "GET"),
        ("POST", "/v1/models/a/b", "GET"),
        ("POST", "/", "GET, HEAD"),
        ("GET", "/api/v1/messages/count_tokens", "POST"),
    ],
)
async def test_another_method_is_a_405_that_names_the_right_one(
    relay: Running, method: str, path: str, allow: str
) -> None:
    answer = await exchange(relay.port, head(0, method=method, path=path))

    assert (answer.status, answer.error["type"], answer.fields["allow"]) == (405, "invalid_request_error", allow)


async def test_a_request_with_an_absolute_target_is_served(relay: Running) -> None:
    """RFC 9112 3.2.2: a server MUST accept the absolute form."""
    answer = await exchange(relay.port, head(None, method="GET", path=f"http://127.0.0.1:{relay.port}/health"))

    assert answer.status == 200


async def test_a_generation_is_found_by_its_id_and_by_its_owner_only(relay: Running) -> None:
    content = body("demo/chat@delay=0")
    answer = await exchange(relay.port, head(len(content)), content)
    path = f"/v1/generation?id={answer.fields['x-generation-id']}"

    found = await exchange(relay.port, head(None, method="GET", path=path))
    stranger = await exchange(relay.port, head(None, method="GET", path=path, x_api_key="x" + KEY))

    assert (found.status, found.json["data"]["id"]) == (200, answer.json["id"])
    assert found.json["data"]["tokens_completion"] == answer.json["usage"]["output_tokens"]
    assert stranger.status == 401


async def test_requests_of_one_connection_are_answered_in_order(relay: Running) -> None:
    contents = [body(f"demo/chat@delay=0,events={n}") for n in (1, 2, 3)]

    async with Client(relay.port) as client:
        client.send(b"".join(head(len(content)) + content for content in contents))
        answers = [await client.answer() for _ in contents]

    assert [len(json.dumps(answer.json["content"])) for answer in answers] == sorted(
        len(json.dumps(answer.json["content"])) for answer in answers
    )
    assert [answer.json["model"] for answer in answers] == [json.loads(content)["model"] for content in contents]
