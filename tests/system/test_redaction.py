"""Redaction end to end: a relay process, a raw provider that shows what it got, and the official SDK."""

import json
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import anthropic
import pytest

from tests.support.answers import LAST_CHUNK, chunk, closing, frame, head, message, message_start, streamed, whole
from tests.support.processes import Running
from tests.support.raw_client import KEY, ask, body
from tests.support.raw_provider import RawProvider
from tests.system.conftest import configured
from tests.system.planted import ENVIRON

EMAIL, CARD, IBAN, PHONE = "jane.doe@example.org", "4111 1111 1111 1111", "DE89370400440532013000", "+49 30 901820"
TOKEN = "ghp_aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zC1234"  # planted
VALUES = (EMAIL, CARD, CARD.replace(" ", ""), IBAN, PHONE, TOKEN)
ALL = dict.fromkeys(("email", "phone", "ip", "uuid", "token", "credit_card", "iban", "ssn", "mac"), True)
INPUT = {"to": EMAIL, "pay": {"card": 4111111111111111, "iban": IBAN, "note": f"line\n{EMAIL} \u00e9"}}


@pytest.fixture
async def client(relay: Running) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(
        base_url=f"http://127.0.0.1:{relay.port}", api_key=KEY, max_retries=0
    ) as client:
        yield client


def pieces(text: str, random: Random) -> list[str]:
    cuts = sorted({0, len(text), *(random.randrange(len(text)) for _ in range(len(text) // 3))})
    return [text[start:end] for start, end in pairwise(cuts)]


def block(index: int, start: dict[str, Any], deltas: list[dict[str, Any]]) -> bytes:
    return (
        frame("content_block_start", index=index, content_block=start)
        + b"".join(frame("content_block_delta", index=index, delta=delta) for delta in deltas)
        + frame("content_block_stop", index=index)
    )


def answer_with_everything(seed: int) -> bytes:
    random = Random(seed)
    spoken = f"Write to {EMAIL}, call {PHONE} or pay with {CARD}. Done."
    arguments = json.dumps(INPUT)
    return (
        message_start()
        + block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            [{"type": "thinking_delta", "thinking": EMAIL}, {"type": "signature_delta", "signature": EMAIL}],
        )
        + block(
            1,
            {"type": "text", "text": ""},
            [{"type": "text_delta", "text": piece} for piece in pieces(spoken, random)],
        )
        + block(
            2,
            {"type": "tool_use", "id": "toolu_1", "name": "pay", "input": {}},
            [{"type": "input_json_delta", "partial_json": piece} for piece in pieces(arguments, random)],
        )
        + closing().split(b"\n\n", 1)[1]
    )


def request(**redact: Any) -> dict[str, Any]:
    return {"gateway": {"redact": ALL | redact}}


@pytest.mark.parametrize("seed", range(6))
async def test_a_streamed_answer_reaches_the_sdk_redacted_and_signed_blocks_as_they_came(
    client: anthropic.AsyncAnthropic, provider: RawProvider, seed: int
) -> None:
    random = Random(seed)
    sent = answer_with_everything(seed)
    cuts = sorted({0, len(sent), *(random.randrange(len(sent)) for _ in range(30))})
    reads = [chunk(sent[start:end]) for start, end in pairwise(cuts)]
    provider.answers = [head(), *reads, LAST_CHUNK]

    async with client.messages.stream(
        model="raw/x", max_tokens=99, messages=[{"role": "user", "content": "hi"}], extra_body=request()
    ) as stream:
        final = await stream.get_final_message()

    thinking, text, tool = final.content
    assert (thinking.thinking, thinking.signature) == (EMAIL, EMAIL)
    assert text.text == "Write to [EMAIL], call [PHONE] or pay with [CREDIT_CARD]. Done."
    assert tool.input == {
        "to": "[EMAIL]",
        "pay": {"card": "[CREDIT_CARD]", "iban": "[IBAN]", "note": "line\n[EMAIL] \u00e9"},
    }


async def test_the_provider_never_sees_an_original(client: anthropic.AsyncAnthropic, provider: RawProvider) -> None:
    provider.answers = [whole(message(f"I wrote to {EMAIL}"))]
    tools = [
        {
            "name": "mail",
            "description": f"ask {EMAIL}",
            "input_schema": {
                "type": "object",
                "properties": {"description": {"type": "string", "description": f"like {EMAIL}", "enum": [EMAIL]}},
            },
        }
    ]
    messages: list[Any] = [
        {"role": "user", "content": f"I am {EMAIL}, {PHONE}"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "mail", "input": INPUT}]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": f"ok {CARD}"}]},
                {
                    "type": "document",
                    "title": EMAIL,
                    "source": {"type": "text", "media_type": "text/plain", "data": IBAN},
                },
            ],
        },
    ]

    final = await client.messages.create(
        model="raw/x",
        max_tokens=99,
        system=[{"type": "text", "text": f"token {TOKEN}"}],
        tools=tools,  # type: ignore[arg-type]
        messages=messages,
        metadata={"user_id": EMAIL},
        extra_body=request(),
    )

    got = provider.calls[-1].content.decode()
    assert "gateway" not in json.loads(got)
    tool = json.loads(got)["tools"][0]
    assert tool["input_schema"]["properties"]["description"].pop("enum") == [EMAIL]  # schema keywords are not text
    assert not [value for value in VALUES if value in json.dumps(json.loads(got) | {"tools": [tool]})], got
    assert json.loads(got)["messages"][1]["content"][0]["input"]["pay"]["card"] == "[CREDIT_CARD]"
    assert final.content[0].text == "I wrote to [EMAIL]"  # type: ignore[union-attr]


async def test_a_longer_conversation_keeps_its_redacted_beginning(relay: Running, provider: RawProvider) -> None:
    provider.answers = [streamed()]
    turns = [{"role": "user", "content": f"{EMAIL} and {PHONE}"}, {"role": "assistant", "content": f"hello {EMAIL}"}]
    later = [*turns, {"role": "user", "content": f"now x@example.org, {EMAIL}"}]
    sent = []
    for messages in (turns, later):
        await ask(
            relay.port, body("raw/x", stream=True, messages=messages, **request(mode="placeholder", restore=False))
        )
        sent.append(json.dumps(json.loads(provider.calls[-1].content)["messages"]))

    assert sent[1].startswith(sent[0][:-1])
    assert json.loads(sent[1])[2]["content"] == "now [EMAIL_2], [EMAIL_1]"


@pytest.mark.parametrize("seed", range(4))
async def test_placeholders_come_back_as_originals_in_text_and_tool_input_but_not_in_the_query_of_a_link(
    client: anthropic.AsyncAnthropic, provider: RawProvider, seed: int
) -> None:
    random = Random(seed)
    spoken = "To [EMAIL_1] and [email_1], not [EMAIL_7]. ![x](https://e.example/?q=[EMAIL_1]) New: bob@example.org."
    arguments = json.dumps({"to": "[EMAIL_1]", "card": "[CREDIT_CARD_1]"})
    sent = (
        message_start()
        + block(
            0, {"type": "text", "text": ""}, [{"type": "text_delta", "text": each} for each in pieces(spoken, random)]
        )
        + block(
            1,
            {"type": "tool_use", "id": "toolu_1", "name": "pay", "input": {}},
            [{"type": "input_json_delta", "partial_json": each} for each in pieces(arguments, random)],
        )
        + closing().split(b"\n\n", 1)[1]
    )
    provider.answers = [head(), chunk(sent), LAST_CHUNK]

    async with client.messages.stream(
        model="raw/x",
        max_tokens=99,
        messages=[{"role": "user", "content": f"I am {EMAIL}, {CARD}"}],
        extra_body=request(mode="placeholder"),
    ) as stream:
        final = await stream.get_final_message()

    assert json.loads(provider.calls[-1].content)["messages"][0]["content"] == "I am [EMAIL_1], [CREDIT_CARD_1]"
    text, tool = final.content
    assert text.text == (f"To {EMAIL} and {EMAIL}, not [EMAIL_7]. ![x](https://e.example/?q=[EMAIL_1]) New: [EMAIL_2].")
    assert tool.input == {"to": EMAIL, "card": CARD}


async def test_a_whole_answer_has_its_originals_back(client: anthropic.AsyncAnthropic, provider: RawProvider) -> None:
    content = [
        {"type": "text", "text": "Dear [EMAIL_1]"},
        {"type": "tool_use", "id": "toolu_1", "name": "pay", "input": {"to": "[EMAIL_1]"}},
    ]
    provider.answers = [whole(message(content=content))]

    final = await client.messages.create(
        model="raw/x",
        max_tokens=99,
        messages=[{"role": "user", "content": EMAIL}],
        extra_body=request(mode="placeholder"),
    )

    assert final.content[0].text == f"Dear {EMAIL}"  # type: ignore[union-attr]
    assert final.content[1].input == {"to": EMAIL}  # type: ignore[union-attr]


CITATION = {"type": "char_location", "cited_text": "by [EMAIL_1]", "document_index": 0, "document_title": "[EMAIL_1]"}
RESULT = {
    "type": "code_execution_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": {
        "type": "code_execution_result",
        "stdout": "[EMAIL_1]\n",
        "stderr": "",
        "return_code": 0,
        "content": [],
    },
}


@pytest.mark.parametrize("stream", [False, True])
async def test_originals_come_back_into_citations_and_results_that_come_whole(
    relay: Running, provider: RawProvider, stream: bool
) -> None:
    signed = {"type": "thinking", "thinking": "[EMAIL_1] \u00e9", "signature": "[EMAIL_1]"}
    text = {"type": "text", "text": "see"}
    sent = (
        message_start()
        + block(0, RESULT, [])
        + block(1, text | {"citations": []}, [{"type": "citations_delta", "citation": CITATION}])
        + closing().split(b"\n\n", 1)[1]
    )
    answers = (whole(message(content=[RESULT, text | {"citations": [CITATION]}, signed])), head() + chunk(sent))
    provider.answers = [answers[stream], LAST_CHUNK] if stream else [answers[0]]
    messages = [{"role": "user", "content": EMAIL}]

    answer = await ask(relay.port, body("raw/x", stream=stream, messages=messages, **request(mode="placeholder")))

    blocks = (
        [data["content_block"] for name, data in answer.events if name == "content_block_start"]
        if stream
        else (answer.json["content"])
    )
    cited = (
        [data["delta"] for name, data in answer.events if name == "content_block_delta"]
        if stream
        else ([{"citation": blocks[1]["citations"][0]}])
    )
    assert blocks[0]["content"]["stdout"] == f"{EMAIL}\n"
    assert (cited[0]["citation"]["cited_text"], cited[0]["citation"]["document_title"]) == (f"by {EMAIL}", EMAIL)
    if not stream:
        assert json.dumps(signed).encode() in answer.content


async def test_the_next_turn_keeps_the_numbers_of_what_the_model_said_itself(
    client: anthropic.AsyncAnthropic, provider: RawProvider
) -> None:
    first: dict[str, Any] = {"role": "user", "content": f"I am {EMAIL}"}
    provider.answers = [streamed(["Dear [EMA", "IL_1], ask bob@exam", "ple.org."])]
    sent = []
    said = ""
    for turns in (1, 2):
        messages = [first, {"role": "assistant", "content": said}, {"role": "user", "content": f"carol@x.org, {EMAIL}"}]
        async with client.messages.stream(
            model="raw/x",
            max_tokens=99,
            messages=messages[: 1 if turns == 1 else 3],  # type: ignore[arg-type]
            extra_body=request(mode="placeholder"),
        ) as stream:
            said = await stream.get_final_text()
        sent.append(json.loads(provider.calls[-1].content)["messages"])

    assert said == f"Dear {EMAIL}, ask [EMAIL_4]."
    assert sent[1][:1] == sent[0]
    assert sent[1][1]["content"] == "Dear [EMAIL_1], ask [EMAIL_2]."
    assert sent[1][2]["content"] == "[EMAIL_3], [EMAIL_1]"


async def test_tools_of_one_answer_are_redacted_each_by_itself(
    client: anthropic.AsyncAnthropic, provider: RawProvider
) -> None:
    inputs = ({"to": EMAIL, "n": 1}, {"card": CARD, "to": "nobody"})
    blocks = [
        block(
            index,
            {"type": "tool_use", "id": f"toolu_{index}", "name": "pay", "input": {}},
            [{"type": "input_json_delta", "partial_json": each} for each in pieces(json.dumps(input), Random(index))],
        )
        for index, input in enumerate(inputs)
    ]
    provider.answers = [head(), chunk(message_start() + b"".join(blocks) + closing().split(b"\n\n", 1)[1]), LAST_CHUNK]

    async with client.messages.stream(
        model="raw/x", max_tokens=99, messages=[{"role": "user", "content": "hi"}], extra_body=request()
    ) as stream:
        final = await stream.get_final_message()

    assert [tool.input for tool in final.content] == [  # type: ignore[union-attr]
        {"to": "[EMAIL]", "n": 1},
        {"card": "[CREDIT_CARD]", "to": "nobody"},
    ]


async def test_without_redaction_every_byte_of_request_and_answer_is_the_clients_and_the_providers(
    relay: Running, provider: RawProvider
) -> None:
    provider.answers = [streamed([EMAIL])]
    messages = [{"role": "user", "content": f"{EMAIL} {CARD}"}]

    plain = await ask(relay.port, body("raw/x", stream=True, messages=messages))
    got = provider.calls[-1].content
    off = await ask(relay.port, body("raw/x", stream=True, messages=messages, gateway={"redact": {"email": False}}))

    assert provider.calls[-1].content == got
    assert EMAIL.encode() in plain.content
    assert EMAIL.encode() in off.content


async def test_a_blocked_class_refuses_the_request_and_names_only_the_class(
    relay: Running, provider: RawProvider
) -> None:
    answer = await ask(
        relay.port,
        body(
            "raw/x", messages=[{"role": "user", "content": EMAIL}], gateway={"redact": {"email": True, "mode": "block"}}
        ),
    )

    assert (answer.status, answer.error["type"]) == (403, "permission_error")
    assert answer.error["message"].endswith("holds email")
    assert EMAIL not in answer.error["message"]
    assert not provider.calls


async def test_a_blocked_answer_ends_with_one_error_and_nothing_of_the_value(
    relay: Running, provider: RawProvider
) -> None:
    provider.answers = [streamed(["see ", "jane.doe", "@example", ".org", " now"])]

    answer = await ask(
        relay.port, body("raw/x", stream=True, gateway={"redact": {"email": True, "mode": {"email": "block"}}})
    )

    names = [name for name, _ in answer.events]
    assert names.count("error") == 1
    assert names.index("error") == len(names) - 1
    assert names.count("content_block_start") == names.count("content_block_stop")
    assert b"jane" not in answer.content


async def test_the_report_of_a_whole_answer_counts_what_was_redacted_when_the_client_asks(
    relay: Running, provider: RawProvider
) -> None:
    provider.answers = [whole(message(f"I wrote to {EMAIL}"))]
    content = body("raw/x", messages=[{"role": "user", "content": f"{EMAIL} {CARD}"}], **request())

    asked = await ask(relay.port, content, **{"x-relay-metadata": "1"})
    silent = await ask(relay.port, content)

    assert asked.fields["x-relay-redactions"] == "credit_card=1,email=2"
    assert "x-relay-redactions" not in silent.fields
    receipt = json.loads(asked.fields["x-relay-redaction-receipt"])
    assert (receipt["result"], receipt["request"], receipt["response"]) == (
        "ok",
        {"credit_card": 1, "email": 1},
        {"email": 1},
    )
    assert "x-relay-redaction-receipt" not in silent.fields


IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}


async def test_a_stream_ends_with_its_report_as_comments_when_the_client_asks(
    relay: Running, provider: RawProvider
) -> None:
    provider.answers = [streamed(["to jane.doe", "@example.org ", "bye"])]
    messages = [{"role": "user", "content": [{"type": "text", "text": EMAIL}, IMAGE]}]
    content = body("raw/x", stream=True, messages=messages, **request())

    asked = await ask(relay.port, content, **{"x-relay-metadata": "1"})
    silent = await ask(relay.port, content)

    events, _, last = asked.content.partition(b"\n\n: ")
    assert events.endswith(b'{"type": "message_stop"}')
    counts, receipt = last.removesuffix(b"\n\n").split(b"\n: ")
    assert counts == b"x-relay-redactions: email=2,unscanned=1"
    said = json.loads(receipt.removeprefix(b"x-relay-redaction-receipt: "))
    assert said["coverage"] == {"scanned": 2, "opaque": 0, "skipped": 0, "unscanned": 1}
    assert len("jane.doe") <= said["hold_max"] <= len("to jane.doe")
    assert EMAIL.encode() not in asked.content
    assert b"\n\n: " not in silent.content


async def test_the_sdk_takes_a_stream_with_a_report(client: anthropic.AsyncAnthropic, provider: RawProvider) -> None:
    provider.answers = [streamed([f"to {EMAIL}"])]

    async with client.messages.stream(
        model="raw/x",
        max_tokens=99,
        messages=[{"role": "user", "content": "hi"}],
        extra_body=request(),
        extra_headers={"x-relay-metadata": "1"},
    ) as stream:
        assert await stream.get_final_text() == "to [EMAIL]"


@pytest.mark.parametrize("stream", [False, True])
async def test_what_was_blocked_is_told_by_class_and_result(
    relay: Running, provider: RawProvider, stream: bool
) -> None:
    provider.answers = [streamed([f"see {EMAIL} now"]) if stream else whole(message(f"see {EMAIL} now"))]
    content = body("raw/x", stream=stream, gateway={"redact": {"email": True, "mode": "block"}})

    answer = await ask(relay.port, content, **{"x-relay-metadata": "1"})

    told = answer.content.decode() if stream else answer.head.decode()
    assert "x-relay-redactions: email=1" in told
    assert '"result":"blocked"' in told
    assert EMAIL not in told


async def test_thinking_is_dropped_and_later_blocks_move_up(
    client: anthropic.AsyncAnthropic, provider: RawProvider
) -> None:
    provider.answers = [head(), chunk(answer_with_everything(3)), LAST_CHUNK]

    async with client.messages.stream(
        model="raw/x",
        max_tokens=99,
        messages=[{"role": "user", "content": "hi"}],
        extra_body=request(scan_thinking="drop"),
    ) as stream:
        final = await stream.get_final_message()

    text, tool = final.content
    assert text.text == "Write to [EMAIL], call [PHONE] or pay with [CREDIT_CARD]. Done."
    assert tool.input["to"] == "[EMAIL]"


async def test_thinking_is_dropped_from_a_whole_answer(relay: Running, provider: RawProvider) -> None:
    thinking = {"type": "thinking", "thinking": EMAIL, "signature": EMAIL}
    provider.answers = [whole(message(content=[thinking, {"type": "text", "text": f"to {EMAIL}"}]))]

    answer = await ask(relay.port, body("raw/x", **request(scan_thinking="drop")))

    assert answer.json["content"] == [{"type": "text", "text": "to [EMAIL]"}]


async def test_dropping_thinking_is_refused_together_with_tools(relay: Running, provider: RawProvider) -> None:
    tools = [{"name": "pay", "input_schema": {"type": "object"}}]

    answer = await ask(relay.port, body("raw/x", tools=tools, **request(scan_thinking="drop")))

    assert answer.status == 400
    assert answer.error["message"] == "gateway.redact.scan_thinking: 'drop' is refused together with tools"
    assert not provider.calls


PDF = {"type": "document", "source": {"type": "url", "url": "https://e.example/a.pdf"}}


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ([{"type": "text", "text": "hi"}, IMAGE], "messages.0.content.1"),
        ([PDF], "messages.0.content.0"),
        ([{"type": "tool_result", "tool_use_id": "t", "content": [IMAGE]}], "messages.0.content.0.content.0"),
    ],
)
async def test_what_cant_be_scanned_is_refused_by_its_place_where_policy_says_so(
    relay: Running, provider: RawProvider, content: list[Any], path: str
) -> None:
    provider.answers = [whole(message())]
    messages = [{"role": "user", "content": content}]

    refused = await ask(relay.port, body("raw/x", messages=messages, **request(on_unscannable="block")))
    assert not provider.calls
    passed = await ask(relay.port, body("raw/x", messages=messages, **request()))

    assert (refused.status, refused.error["type"]) == (403, "permission_error")
    assert refused.error["message"] == f"{path}: blocked by policy, for it can't be scanned"
    assert passed.status == 200


async def test_text_passes_where_what_cant_be_scanned_is_refused(relay: Running, provider: RawProvider) -> None:
    provider.answers = [whole(message())]

    answer = await ask(relay.port, body("raw/x", **request(on_unscannable="block", apply_to=["response"])))

    assert answer.status == 200


async def test_report_changes_nothing_and_counts_all(relay: Running, provider: RawProvider) -> None:
    provider.answers = [streamed([f"to {EMAIL} ", "bye"])]

    answer = await ask(
        relay.port,
        body(
            "raw/x",
            stream=True,
            messages=[{"role": "user", "content": f"{EMAIL} {CARD}"}],
            gateway={"redact": {"email": True, "credit_card": True, "mode": "report"}},
        ),
    )

    assert EMAIL.encode() in provider.calls[-1].content
    assert EMAIL.encode() in answer.content
    id = answer.events[0][1]["message"]["id"]
    record = await relay.find(lambda line: line.get("request_id") == id)
    assert record["redactions"] == {"request": {"email": 1, "credit_card": 1}, "response": {"email": 1}}


async def test_what_is_held_when_the_provider_breaks_off_still_comes(relay: Running, provider: RawProvider) -> None:
    cut = streamed(["all is ", "well"]).split(b"event: content_block_stop")[0]
    provider.answers = [head(), chunk(cut.split(b"\r\n\r\n", 1)[1].split(b"\r\n", 1)[1]), LAST_CHUNK]

    answer = await ask(relay.port, body("raw/x", stream=True, **request()))

    said = "".join(data["delta"]["text"] for name, data in answer.events if name == "content_block_delta")
    assert said == "all is well"
    assert [name for name, _ in answer.events].count("error") == 1


async def test_no_planted_value_is_in_the_log(relay: Running, provider: RawProvider) -> None:
    provider.answers = [streamed([f"to {EMAIL} {TOKEN}"])]
    await ask(
        relay.port, body("raw/x", stream=True, messages=[{"role": "user", "content": f"{IBAN} {TOKEN}"}], **request())
    )

    assert not [line for line in relay.lines for value in VALUES if value.encode() in line]


async def test_a_request_whose_classes_may_hold_more_than_the_operator_allows_is_refused(
    raw_port: int, provider: RawProvider, tmp_path: Path
) -> None:
    provider.answers = [whole(message())]
    config = configured(raw_port, redact={"ip": True, "hold_max": "100B"})

    with Running.relay(config, tmp_path, ENVIRON) as relay:
        refused = await ask(relay.port, body("raw/x", gateway={"redact": {"email": True}}))
        taken = await ask(relay.port, body("raw/x", gateway={"redact": {"mac": True}}))

    assert (refused.status, taken.status) == (400, 200)
    assert "class email may need 348 characters" in refused.error["message"]
