"""`make demo`: one streamed Messages request through relay, shown from every side.

Starts the embedded provider and a relay process in front of it, sends a request as any client would, and prints what
the provider saw, what came back event by event, and what the ledger knows.
"""

import asyncio
import os
import secrets
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from relay._core import SseParser
from relay.run.demo import DemoServer

MODEL = "demo/chat"
PROMPT = "Write to jane.doe@example.com that her card 4111 1111 1111 1111 has arrived, and greet her from 203.0.113.7."
START_S = 20.0

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
    """Run the show; give 0 when the stream was whole and the ledger knows its cost."""
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
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await _listening(relay)
            return await _converse(f"http://127.0.0.1:{port}", key, provider)
        finally:
            relay.terminate()
            await relay.wait()
            await provider.stop()


def _written(folder: str, text: str) -> Path:
    config = Path(folder, "relay.yaml")
    config.write_text(text)
    return config


async def _listening(relay: asyncio.subprocess.Process) -> None:
    """Wait for the banner: connections are taken from then on."""
    if relay.stdout is None or not await asyncio.wait_for(relay.stdout.readline(), START_S):
        raise RuntimeError("relay did not start; run `relay serve` to see why")


async def _converse(url: str, key: str, provider: DemoServer) -> int:
    body = {
        "model": MODEL,
        "max_tokens": 512,
        "stream": True,
        "messages": [{"role": "user", "content": PROMPT}],
    }
    _title(f"the client asks {MODEL}, through relay on {url}")
    print(PROMPT)
    async with aiohttp.ClientSession(headers={"x-api-key": key, "anthropic-version": "2023-06-01"}) as session:
        async with session.post(f"{url}/v1/messages", json=body) as response:
            _title(f"what came back, event by event (HTTP {response.status}, milliseconds)")
            final = await _print_events(response)
            id = response.headers["x-generation-id"]
        _title("what the provider saw")
        print(provider.seen[-1].body.decode())
        async with session.get(f"{url}/v1/generation", params={"id": id}) as response:
            told = (await response.json())["data"]
    _title("what the ledger knows")
    for name in ("id", "model", "provider_name", "finish_reason", "usage", "usage_basis", "total_cost", "latency"):
        print(f"{name:16} {told[name]}")
    return 0 if final == "message_stop" and told["total_cost"] else 1


async def _print_events(response: aiohttp.ClientResponse) -> str:
    """Print each event as it arrives; give the type of the last."""
    parser, started, last = SseParser(), time.monotonic(), ""
    async for data in response.content.iter_any():
        for kind, text, _ in parser.feed(data):
            print(f"{(time.monotonic() - started) * 1000:8.1f}  {kind:20} {_gist(orjson.loads(text))}")
            last = kind
    return last


def _gist(event: dict[str, Any]) -> str:
    """Give what of an event a reader wants to see."""
    if "message" in event:
        message = event["message"]
        return f"id={message['id']} model={message['model']} provider={message['provider']}"
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
