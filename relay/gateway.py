"""The life of a call: admit, plan, prepare, send, relay, record. READ FIRST: every room is named here, in order.

    client ─► downstream ─► route ─► prepare ─► upstream ─► _core.Pipeline ─► downstream ─► client
                                        ▲           │
                                        └── next attempt, while nothing of the model was sent

The rooms do not know each other; they meet here.
"""

from asyncio import CancelledError
from time import monotonic_ns
from typing import Final

import orjson

from relay import providers
from relay._core import LimitExceeded, PeerError, Pipeline, ProtocolError, RedactionError, answer
from relay.call import Call
from relay.catalog import Attempt, Generation
from relay.dialects import messages
from relay.downstream import Reply
from relay.errors import CallerGone, CallerSlow, GatewayDraining, GatewayInternal, ProviderError, RelayError
from relay.forward import Forward
from relay.ledger import Ledger, Record
from relay.ledger.record import Outcome
from relay.metadata import Metadata
from relay.prepare import prepare
from relay.providers import Request
from relay.redact.redaction import Redaction, Redactors, tellable
from relay.redact.replacements import fault
from relay.route import Plan, Router
from relay.upstream import Exchange, Upstream

MAX_ANSWER: Final = 64 << 20
MAX_ERROR_BODY: Final = 1 << 20


class Gateway:
    """One worker's gateway over one configuration generation."""

    def __init__(
        self, generation: Generation, router: Router, upstream: Upstream, ledger: Ledger, redactors: Redactors
    ) -> None:
        self._generation = generation
        self._router = router
        self._redactors = redactors
        self._upstream = upstream
        self._ledger = ledger

    async def serve(self, call: Call, reply: Reply) -> Record:
        """Answer one call. Always closes the record; never raises for a fault of client, policy or provider."""
        generation = self._generation
        record = self._ledger.open(call, generation.digest, generation.price_version)
        try:
            metadata = Metadata(call, record, self._router) if call.describes else None
            reply.metadata = metadata
            record.redaction = redaction = self._redactors.of(call)
            record.user = None if redaction else call.user
            record.plan = plan = self._router.plan(call)
            if metadata is not None:
                metadata.plan = plan
            await self._answer(call, plan, reply, record)
            if reply.lags:
                await reply.settle()
            record.ended(Outcome.COMPLETE, reply.status)
        except RelayError as error:
            told = record.redaction.report(error) if record.redaction else b""
            reply.fail(error, told)  # before the head: status and body; after it: one error event
            record.ended(Outcome.ERROR, reply.status, error)
        except (CancelledError, ConnectionError):
            record.ended(*_how_it_was_left(reply))
            raise
        except Exception:
            record.ended(Outcome.ERROR, 500, GatewayInternal())
            raise
        finally:
            record.bytes_out += reply.bytes_out
            self._ledger.close(record)
        return record

    async def _answer(self, call: Call, plan: Plan, reply: Reply, record: Record) -> None:
        """Try the plan's endpoints until one answers, or the reply is committed, or none is left."""
        reply.on_commit = call.release
        redacted = await record.redaction.prompt(call.content, call.members) if record.redaction else {}
        record.user = orjson.loads(redacted["user"]) if "user" in redacted else call.user
        while attempt := plan.next():
            record.attempts.append(attempt)
            attempt.redacts = record.redaction is not None
            record.model = attempt.slug
            try:
                await self._attempt(call, prepare(call, attempt, redacted), attempt, reply, record)
                plan.succeeded(attempt, *record.speed(), record.cached_tokens())
                return
            except ProviderError as error:
                plan.failed(attempt, tellable(error, record.redaction))
                if reply.committed:
                    raise
            finally:
                attempt.ended_ns = monotonic_ns()
        raise plan.exhausted(self._generation.docs_url)

    async def _attempt(self, call: Call, request: Request, attempt: Attempt, reply: Reply, record: Record) -> None:
        if call.operation == "count_tokens" and not attempt.endpoint.count_tokens:
            _count_here(call, reply)
            return
        async with self._upstream.open(request, attempt, call.stream) as exchange:
            if exchange.status != 200:
                body = await exchange.read_some(MAX_ERROR_BODY)
                raise providers.error(exchange.status, exchange.fields, body, own=request.own is not None)
            attempt.upstream_request_id = reply.adopt(exchange.fields, attempt.max_tokens)
            if call.operation == "count_tokens":
                reply.send(200, await exchange.read(MAX_ERROR_BODY))
            elif call.stream:
                await self._relay(exchange, request, call, attempt, reply, record)
            else:
                await self._relay_unary(exchange, request, call, attempt, reply, record)

    async def _relay(
        self, exchange: Exchange, request: Request, call: Call, attempt: Attempt, reply: Reply, record: Record
    ) -> None:
        """Move one streamed answer. Everything per read happens in `Forward`, called from the socket's callback."""
        bill, sent, redaction = record.bill(attempt, reply.client is None), request.translated, record.redaction
        streams = exchange.is_event_stream or await exchange.begins_with_events()
        pipeline = Pipeline(
            id=call.id,
            model=attempt.slug,
            provider=attempt.endpoint.display_name,
            input_tokens=record.estimate,
            usage_fields=bill.members,
            chunked=reply.chunked,
            rewriter=redaction.rewriter() if redaction and streams else None,
            drops_thinking=redaction.drops_thinking if redaction else False,
            trailer=redaction.trailer() if redaction else None,
            metadata=reply.metadata.of_answer if reply.metadata else None,
            seal=attempt.seal,
            context_management=attempt.context_management,
            translated=sent if streams else None,
            client=reply.client,
            binary=exchange.is_binary,
        )
        forward = Forward(pipeline, exchange, reply)
        try:
            if not streams:
                forward(messages.as_stream(await _whole(exchange, request, redaction)))
            else:
                while await exchange.pump(forward) and pipeline:
                    await reply.settle()
            pipeline.check()
        except (PeerError, ProtocolError, LimitExceeded) as cause:
            raise providers.fault(cause) from cause
        except RedactionError as cause:
            raise fault(cause) from None
        finally:
            record.observe(pipeline.report(), bill)

    async def _relay_unary(
        self, exchange: Exchange, request: Request, call: Call, attempt: Attempt, reply: Reply, record: Record
    ) -> None:
        bill = record.bill(attempt, reply.client is None)
        try:
            content, report = answer(
                await _whole(exchange, request, record.redaction),
                id=call.id,
                model=attempt.slug,
                provider=attempt.endpoint.display_name,
                input_tokens=record.estimate,
                usage_fields=bill.members,
                metadata=reply.metadata.of_answer if reply.metadata else None,
                seal=attempt.seal,
                context_management=attempt.context_management,
            )
            if reply.client is not None:
                content = reply.client.answer(content)
        except (PeerError, ProtocolError, LimitExceeded) as cause:
            raise providers.fault(cause) from cause
        record.answered(report, bill)
        redactions = record.redaction.report() if record.redaction else b""
        reply.send(200, content, reply.report_fields(attempt.slug, attempt.number, redactions))


async def _whole(exchange: Exchange, request: Request, redaction: Redaction | None) -> bytes:
    """Give an answer that comes whole as a message of the hub, redacted."""
    content = request.message(await exchange.read(MAX_ANSWER))
    return redaction.answer(content, request.translated is not None) if redaction else content


def _count_here(call: Call, reply: Reply) -> None:
    """Count by estimate: a provider that can't count must not make clients retry (spec/wire-protocols.md 2.6)."""
    count = messages.input_tokens(call.content)
    reply.send(200, b'{"input_tokens":%d}' % count, b"x-relay-estimated: true\r\n")


def _how_it_was_left(reply: Reply) -> tuple[Outcome, int, RelayError]:
    """Tell why the answer was given up: the drain cut it, the client took nothing any more, or it left."""
    if reply.is_slow:
        return Outcome.CLIENT_SLOW, 499, CallerSlow("the client took nothing for too long")
    if reply.is_cut:
        return Outcome.DRAIN_CUT, reply.status, GatewayDraining()
    return Outcome.CLIENT_GONE, 499, CallerGone()
