"""The Messages dialect, outwards: events to the bytes of one read's output.

A frame that needs no change leaves as its own bytes; frames that lie together in the read leave as one run, and a read
that needs no change at all as the very object it came in. message_start and message_delta get what
spec/openrouter-messages.md 13, 14 and 17 add, by splicing.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE

from relay._core.buffer cimport Buffer
from relay._core.estimator cimport tokens
from relay._core.meter cimport CACHE_CREATION, CACHE_READ, INPUT, OUTPUT, Meter
from relay._core.types cimport ERROR, PING, START, USAGE, Event, Slice, Stage

_OWN_PING = b'event: ping\ndata: {"type": "ping"}\n\n'


cdef inline bint _is_object(Slice value) noexcept nogil:
    return value.ptr != NULL and value.ptr[0] == c"{"


cdef tuple _into(Slice object, Slice data, bytes member):
    """Give the edit that adds a member at the end of `object`, which lies in `data`."""
    cdef Py_ssize_t at = object.ptr - data.ptr + object.len - 1
    cdef bint is_empty = not PyBytes_FromStringAndSize(object.ptr + 1, object.len - 2).strip()
    return at, at, member if is_empty else b"," + member


cdef tuple _over(Slice value, Slice data, bytes text):
    """Give the edit that writes `text` over a value that lies in `data`."""
    return value.ptr - data.ptr, value.ptr - data.ptr + value.len, text


cdef tuple _member(Slice object, Slice value, Slice data, bytes key, bytes text):
    """Give the edit that sets a member of `object`: over its present `value`, else at the end."""
    return _over(value, data, text) if value.ptr != NULL else _into(object, data, key + text)


@cython.final
cdef class MessagesEncoder(Stage):
    """Events to the bytes of one read's output."""

    def __cinit__(self):
        self._out = Buffer()

    cdef void begin(self, const char* ptr, Py_ssize_t size) noexcept nogil:
        """A new read: runs of these bytes need no copy."""
        self._input = Slice(ptr, size)
        self._run = Slice(NULL, 0)

    cdef bytes take(self, bytes data):
        """Give the output since `begin`: the very `data` when nothing in it had to change."""
        if self._out.len == 0:
            if self._run.len == PyBytes_GET_SIZE(data):
                return data
            return PyBytes_FromStringAndSize(self._run.ptr, self._run.len)
        self._flush()
        return self._out.take()

    cdef int _write(self, Slice part) except -1 nogil:
        if self._run.len and part.ptr == self._run.ptr + self._run.len:
            self._run.len += part.len
            return 0
        self._flush()
        if self._input.ptr <= part.ptr < self._input.ptr + self._input.len:
            self._run = part
            return 0
        return self._out.add(part)

    cdef int _flush(self) except -1 nogil:
        self._out.add(self._run)
        self._run.len = 0
        return 0

    cdef int on_event(self, Event* event) except -1 nogil:
        if event.kind == PING or event.kind == ERROR:
            return 0  # relay makes its own
        if event.kind == START:
            with gil:
                self._write_spliced(event, self._start_edits(event))
                self._flush()
                self._out.put(_OWN_PING)
            return 0
        if event.kind == USAGE:
            with gil:
                return self._write_spliced(event, self._usage_edits(event))
        return self._write_frame(event)

    cdef int on_end(self) except -1 nogil:
        return 0

    cdef int _write_frame(self, Event* event) except -1 nogil:
        if not event.changed:
            return self._write(event.frame)
        self._flush()
        self._out.append(b"event: ", 7)
        self._out.add(event.name)
        self._out.append(b"\ndata: ", 7)
        self._out.add(event.data)
        return self._out.append(b"\n\n", 2)

    cdef int _write_spliced(self, Event* event, list edits) except -1:
        """Write the event with `edits`: (start, end, bytes) over its data, in any order."""
        cdef bytes data
        cdef Py_ssize_t at = 0
        if not edits:
            return self._write_frame(event)
        data = PyBytes_FromStringAndSize(event.data.ptr, event.data.len)
        parts = []
        for start, end, text in sorted(edits):
            parts += (data[at:start], text)
            at = end
        parts.append(data[at:])
        data = b"".join(parts)
        event.data = Slice(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
        event.changed = True
        return self._write_frame(event)

    cdef list _start_edits(self, Event* event):
        cdef list edits = []
        cdef Slice data = event.data
        if self.id is not None:
            edits.append(_member(event.message, event.id, data, b'"id":', self.id))
        if self.model is not None:
            edits.append(_member(event.message, event.model, data, b'"model":', self.model))
        if self.provider is not None:
            edits.append(_into(event.message, data, b'"provider":' + self.provider))
        if not _is_object(event.usage):
            usage = b'{"input_tokens":%d,"output_tokens":1}' % self._estimate()
            edits.append(_member(event.message, event.usage, data, b'"usage":', usage))
        elif self._needs_input_tokens(event.usage):
            edits.append(_into(event.usage, data, b'"input_tokens":%d' % self._estimate()))
        return edits

    cdef bint _needs_input_tokens(self, Slice usage) except -1:
        """Tell whether the provider says that the prompt was empty, and we know better."""
        cdef Meter meter = self.meter
        return (
            self.input_tokens is not None
            and meter.value[INPUT] <= 0 and meter.value[CACHE_READ] <= 0 and meter.value[CACHE_CREATION] <= 0
        )

    def _estimate(self) -> int:
        return self.input_tokens() if self.input_tokens is not None else 0

    cdef list _usage_edits(self, Event* event):
        cdef bytes fields = self.usage_fields(self.meter.usage()) if self.usage_fields is not None else b""
        cdef Slice whole
        if _is_object(event.usage):
            return [_into(event.usage, event.data, fields)] if fields else []
        told = self.meter.value[OUTPUT]
        usage = b'{"output_tokens":%d%b%b}' % (
            told if told >= 0 else tokens(&self.meter.text, 1.0), b"," if fields else b"", fields
        )
        whole = event.data
        while whole.ptr[whole.len - 1] != c"}":  # bound: the data is an object
            whole.len -= 1
        return [_member(whole, event.usage, event.data, b'"usage":', usage)]
