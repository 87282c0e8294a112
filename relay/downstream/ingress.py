"""HTTP requests into calls, and the routes that need no provider.

ROUTES names everything that the data port answers; each is also there under /api. Add a route: add a row.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic_ns
from typing import Any, Final, cast
from urllib.parse import unquote

import orjson
from aiohttp import StreamReader

from relay import __version__
from relay.call import Call, Identity, Ids
from relay.catalog import Generation
from relay.clock import Clock
from relay.config.settings import ClientTimeouts, Stream
from relay.downstream import decode, listing, usage
from relay.downstream.accounts import Accounts
from relay.downstream.admission import Admission
from relay.downstream.identity import Keys, own_credential
from relay.downstream.refused import Refused
from relay.downstream.reply import Reply
from relay.downstream.server import MAX_HEAD, ClientConnection
from relay.downstream.speech import OPENAI, speech_of
from relay.errors import (
    CallerForbidden,
    CallerGone,
    CallerHeadersTooLarge,
    CallerInvalid,
    CallerUnsupported,
    GatewayInternal,
    RelayError,
)
from relay.outbox import Outbox

Serve = Callable[[Call, Reply], Awaitable[object]]
Find = Callable[[str, Identity], Awaitable[dict[str, Any] | None]]
Activity = Callable[[str | None], Awaitable[list[dict[str, Any]]]]


class Asked:
    """One request, and where its answer goes; `path` is without /api and query, `fields` have lower-case names."""

    __slots__ = ("connection", "fields", "path", "payload", "query", "reply")

    def __init__(
        self,
        connection: ClientConnection,
        payload: StreamReader | None,
        reply: Reply,
        path: str,
        query: str,
    ) -> None:
        self.payload = payload
        self.connection = connection
        self.reply = reply
        self.path = path
        self.query = query
        self.fields = connection.request.fields


class Service:
    """What answers calls: one generation. A call keeps to that with which it began, to its end (CFG-7).

    serve   answers a call
    calls   that are under way
    """

    __slots__ = ("calls", "generation", "serve")

    def __init__(self, generation: Generation, serve: Serve) -> None:
        self.generation = generation
        self.serve = serve
        self.calls = 0


class Ingress:
    """Answers every request on the data port.

    service   answers the calls that begin now; whoever loads a configuration puts another
    keys      who may call
    find      gives a finished call of an identity, for GET /v1/generation
    activity  gives what all keys used, on a date where one is asked for
    vitals    how an endpoint has been, for lists
    refused   takes events that are no calls
    live      replies of calls, from the end of their head on: for the sweeper and the drain
    """

    def __init__(
        self,
        service: Service,
        keys: Keys,
        admission: Admission,
        accounts: Accounts,
        find: Find,
        activity: Activity,
        vitals: listing.Vitals,
        refused: Refused,
        clock: Clock,
        outbox: Outbox,
        stream: Stream,
        timeouts: ClientTimeouts,
    ) -> None:
        self.service = service
        self._keys = keys
        self._admission = admission
        self._accounts = accounts
        self._find = find
        self._activity = activity
        self._vitals = vitals
        self._refused = refused
        self._clock = clock
        self._outbox = outbox
        self._stream = stream
        self._timeouts = timeouts
        self._ids = Ids()
        self.live: set[Reply] = set()

    async def handle(self, connection: ClientConnection, payload: StreamReader | None) -> bool:
        """Answer one request; tell whether the connection lives on. A bug is told as `internal error` and logged."""
        method = connection.request.method
        reply = Reply(connection, self._clock, self._outbox, self._stream)
        if self._admission.draining:
            reply.close_after()
        try:
            route, asked = _routed(connection, payload, reply)
            await route(self, asked)
        except RelayError as error:
            if (payload is not None and not payload.is_eof()) or isinstance(error, CallerHeadersTooLarge):
                reply.close_after()
            reply.fail(error)
            self._refused.note(error, method, reply.id)
        except (asyncio.CancelledError, ConnectionError):
            reply.close_after()
            if not reply.recorded:
                self._refused.note(CallerGone(), method, reply.id)
            raise
        except Exception as error:  # noqa: BLE001 - the one place where a bug becomes an answer
            self._refused.defect(error, reply.id)
            reply.fail(GatewayInternal())
        return reply.keeps_connection

    def _identify(self, asked: Asked) -> Identity:
        identity = asked.connection.caller.identify(asked.fields, self._keys.by_digest)
        asked.reply.name(self._ids.next(), asked.fields.get(b"x-request-id"))
        return identity

    def _messages(self, asked: Asked) -> Awaitable[None]:
        return self._call("chat", asked)

    def _count_tokens(self, asked: Asked) -> Awaitable[None]:
        return self._call("count_tokens", asked)

    def _chat_completions(self, asked: Asked) -> Awaitable[None]:
        # Imported with the first such call: most gateways hear Messages alone.
        from relay.dialects.chat_request import inbound

        asked.reply.speech = OPENAI
        return self._call("chat", asked, inbound)

    def _responses(self, asked: Asked) -> Awaitable[None]:
        from relay.dialects.responses_request import inbound

        asked.reply.speech = OPENAI
        return self._call("chat", asked, inbound)

    async def _call(self, operation: str, asked: Asked, inbound: decode.Inwards | None = None) -> None:
        received_ns = monotonic_ns()
        reply = asked.reply
        identity = self._identify(asked)
        service = self.service
        self._admission.enter()
        service.calls += 1
        self.live.add(reply)
        try:
            if identity.limits is not None:
                reply.limit(self._accounts.admit(identity))
            limit = service.generation.body_limit_bytes
            decode.check_content(asked.fields, limit)
            content = asked.connection.request.content
            if content is None:
                content = await self._content(asked, limit)
            decode.check_size(len(content), limit)
            own = own_credential(asked.fields, self._keys.by_digest) if service.generation.passes_credentials else None
            id = cast(str, reply.id)
            if inbound is None:
                call = decode.call(id, operation, content, asked.fields, identity, received_ns, own)
            else:
                call, reply.client = decode.heard(inbound, id, content, asked.fields, identity, received_ns, own)
            del content
            reply.expect(call.stream, call.reports)
            await service.serve(call, reply)
        finally:
            self.live.discard(reply)
            service.calls -= 1
            self._admission.leave()

    async def _content(self, asked: Asked, limit: int) -> bytes:
        """Read the content as it comes, after a word to a client that waits for one (RFC 9110 10.1.1)."""
        payload = cast(StreamReader, asked.payload)
        if payload.is_eof():
            return payload.read_nowait()
        transport = asked.connection.transport
        expects = asked.fields.get(b"expect", b"").lower() == b"100-continue"
        if expects and transport is not None and asked.connection.request.is_1_1:
            self._outbox.put(transport, b"HTTP/1.1 100 Continue\r\n\r\n")  # behind the answer before, where that waits
        is_chunked = b"transfer-encoding" in asked.fields
        return await decode.read_content(payload, limit, self._timeouts.body_read, is_chunked)

    async def _alive(self, asked: Asked) -> None:
        asked.reply.send(200, orjson.dumps({"name": "relay", "version": __version__}))

    async def _models(self, asked: Asked) -> None:
        visible = listing.visible(self.service.generation, self._identify(asked))
        parameters = _parameters(asked.query)
        if b"anthropic-version" in asked.fields:
            listed = listing.for_messages(visible, parameters)
        else:
            listed = listing.for_openrouter(visible, parameters, self._vitals)
        asked.reply.send(200, orjson.dumps(listed))

    async def _model(self, asked: Asked) -> None:
        visible = listing.visible(self.service.generation, self._identify(asked))
        name = unquote(asked.path.removeprefix("/v1/models/"))
        in_messages_shape = b"anthropic-version" in asked.fields
        asked.reply.send(200, orjson.dumps(listing.one(visible, name, in_messages_shape, self._vitals)))

    async def _providers(self, asked: Asked) -> None:
        self._identify(asked)
        asked.reply.send(200, orjson.dumps(listing.providers(self.service.generation)))

    async def _zdr_endpoints(self, asked: Asked) -> None:
        visible = listing.visible(self.service.generation, self._identify(asked))
        asked.reply.send(200, orjson.dumps(listing.zdr(visible, self._vitals)))

    async def _key(self, asked: Asked) -> None:
        identity = self._identify(asked)
        asked.reply.send(200, orjson.dumps(usage.key_report(identity, self._accounts.of(identity))))

    async def _credits(self, asked: Asked) -> None:
        self._admin(asked)
        holders = (self._keys.by_digest or {}).values()
        asked.reply.send(200, orjson.dumps(usage.credits_report(self._accounts, holders)))

    def _admin(self, asked: Asked) -> None:
        """Let only the keys in that may read what all keys used; raises CallerForbidden."""
        if not self._identify(asked).is_admin:
            raise CallerForbidden("this key may not read what other keys used; it takes one with `admin: true`")

    async def _generation_of(self, asked: Asked) -> None:
        identity = self._identify(asked)
        id = _parameters(asked.query).get("id")
        if not id:
            raise CallerInvalid("id: field required")
        found = await self._find(id, identity)
        if found is None:
            raise CallerUnsupported("id: no such generation")
        asked.reply.send(200, orjson.dumps({"data": found}))

    async def _activity_of_all(self, asked: Asked) -> None:
        if not self._identify(asked).is_admin:
            raise CallerForbidden("this key may not read what all keys used; use an admin key")
        rows = await self._activity(_parameters(asked.query).get("date"))
        asked.reply.send(200, orjson.dumps({"data": rows}))

    def sweep(self, client_stall_s: float) -> None:
        """Once a second: keep-alives and stalls of all replies in flight."""
        for reply in list(self.live):
            reply.sweep(client_stall_s)


def _parameters(query: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in query.split("&") if part]
    return {unquote(name): unquote(value.replace("+", " ")) for name, _, value in pairs}


Route = Callable[[Ingress, Asked], Awaitable[None]]

ROUTES: Final[Mapping[str, Mapping[str, Route]]] = {
    "/v1/messages": {"POST": Ingress._messages},
    "/v1/chat/completions": {"POST": Ingress._chat_completions},
    "/v1/messages/count_tokens": {"POST": Ingress._count_tokens},
    "/v1/responses": {"POST": Ingress._responses},
    "/v1/models": {"GET": Ingress._models},
    "/v1/providers": {"GET": Ingress._providers},
    "/v1/endpoints/zdr": {"GET": Ingress._zdr_endpoints},
    "/v1/key": {"GET": Ingress._key},
    "/v1/credits": {"GET": Ingress._credits},
    "/v1/generation": {"GET": Ingress._generation_of},
    "/v1/activity": {"GET": Ingress._activity_of_all},
    "/health": {"GET": Ingress._alive, "HEAD": Ingress._alive},
    "/": {"GET": Ingress._alive, "HEAD": Ingress._alive},
    "/api": {"GET": Ingress._alive, "HEAD": Ingress._alive},
}
_ONE_MODEL: Final[Mapping[str, Route]] = {"GET": Ingress._model}


def _routed(connection: ClientConnection, payload: StreamReader | None, reply: Reply) -> tuple[Route, Asked]:
    """Find who answers a request.

    raises   CallerUnsupported, naming what exists; CallerHeadersTooLarge
    """
    request = connection.request
    method = request.method
    path, _, query = request.path.partition("?")
    if path[:4] == "http":  # RFC 9112 3.2.2: a target may come with scheme and authority
        path = "/" + path.partition("://")[2].partition("/")[2]
    if path.startswith("/api/"):
        path = path[4:]
    methods = ROUTES.get(path)
    if methods is None and path.startswith("/v1/models/"):
        methods = _ONE_MODEL  # ids hold slashes
    if methods is None:
        reply.speech = speech_of(path)
        raise CallerUnsupported(f"no route {method} {path[:200]}; this gateway answers {_existing()}")
    route = methods.get(method)
    if route is None:
        reply.speech = speech_of(path)
        reply.fields += b"allow: %b\r\n" % ", ".join(methods).encode()
        raise CallerUnsupported(f"{method} is not answered here; use {', '.join(methods)}", 405)
    if request.size > MAX_HEAD:
        reply.speech = speech_of(path)
        raise CallerHeadersTooLarge(f"the header fields are larger than {MAX_HEAD} bytes together")
    return route, Asked(connection, payload, reply, path, query)


def _existing() -> str:
    return ", ".join([f"{'|'.join(methods)} {path}" for path, methods in ROUTES.items()])
