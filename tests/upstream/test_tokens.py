"""Access tokens by the clouds' own libraries, from a server on loopback."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.catalog import TokenSource
from relay.errors import ProviderAuth
from relay.upstream import tokens
from relay.upstream.tokens import NEW_S, PAUSE_S, RENEW_S, Tokens
from tests.support.token_server import TokenServer, token_server

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
LINE = "authorization: Bearer token-{:03}\r\n"


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with token_server() as server:
        yield server


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def google(server: TokenServer, tmp_path: Path, told: list[str]) -> Tokens:
    source = TokenSource("google", str(server.account(tmp_path / "key.json")), SCOPE)
    return Tokens(source, lambda level, message: told.append(f"{level}: {message}"))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Seconds by which the clock is ahead."""
    ahead = [0.0]
    real = time.time
    monkeypatch.setattr(tokens.time, "time", lambda: real() + ahead[0])
    yield ahead


async def line(held: Tokens) -> str:
    return (await held.line()).decode()


async def settled(held: Tokens) -> None:
    while held._minting is not None:
        await asyncio.sleep(0.01)


async def test_calls_that_come_together_wait_for_one_token(google: Tokens, server: TokenServer) -> None:
    assert await asyncio.gather(*[line(google) for _ in range(20)]) == [LINE.format(1)] * 20
    assert (server.asked, server.given) == ([SCOPE], ["token-001"])


async def test_a_token_is_renewed_while_it_is_valid_and_nobody_waits(
    google: Tokens, server: TokenServer, later: list[float]
) -> None:
    await google.line()
    later[0] = 3600 - RENEW_S - 10
    assert await line(google) == LINE.format(1)
    later[0] += 20
    server.go.clear()
    assert [await line(google) for _ in range(3)] == [LINE.format(1)] * 3
    server.go.set()
    await settled(google)
    assert await line(google) == LINE.format(2)
    assert len(server.given) == 2


async def test_who_comes_after_its_end_waits_for_the_next(
    google: Tokens, server: TokenServer, later: list[float]
) -> None:
    await google.line()
    later[0], server.lasts_s = 4000, 9000
    assert await line(google) == LINE.format(2)
    assert len(server.given) == 2


async def test_without_a_token_calls_fail_at_once_and_the_log_is_told(
    google: Tokens, server: TokenServer, told: list[str], later: list[float]
) -> None:
    server.fails = True
    for _ in range(3):
        with pytest.raises(ProviderAuth, match="tell this gateway's operator"):
            await google.line()
    assert len(told) == 1
    assert told[0].startswith("error: google: no access token: RefreshError: ")
    assert "invalid_grant" in told[0]

    server.fails = False
    later[0] = PAUSE_S + 1
    assert await line(google) == LINE.format(1)


async def test_a_failed_renewal_costs_no_call_while_the_last_token_is_valid(
    google: Tokens, server: TokenServer, told: list[str], later: list[float]
) -> None:
    await google.line()
    later[0], server.fails = 3600 - RENEW_S + 1, True
    assert await line(google) == LINE.format(1)
    await settled(google)
    assert await line(google) == LINE.format(1)
    assert len(told) == 1


async def test_a_token_that_the_provider_refuses_is_replaced_unless_it_is_new(
    google: Tokens, later: list[float]
) -> None:
    await google.line()
    google.refuse()
    assert await line(google) == LINE.format(1)
    later[0] = NEW_S + 1
    google.refuse()
    assert await line(google) == LINE.format(2)


async def test_a_file_that_is_no_key_is_told(tmp_path: Path, told: list[str]) -> None:
    (tmp_path / "key.json").write_text('{"type": "nonsense"}')
    held = Tokens(TokenSource("google", str(tmp_path / "key.json"), SCOPE), lambda _, message: told.append(message))
    with pytest.raises(ProviderAuth):
        await held.line()
    assert told[0].startswith("google: no access token: DefaultCredentialsError: ")


async def test_google_finds_what_the_surroundings_have(
    server: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(server.account(tmp_path / "key.json")))
    assert await line(Tokens(TokenSource("google", None, SCOPE), print)) == LINE.format(1)


async def test_entra_finds_what_the_surroundings_have(server: TokenServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.url}/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header")
    held = Tokens(TokenSource("entra", None, "https://cognitiveservices.azure.com/.default"), print)
    assert await line(held) == LINE.format(1)
    assert server.asked == ["https://cognitiveservices.azure.com"]
