"""Relay in front of the embedded provider, both processes of their own, as the clients see them.

`provider()` and `gateway()` give one each; leaving the context ends it. Most models come by a wildcard.
"""

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import Json, Running

KEY = "sk-relay-dev-0123456789abcdefghijklmnopqrstuv"
PROMPT_USD, COMPLETION_USD = 3.0, 15.0  # per million tokens
NAMED = {"demo/chat": "chat", "demo/echo": "echo", "claude-demo": "tools", "gpt-5.5": "tools@delay=0,calls=4"}
"""Models that the configuration names one by one, and what they are at the provider; Codex knows the last one."""

PATIENCE_S = 10.0


ABILITIES = ["context_management", "count_tokens", "pdf", "structured_output", "tools", "web_fetch", "web_search"]
"""What Anthropic's own API has: the provider stands in for it, so that all of a request is for it to judge."""

UPSTREAMS = {"messages": "demo"} | {name: name for name in ("chat", "responses", "gemini", "converse", "invoke")}
"""Upstream dialect: what a model's name begins with that is served in it. All are the same provider."""

_AWS = {"AWS_ID": "AKIATESTTESTTEST", "AWS_SECRET": "aws/secret+material"}


@dataclass(frozen=True)
class Provider:
    """The running provider and its own reports."""

    url: str

    def seen(self) -> Json:
        """Give the last request as it arrived."""
        (last,) = self._get("/_demo/seen?last=1")["seen"]
        assert isinstance(last, dict)
        return last

    def seen_fields(self) -> dict[str, str]:
        """Give the header fields of that request, their names in lower case."""
        return {name.lower(): value for name, value in self.seen()["headers"]}

    def streams(self) -> Json:
        """Give how many answers are open, finished and left, and who left."""
        return self._get("/_demo/streams")

    def _get(self, target: str) -> Json:
        with urllib.request.urlopen(self.url + target, timeout=10) as answer:
            told = json.load(answer)
        assert isinstance(told, dict)
        return told


@dataclass(frozen=True)
class Gateway:
    """The running relay; it takes `KEY`."""

    url: str
    process: Running

    def calls(self, count: int = 1, **facts: object) -> list[Json]:
        """Give the calls whose records have these facts, oldest first; waits until there are `count`."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found = [record for record in self.process.records if facts.items() <= record.items()]
            if len(found) >= count:
                return found
            assert time.monotonic() < deadline, f"{len(found)} of {count} calls with {facts}"
            time.sleep(0.02)

    def call(self, **facts: object) -> Json:
        """Give the last such call."""
        return self.calls(1, **facts)[-1]


@contextmanager
def provider(folder: Path) -> Iterator[Provider]:
    """Run `relay demo`."""
    with Running.demo(folder) as process:
        yield Provider(f"http://127.0.0.1:{process.port}")


@contextmanager
def gateway(provider: Provider, folder: Path) -> Iterator[Gateway]:
    """Run `relay serve` in front of `provider`; `folder` takes the configuration."""
    served = {name: [{"provider": "demo", "model": model}] for name, model in NAMED.items()}
    config = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": _providers(provider.url),
        "models": {
            **served,
            **{f"{name}/*": [{"provider": name, "model": "*"}] for name in ("demo", "chat", "responses", "gemini")},
            "converse/*": [{"provider": "bedrock", "model": "*"}],
            "invoke/*": [{"provider": "bedrock", "model": "anthropic.demo/*"}],
        },
    }
    with Running.relay(config, folder, {"CALLER_KEY": KEY, **_AWS}) as process:
        yield Gateway(f"http://127.0.0.1:{process.port}", process)


def _providers(url: str) -> Json:
    """The provider under a name for each of its dialects."""
    price = {"prompt": PROMPT_USD, "completion": COMPLETION_USD}
    keys = {"access_key": {"env": "AWS_ID"}, "secret_key": {"env": "AWS_SECRET"}}
    shared = {"price": price, "capabilities": ABILITIES}
    return {
        "demo": {"dialect": "messages", "base_url": url} | shared,
        "chat": {"dialect": "chat", "base_url": f"{url}/v1"} | shared,
        "responses": {"dialect": "responses", "base_url": f"{url}/v1"} | shared,
        "gemini": {"dialect": "gemini", "base_url": f"{url}/v1beta"} | shared,
        "bedrock": {"dialect": "bedrock", "base_url": url, "region": "eu-central-1", "credential": keys} | shared,
    }
