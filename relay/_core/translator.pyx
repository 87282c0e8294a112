"""From facts to the hub's events, each a canonical Messages frame (spec/wire-protocols.md 2.5, 4.2).

Whatever order a provider has, blocks leave one behind the other, numbered without gaps, thinking signed before it
ends: a signature is "" where the provider told none, for whoever seals signatures needs one to seal. Texts are copied
as they lie in the provider's JSON: an escape is an escape in either. Memory: one event.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t
from libc.stdio cimport snprintf
from libc.string cimport strlen

from relay._core.buffer cimport Buffer
from relay._core.json cimport string_text
from relay._core.meter cimport Meter
from relay._core.scanned cimport bytes_of, inside, slice_of
from relay._core.text cimport equals, is_ascii, skip_ascii
from relay._core.types cimport (
    BLOCK_START, BLOCK_STOP, DELTA, INPUT_FORM, OPAQUE_FORM, START, STOP, TEXT_FORM, THINKING_FORM, USAGE, Event, Frame,
    Kind, Slice,
)
from relay._core.utf8 cimport is_utf8

from relay._core.errors import PeerError

cdef enum:
    MOST_DIGITS = 24              # of a count, with the zero that ends it

cdef const char* _REFUSAL = b'"stop_details":{"type":"refusal","category":null,"explanation":null}'


cdef class Translator(Decoder):
    """The making side of a decoder whose dialect is not the hub's."""

    def __cinit__(self, Meter meter not None, *_, **__):
        self._meter = meter
        self.next = meter
        self.open = -1
        self.tally = Tally(-1, -1, -1, -1, -1, -1, -1)
        self._delta = Buffer()
        self._event = Buffer()
        self.signature = Buffer()

    cdef int identify(self, Slice id, Slice model) except -1:
        """Take the answer's id and model from the first event that has any."""
        if self._id is None and inside(id).len:
            self._id = bytes_of(id)
            self.id = string_text(id)
        if self._model is None and inside(model).len:
            self._model = bytes_of(model)
            self.model = string_text(model)
        return 0

    cdef int admit(self, Frame* frame, Slice data) except -1 nogil:
        """Count an event in and give 1 if it is to be read: not behind the end, not empty, not `[DONE]`, which ends
        the answer, and not one that is no UTF-8, which was then read mended.
        """
        if self.done or self.failed:
            return 0
        self.bytes_in += frame.whole.len
        if data.len == 0:
            self.normalised += 1
            return 0
        if equals(data, b"[DONE]", 6):
            self.on_end()
            return 0
        if not is_ascii(data.ptr, data.ptr + data.len) and not is_utf8(data):
            with gil:
                self._repair(frame)
            return 0
        return 1

    cdef int _repair(self, Frame* frame) except -1:
        """Read the frame again with U+FFFD for what is no UTF-8: the SDKs raise on such bytes."""
        cdef bytes clean = bytes_of(frame.data).decode("utf-8", "replace").encode()
        cdef Frame again = frame[0]
        again.data = Slice(PyBytes_AS_STRING(clean), PyBytes_GET_SIZE(clean))
        self.bytes_in -= frame.whole.len
        self.normalised += 1
        return self.on_frame(&again)

    cdef int fail(self, Slice kind, Slice code, Slice said) except -1:
        """Raise what the peer reported, all of them JSON values or nothing; a code may be a number."""
        self.failed = True
        told = string_text(code) if inside(code).ptr != NULL else bytes_of(code).decode()
        raise PeerError(string_text(kind) or "", string_text(said) or "", told)

    cdef int begin(self) except -1:
        """Send message_start, once."""
        cdef Event event
        cdef Py_ssize_t message, id_at, model_at
        cdef Slice id, model
        if self.started:
            return 0
        self.started = True
        id = slice_of(b'""' if self._id is None else self._id)
        model = slice_of(b'""' if self._model is None else self._model)
        self._frame(b"message_start")
        self._put(b',"message":')
        message = self._event.len
        self._put(b'{"id":')
        id_at = self._event.len
        self._event.add(id)
        self._put(b',"type":"message","role":"assistant","model":')
        model_at = self._event.len
        self._event.add(model)
        self._put(b',"content":[],"stop_reason":null,"stop_sequence":null}')
        self._made(START, &event)
        event.message = Slice(self._event.ptr + message, self._event.len - message - 3)
        event.id = Slice(self._event.ptr + id_at, id.len)
        event.model = Slice(self._event.ptr + model_at, model.len)
        event.channel = -1
        return self.next.on_event(&event)

    cdef int say(self, Block block, Slice text) except -1 nogil:
        """Send text of the model, the inside of a JSON string, in a block of its kind; nothing of nothing."""
        if text.len == 0:
            return 0
        if self.block != block:
            self._begin_block(block)
        return self.more(text, skip_ascii(text.ptr, text.ptr + text.len) == text.ptr + text.len)

    cdef int more(self, Slice text, bint plain) except -1 nogil:
        """Send a delta of the open block; `plain`: its text is known to be ASCII without escapes."""
        cdef Event event
        cdef Slice none = Slice(NULL, 0)
        self._delta.len = self._head
        self._delta.add(text)
        self._delta.append(b'"}}\n\n', 5)
        event.kind = DELTA
        event.count = 1
        event.form = (
            TEXT_FORM if self.block == TEXT_BLOCK else INPUT_FORM if self.block == TOOL_BLOCK else THINKING_FORM
        )
        event.channel = self.open
        event.frame = self._delta.slice()
        event.name = Slice(self._delta.ptr + 7, 19)
        event.data = Slice(self._delta.ptr + 33, self._delta.len - 35)
        event.text = Slice(self._delta.ptr + self._head, text.len)
        event.rewritten = event.message = event.id = event.model = event.provider = none
        event.usage = event.stop_reason = none
        event.plain = plain
        event.changed = False
        return self.next.on_event(&event)

    cdef int begin_tool(self, Slice id, Slice name) except -1 nogil:
        """Open the block of a tool call; both are insides of JSON strings."""
        cdef Event event
        self.end_block()
        self.block = TOOL_BLOCK
        self.tools += 1
        self.open = self._next
        self._next += 1
        self._frame(b"content_block_start")
        self._put(b',"index":')
        self._put_number(self.open)
        self._put(b',"content_block":{"type":"tool_use","id":"')
        self._event.add(id)
        self._put(b'","name":"')
        self._event.add(name)
        self._put(b'","input":{},"caller":{"type":"direct"}}')
        self._made(BLOCK_START, &event)
        self.next.on_event(&event)
        return self._open_delta(b'"type":"input_json_delta","partial_json":"')

    cdef int open_block(self, Block block) except -1 nogil:
        """Open a block of text or thinking, unless one is."""
        return self._begin_block(block) if self.block != block else 0

    cdef int redacted(self, Slice data) except -1 nogil:
        """Send a block of thinking that only its maker can read; `data` is the inside of a JSON string."""
        cdef Event event
        self.end_block()
        self.open = self._next
        self._next += 1
        self._frame(b"content_block_start")
        self._put(b',"index":')
        self._put_number(self.open)
        self._put(b',"content_block":{"type":"redacted_thinking","data":"')
        self._event.add(data)
        self._put(b'"}')
        self._made(BLOCK_START, &event)
        self.next.on_event(&event)
        return self._stop_block()

    cdef int _begin_block(self, Block block) except -1 nogil:
        cdef Event event
        self.end_block()
        self.block = block
        self.open = self._next
        self._next += 1
        self._frame(b"content_block_start")
        self._put(b',"index":')
        self._put_number(self.open)
        if block == TEXT_BLOCK:
            self._put(b',"content_block":{"type":"text","text":"","citations":null}')
        else:
            self._put(b',"content_block":{"type":"thinking","thinking":"","signature":""}')
        self._made(BLOCK_START, &event)
        self.next.on_event(&event)
        if block == TEXT_BLOCK:
            return self._open_delta(b'"type":"text_delta","text":"')
        return self._open_delta(b'"type":"thinking_delta","thinking":"')

    cdef int _open_delta(self, const char* kind) except -1 nogil:
        """Write what every delta of the open block begins with."""
        cdef char[MOST_DIGITS] digits
        self._delta.clear()
        self._delta.append(b'event: content_block_delta\ndata: {"type":"content_block_delta","index":', 71)
        self._delta.append(digits, snprintf(digits, MOST_DIGITS, b"%d", self.open))
        self._delta.append(b',"delta":{', 10)
        self._delta.append(kind, <Py_ssize_t>strlen(kind))
        self._head = self._delta.len
        return 0

    cdef int end_block(self) except -1 nogil:
        """End the open block, if one is."""
        if self.block == NO_BLOCK:
            return 0
        if self.block == THINKING_BLOCK:
            self._sign()
        self.block = NO_BLOCK
        return self._stop_block()

    cdef int _stop_block(self) except -1 nogil:
        cdef Event event
        self._frame(b"content_block_stop")
        self._put(b',"index":')
        self._put_number(self.open)
        self._made(BLOCK_STOP, &event)
        self.next.on_event(&event)
        self.open = -1
        return 0

    cdef int _sign(self) except -1 nogil:
        cdef Event event
        self._frame(b"content_block_delta")
        self._put(b',"index":')
        self._put_number(self.open)
        self._put(b',"delta":{"type":"signature_delta","signature":"')
        self._event.add(self.signature.slice())
        self._put(b'"}')
        self.signature.clear()
        self._made(DELTA, &event)
        event.form = OPAQUE_FORM
        return self.next.on_event(&event)

    cdef int finish(self, const char* reason, Slice sequence) except -1:
        """Send message_delta and message_stop: the answer is complete.

        reason     in the hub's words
        sequence   the stop sequence that was met, a JSON string; empty: none
        """
        cdef Event event
        cdef Py_ssize_t reason_at, usage_at, size
        self.end_block()
        self._frame(b"message_delta")
        self._put(b',"delta":{"stop_reason":')
        reason_at = self._event.len
        self._put(b'"')
        self._put(reason)
        self._put(b'","stop_sequence":')
        self._event.add(sequence if sequence.len else Slice(b"null", 4))
        if reason == b"refusal":
            self._put(b",")
            self._put(_REFUSAL)
        self._put(b"}")
        self.stop_reason = (<bytes>reason).decode()
        usage_at = self._event.len + 9
        size = self._put_usage()
        self._made(USAGE, &event)
        event.channel = -1
        event.stop_reason = Slice(self._event.ptr + reason_at, <Py_ssize_t>strlen(reason) + 2)
        if size:
            event.usage = Slice(self._event.ptr + usage_at, size)
        self._is_told = True
        self.next.on_event(&event)
        self._frame(b"message_stop")
        self._made(STOP, &event)
        event.channel = -1
        self.done = True
        self.next.on_event(&event)
        return self.next.on_end()

    cdef int settle(self) except -1:
        if self._is_told:
            return 0
        self._is_told = True
        self._event.clear()
        size = self._put_usage()
        return self._meter.fold_slice(Slice(self._event.ptr + 9, size)) if size else 0

    cdef Py_ssize_t _put_usage(self) except -1 nogil:
        """Write the member `usage`, when any of it is known; give the size of its object."""
        cdef Tally* told = &self.tally
        cdef int64_t completion = told.completion
        cdef Py_ssize_t start
        if told.prompt < 0 and completion < 0:
            return 0
        if completion >= 0 and told.reasoning > 0 and told.total == told.prompt + completion + told.reasoning:
            completion += told.reasoning  # of those who count the reasoning beside the completion
        self._put(b',"usage":')
        start = self._event.len
        self._put(b"{")
        if told.prompt >= 0:
            self._put_count(b'"input_tokens":', max(0, told.prompt - max(0, told.cached) - max(0, told.written)))
        self._put_count(b'"cache_creation_input_tokens":', told.written)
        if told.written > 0 and told.hourly >= 0:
            self._put(b',"cache_creation":{')
            self._put_count(b'"ephemeral_5m_input_tokens":', max(0, told.written - told.hourly))
            self._put_count(b'"ephemeral_1h_input_tokens":', told.hourly)
            self._put(b"}")
        self._put_count(b'"cache_read_input_tokens":', told.cached)
        self._put_count(b'"output_tokens":', completion)
        if told.reasoning >= 0:
            self._put(b',"output_tokens_details":{"thinking_tokens":')
            self._put_number(told.reasoning)
            self._put(b"}")
        self._put(b"}")
        return self._event.len - start

    cdef int _put_count(self, const char* key, int64_t number) except -1 nogil:
        if number < 0:
            return 0
        if self._event.ptr[self._event.len - 1] != c"{":
            self._put(b",")
        self._put(key)
        return self._put_number(number)

    cdef int _frame(self, const char* name) except -1 nogil:
        """Begin an event: its object is left open."""
        self._name = <Py_ssize_t>strlen(name)
        self._event.clear()
        self._put(b"event: ")
        self._put(name)
        self._put(b'\ndata: {"type":"')
        self._put(name)
        return self._put(b'"')

    cdef int _put(self, const char* text) except -1 nogil:
        return self._event.append(text, <Py_ssize_t>strlen(text))

    cdef int _put_number(self, int64_t number) except -1 nogil:
        cdef char[MOST_DIGITS] digits
        return self._event.append(digits, snprintf(digits, MOST_DIGITS, b"%lld", <long long>number))

    cdef int _made(self, Kind kind, Event* event) except -1 nogil:
        """End the event and lay it out for the chain."""
        cdef Slice none = Slice(NULL, 0)
        self._put(b"}\n\n")
        event.kind = kind
        event.count = 1
        event.channel = self.open
        event.frame = self._event.slice()
        event.name = Slice(self._event.ptr + 7, self._name)
        event.data = Slice(self._event.ptr + 14 + self._name, self._event.len - 16 - self._name)
        event.text = event.rewritten = event.message = event.id = event.model = event.provider = none
        event.usage = event.stop_reason = none
        event.form = OPAQUE_FORM
        event.plain = False
        event.changed = False
        return 0
