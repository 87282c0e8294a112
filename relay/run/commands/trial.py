"""`relay try`: one streamed request through a running gateway, and what it cost."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from relay.run.commands import EXIT_FAILED, EXIT_UNAVAILABLE

if TYPE_CHECKING:
    import aiohttp

_MAX_ERROR_BYTES = 64 << 10


class TrialFailed(Exception):
    """The gateway's answer is an error, or no whole answer; the text says which."""


@dataclass(slots=True)
class Outcome:
    """What a streamed answer said about itself; `seconds` from sending, `first_s` to its first text."""

    model: str = "?"
    provider: str = "?"
    usage: dict[str, Any] = field(default_factory=dict)
    stop_reason: str | None = None
    is_complete: bool = False
    first_s: float | None = None
    seconds: float = 0.0

    def take(self, kind: str, event: dict[str, Any]) -> str:
        """Read one event; give the text that it carries, raise TrialFailed for an error event."""
        if kind == "message_start":
            message = event.get("message", {})
            self.model, self.provider = message.get("model", "?"), message.get("provider", "?")
            self.usage |= message.get("usage") or {}
        elif kind == "message_delta":
            self.usage |= {name: value for name, value in (event.get("usage") or {}).items() if value is not None}
            self.stop_reason = event.get("delta", {}).get("stop_reason")
        elif kind == "message_stop":
            self.is_complete = True
        elif kind == "error":
            raise TrialFailed(_complaint(event))
        delta = event.get("delta", {}) if kind == "content_block_delta" else {}
        return str(delta.get("text", "")) if delta.get("type") == "text_delta" else ""

    def line(self) -> str:
        """Give the facts on one line."""
        cost = self.usage.get("cost")
        parts = [
            f"model={self.model}",
            f"provider={self.provider}",
            f"stop={self.stop_reason}",
            f"input_tokens={self.usage.get('input_tokens', '?')}",
            f"output_tokens={self.usage.get('output_tokens', '?')}",
            "cost=unknown" if cost is None else f"cost=${cost:.9f}".rstrip("0").rstrip("."),
            f"first_text={self.first_s:.3f}s" if self.first_s is not None else "first_text=none",
            f"time={self.seconds:.3f}s",
        ]
        return " ".join(parts)


@click.command("try", short_help="Send one request through a running gateway.")
@click.argument("model")
@click.argument("prompt", default="Say hello in one sentence.")
@click.option("--url", envvar="RELAY_URL", default="http://127.0.0.1:8080", show_default=True, help="Or RELAY_URL.")
@click.option("--key", envvar="RELAY_KEY", help="The caller's key; better in RELAY_KEY.")
@click.option("--max-tokens", type=click.IntRange(min=1), default=1024, show_default=True)
@click.pass_context
def trial(ctx: click.Context, model: str, prompt: str, url: str, key: str | None, max_tokens: int) -> None:
    """Send one streamed request through a running gateway: its text, then what it took.

    \b
    RELAY_KEY=sk-relay-… relay try demo/echo "Hello"
    """
    import aiohttp

    body = {
        "model": model,
        "max_tokens": max_tokens,
        "stream": True,
        "messages": [{"role": "user", "content": prompt}],
    }
    try:
        outcome = asyncio.run(_ask(url.rstrip("/").removesuffix("/v1"), key, body))
    except TrialFailed as fault:
        click.echo(f"relay: {fault}", err=True)
        ctx.exit(EXIT_FAILED)
    except (aiohttp.ClientError, TimeoutError) as fault:
        click.echo(f"relay: {url} can't be reached ({type(fault).__name__})", err=True)
        ctx.exit(EXIT_UNAVAILABLE)
    click.echo(outcome.line())


async def _ask(url: str, key: str | None, body: dict[str, Any]) -> Outcome:
    import aiohttp

    headers = {"anthropic-version": "2023-06-01"} | ({"x-api-key": key} if key else {})
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=180)
    started = time.monotonic()
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(f"{url}/v1/messages", json=body, headers=headers) as response,
    ):
        if response.status != 200:
            raise TrialFailed(f"{response.status} {_complaint(_parsed(await response.content.read(_MAX_ERROR_BYTES)))}")
        outcome = await _show(response, started)
    outcome.seconds = time.monotonic() - started
    return outcome


async def _show(response: "aiohttp.ClientResponse", started: float) -> Outcome:
    """Print the text as it comes; give what the stream said."""
    from relay._core import SseParser

    parser, outcome = SseParser(), Outcome()
    try:
        async for data in response.content.iter_any():
            for kind, event, _ in parser.feed(data):
                text = outcome.take(kind, _parsed(event))
                if text and outcome.first_s is None:
                    outcome.first_s = time.monotonic() - started
                click.echo(text, nl=False)
    finally:
        if outcome.first_s is not None:
            click.echo()
    if not outcome.is_complete:
        raise TrialFailed("the stream ended before its message_stop")
    return outcome


def _parsed(text: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as fault:
        raise TrialFailed("the answer is not what a Messages endpoint sends") from fault
    return found if isinstance(found, dict) else {}


def _complaint(body: dict[str, Any]) -> str:
    error = body.get("error")
    return f"{error.get('type')}: {error.get('message')}" if isinstance(error, dict) else "an answer without an error"
