"""Redaction where answers are odd: what relay edits besides, halves of characters, numbers that no float holds."""

import pytest

from tests.support.answers import LAST_CHUNK, chunk, closing, frame, head, message, message_start, whole
from tests.support.processes import Running
from tests.support.raw_client import ask, body
from tests.support.raw_provider import RawProvider
from tests.system.test_redaction import EMAIL, block, request


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "unary"])
async def test_half_a_surrogate_pair_and_long_numbers_are_as_they_came_beside_an_original(
    relay: Running, provider: RawProvider, streams: bool
) -> None:
    text, arguments = "\ud83d [EMAIL_1]", '{"n": 123456789012345678901234567890, "x": 1.10, "to": "[EMAIL_1]"}'
    tool = {"type": "tool_use", "id": "toolu_1", "name": "pay", "input": {}}
    deltas = (
        block(0, {"type": "text", "text": ""}, [{"type": "text_delta", "text": text}]),
        block(1, tool, [{"type": "input_json_delta", "partial_json": arguments}]),
    )
    content = message(content=[{"type": "text", "text": text}, tool])
    provider.answers = [whole(content.replace(b'"input": {}', b'"input": %b' % arguments.encode()))]
    if streams:
        sent = message_start() + b"".join(deltas) + closing().split(b"\n\n", 1)[1]
        provider.answers = [head(), chunk(sent), LAST_CHUNK]

    answer = await ask(
        relay.port,
        body("raw/x", stream=streams, messages=[{"role": "user", "content": EMAIL}], **request(mode="placeholder")),
    )

    told = answer.content.decode().replace('\\"', '"')
    assert f"\\ud83d {EMAIL}" in told
    assert arguments.replace("[EMAIL_1]", EMAIL) in told


async def test_what_stands_in_the_start_and_the_end_of_a_message_is_redacted_and_the_rest_of_them_stays(
    relay: Running, provider: RawProvider
) -> None:
    """relay writes ids and usage into these events: into the redacted ones, not into bytes that lie elsewhere."""
    details = {"type": "refusal", "category": None, "explanation": f"it is about {EMAIL}"}
    end = {"stop_reason": "refusal", "stop_sequence": None, "stop_details": details}
    usage = {"input_tokens": 7, "output_tokens": 1}
    provider.answers = [
        head(),
        chunk(
            message_start(content=[{"type": "text", "text": EMAIL}], usage=usage)
            + frame("message_delta", delta=end, usage={"output_tokens": 3})
            + frame("message_stop")
        ),
        LAST_CHUNK,
    ]

    answer = await ask(relay.port, body("raw/x", stream=True, **request()))

    (_, start), _ping, (_, stop), _ = answer.events
    assert start["message"]["content"] == [{"type": "text", "text": "[EMAIL]"}]
    assert start["message"]["id"] == answer.fields["x-generation-id"]
    assert (start["message"]["model"], start["message"]["provider"]) == ("raw/x", "raw")
    assert start["message"]["usage"] == usage
    assert stop["delta"]["stop_details"] == details | {"explanation": "it is about [EMAIL]"}
    assert (stop["delta"]["stop_reason"], stop["usage"]["output_tokens"]) == ("refusal", 3)
    assert "cost" in stop["usage"]


async def test_the_explanation_of_a_whole_refusal_is_redacted(relay: Running, provider: RawProvider) -> None:
    details = {"type": "refusal", "category": None, "explanation": f"it is about {EMAIL}"}
    provider.answers = [whole(message("no", stop_reason="refusal", stop_details=details))]

    answer = await ask(relay.port, body("raw/x", **request()))

    assert answer.json["stop_details"] == details | {"explanation": "it is about [EMAIL]"}
