"""Anthropic's Python SDK behind a pipe (piped.py); the kinds of its jobs are KINDS."""

from collections.abc import Callable, Mapping
from typing import Any

import anthropic

from tests.clients.piped import Json, fields, plain, serve


def create(client: anthropic.Anthropic, job: Json, _events: list[Any]) -> Json:
    raw = client.messages.with_raw_response.create(model=job["model"], **job["params"])
    message = raw.parse()
    return {"message": plain(message), "request_id": message._request_id, "fields": fields(raw.headers)}


def stream(client: anthropic.Anthropic, job: Json, _events: list[Any]) -> Json:
    with client.messages.stream(model=job["model"], **job["params"]) as stream:
        return {"message": plain(stream.get_final_message()), "fields": fields(stream.response.headers)}


def beta(client: anthropic.Anthropic, job: Json, _events: list[Any]) -> Json:
    with client.beta.messages.stream(model=job["model"], **job["params"]) as stream:
        return {"message": plain(stream.get_final_message()), "fields": fields(stream.response.headers)}


def events(client: anthropic.Anthropic, job: Json, events: list[Any]) -> Json:
    for event in client.messages.create(model=job["model"], stream=True, **job["params"]):
        events.append(plain(event))  # noqa: PERF401 - what came before an exception has to stay
    return {"events": events}


def leave(client: anthropic.Anthropic, job: Json, events: list[Any]) -> Json:
    """Read `leave_after` events and close the stream."""
    with client.messages.create(model=job["model"], stream=True, **job["params"]) as stream:
        for event in stream:
            events.append(event.type)
            if len(events) == job["leave_after"]:
                break
    return {"events": events}


def count(client: anthropic.Anthropic, job: Json, _events: list[Any]) -> Json:
    return {"counted": plain(client.messages.count_tokens(model=job["model"], **job["params"]))}


def models(client: anthropic.Anthropic, job: Json, _events: list[Any]) -> Json:
    """All pages of two models each, and `model` by its name."""
    found = [plain(model) for model in client.models.list(limit=2)]
    return {"models": found, "model": plain(client.models.retrieve(job["model"]))}


KINDS: Mapping[str, Callable[[anthropic.Anthropic, Json, list[Any]], Json]] = {
    kind.__name__: kind for kind in (create, stream, beta, events, leave, count, models)
}


def done(job: Json, seen: list[Any]) -> Json:
    """Do one job."""
    with anthropic.Anthropic(base_url=job["base_url"], api_key=job["key"], max_retries=0, timeout=30) as client:
        return KINDS[job["kind"]](client, job, seen)


if __name__ == "__main__":
    serve(anthropic.__version__, done, anthropic.APIStatusError)
