"""Relay and the embedded provider as processes of their own, as an operator runs them.

`provider()` and `gateway()` give a Server that has said where it listens; leaving the context ends it with SIGTERM and
waits. Relay's log (standard error) goes to a file, from which `Gateway.call` reads finished calls.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEY = "sk-relay-dev-0123456789abcdefghijklmnopqrstuv"
PROMPT_USD, COMPLETION_USD = 3.0, 15.0  # per million tokens
NAMED = ("demo/chat", "demo/echo", "claude-demo")
"""Models that the configuration names one by one; all others come by its wildcard."""

_CONFIG = """\
listen: 127.0.0.1:0
keys:
  - {name: dev, secret: {env: RELAY_KEY}}
providers:
  demo: {dialect: messages, base_url: "%s", price: {prompt: 3.0, completion: 15.0}}
models:
  demo/chat: [{provider: demo, model: chat}]
  demo/echo: [{provider: demo, model: echo}]
  claude-demo: [{provider: demo, model: tools}]
  "demo/*": [{provider: demo, model: "*"}]
"""
_URL = re.compile(r"http://127\.0\.0\.1:\d+")
_PATIENCE_S = 5.0


@dataclass(frozen=True)
class Provider:
    """The running provider; `seen` and `streams` are its own reports."""

    url: str

    def seen(self) -> dict[str, Any]:
        """Give the last request as it arrived."""
        (last,) = _get(f"{self.url}/_demo/seen?last=1")["seen"]
        assert isinstance(last, dict)
        return last

    def seen_fields(self) -> dict[str, str]:
        """Give the header fields of that request, their names in lower case."""
        return {name.lower(): value for name, value in self.seen()["headers"]}

    def streams(self) -> dict[str, Any]:
        """Give how many answers are open, finished and left, and who left."""
        return _get(f"{self.url}/_demo/streams")


@dataclass(frozen=True)
class Gateway:
    """The running relay, one key (`KEY`), and the log that it writes."""

    url: str
    log: Path

    def calls(self, **facts: Any) -> list[dict[str, Any]]:
        """Give the finished calls whose log lines have these facts, oldest first."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if line["event"] == "call" and facts.items() <= line.items()]

    def call(self, **facts: Any) -> dict[str, Any]:
        """Give the last such call; the log is written a moment after the answer, so wait for it."""
        deadline = time.monotonic() + _PATIENCE_S
        while not (found := self.calls(**facts)):
            assert time.monotonic() < deadline, f"relay logged no call with {facts}"
            time.sleep(0.02)
        return found[-1]


@contextmanager
def provider() -> Iterator[Provider]:
    """Run `relay demo`."""
    with _running("demo", "--listen", "127.0.0.1:0") as url:
        yield Provider(url)


@contextmanager
def gateway(provider: Provider, folder: Path) -> Iterator[Gateway]:
    """Run `relay serve` in front of `provider`; `folder` takes configuration and log."""
    config, log = folder / "relay.yaml", folder / "relay.log"
    config.write_text(_CONFIG % provider.url)
    with log.open("wb") as errors, _running("serve", "-c", str(config), errors=errors) as url:
        yield Gateway(url, log)


@contextmanager
def _running(*arguments: str, errors: Any = None) -> Iterator[str]:
    line = [sys.executable, "-m", "relay", *arguments]
    environ = os.environ | {"RELAY_KEY": KEY}
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=errors, text=True, env=environ) as process:
        try:
            assert process.stdout is not None
            address = _URL.search(process.stdout.readline())
            assert address is not None, f"relay {arguments[0]} did not start, exit code {process.wait(10)}"
            yield address[0]
        finally:
            process.terminate()
            process.wait(20)


def _get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        told = json.load(answer)
    assert isinstance(told, dict)
    return told
