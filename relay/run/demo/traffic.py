"""What this provider received, and who went away: bounded memory for tests to look into.

`seen` holds the last requests, whole, at most 256 of them and 64 MiB of their bodies (the latest always). An answer
counts as open from its request's head to the last byte or to the moment the client is found gone, in every phase.
"""

import asyncio
import base64
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from relay.run.demo.answer import Json

_MOST_REQUESTS = 256
_MOST_BYTES = 64 << 20
_MOST_GONE = 4096


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived; `path` with the query, the headers in their order with their names as sent."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever the case of its name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(slots=True)
class Stream:
    """One answer on its way."""

    target: str
    model: str = ""
    sent_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Gone:
    """A client that left: `at_s` is `time.monotonic()`, which all processes of a machine share."""

    at_s: float
    target: str
    model: str
    sent_bytes: int


class Traffic:
    def __init__(self) -> None:
        self.seen: deque[Seen] = deque()
        self.gone: deque[Gone] = deque(maxlen=_MOST_GONE)
        self.gone_count = 0
        self.finished_count = 0
        self._open: set[asyncio.Task[None]] = set()
        self._seen_bytes = 0
        self._stopping = False

    def record(self, request: Seen) -> None:
        self.seen.append(request)
        self._seen_bytes += len(request.body)
        while len(self.seen) > _MOST_REQUESTS or (self._seen_bytes > _MOST_BYTES and len(self.seen) > 1):
            self._seen_bytes -= len(self.seen.popleft().body)

    @contextmanager
    def answering(self, stream: Stream) -> Iterator[None]:
        """Count the current task's answer; a cancellation or a broken connection inside means: the client left."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            yield
            self.finished_count += 1
        except (asyncio.CancelledError, ConnectionError):
            if not self._stopping:
                self.gone_count += 1
                self.gone.append(Gone(time.monotonic(), stream.target, stream.model, stream.sent_bytes))
            raise
        finally:
            self._open.discard(task)

    def stop(self) -> None:
        """Cancel all answers; none of them counts as left by its client."""
        self._stopping = True
        for task in self._open:
            task.cancel()

    def seen_report(self, last: int) -> list[Json]:
        """The last requests, oldest first."""
        return [_shown(request) for request in list(self.seen)[-last:]]

    def streams_report(self) -> Json:
        gone = [
            {"at": one.at_s, "target": one.target, "model": one.model, "sent_bytes": one.sent_bytes}
            for one in self.gone
        ]
        counts = {"open": len(self._open), "finished": self.finished_count, "gone": self.gone_count}
        return {**counts, "now": time.monotonic(), "left": gone}


def _shown(request: Seen) -> Json:
    content = {
        "body": request.body.decode(errors="replace"),
        "body_base64": base64.b64encode(request.body).decode(),
    }
    return {
        "method": request.method,
        "path": request.path,
        "headers": [list(pair) for pair in request.headers],
        **content,
    }
