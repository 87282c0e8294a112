"""At its limit relay refuses at once, says how to come back, and takes calls again when a place is free."""

from collections.abc import Iterator

import pytest

from tests.support.answers import chunk, head, opening, streamed
from tests.support.processes import Running
from tests.support.raw_client import Client, ask, body, exchange, request
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import STALL, RawProvider
from tests.system.conftest import configured
from tests.system.planted import ENVIRON


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory, raw_port: int) -> Iterator[Running]:
    """A relay with one place."""
    config = configured(raw_port, limits={"concurrency": 1})
    with Running.relay(config, tmp_path_factory.mktemp("narrow"), ENVIRON) as process:
        yield process


async def test_a_call_over_the_limit_is_refused_and_the_next_one_taken(narrow: Running, provider: RawProvider) -> None:
    provider.answers = lambda received: (
        [head(), chunk(opening()), STALL] if received.model == "holder" else [streamed()]
    )
    async with Client(narrow.port) as holder:
        holder.send(request(body("raw/holder", stream=True)))
        await holder.head()
        refused = await ask(narrow.port, body("raw/refused", stream=True))
        holder.leave()
        await narrow.record_of("raw/holder")
    taken = await ask(narrow.port, body("raw/taken", stream=True))

    assert (refused.status, refused.error["type"]) == (529, "overloaded_error")
    assert refused.fields.keys() >= {"retry-after", "retry-after-ms", "x-should-retry"}
    line = await narrow.find(lambda line: line.get("request_id") == refused.fields["x-generation-id"])
    assert line["error_type"] == "gateway_shed"
    assert taken.status == 200


async def test_a_call_over_the_limit_is_refused_before_its_body_is_read(narrow: Running, provider: RawProvider) -> None:
    """ADM-1."""
    provider.answers = [head(), chunk(opening()), STALL]
    async with Client(narrow.port) as holder:
        holder.send(request(body("raw/holder", stream=True)))
        await holder.head()
        refused = await exchange(narrow.port, request_head(30 << 20))

    assert (refused.status, refused.fields["connection"]) == (529, "close")
