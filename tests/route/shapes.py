"""Endpoints, models and calls for the tests of routing, and a clock that stands still until it is moved."""

import json
from typing import Any

from relay._core import members
from relay.call import NO_POLICY, Call, Identity, Policy
from relay.catalog import Endpoint, Generation, Model
from relay.dialects import extensions
from relay.price import NANO, Price
from relay.route import Health, Router


class Hands:
    """A clock by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def endpoint(name: str, usd: float | None = None, **told: Any) -> Endpoint:
    """An endpoint of the provider `name`, at `usd` a million tokens of either kind."""
    price = None if usd is None else Price(int(usd * NANO), int(usd * NANO), cache_read=int(usd * NANO / 10))
    place = told.get("variant") or told.get("region") or told.get("tier")
    known: dict[str, Any] = {"trains": False, "retains": False} | told
    return Endpoint(
        id=f"{name}/m" + (f"@{place}" if place else ""),
        provider=name,
        display_name=name.upper(),
        dialect="messages",
        model="m",
        base_url="http://127.0.0.1:9",
        price=price,
        **known,
    )


def generation(*endpoints: Endpoint, **models: Model) -> Generation:
    """A catalogue of the model `a/m`, and others by their own name with `_` for `/`."""
    named = {name.replace("_", "/"): model for name, model in models.items()}
    return Generation(
        models={"a/m": Model("a/m", endpoints)} | named if endpoints else named,
        wildcards=(),
        keys=None,
        credentials={},
    )


def call(model: str = "a/m", session_id: str | None = None, policy: Policy = NO_POLICY, **said: Any) -> Call:
    """A request with these members beside model and messages, read as the gateway reads it for a key's policy."""
    content = json.dumps({"model": model, "messages": [{"role": "user", "content": "hello"}]} | said).encode()
    spans = members(content)
    found = extensions.read(content, spans, policy)
    return Call(
        id="gen-1",
        operation="chat",
        model=model,
        stream=True,
        content=content,
        members=spans,
        identity=Identity("dev", policy),
        received_ns=0,
        version=None,
        betas=None,
        session_id=found.session_id or session_id,
        app=None,
        reports=False,
        preferences=found.preferences,
        plugins=found.plugins,
    )


def router(catalogue: Generation, numbers: list[float] | None = None, now: Hands | None = None) -> Router:
    """A router that draws these numbers, then 0.5."""
    left = list(numbers or [])
    return Router(catalogue, Health(now or Hands()), lambda: left.pop(0) if left else 0.5)


def tried(found: Router, asked: Call) -> list[str]:
    """The ids of the endpoints in the order in which a call that fails everywhere tries them."""
    plan = found.plan(asked)
    ids = []
    while attempt := plan.next():
        ids.append(attempt.endpoint.id)
    return ids
