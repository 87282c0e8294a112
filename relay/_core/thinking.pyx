"""Thinking blocks taken out of an answer, streamed or whole (`scan_thinking: drop`, spec/redaction.md 11.1).

Of a stream their events are not sent, and the blocks behind them move up, for SDKs take a block's index for its place.
All else keeps its bytes.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdio cimport snprintf
from libc.string cimport memchr

from relay._core.buffer cimport Buffer
from relay._core.json cimport Scanner, string_text, value_end
from relay._core.text cimport skip_space
from relay._core.types cimport BLOCK_START, BLOCK_STOP, DELTA, Event, Slice, Stage

cdef enum:
    MAX_DEPTH = 500
    MOST_DIGITS = 12              # of an index, with the zero that ends it

cdef Scanner _INDEX = Scanner(("index",), MAX_DEPTH)
cdef Scanner _BLOCK_TYPE = Scanner(("content_block.type",), MAX_DEPTH)
cdef Scanner _CONTENT = Scanner(("content",), MAX_DEPTH)
cdef Scanner _TYPE = Scanner(("type",), MAX_DEPTH)


cdef bint _is_thinking(Scanner where, Slice text) except -1:
    """Tell whether the type that stands in a JSON text is one of thinking, whichever way it is escaped."""
    cdef Slice type
    where.scan_into(text, &type)
    return type.len > 0 and string_text(type) in ("thinking", "redacted_thinking")


cdef inline Slice _data(Event* event) noexcept nogil:
    """Give the event's JSON, also of a delta of which only the frame is known: `event: T`, `data: J`, blank line."""
    cdef const char* start
    if event.changed or event.kind != DELTA:
        return event.data
    start = <const char*>memchr(event.frame.ptr, c"\n", <size_t>event.frame.len) + 7
    return Slice(start, event.frame.ptr + event.frame.len - 2 - start)


@cython.final
cdef class ThinkingDropper(Stage):
    """Stands between the meter and the rewriter."""

    def __cinit__(self):
        self._scratch = Buffer()

    cdef int on_event(self, Event* event) except -1 nogil:
        if event.channel < 0:
            return self.next.on_event(event)
        if event.kind == BLOCK_START:
            with gil:
                self.is_dropping = _is_thinking(_BLOCK_TYPE, event.data)
            self.dropped += self.is_dropping
        if self.is_dropping:
            self.is_dropping = event.kind != BLOCK_STOP
            return 0
        if self.dropped:
            self._renumber(event)
        return self.next.on_event(event)

    cdef int on_end(self) except -1 nogil:
        return self.next.on_end()

    cdef int _renumber(self, Event* event) except -1 nogil:
        """Let the event's block move up."""
        cdef Slice data = _data(event)
        cdef Slice index
        cdef char[MOST_DIGITS] digits
        cdef Py_ssize_t text = event.text.ptr - data.ptr
        event.channel -= self.dropped
        _INDEX.scan_into(data, &index)
        self._scratch.clear()
        self._scratch.append(data.ptr, index.ptr - data.ptr)
        self._scratch.append(digits, snprintf(digits, MOST_DIGITS, "%d", event.channel))
        if event.text.ptr != NULL and event.text.ptr > index.ptr:
            text += self._scratch.len - (index.ptr + index.len - data.ptr)
        self._scratch.append(index.ptr + index.len, data.ptr + data.len - index.ptr - index.len)
        event.data = self._scratch.slice()
        event.changed = True
        if event.text.ptr != NULL:
            event.text.ptr = event.data.ptr + text
        if event.kind == DELTA:
            event.name = Slice(b"content_block_delta", 19)
        return 0


def without_thinking(bytes message not None) -> bytes:
    """Give a whole message without its thinking blocks; the very object when it has none.

    raises   ProtocolError when it is no JSON; LimitExceeded("depth")
    """
    cdef const char* ptr = PyBytes_AS_STRING(message)
    cdef const char* end = ptr + PyBytes_GET_SIZE(message)
    cdef const char* stop
    cdef Slice content
    cdef list kept = []
    cdef bint has_thinking = False
    _CONTENT.scan_into(Slice(ptr, end - ptr), &content)
    if content.ptr == NULL or content.ptr[0] != c"[":
        return message
    ptr = skip_space(content.ptr + 1, end)
    while ptr[0] != c"]":  # bound: the array was scanned
        stop = value_end(ptr, end, MAX_DEPTH)
        if _is_thinking(_TYPE, Slice(ptr, stop - ptr)):
            has_thinking = True
        else:
            kept.append(PyBytes_FromStringAndSize(ptr, stop - ptr))
        ptr = skip_space(stop, end)
        if ptr[0] == c",":
            ptr = skip_space(ptr + 1, end)
    if not has_thinking:
        return message
    start = content.ptr - PyBytes_AS_STRING(message)
    return b"%b[%b]%b" % (message[:start], b",".join(kept), message[start + content.len :])
