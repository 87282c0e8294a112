"""The chain of one answer: SseParser → decoder of the provider's dialect → Meter → Rewriter → encoder of the client's.

In: bytes of the provider in any split, and the time of each read. Out: whole frames for the client, and one report.
Output, report and fault do not depend on the split. A fault never swallows what came before it: `feed` gives that,
then the pipeline is false, `check` and every later `feed` raise.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from libc.stdint cimport int64_t
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

from relay._core.chunks cimport Chunks
from relay._core.decoders cimport decoder_of
from relay._core.encoders cimport encoder_of
from relay._core.event_stream cimport EventStream
from relay._core.messages_decoder cimport MessagesDecoder
from relay._core.meter cimport Meter
from relay._core.report cimport Report
from relay._core.rewriter cimport Rewriter
from relay._core.sealer cimport Sealer
from relay._core.sse cimport SseParser
from relay._core.thinking cimport ThinkingDropper
from relay._core.types cimport Stage

from relay._core.errors import LimitExceeded, Misuse, PeerError, ProtocolError, RedactionError, Truncated


cdef int64_t _monotonic_ns() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * <int64_t>1_000_000_000 + now.tv_nsec


@cython.final
cdef class Pipeline:
    """One streamed answer of a provider on its way to a client. True while more can come.

    id, model, provider   written into message_start; None leaves what came
    input_tokens          called for an estimate, when the provider tells none
    usage_fields          called with `Meter.usage()` once per message_delta; gives members to add, `"cost":1` …
    chunked               each output leaves as one HTTP chunk, with the body's end behind the last
    rewriter               redacts the answer; None: it passes as it came
    drops_thinking         blocks of thinking are taken out
    trailer                called once, behind message_stop: gives what goes there, whole comments; None: nothing
    metadata              called with `Meter.usage()` at message_stop: gives the JSON of its `openrouter_metadata`
    seal                  called with the inside of each signature's JSON string, gives another; None: they pass
    context_management    JSON of the member of message_delta that says what was left out of the prompt; None: nothing
    translated             the request in the provider's dialect: what its decoder asks of; None: it speaks Messages
    client                what the client's request said of how it is answered; None: it speaks Messages
    binary                 the answer comes as an event stream of AWS: of chunks, unless it was translated
    max_event             bytes of one event; over it: LimitExceeded("event")
    """

    def __cinit__(
        self, *, id=None, model=None, provider=None, input_tokens=None, usage_fields=None,
        bint chunked=False, Py_ssize_t max_event=8 << 20, Rewriter rewriter=None, bint drops_thinking=False,
        trailer=None, metadata=None, seal=None, bytes context_management=None, translated=None, client=None,
        bint binary=False,
    ):
        cdef Stage last
        self._chunked = chunked
        self._trailer = trailer
        self._parser = SseParser(max_event)
        self._meter = Meter()
        self._encoder = last = encoder_of(client)
        if translated is None:
            self._decoder = MessagesDecoder(self._meter, max_event)
        else:
            self._decoder = decoder_of(translated, self._meter, max_event, (id or "").rpartition("-")[2].encode())
            self._encoder.is_translated = True
        self._sink = self._decoder
        if binary:
            # To the parser of server-sent events these are frames that its sink takes by itself.
            self._sink = EventStream(max_event, self._decoder, Chunks(self._decoder) if translated is None else None)
        if seal is not None:
            self._sealer = last = Sealer(seal)
            last.next = self._encoder
        self._meter.next = last
        if rewriter is not None:
            self._rewriter = self._meter.next = rewriter
            rewriter.next = last
        if drops_thinking:
            self._dropper = ThinkingDropper()
            self._dropper.next = self._meter.next
            self._meter.next = self._dropper
        self._decoder.gathers = client is None and self._meter.next is self._encoder
        self._encoder.meter = <PyObject*>self._meter
        self._encoder.name(id, model, provider)
        self._encoder.input_tokens = input_tokens
        self._encoder.usage_fields = usage_fields
        self._encoder.metadata = metadata
        self._encoder.context_management = context_management

    def __bool__(self) -> bool:
        # No property, which costs a compiled caller five times as much: this is asked at every read.
        return not self._decoder.done and self._fault is None

    def feed(self, bytes data not None, int64_t now=0, bytes prefix not None=b"") -> bytes:
        """Give what these bytes let out, possibly nothing; empty `data` is the end of the answer.

        now      time of the read, ns, monotonic; 0: the clock is asked here, for a tenth of what it costs a caller
        prefix   goes before the output, when there is any
        raises   what `check` raises, when an earlier call met it; Misuse after the end
        """
        cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
        if self._fault is not None:
            raise self._fault
        if self._closed:
            raise Misuse("feed after the end")
        self._closed = size == 0
        self._meter.now = now or _monotonic_ns()
        self._encoder.output.begin(PyBytes_AS_STRING(data), size)
        try:
            if self._decoder.done:
                return b""
            if size:
                self._parser.push(PyBytes_AS_STRING(data), size, self._sink)
            else:
                self._decoder.on_end()
        except (ProtocolError, LimitExceeded, PeerError) as fault:
            if not self._decoder.done:  # what follows message_stop is nobody's business
                self._fault = fault
                self._flush()
        except Exception as fault:
            if self._rewriter is None:
                raise
            self._fail(fault)
        if self._trailer is not None and self._decoder.done:
            self._close()
        self._bytes_out += self._encoder.output.len
        return self._encoder.output.take(data, prefix, self._chunked, self._decoder.done)

    cdef int _close(self) except -1:
        """Write what goes behind the answer; when there is none for want of a receipt, only the record says so."""
        cdef bytes last
        try:
            last = self._trailer()
        except Exception:
            self._fault = RedactionError("the receipt could not be given")
            return 0
        return self._encoder.output.put(PyBytes_AS_STRING(last), PyBytes_GET_SIZE(last))

    def _flush(self):
        """Let out what a redactor held of an answer that broke off."""
        cdef int index = self._decoder.open
        if self._rewriter is None or index < 0 or (self._dropper is not None and self._dropper.is_dropping):
            return
        if self._dropper is not None:
            index -= self._dropper.dropped
        try:
            self._rewriter.flush(index)
        except Exception as fault:
            self._fail(fault)

    def _fail(self, fault):
        """The redactor failed: of what it holds nothing leaves; an open block ends, unless that fails too."""
        self._rewriter.failed = True
        # Whatever it was, it may quote the text: only what is known not to is kept.
        self._fault = fault if isinstance(fault, RedactionError) else RedactionError("the redactor failed")
        try:
            self._rewriter.close()
        except Exception:
            self._fault = RedactionError("the redactor failed")

    def check(self) -> None:
        """Raise the fault that stopped the answer, if one did.

        raises   PeerError (the provider said so in the stream), Truncated, ProtocolError, LimitExceeded
        """
        if self._fault is not None:
            raise self._fault

    @property
    def complete(self) -> bool:
        """True once message_stop went out."""
        return self._decoder.done

    def report(self) -> Report:
        """Give the facts of the answer so far."""
        self._decoder.settle()
        return Report(self._meter, self._decoder, self._bytes_out, self._ended())

    cdef str _ended(self):
        if self._decoder.done:
            return "complete"
        if self._fault is None:
            return "open"
        if isinstance(self._fault, Truncated):
            return "truncated"
        return "error" if isinstance(self._fault, PeerError) else "protocol"
