"""A Python SDK behind a pipe: one JSON job a line in, one JSON outcome a line out.

Runs with any version of an SDK and nothing else installed, so that old versions live in environments of their own. A
job is `{"kind", "base_url", "key", "model", "params"}`. Members of the request that the SDK does not know are in
`params.extra_body`. An outcome has what the kind gives, or `failure` (exception class, status, body, header fields)
with the `events` that came before it.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


def serve(version: str, kinds: Callable[[Json, list[Any]], Json], refused: type[Exception]) -> None:
    """Tell the version, then do jobs until there are no more.

    kinds     does a job; the list takes the events that came, also of a stream that fails
    refused   the SDK's class of errors that have a body, and a status where they are no event of a stream
    """
    print(json.dumps({"version": version}), flush=True)
    for line in sys.stdin:
        print(json.dumps(_outcome(json.loads(line), kinds, refused)), flush=True)


def _outcome(job: Json, kinds: Callable[[Json, list[Any]], Json], refused: type[Exception]) -> Json:
    seen: list[Any] = []
    try:
        return kinds(job, seen)
    except Exception as error:  # a client that breaks is a finding too: its class is compared
        failure: Json = {"class": type(error).__name__}
        if isinstance(error, refused):
            told: Any = error
            response = getattr(told, "response", None)
            failure |= {"status": getattr(told, "status_code", None), "body": told.body}
            failure |= {"fields": fields(response.headers) if response is not None else {}}
        else:
            failure |= {"text": str(error)}
        return {"failure": failure, "events": seen}


def plain(value: Any) -> Json:
    """What was set by the answer, without the members that the SDK's classes add."""
    told: Json = value.model_dump(mode="json", exclude_unset=True, warnings=False)
    return told


def fields(headers: Any) -> Json:
    """Header fields, their names in lower case."""
    return {name.lower(): value for name, value in headers.items()}
