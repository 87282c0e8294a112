"""Server-sent events: bytes to frames by the WHATWG event-stream grammar (spec/wire-protocols.md 1.1).

In: bytes in any split. Out: frames, pushed into a FrameSink, or tuples for the Python face. Carries one incomplete
frame, at most `max_event` bytes; linear in the input for any split, because the search for a line end never looks back.
Never fails on any input but for LimitExceeded("event").
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memchr, memcmp

from relay._core.buffer cimport Buffer
from relay._core.types cimport Frame, FrameSink, Slice

from relay._core.errors import LimitExceeded, Misuse


cdef inline const char* _seek(const char* ptr, const char* end, int byte) noexcept nogil:
    """Give the first `byte` in [ptr, end), or `end`."""
    cdef const char* found = <const char*>memchr(ptr, byte, <size_t>(end - ptr))
    return found if found != NULL else end


cdef inline bint _canonical(const char* ptr, const char* end, Frame* frame) noexcept nogil:
    """Tell whether [ptr, end) is exactly `event: T LF data: J LF LF`, with nothing odd about it; fill the frame."""
    cdef const char* lf
    if end - ptr < 15 or memcmp(ptr, b"event: ", 7) != 0:
        return False
    lf = _seek(ptr, end, c"\n")
    if end - lf < 9 or memcmp(lf + 1, b"data: ", 6) != 0:
        return False
    frame.name = Slice(ptr + 7, lf - ptr - 7)
    frame.data = Slice(lf + 7, end - lf - 9)
    return _seek(lf + 7, end, c"\n") == end - 2


@cython.final
cdef class _Collector(FrameSink):
    """Frames to (type, data, last_event_id) for the Python face."""

    cdef list events
    cdef str last_event_id

    def __cinit__(self):
        self.events = []
        self.last_event_id = ""

    cdef int on_frame(self, Frame* frame) except -1 nogil:
        with gil:
            self.events.append((_text(frame.name) or "message", _text(frame.data), self.last_event_id))
        return 0


cdef str _text(Slice part):
    return PyBytes_FromStringAndSize(part.ptr, part.len).decode("utf-8", "replace")


@cython.final
cdef class SseParser:
    """Parser of one event stream; `feed` and `close` are its Python face, `push` is what a pipeline uses.

    max_event   bytes of one pending event; over it: LimitExceeded("event")
    """

    def __cinit__(self, Py_ssize_t max_event=16 << 20):
        self._carry = Buffer()
        self._joined = Buffer()
        self._max_event = max_event

    def feed(self, bytes data not None) -> list[tuple[str, str, str]]:
        """Give the events that `data` completed as (type, data, last_event_id); an empty `data` is no end."""
        self._check()
        if self._collector is None:
            self._collector = _Collector()
        try:
            self.push(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), self._collector)
        except LimitExceeded as fault:
            # Events before the fault were complete: they come now, the fault with the next call.
            self._fault = fault
        if self._fault is not None and not (<_Collector>self._collector).events:
            raise self._fault
        return self._take()

    def close(self) -> list[tuple[str, str, str]]:
        """End the stream: an event without its blank line is discarded (WHATWG)."""
        self._check()
        self._closed = True
        self._carry.clear()
        return self._take()

    def _check(self):
        if self._fault is not None:
            raise self._fault
        if self._closed:
            raise Misuse("the stream was closed")

    def _take(self):
        cdef _Collector collector = self._collector
        if collector is None:
            return []
        events = collector.events
        collector.events = []
        return events

    cdef int push(self, const char* ptr, Py_ssize_t size, FrameSink sink) except -1 nogil:
        """Push every frame that these bytes complete; keep the rest."""
        cdef const char* end = ptr + size
        if self._bom < 3:
            ptr = self._after_bom(ptr, end, sink)
        if ptr == end:
            return 0
        return self._push_frames(ptr, end, sink)

    cdef const char* _after_bom(self, const char* ptr, const char* end, FrameSink sink) except? NULL nogil:
        """Drop one byte order mark at the very start, however it was cut; give where the stream goes on."""
        cdef const char* mark = b"\xef\xbb\xbf"
        cdef int seen
        while ptr < end and self._bom < 3:
            if ptr[0] != mark[self._bom]:
                seen = self._bom
                self._bom = 3
                self._push_frames(mark, mark + seen, sink)
                return ptr
            self._bom += 1
            ptr += 1
        return ptr

    cdef int _push_frames(self, const char* ptr, const char* end, FrameSink sink) except -1 nogil:
        cdef const char* lf = ptr - 1
        cdef const char* cr = ptr - 1
        cdef const char* stop
        while ptr < end:
            if self._skip_lf:
                self._skip_lf = False
                if ptr[0] == c"\n":
                    if self._carry.len:
                        self._keep(ptr, 1)
                    ptr += 1
                    continue
            if self._line == 0 and self._carry.len == 0:
                ptr = sink.take(ptr, end)
                if ptr == end:
                    return 0
            stop = self._frame_end(ptr, end, &lf, &cr)
            if stop == NULL:
                return self._keep(ptr, end - ptr)
            if self._carry.len:
                self._keep(ptr, stop - ptr)
                self._dispatch(self._carry.ptr, self._carry.len, sink)
                self._carry.clear()
            else:
                self._dispatch(ptr, stop - ptr, sink)
            self._saw_cr = False
            ptr = stop
        return 0

    cdef const char* _frame_end(
        self, const char* ptr, const char* end, const char** lf, const char** cr
    ) noexcept nogil:
        """Give the end of the frame that goes on at `ptr`, its blank line included; NULL when it isn't in these bytes.

        lf   next LF at or after `ptr`, sought only once, so that streams of CR alone stay linear
        cr   next CR before that LF; the LF where there is none: what lies behind it was not looked at
        """
        cdef const char* stop
        cdef bint blank
        while ptr < end:
            if lf[0] < ptr:
                lf[0] = _seek(ptr, end, c"\n")
            if cr[0] < ptr:
                cr[0] = _seek(ptr, lf[0], c"\r")
            stop = cr[0]
            if stop == end:
                self._line += end - ptr
                return NULL
            blank = self._line == 0 and stop == ptr
            self._line = 0
            ptr = stop + 1
            if stop < lf[0]:
                self._saw_cr = True
                # A CR ends the line at once; an LF after it belongs to it, in this read or the next.
                if blank or ptr == end:
                    self._skip_lf = True
                elif ptr[0] == c"\n":
                    ptr += 1
            if blank:
                return ptr
        return NULL

    cdef int _keep(self, const char* ptr, Py_ssize_t size) except -1 nogil:
        if size > self._max_event - self._carry.len:
            with gil:
                raise LimitExceeded("event")
        return self._carry.append(ptr, size)

    cdef int _dispatch(self, const char* ptr, Py_ssize_t size, FrameSink sink) except -1 nogil:
        cdef Frame frame
        if size > self._max_event:
            with gil:
                raise LimitExceeded("event")
        if not self._saw_cr and _canonical(ptr, ptr + size, &frame):
            frame.whole = Slice(ptr, size)
            frame.canonical = True
            return sink.on_frame(&frame)
        return self._fields(ptr, size, sink)

    cdef int _fields(self, const char* ptr, Py_ssize_t size, FrameSink sink) except -1 nogil:
        """Read a frame line by line, the slow way that takes all that the grammar allows."""
        cdef const char* end = ptr + size
        cdef const char* stop
        cdef const char* colon
        cdef Slice value
        cdef Frame frame
        cdef int lines = 0
        frame.whole = Slice(ptr, size)
        frame.name = Slice(NULL, 0)
        frame.data = Slice(NULL, 0)
        frame.canonical = False
        while ptr < end:
            stop = ptr
            while stop[0] != c"\n" and stop[0] != c"\r":  # bound: the frame ends with a line end
                stop += 1
            colon = _seek(ptr, stop, c":")
            value = Slice(colon + 1, stop - colon - 1) if colon < stop else Slice(stop, 0)
            if value.len and value.ptr[0] == c" ":
                value = Slice(value.ptr + 1, value.len - 1)
            if colon - ptr == 4 and memcmp(ptr, b"data", 4) == 0:
                self._data_line(&frame, value, lines)
                lines += 1
            elif colon - ptr == 5 and memcmp(ptr, b"event", 5) == 0:
                frame.name = value
            elif colon - ptr == 2 and memcmp(ptr, b"id", 2) == 0 and not memchr(value.ptr, 0, <size_t>value.len):
                self._remember(value)
            ptr = stop + 1
            if stop[0] == c"\r" and ptr < end and ptr[0] == c"\n":
                ptr += 1
        return sink.on_frame(&frame) if lines else 0

    cdef int _data_line(self, Frame* frame, Slice value, int lines) except -1 nogil:
        if lines == 0:
            frame.data = value
            return 0
        if lines == 1:
            self._joined.clear()
            self._joined.add(frame.data)
        self._joined.append(b"\n", 1)
        self._joined.add(value)
        frame.data = self._joined.slice()
        return 0

    cdef int _remember(self, Slice id) except -1 nogil:
        """Keep the last event id: it outlives its event."""
        with gil:
            if self._collector is not None:
                (<_Collector>self._collector).last_event_id = _text(id)
        return 0
