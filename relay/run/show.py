"""`make demo`: one streamed Messages request full of made-up personal data through relay, shown from every side.

Starts the embedded provider and a relay process in front of it, asks with the official client that `make` installs,
and prints what the client sent, what the provider saw and answered, what came back event by event, and the call's
record. Exit status 0: the stream was whole, the provider saw none of the VALUES, and the record knows the cost.
"""

import asyncio
import json
import os
import secrets
import socket
import sys
import tempfile
import textwrap
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anthropic
import orjson

from relay.run.demo import DemoServer

MODEL = "demo/personal@events=20"
WIDTH = 100
WAIT_S = 20.0
EMAIL, PHONE, CARD, IBAN = "jane.doe@example.com", "+49 30 901820", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"
API_KEY, PHRASE = "ghp_aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zC1234", "Project Nightjar"
VALUES = (EMAIL, PHONE, CARD, IBAN, API_KEY, PHRASE)
PROMPT = (
    f"I am {EMAIL}, call me on {PHONE}. Refund my card {CARD} to {IBAN}. "
    f"My key for {PHRASE} is {API_KEY}: what is next?"
)
CLASSES = ("email", "phone", "ip", "uuid", "token", "credit_card", "iban", "ssn", "mac")
REDACT: Mapping[str, Any] = {**dict.fromkeys(CLASSES, True), "custom": [PHRASE]}

Arrived = tuple[float, dict[str, Any]]
"""When an event came, in milliseconds, and the event."""

_CONFIG = """\
listen: 127.0.0.1:{port}
keys:
  - {{name: show, secret: {{env: RELAY_SHOW_KEY}}}}
providers:
  demo: {{dialect: messages, base_url: "http://127.0.0.1:{provider_port}", price: {{prompt: 3.0, completion: 15.0}}}}
models:
  "demo/*": [{{provider: demo, model: "*"}}]
"""


def main() -> int:
    """Run the show; give its exit status."""
    return asyncio.run(_show())


async def _show() -> int:
    provider = DemoServer()
    provider_port = await provider.start()
    key = f"sk-relay-show-{secrets.token_urlsafe(24)}"
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        config = _written(folder, _CONFIG.format(port=port, provider_port=provider_port))
        relay = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "relay", "serve", "-c", str(config)),
            env={**os.environ, "RELAY_SHOW_KEY": key},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            await _listening(relay)
            events = await _asked(f"http://127.0.0.1:{port}", key)
            seen = provider.seen[-1].body
            _title("what the provider saw")
            _show_members(seen)
            _title("what the provider said to that, | where it cut")
            print(textwrap.fill("|".join(await _said(f"http://127.0.0.1:{provider_port}", seen)), WIDTH))
            _show_events(events)
            record = await _record(relay)
        finally:
            relay.terminate()
            await relay.wait()
            await provider.stop()
    _show_record(record)
    is_private = not any(value in seen.decode() for value in VALUES)
    is_whole = events[-1][1]["type"] == "message_stop"
    return 0 if is_whole and is_private and record["cost_nanousd"] else 1


def _written(folder: str, text: str) -> Path:
    config = Path(folder, "relay.yaml")
    config.write_text(text)
    return config


async def _listening(relay: asyncio.subprocess.Process) -> None:
    """Wait for the banner: connections are taken from then on."""
    if relay.stdout is None or not await asyncio.wait_for(relay.stdout.readline(), WAIT_S):
        raise RuntimeError("relay did not start; run `relay serve` to see why")


async def _asked(url: str, key: str) -> list[Arrived]:
    """Send the request as any program would; give what came back."""
    http = anthropic.DefaultAsyncHttpxClient(event_hooks={"request": [_show_sent]})
    async with anthropic.AsyncAnthropic(base_url=url, api_key=key, http_client=http, max_retries=0) as client:
        stream = await client.messages.create(
            model=MODEL,
            max_tokens=512,
            messages=[{"role": "user", "content": PROMPT}],
            stream=True,
            extra_body={"gateway": {"redact": REDACT}},
        )
        started = time.monotonic()
        return [((time.monotonic() - started) * 1000, event.to_dict()) async for event in stream]


async def _show_sent(request: Any) -> None:  # of whichever HTTP library the client comes with
    _title(f"what the client sends to relay: {request.method} {request.url}")
    _show_members(await request.aread())


async def _said(url: str, seen: bytes) -> list[str]:
    """Give the deltas of the provider's answer by asking it the same again: it says the same again."""
    async with anthropic.AsyncAnthropic(base_url=url, api_key="any", max_retries=0) as client:
        stream = await client.messages.create(**orjson.loads(seen))
        return [event.delta.text async for event in stream if event.type == "content_block_delta"]


async def _record(relay: asyncio.subprocess.Process) -> dict[str, Any]:
    """Wait for the call's line in relay's log, which is the ledger's record of it."""
    async with asyncio.timeout(WAIT_S):
        while relay.stderr and (line := await relay.stderr.readline()):
            if line.startswith(b"{") and (record := orjson.loads(line)).get("event") == "call":
                return dict(record)
    raise RuntimeError("relay ended without a record of the call")


def _show_events(events: Sequence[Arrived]) -> None:
    _title("what came back, event by event, in milliseconds")
    for at_ms, event in events:
        print(f"{at_ms:6.0f}  {event['type']:20} {_gist(event)}".rstrip())


def _show_record(record: Mapping[str, Any]) -> None:
    _title("what the ledger recorded")
    for direction, counts in record["redactions"].items():
        _tell(f"found in the {direction}", _counted(counts))
    _tell("usage", _counted(record["usage"]))
    _tell("cost", f"${record['cost_nanousd'] / 1e9:.6f}")
    _tell("outcome", f"{record['outcome']}, {record['finish_reason']}, {record['dur_ms']:.0f} ms")


def _counted(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count)


def _show_members(content: bytes) -> None:
    for name, value in orjson.loads(content).items():
        _tell(name, json.dumps(value))


def _tell(name: str, text: str) -> None:
    """Print a paragraph of its own, with its name in front."""
    print(textwrap.fill(f"{name:21} {text}", WIDTH, subsequent_indent=" " * 22, break_on_hyphens=False))


def _gist(event: dict[str, Any]) -> str:
    """Give what of an event a reader wants to see."""
    if "message" in event:
        message = event["message"]
        return f"model={message['model']} provider={message['provider']}"
    if "usage" in event:
        usage = event["usage"]
        return f"stop={event['delta']['stop_reason']} output_tokens={usage['output_tokens']} cost={usage['cost']}"
    return repr(event["delta"]["text"]) if "delta" in event else ""


def _title(text: str) -> None:
    print(f"\n── {text}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    raise SystemExit(main())
