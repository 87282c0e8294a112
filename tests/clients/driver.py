"""The Python SDK behind a pipe: one JSON job a line in, one JSON outcome a line out.

Runs with any version of `anthropic` and nothing else installed, so that old versions live in environments of their own.
A job is `{"kind", "base_url", "key", "model", "params"}`; its kinds are KINDS. Members of the request that the SDK does
not know are in `params.extra_body`. An outcome has what the kind gives, or `failure` (exception class, status, body,
header fields) with the `events` that came before it.
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import anthropic

Json = dict[str, Any]


def create(client: anthropic.Anthropic, job: Json, _events: list[Any]) -> Json:
    raw = client.messages.with_raw_response.create(model=job["model"], **job["params"])
    message = raw.parse()
    return {"message": _plain(message), "request_id": message._request_id, "fields": _fields(raw.headers)}


def stream(client: anthropic.Anthropic, job: Json, _events: list[Any]) -> Json:
    with client.messages.stream(model=job["model"], **job["params"]) as stream:
        return {"message": _plain(stream.get_final_message()), "fields": _fields(stream.response.headers)}


def beta(client: anthropic.Anthropic, job: Json, _events: list[Any]) -> Json:
    with client.beta.messages.stream(model=job["model"], **job["params"]) as stream:
        return {"message": _plain(stream.get_final_message()), "fields": _fields(stream.response.headers)}


def events(client: anthropic.Anthropic, job: Json, events: list[Any]) -> Json:
    for event in client.messages.create(model=job["model"], stream=True, **job["params"]):
        events.append(_plain(event))  # noqa: PERF401 - what came before an exception has to stay
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
    return {"counted": _plain(client.messages.count_tokens(model=job["model"], **job["params"]))}


def models(client: anthropic.Anthropic, job: Json, _events: list[Any]) -> Json:
    """All pages of two models each, and `model` by its name."""
    found = [_plain(model) for model in client.models.list(limit=2)]
    return {"models": found, "model": _plain(client.models.retrieve(job["model"]))}


KINDS: Mapping[str, Callable[[anthropic.Anthropic, Json, list[Any]], Json]] = {
    kind.__name__: kind for kind in (create, stream, beta, events, leave, count, models)
}


def outcome(job: Json) -> Json:
    """Do one job."""
    seen: list[Any] = []
    with anthropic.Anthropic(base_url=job["base_url"], api_key=job["key"], max_retries=0, timeout=30) as client:
        try:
            return KINDS[job["kind"]](client, job, seen)
        except anthropic.APIStatusError as error:
            told = {"status": error.status_code, "body": error.body, "fields": _fields(error.response.headers)}
            return {"failure": {"class": type(error).__name__, **told}, "events": seen}
        except Exception as error:  # a client that breaks is a finding too: its class is compared
            return {"failure": {"class": type(error).__name__, "text": str(error)}, "events": seen}


def _plain(value: Any) -> Json:
    """What was set by the answer, without the members that the SDK's classes add."""
    plain: Json = value.model_dump(mode="json", exclude_unset=True, warnings=False)
    return plain


def _fields(headers: Any) -> Json:
    return {name.lower(): value for name, value in headers.items()}


def main() -> None:
    print(json.dumps({"version": anthropic.__version__}), flush=True)
    for line in sys.stdin:
        print(json.dumps(outcome(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
