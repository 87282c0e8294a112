"""Clients that keep their connection: whatever form their requests have, and however they come, each has its answer."""

import asyncio
import random
from itertools import pairwise

import pytest

from tests.support.answers import message, whole
from tests.support.processes import Running
from tests.support.raw_client import Client, body, head
from tests.support.raw_provider import RawProvider

pytestmark = pytest.mark.usefixtures("serves_on")


def chunked(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)


def asked(form: str, id: str) -> bytes:
    """One request in this form, whose answer tells its id."""
    content = body(f"raw/{id}")
    if form == "list":
        return head(None, method="GET", path="/v1/models", x_request_id=id)
    if form == "chunked":
        return head(None, transfer_encoding="chunked", x_request_id=id) + chunked(content)
    if form == "refused":
        return head(2, x_request_id=id) + b"[]"
    if form == "large":
        content = body(f"raw/{id}", system=50_000 * "s")
    if form == "after an empty line":
        return b"\r\n" + head(len(content), x_request_id=id) + content
    return head(len(content), x_request_id=id) + content


FORMS = ["plain", "plain", "list", "large", "chunked", "refused", "after an empty line"]


def parts(data: bytes, cuts: int, chance: random.Random) -> list[bytes]:
    bounds = [0, *sorted(chance.randrange(len(data)) for _ in range(cuts)), len(data)]
    return [data[start:end] for start, end in pairwise(bounds) if end > start]


@pytest.mark.parametrize("seed", range(30))
async def test_requests_of_all_forms_share_a_connection(relay: Running, provider: RawProvider, seed: int) -> None:
    provider.answers = lambda received: [whole(message(received.model))]
    chance = random.Random(seed)
    forms = [chance.choice(FORMS) for _ in range(8)]
    ids = [f"{seed}-{nth}" for nth in range(len(forms))]

    async with Client(relay.port) as client:
        waiting: list[str] = []
        for form, id in zip(forms, ids, strict=True):
            for part in parts(asked(form, id), chance.choice((0, 0, 1, 3)), chance):
                client.send(part)
                await asyncio.sleep(chance.choice((0, 0.003)))
            waiting.append(id)
            if chance.random() < 0.6:  # else the next one is sent before this one's answer came
                await answered(client, waiting)
        await answered(client, waiting)

    assert [call.model for call in provider.calls] == [
        id for form, id in zip(forms, ids, strict=True) if form not in ("list", "refused")
    ]


async def answered(client: Client, waiting: list[str]) -> None:
    """Take the answers to these requests, in their order."""
    while waiting:
        answer = await client.answer()
        assert (answer.fields["x-request-id"], answer.end) == (waiting.pop(0), "clean")
