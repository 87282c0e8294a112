"""What an operator asks on the ops port: POST /admin/explain, of the gateway as it is now."""

import json
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.support.answers import failure, message, whole
from tests.support.processes import Running
from tests.support.raw_client import HELLO, Answer, ask, body, exchange, head
from tests.support.raw_provider import RawProvider
from tests.system.planted import ENVIRON

TOKEN = "admin-token-planted-0123456789"
PROMPT = {"model": "a/m", "messages": [{"role": "user", "content": "write to jane@example.org"}]}


@pytest.fixture
async def raw() -> AsyncIterator[RawProvider]:
    provider = RawProvider()
    await provider.start()
    provider.answers = [whole(message())]
    yield provider
    await provider.stop()


def config(raw: RawProvider, **sections: Any) -> dict[str, Any]:
    address = f"http://127.0.0.1:{raw.port}"
    return {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {name: {"dialect": "messages", "base_url": address} for name in ("one", "two")},
        "models": {"a/m": [{"provider": "one", "model": "up"}, {"provider": "two", "model": "up"}]},
        "redact": {"email": True},
        "limits": {"body": "64KiB"},
    } | sections


@pytest.fixture(scope="module")
def ops_port() -> Iterator[int]:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", 0))
        yield int(sock.getsockname()[1])


@pytest.fixture
def relay(raw: RawProvider, ops_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    told = config(raw, ops={"listen": f"127.0.0.1:{ops_port}"}, admin={"token": {"env": "ADMIN_TOKEN"}})
    with Running.relay(told, tmp_path_factory.mktemp("relay"), {**ENVIRON, "ADMIN_TOKEN": TOKEN}) as process:
        yield process
    assert not [line for line in process.lines if TOKEN.encode() in line or b"jane@" in line]


async def explain(port: int, said: Any, authorization: str | None = f"Bearer {TOKEN}", **fields: Any) -> Answer:
    content = said if isinstance(said, bytes) else json.dumps(said).encode()
    told = head(len(content), path="/admin/explain", authorization=authorization, x_api_key=None, **fields)
    return await exchange(port, told + content)


async def test_a_request_is_explained_and_not_sent(relay: Running, raw: RawProvider, ops_port: int) -> None:
    answer = await explain(ops_port, PROMPT)

    assert answer.status == 200
    assert answer.fields["content-type"].startswith("application/json")
    assert [each["endpoint"] for each in answer.json["tried"]] == ["one/up", "two/up"]
    assert (answer.json["strategy"], answer.json["error"]) == ("direct", None)
    assert "[EMAIL]" in answer.json["sent"]
    assert not raw.calls
    line = await relay.find(lambda line: line["event"] == "admin")
    assert (line["path"], line["status"]) == ("/admin/explain", 200)


async def test_it_knows_how_the_endpoints_are_now(relay: Running, raw: RawProvider, ops_port: int) -> None:
    raw.answers = [failure("500 Oops", "api_error", "no")]
    for _ in range(3):
        await ask(relay.port, body("a/m", provider={"only": ["one"]}))

    answer = await explain(ops_port, PROMPT)

    assert [each["endpoint"] for each in answer.json["tried"]] == ["two/up", "one/up"]


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer wrong-token-0123456789", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer \xff"],
)
async def test_without_the_token_nothing_is_told(
    relay: Running, raw: RawProvider, ops_port: int, authorization: str | None
) -> None:
    answer = await explain(ops_port, PROMPT, authorization)

    assert (answer.status, answer.error["type"]) == (401, "authentication_error")
    assert "tried" not in answer.json


async def test_a_callers_key_is_no_admin_token(relay: Running, ops_port: int) -> None:
    assert (await explain(ops_port, PROMPT, f"Bearer {ENVIRON['CALLER_KEY']}")).status == 401


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        ({"model": "a/m", "messages": []}, 400),
        ({"model": "none/such", "messages": HELLO}, 400),
        (b" " * (65 << 10), 413),
    ],
)
async def test_a_request_that_is_wrong_is_told_as_clients_would_read_it(
    relay: Running, ops_port: int, said: Any, status: int
) -> None:
    answer = await explain(ops_port, said)

    assert (answer.status, answer.error["type"]) == (status, "invalid_request_error")


@pytest.mark.parametrize(
    "sent",
    [
        head(0, path="/admin/explain", authorization=f"Bearer {TOKEN}\0"),
        head(0, path="/admin/explain", authorization_=f"Bearer {TOKEN}").replace(
            b"authorization-:", b"authorization :"
        ),
        head(0, path="/admin/explain", authorization=f"Bearer {TOKEN}" + "x" * 9000),
        head(0, path=f"/admin/explain {TOKEN}"),
        head(None, path="/admin/explain", authorization=f"Bearer {TOKEN}", transfer_encoding="chunked")
        + TOKEN.encode()
        + b"\r\n",
    ],
    ids=["NUL", "space", "long", "line", "chunk"],
)
async def test_a_request_that_cannot_be_read_leaves_none_of_its_words_in_the_log(
    relay: Running, ops_port: int, sent: bytes
) -> None:
    assert (await exchange(ops_port, sent)).status == 400

    line = await relay.find(lambda line: line["event"] == "refused")
    assert (line["status"], line["error_type"]) == (400, "caller_invalid")
    assert relay.noise == []


async def test_content_that_is_not_what_its_encoding_says_is_refused(relay: Running, ops_port: int) -> None:
    answer = await explain(ops_port, PROMPT, content_encoding="gzip")

    assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")
    assert relay.noise == []


async def test_it_is_asked_by_post_alone(relay: Running, ops_port: int) -> None:
    told = head(0, method="GET", path="/admin/explain", authorization=f"Bearer {TOKEN}")

    assert (await exchange(ops_port, told)).status == 405


async def test_clients_find_no_admin_on_their_port(relay: Running) -> None:
    assert (await explain(relay.port, PROMPT)).status == 404


async def test_without_a_token_in_the_configuration_there_is_no_admin(
    raw: RawProvider, ops_port: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    told = config(raw, ops={"listen": f"127.0.0.1:{ops_port}"})
    with Running.relay(told, tmp_path_factory.mktemp("relay"), ENVIRON):
        for authorization in (None, "Bearer ", f"Bearer {TOKEN}"):
            assert (await explain(ops_port, PROMPT, authorization)).status == 404
