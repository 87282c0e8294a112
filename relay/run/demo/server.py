"""The provider's server: sockets, routes, credentials, and the execution of replies.

It runs on whatever loop starts it. A client that goes away cancels its handler at once, also while nothing is being
written, because the upstream side of a gateway is measured by how soon it hangs up.
"""

import asyncio
import hmac
import itertools
import re
import socket
import struct
import time
from collections import deque
from collections.abc import Mapping

from aiohttp import web

from relay.run.demo import bedrock, chat, gemini, messages, responses
from relay.run.demo.answer import Invalid, Json
from relay.run.demo.events import At, End, Wait
from relay.run.demo.grammar import NAMES, parse
from relay.run.demo.reply import Dialect, Reply, compose, failed, succeeded
from relay.run.demo.traffic import Seen, Stream, Traffic
from relay.run.demo.wire import decoded, encoded

_MOST_CONTENT = 32 << 20  # Anthropic's limit for Messages
_BACKLOG = 4096  # thousands of streams may be opened at the same moment
_FLUSH_MS = 5000  # how long a reset waits for a client to take what came before it
_DIALECTS: Mapping[str, Dialect] = {  # by the path that answers are asked for at
    "/v1/messages": messages,
    "/v1/chat/completions": chat,
    "/v1/responses": responses,
}
_HOSTED: Mapping[str, tuple[Dialect, bool]] = {  # by what stands behind a model's name: dialect, streamed
    "invoke": (bedrock.INVOKE, False),
    "invoke-with-response-stream": (bedrock.INVOKE, True),
    "converse": (bedrock, False),
    "converse-stream": (bedrock, True),
    "generateContent": (gemini, False),
    "streamGenerateContent?alt=sse": (gemini, True),
}
_IN_TARGET = re.compile(r"/(?:model|v1.*/(?:models|tunedModels|endpoints))/(.+)[/:]([\w?=-]+)")
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing resets


class DemoServer:
    """The embedded provider.

    key     the credential that callers need, as `x-api-key`, `x-goog-api-key` or Bearer; None: none needed
    pace_s  between two events of a stream, unless the model name says otherwise
    """

    def __init__(self, *, key: str | None = None, pace_s: float = 0.02) -> None:
        self._key = key
        self._pace_s = pace_s
        self._traffic = Traffic()
        self._numbers = itertools.count(1)
        self._runner: web.AppRunner | None = None

    @property
    def seen(self) -> deque[Seen]:
        """The last requests, oldest first; `clear()` it before an act to see that act's alone."""
        return self._traffic.seen

    @property
    def traffic(self) -> Traffic:
        """Answers open, finished, and left by their clients."""
        return self._traffic

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; gives the port. Raises `OSError` when the address is not free."""
        app = web.Application(client_max_size=_MOST_CONTENT)
        app.router.add_get("/_demo/seen", self._show_seen)
        app.router.add_get("/_demo/streams", self._show_streams)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port, backlog=_BACKLOG).start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening and hang up on everybody."""
        if self._runner is None:
            return
        self._traffic.stop()
        await self._runner.cleanup()
        self._runner = None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        stream = Stream(request.path_qs)
        with self._traffic.answering(stream):
            reply = await self._reply(request, stream)
            return await _deliver(request, reply, stream)

    async def _reply(self, request: web.Request, stream: Stream) -> Reply:
        """What to answer; every fault of the request is an error in the envelope of its path's dialect."""
        dialect = _DIALECTS.get(request.path, chat if request.path.startswith("/v1/chat/") else messages)
        if hosted := _hosted(request):
            dialect = hosted[0]
        request_id = f"req_demo{next(self._numbers):08d}"
        try:
            content = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return failed(dialect, 413, None, "the request exceeds 32 MiB", request_id)
        self._traffic.record(Seen(request.method, request.path_qs, _sent_headers(request), content))
        if not self._may_enter(request):
            return failed(
                dialect, 401, None, "x-api-key or a Bearer token is required, and must be the demo's", request_id
            )
        try:
            return self._routed(request, dialect, content, request_id, stream)
        except Invalid as fault:
            return failed(dialect, 400, None, str(fault), request_id)

    def _routed(self, request: web.Request, dialect: Dialect, content: bytes, request_id: str, stream: Stream) -> Reply:
        method, path = request.method, request.path
        if method == "POST" and (hosted := _hosted(request)):
            prompt = dialect.read(decoded(content) | hosted[1])
            stream.model = prompt.model
            return compose(dialect, prompt, parse(prompt.model), request_id, self._pace_s)
        if method == "POST" and path in _DIALECTS:
            prompt = dialect.read(decoded(content))
            stream.model = prompt.model
            return compose(dialect, prompt, parse(prompt.model), request_id, self._pace_s)
        if method == "POST" and path == "/v1/messages/count_tokens":
            return succeeded(dialect, {"input_tokens": messages.counted(decoded(content)).input_tokens}, request_id)
        if method == "GET" and path == "/v1/models":
            return succeeded(dialect, _models("anthropic-version" in request.headers), request_id)
        if method in ("GET", "HEAD") and path == "/":  # agents probe it before their first call
            return succeeded(dialect, {"provider": "demo"}, request_id)
        name = path.removeprefix("/v1/models/")
        if method == "GET" and name != path and name.partition("@")[0] in NAMES:
            return succeeded(dialect, _model(name), request_id)
        return failed(dialect, 404, None, f"{method} {path} is not served here", request_id)

    def _may_enter(self, request: web.Request) -> bool:
        if self._key is None:
            return True
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        given = bearer or request.headers.get("x-api-key", "") or request.headers.get("x-goog-api-key", "")
        return bool(given) and hmac.compare_digest(given.encode(errors="surrogateescape"), self._key.encode())

    async def _show_seen(self, request: web.Request) -> web.Response:
        last = request.query.get("last", "")
        report: Json = {"seen": self._traffic.seen_report(int(last) if last.isdecimal() and int(last) else 256)}
        return web.Response(body=encoded(report), content_type="application/json")

    async def _show_streams(self, _request: web.Request) -> web.Response:
        return web.Response(body=encoded(self._traffic.streams_report()), content_type="application/json")


def _hosted(request: web.Request) -> tuple[Dialect, Json] | None:
    """The dialect of a target that has the model in it, and what it says beside the body."""
    query = request.query_string
    found = _IN_TARGET.fullmatch(f"{request.path}?{query}" if query else request.path)
    if found is None or found[2] not in _HOSTED:
        return None
    dialect, streams = _HOSTED[found[2]]
    return dialect, {"model": found[1], "stream": streams}


def _sent_headers(request: web.Request) -> tuple[tuple[str, str], ...]:
    """The headers as they were sent; odd bytes stay, replaced, so that they can be shown as JSON."""
    return tuple((name.decode(errors="replace"), value.decode(errors="replace")) for name, value in request.raw_headers)


def _model(name: str) -> Json:
    described = {"display_name": f"Demo: {name}", "created_at": "2026-01-01T00:00:00Z", "lifecycle": "active"}
    return {"type": "model", "id": name, **described}


def _models(for_anthropic: bool) -> Json:
    """All scripts, in Anthropic's shape or in OpenAI's."""
    if not for_anthropic:
        listed = [{"id": name, "object": "model", "created": 1_767_225_600, "owned_by": "relay"} for name in NAMES]
        return {"object": "list", "data": listed}
    return {"data": [_model(n) for n in NAMES], "has_more": False, "first_id": NAMES[0], "last_id": NAMES[-1]}


async def _deliver(request: web.Request, reply: Reply, stream: Stream) -> web.StreamResponse:
    """Execute a reply: one socket write per bytes step, no faster than the client reads."""
    if reply.silence_s:
        await asyncio.sleep(reply.silence_s)
    response = web.StreamResponse(status=reply.status, headers={**reply.fields, "content-type": reply.content_type})
    response.content_length = reply.length
    await response.prepare(request)
    start_s = time.monotonic()
    # aiohttp would write content after the head of a HEAD, and the next response would be read from its middle
    for step in () if request.method == "HEAD" else reply.steps:
        match step:
            case bytes():
                await response.write(step)
                stream.sent_bytes += len(step)
                # uvloop gathers the writes of one loop turn: give each frame its own
                await asyncio.sleep(0)
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case At(seconds):
                await asyncio.sleep(max(0, start_s + seconds - time.monotonic()))
            case End():
                await _sever(request, step)
                return response
    await response.write_eof()
    return response


async def _sever(request: web.Request, end: End) -> None:
    """Close the connection below HTTP, after everything written has left."""
    transport = request.transport
    if transport is None:
        return
    if end is End.RESET:
        for _ in range(_FLUSH_MS):
            if not transport.get_write_buffer_size():
                break
            await asyncio.sleep(0.001)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        transport.abort()
        return
    transport.close()
