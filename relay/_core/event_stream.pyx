"""AWS's event stream: bytes to frames (spec/wire-protocols.md 1.4).

In: bytes in any split, through `take`: to a parser of server-sent events all of them are frames that its sink knows.
Out: a frame for each event, its name that of the event; an exception or error of the peer is raised. Both checksums
are held against the bytes before anything of them is used. Carries one incomplete message of at most `max_event`
bytes, and knows from its first twelve how long it will be; linear in the input for any split.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t

from relay._core.buffer cimport Buffer
from relay._core.crc32 cimport crc32
from relay._core.decoder cimport Decoder
from relay._core.json cimport Scanner, string_text
from relay._core.text cimport equals
from relay._core.types cimport Frame, FrameSink, Slice

from relay._core.errors import LimitExceeded, PeerError, ProtocolError

cdef enum:
    PRELUDE = 12                  # total length, length of the headers, their checksum
    LEAST = 16                    # a prelude, and the checksum of it all
    MAX_HEADERS = 128 << 10
    STRING = 7                    # type of a header's value
    KINDS = 10                    # of them

# Bytes of a value by its type; -1: two bytes say how many follow.
cdef int[KINDS] _SIZES = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16]

cdef Scanner _TOLD = Scanner(("message", "Message"), 500)

cdef dict _STATUS = {
    "internalServerException": "500",
    "modelStreamErrorException": "424",
    "modelTimeoutException": "408",
    "serviceUnavailableException": "503",
    "throttlingException": "429",
    "validationException": "400",
}


cdef str _status_of(str kind):
    """Give the status that an exception means, whose name may begin with a capital; empty: none is known."""
    return _STATUS.get(kind[:1].lower() + kind[1:], "")


cdef inline uint32_t _number(const char* ptr) noexcept nogil:
    cdef const uint8_t* at = <const uint8_t*>ptr
    return <uint32_t>at[0] << 24 | <uint32_t>at[1] << 16 | <uint32_t>at[2] << 8 | at[3]


cdef inline Py_ssize_t _short(const char* ptr) noexcept nogil:
    return <Py_ssize_t>(<uint8_t>ptr[0]) << 8 | <uint8_t>ptr[1]


cdef str _text(Slice part):
    return PyBytes_FromStringAndSize(part.ptr, part.len).decode("utf-8", "replace")


cdef int _break(str why) except -1 with gil:
    raise ProtocolError(why)


@cython.final
cdef class _Collector(Decoder):
    """Frames to (event type, payload) for the Python face."""

    cdef list events

    def __cinit__(self):
        self.events = []

    cdef int on_frame(self, Frame* frame) except -1 nogil:
        with gil:
            self.events.append((_text(frame.name), PyBytes_FromStringAndSize(frame.data.ptr, frame.data.len)))
        return 0


@cython.final
cdef class EventStream(FrameSink):
    """Parser of one event stream; `feed` is its Python face, `take` is what a pipeline uses.

    decoder     reads the answer; None: events are collected for `feed`
    out         gets the frames, for the decoder; None: the decoder itself
    max_event   bytes of one message; over it: LimitExceeded("event")
    """

    def __cinit__(self, Py_ssize_t max_event=16 << 20, Decoder decoder=None, FrameSink out=None):
        self._decoder = _Collector() if decoder is None else decoder
        self._out = self._decoder if out is None else out
        self._carry = Buffer()
        self._need = PRELUDE
        self._max_event = max_event

    def feed(self, bytes data not None) -> list[tuple[str, bytes]]:
        """Give the events that `data` completed as (event type, payload).

        raises   ProtocolError, LimitExceeded; PeerError for an exception or error of the peer
        """
        cdef _Collector collector = self._decoder
        if self._fault is not None:
            raise self._fault
        try:
            self.take(PyBytes_AS_STRING(data), PyBytes_AS_STRING(data) + PyBytes_GET_SIZE(data))
        except (ProtocolError, LimitExceeded, PeerError) as fault:
            # Events before the fault were complete: they come now, the fault with the next call.
            self._fault = fault
            if not collector.events:
                raise
        events, collector.events = collector.events, []
        return events

    cdef const char* take(self, const char* ptr, const char* end) except NULL nogil:
        """Take all bytes: whole messages where they lie, the rest is kept."""
        cdef Py_ssize_t size
        while ptr < end and not self._decoder.done:
            if self._carry.len == 0 and end - ptr >= PRELUDE:
                size = self._size(ptr)
                if end - ptr >= size:
                    self._message(ptr, size)
                    ptr += size
                    continue
            size = min(self._need - self._carry.len, end - ptr)
            self._carry.append(ptr, size)
            ptr += size
            if self._carry.len < self._need:
                return end
            if self._need == PRELUDE:
                self._need = self._size(self._carry.ptr)
                continue
            self._message(self._carry.ptr, self._need)
            self._carry.clear()
            self._need = PRELUDE
        return end

    cdef Py_ssize_t _size(self, const char* ptr) except -1 nogil:
        """Give the bytes of the message that begins at `ptr`, by its prelude."""
        cdef Py_ssize_t size = _number(ptr)
        cdef Py_ssize_t headers = _number(ptr + 4)
        if crc32(ptr, 8) != _number(ptr + 8):
            _break("the checksum of an event's prelude is wrong")
        if size < LEAST or headers > MAX_HEADERS or headers > size - LEAST:
            _break("an event's lengths can't be")
        if size > self._max_event:
            with gil:
                raise LimitExceeded("event")
        return size

    cdef int _message(self, const char* ptr, Py_ssize_t size) except -1 nogil:
        cdef Slice none = Slice(NULL, 0)
        cdef Py_ssize_t headers = _number(ptr + 4)
        cdef Message message
        if crc32(ptr, size - 4) != _number(ptr + size - 4):
            _break("the checksum of an event is wrong")
        message.whole = Slice(ptr, size)
        message.kind = message.event = message.exception = message.error_code = message.error_message = none
        message.payload = Slice(ptr + PRELUDE + headers, size - LEAST - headers)
        self._headers(ptr + PRELUDE, message.payload.ptr, &message)
        return self._dispatch(&message)

    cdef int _headers(self, const char* ptr, const char* end, Message* message) except -1 nogil:
        """Note the headers that say what the message is."""
        cdef Slice name, value
        cdef int kind
        while ptr < end:
            name = Slice(ptr + 1, <uint8_t>ptr[0])
            ptr += 1 + name.len
            if end - ptr < 1 or <uint8_t>ptr[0] >= KINDS:
                return _break("an event's header is none")
            kind = ptr[0]
            ptr += 1
            value = Slice(ptr, _SIZES[kind])
            if value.len < 0:
                if end - ptr < 2:
                    return _break("an event's header is cut")
                value = Slice(ptr + 2, _short(ptr))
            if end - value.ptr < value.len:
                return _break("an event's header is cut")
            ptr = value.ptr + value.len
            if kind != STRING or name.len == 0 or name.ptr[0] != c":":
                continue
            if equals(name, b":message-type", 13):
                message.kind = value
            elif equals(name, b":event-type", 11):
                message.event = value
            elif equals(name, b":exception-type", 15):
                message.exception = value
            elif equals(name, b":error-code", 11):
                message.error_code = value
            elif equals(name, b":error-message", 14):
                message.error_message = value
        return 0

    cdef int _dispatch(self, Message* message) except -1 nogil:
        cdef Frame frame
        if not equals(message.kind, b"event", 5):
            with gil:
                return self._peer_error(message)
        frame.whole = message.whole
        frame.name = message.event
        frame.data = message.payload
        frame.canonical = False
        return self._out.on_frame(&frame)

    cdef int _peer_error(self, Message* message) except -1:
        """Raise what the peer reported: an exception of the model's with its words as JSON, or an error."""
        cdef Slice[2] slots
        self._decoder.failed = True
        if equals(message.kind, b"error", 5):
            kind = _text(message.error_code)
            raise PeerError(kind, _text(message.error_message), _status_of(kind))
        if not equals(message.kind, b"exception", 9):
            raise ProtocolError("a message of the stream is of no known type")
        kind = _text(message.exception)
        kind = kind[:1].lower() + kind[1:]
        said = ""
        if message.payload.len and message.payload.ptr[0] == c"{":
            _TOLD.scan_into(message.payload, slots)
            said = string_text(slots[0]) or string_text(slots[1]) or ""
        raise PeerError(kind, said, _status_of(kind))
