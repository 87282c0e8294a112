"""Which field says who calls, and which one goes on to a provider; a key of the gateway never does."""

import time
from hashlib import sha256

import pytest

from relay.call import Identity
from relay.downstream.identity import Caller, own_credential
from relay.errors import CallerAuth, CallerInvalid

KEY = b"sk-relay-1-secret"
OTHER = b"inline-key-of-somebody"
KEYS = {sha256(KEY).digest(): Identity("dev"), sha256(OTHER).digest(): Identity("other")}
BEARER = b"Bearer "


def given(**fields: bytes) -> dict[bytes, bytes]:
    return {name.replace("_", "-").encode(): value for name, value in fields.items()}


@pytest.mark.parametrize(
    "fields",
    [
        given(x_relay_key=KEY, authorization=BEARER + OTHER, x_api_key=OTHER),
        given(authorization=BEARER + KEY, x_api_key=OTHER),
        given(authorization=b"bearer  " + KEY),
        given(x_api_key=KEY),
        given(x_api_key=KEY, authorization=b"Basic abc"),
    ],
)
def test_what_comes_first_says_who_calls(fields: dict[bytes, bytes]) -> None:
    assert Caller().identify(fields, KEYS).name == "dev"


@pytest.mark.parametrize("fields", [given(), given(x_relay_key=b"", x_api_key=KEY), given(x_api_key=b"wrong")])
def test_what_comes_first_and_is_wrong_is_refused(fields: dict[bytes, bytes]) -> None:
    with pytest.raises(CallerAuth):
        Caller().identify(fields, KEYS)


def test_a_connection_is_not_bound_to_its_first_caller() -> None:
    caller = Caller()

    names = [caller.identify(given(x_api_key=key), KEYS).name for key in (KEY, KEY, OTHER, KEY)]

    assert names == ["dev", "dev", "other", "dev"]
    with pytest.raises(CallerAuth):
        caller.identify(given(x_api_key=KEY + b"x"), KEYS)
    with pytest.raises(CallerAuth):
        caller.identify(given(), KEYS)


def test_a_known_caller_whose_key_is_taken_back_is_refused() -> None:
    caller = Caller()
    assert caller.identify(given(x_api_key=KEY), KEYS).name == "dev"

    with pytest.raises(CallerAuth):
        caller.identify(given(x_api_key=KEY), {sha256(OTHER).digest(): Identity("other")})
    assert caller.identify(given(x_api_key=KEY), {sha256(KEY).digest(): Identity("new")}).name == "new"


def test_a_known_caller_whose_key_expires_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    caller, keys = Caller(), {sha256(KEY).digest(): Identity("dev", expires=2e9)}
    monkeypatch.setattr(time, "time", lambda: 1.9e9)
    assert caller.identify(given(x_api_key=KEY), keys).name == "dev"

    monkeypatch.setattr(time, "time", lambda: 2e9)

    with pytest.raises(CallerAuth):
        caller.identify(given(x_api_key=KEY), keys)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (given(authorization=BEARER + KEY, x_api_key=b" theirs "), "x-api-key: theirs\r\n"),
        (given(x_relay_key=KEY, x_api_key=b"theirs"), "x-api-key: theirs\r\n"),
        (given(x_relay_key=KEY, authorization=b"Bearer theirs"), "authorization: Bearer theirs\r\n"),
        (given(x_relay_key=KEY, authorization=BEARER + OTHER, x_api_key=b"theirs"), "x-api-key: theirs\r\n"),
        (given(x_api_key=KEY), None),
        (given(authorization=BEARER + KEY), None),
        (given(authorization=BEARER + KEY, x_api_key=KEY), None),
        (given(authorization=BEARER + KEY, x_api_key=OTHER), None),
        (given(authorization=BEARER + KEY, x_api_key=b"sk-relay-9-unknown"), None),
        (given(authorization=BEARER + KEY, x_api_key=b""), None),
        (given(x_relay_key=KEY), None),
    ],
)
def test_the_clients_own_credential_is_what_does_not_let_it_in(fields: dict[bytes, bytes], line: str | None) -> None:
    found = own_credential(fields, KEYS)

    assert (found and found.reveal()) == line


def test_where_anybody_is_let_in_any_credential_is_the_clients_own() -> None:
    for fields, line in (
        (given(x_api_key=b"theirs"), "x-api-key: theirs\r\n"),
        (given(authorization=b"Bearer theirs"), "authorization: Bearer theirs\r\n"),
    ):
        found = own_credential(fields, None)
        assert found is not None
        assert found.reveal() == line


@pytest.mark.parametrize("bad", [b"a b", b"a\r\nx: y", b"\xff", b"a" * 10_000])
def test_a_credential_that_would_break_a_head_is_refused(bad: bytes) -> None:
    with pytest.raises(CallerInvalid):
        own_credential(given(x_relay_key=KEY, x_api_key=bad), KEYS)
