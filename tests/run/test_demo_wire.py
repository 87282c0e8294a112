"""The embedded provider on the wire: grammar, framings, cuts, silences, answers that are no streams."""

import asyncio
import json
import time

import pytest

from relay.run.demo.grammar import FAULTS, VOICES

from .conftest import Demo, ask, request

BAD = b"\xff\x80\xe2\x82"


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions"])
@pytest.mark.parametrize(
    "model", [*VOICES, *(name for name in FAULTS if name not in ("stall", "silent", "slow-first"))]
)
async def test_the_same_request_gets_the_same_bytes(demo: Demo, model: str, path: str) -> None:
    keys = "@rate=10000" if model == "paced" else ""

    first, second = await ask(demo.port, model + keys, path), await ask(demo.port, model + keys, path)

    strip = [raw.content.replace(b"00000001", b"").replace(b"00000002", b"") for raw in (first, second)]
    assert strip[0] == strip[1]
    assert first.end == second.end


async def test_frames_are_named_and_the_stream_follows_the_grammar(demo: Demo) -> None:
    raw = await ask(demo.port, "chat")

    names = [frame.split(b"\n")[0] for frame in raw.frames]
    kinds = [json.loads(frame.split(b"data: ")[1])["type"].encode() for frame in raw.frames]
    assert names == [b"event: " + kind for kind in kinds]
    assert kinds[:3] == [b"message_start", b"content_block_start", b"ping"]
    assert kinds[-3:] == [b"content_block_stop", b"message_delta", b"message_stop"]
    for field in (b"text/event-stream", b"request-id: req_demo", b"anthropic-ratelimit-requests-remaining: 3999"):
        assert field in raw.head.replace(b"Content-Type", b"content-type")


async def test_chat_frames_have_no_names_and_end_with_done(demo: Demo) -> None:
    raw = await ask(demo.port, "chat", "/v1/chat/completions")

    assert all(frame.startswith(b"data: ") for frame in raw.frames)
    assert raw.frames[-1] == b"data: [DONE]"


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions"])
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("size", [0, 1, 77, 500])
async def test_cut_closes_after_exactly_that_many_bytes(demo: Demo, path: str, stream: bool, size: int) -> None:
    whole = await ask(demo.port, "chat", path, stream=stream)
    cut = await ask(demo.port, f"cut@bytes={size}", path, stream=stream)
    reset = await ask(demo.port, f"reset@bytes={size}", path, stream=stream)

    # the model's name is part of the answer, so only the sizes can be compared
    assert (whole.end, cut.end, reset.end) == ("clean", "cut", "reset")
    assert len(cut.content) == size
    assert len(reset.content) <= size


async def test_cut_of_another_script_is_a_prefix_of_it(demo: Demo) -> None:
    whole = await ask(demo.port, "no-stop@of=thinking")
    cut = await ask(demo.port, "cut@of=thinking,bytes=900")

    assert cut.content[500:900] == whole.content.replace(b"no-stop@of=thinking", b"cut@of=thinking,bytes=900")[500:900]


async def test_cut_beyond_the_end_still_cuts(demo: Demo) -> None:
    raw = await ask(demo.port, "cut@bytes=1000000")

    assert raw.end == "cut"
    assert b"message_stop" in raw.content


async def test_stall_is_silent_after_its_deltas_and_then_goes_on(demo: Demo) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", demo.port)
    writer.write(request("stall@after=3,seconds=0.3"))
    arrivals = []
    async with asyncio.timeout(5):
        while b"message_stop" not in (data := await reader.read(65536)):
            arrivals.append((time.monotonic(), data.count(b"text_delta")))
    writer.close()

    before = [at for at, _ in arrivals]
    gap = max(later - earlier for earlier, later in zip(before, [*before[1:], time.monotonic()], strict=True))
    early = sum(count for at, count in arrivals if at < before[0] + 0.15)
    assert gap > 0.25
    assert early == 3


@pytest.mark.parametrize(("model", "head_first"), [("silent@seconds=0.5", False), ("slow-first@seconds=0.5", True)])
@pytest.mark.parametrize("stream", [True, False])
async def test_silences_before_the_first_event(demo: Demo, model: str, head_first: bool, stream: bool) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", demo.port)
    start_s = time.monotonic()
    writer.write(request(model, stream=stream))
    await reader.readuntil(b"\r\n\r\n")
    head_s = time.monotonic() - start_s
    await reader.read(1)
    first_s = time.monotonic() - start_s
    writer.close()

    assert (head_s < 0.4) == head_first
    assert first_s > 0.48


async def test_framings(demo: Demo) -> None:
    named = {name: (await ask(demo.port, name)).content for name in ("bom", "crlf", "no-event-line", "empty-data")}
    bad = (await ask(demo.port, "bad-utf8")).content

    assert named["bom"].startswith(b"\xef\xbb\xbfevent: message_start")
    assert named["bom"].count(b"\xef\xbb\xbf") == 1
    assert named["crlf"].count(b"\n") == named["crlf"].count(b"\r\n") > 100
    assert b"event:" not in named["no-event-line"]
    assert named["empty-data"].startswith(b": ping\n\ndata:\n\ndata\n\nevent: ping\n\nevent: message_start\n")
    assert b'"text":"' + BAD + b"This" in bad
    events = [json.loads(frame.split(b"data: ")[1].decode(errors="replace")) for frame in bad.split(b"\n\n") if frame]
    assert next(event for event in events if event["type"] == "content_block_delta")["delta"]["text"] == "���This"


async def test_missing_parts(demo: Demo) -> None:
    assert b"message_stop" not in (await ask(demo.port, "no-stop")).content
    assert b"[DONE]" not in (await ask(demo.port, "no-stop", "/v1/chat/completions")).content
    for stream in (True, False):
        assert b"usage" not in (await ask(demo.port, "no-usage", stream=stream)).content.replace(b"no-usage", b"")


async def test_answers_that_are_no_streams(demo: Demo) -> None:
    html, error, answer = [await ask(demo.port, name) for name in ("html", "json-error", "json-answer")]

    assert all(b" 200 " in raw.head.split(b"\r\n")[0] for raw in (html, error, answer))
    assert b"text/html" in html.head
    assert html.content.startswith(b"<!DOCTYPE")
    assert json.loads(error.content)["error"]["type"] == "overloaded_error"
    assert json.loads(answer.content)["content"][0]["text"].startswith("This is the demo")
