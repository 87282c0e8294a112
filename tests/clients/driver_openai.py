"""OpenAI's Python SDK behind a pipe (piped.py): kinds of jobs by API, `chat_create` to `responses_events`."""

from collections.abc import Callable, Mapping
from typing import Any

import openai

from tests.clients.piped import Json, fields, plain, serve


def chat_create(client: openai.OpenAI, job: Json, _events: list[Any]) -> Json:
    raw = client.chat.completions.with_raw_response.create(model=job["model"], **job["params"])
    return {"message": plain(raw.parse()), "fields": fields(raw.headers)}


def chat_stream(client: openai.OpenAI, job: Json, events: list[Any]) -> Json:
    """What the SDK adds up, and the chunks; its final completion would be none where a limit ended it."""
    usage: Any = {"include_usage": True}
    with client.chat.completions.stream(model=job["model"], stream_options=usage, **job["params"]) as stream:
        for event in stream:
            if event.type == "chunk":
                events.append(plain(event.chunk))  # noqa: PERF401 - what came before an exception has to stay
        return {"message": plain(stream.current_completion_snapshot), "events": events}


def chat_events(client: openai.OpenAI, job: Json, events: list[Any]) -> Json:
    for event in client.chat.completions.create(model=job["model"], stream=True, **job["params"]):
        events.append(plain(event))  # noqa: PERF401 - what came before an exception has to stay
    return {"events": events}


def responses_create(client: openai.OpenAI, job: Json, _events: list[Any]) -> Json:
    raw = client.responses.with_raw_response.create(model=job["model"], **job["params"])
    return {"message": plain(raw.parse()), "fields": fields(raw.headers)}


def responses_stream(client: openai.OpenAI, job: Json, events: list[Any]) -> Json:
    """The response that the last event has, and the events as the SDK's accumulation passed them on."""
    with client.responses.stream(model=job["model"], **job["params"]) as stream:
        for event in stream:
            events.append(plain(event))  # noqa: PERF401 - what came before an exception has to stay
    return {"message": events[-1]["response"], "events": events}


def responses_events(client: openai.OpenAI, job: Json, events: list[Any]) -> Json:
    for event in client.responses.create(model=job["model"], stream=True, **job["params"]):
        events.append(plain(event))  # noqa: PERF401 - what came before an exception has to stay
    return {"events": events}


KINDS: Mapping[str, Callable[[openai.OpenAI, Json, list[Any]], Json]] = {
    kind.__name__: kind
    for kind in (chat_create, chat_stream, chat_events, responses_create, responses_stream, responses_events)
}


def done(job: Json, seen: list[Any]) -> Json:
    """Do one job."""
    base_url = f"{job['base_url']}/v1"
    with openai.OpenAI(base_url=base_url, api_key=job["key"], max_retries=0, timeout=30) as client:
        return KINDS[job["kind"]](client, job, seen)


if __name__ == "__main__":
    serve(openai.__version__, done, openai.APIError)
