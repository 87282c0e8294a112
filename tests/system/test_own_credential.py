"""`credential: caller` over a real process: the client's own credential reaches its provider, and nobody else."""

from collections.abc import Iterator

import pytest

from tests.support.answers import failure
from tests.support.keyed import NANOUSD, PRICE, Providers, configured, counts, read, secret
from tests.support.processes import Running
from tests.support.raw_client import Answer, ask, body

OWN = "own-credential-planted-13579"
ORDER = {"order": ["one", "two"]}


@pytest.fixture
def relay(two_providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`one` takes the caller's credential, `two` the operator's; `c/own` is served by `one` alone."""
    config = configured(two_providers, [{"name": "dev", "secret": {"env": "DEV"}}])
    config["providers"]["one"]["credential"] = "caller"
    config["providers"]["two"]["credential"] = {"env": "OPERATORS"}
    config["models"]["c/own"] = [{"provider": "one", "model": "up", "price": PRICE}]
    environ = {"DEV": secret("dev"), "OPERATORS": "operators-credential-planted"}
    with Running.relay(config, tmp_path_factory.mktemp("relay"), environ) as process:
        yield process
    assert not [line for line in process.lines if OWN.encode() in line or b"key-of-" in line], "a secret is in the log"


async def sent(relay: Running, model: str = "a/m", **fields: str | None) -> Answer:
    return await ask(relay.port, body(model, stream=True, provider=ORDER), **fields)


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ({"authorization": f"Bearer {secret('dev')}", "x_api_key": OWN}, "x-api-key", OWN),
        ({"x_relay_key": secret("dev"), "x_api_key": OWN}, "x-api-key", OWN),
        (
            {"x_relay_key": secret("dev"), "x_api_key": None, "authorization": f"Bearer {OWN}"},
            "authorization",
            f"Bearer {OWN}",
        ),
    ],
)
async def test_it_reaches_its_provider_as_it_came(
    relay: Running, two_providers: Providers, fields: dict[str, str | None], name: str, value: str
) -> None:
    assert (await sent(relay, **fields)).status == 200

    (call,) = two_providers["one"].calls
    assert call.fields[name] == value
    assert secret("dev") not in call.head.decode()
    assert {"authorization", "x-api-key", "x-relay-key"} & call.fields.keys() == {name}


async def test_no_other_provider_ever_sees_it(relay: Running, two_providers: Providers) -> None:
    two_providers["one"].answers = [failure("500 Oops", "api_error", "no")]

    answer = await sent(relay, authorization=f"Bearer {secret('dev')}", x_api_key=OWN)

    assert (answer.status, counts(two_providers)) == (200, [1, 1])
    assert two_providers["two"].calls[0].fields["x-api-key"] == "operators-credential-planted"
    assert OWN not in two_providers["two"].calls[0].head.decode()


async def test_without_one_others_answer_and_where_there_is_none_that_is_said(
    relay: Running, two_providers: Providers
) -> None:
    assert (await sent(relay, x_api_key=secret("dev"))).status == 200
    assert counts(two_providers) == [0, 1]

    answer = await sent(relay, "c/own", x_api_key=secret("dev"))

    assert (answer.status, answer.error["error_type"]) == (400, "invalid_request")
    assert answer.error["message"].startswith("x-api-key: one takes your own credential;")
    assert counts(two_providers) == [0, 1]


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_one_that_is_refused_is_the_clients_matter_and_not_the_endpoints(
    relay: Running, two_providers: Providers, status: int
) -> None:
    fine, two_providers["one"].answers = (
        two_providers["one"].answers,
        [failure(f"{status} No", "authentication_error", f"bad key {OWN}")],
    )
    fields = {"authorization": f"Bearer {secret('dev')}", "x_api_key": OWN}
    for _ in range(4):
        answer = await sent(relay, "c/own", **fields)
        assert (answer.status, answer.error["error_type"]) == (400, "invalid_request")
        assert answer.error["message"] == f"x-api-key: the provider refused your own credential ({status})"
        assert OWN not in answer.content.decode()

    two_providers["one"].answers = fine
    assert (await sent(relay, "c/own", **fields)).status == 200


async def test_it_costs_nothing_here_and_counts_apart(relay: Running) -> None:
    answer = await sent(relay, "c/own", authorization=f"Bearer {secret('dev')}", x_api_key=OWN)
    record = await relay.record_of("c/own")
    told = (await read(relay, "dev", "/v1/key")).json["data"]

    assert answer.status == 200
    assert record["cost_nanousd"] == 0
    assert (told["usage"], told["byok_usage"]) == (0, pytest.approx(NANOUSD / 1e9, abs=1e-12))
