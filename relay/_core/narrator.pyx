"""The hub's events, read for encoders of other dialects: which part of the answer begins, goes on and ends.

A subclass writes; this knows what a Messages stream may look like: texts that come with their block's start, signatures
that are set and not added to, calls without arguments, blocks that nobody else has a word for. Memory: one signature,
and the input that came with the start of a call.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport strlen

from relay._core.buffer cimport Buffer
from relay._core.json cimport Scanner
from relay._core.meter cimport Meter
from relay._core.text cimport equals, is_object
from relay._core.types cimport (
    BLOCK_START, BLOCK_STOP, DELTA, INPUT_FORM, OPAQUE_FORM, START, STOP, TEXT_FORM, THINKING_FORM, USAGE, Event,
    Slice,
)

from json import dumps as _dumps

cdef enum:                        # slots of a block's start
    TYPE, ID, NAME, INPUT, TEXT, THINKING, SIGNATURE, DATA, PATHS

cdef Scanner _START = Scanner(tuple(
    f"content_block.{name}" for name in ("type", "id", "name", "input", "text", "thinking", "signature", "data")
), 500)
cdef Scanner _SIGNED = Scanner(("delta.signature",), 500)


cdef inline Slice _inside(Slice value) noexcept nogil:
    """Give a JSON string without its quotes; nothing of what is none."""
    if value.len < 2 or value.ptr[0] != c'"':
        return Slice(NULL, 0)
    return Slice(value.ptr + 1, value.len - 2)


cdef bytes _inside_of(str text):
    """Give a text as the inside of a JSON string."""
    cdef bytes quoted = _dumps(text, ensure_ascii=False).encode()
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(quoted) + 1, PyBytes_GET_SIZE(quoted) - 2)


cdef Part _part(Slice type) noexcept nogil:
    if equals(type, b'"text"', 6):
        return TEXT_PART
    if equals(type, b'"thinking"', 10):
        return THINKING_PART
    if equals(type, b'"redacted_thinking"', 19):
        return REDACTED_PART
    if equals(type, b'"tool_use"', 10):
        return TOOL_PART
    return NO_PART


cdef Ending _ending(Slice reason) noexcept nogil:
    if equals(reason, b'"tool_use"', 10):
        return FOR_TOOLS
    if equals(reason, b'"max_tokens"', 12) or equals(reason, b'"model_context_window_exceeded"', 31):
        return AT_LENGTH
    if equals(reason, b'"refusal"', 9):
        return REFUSED
    return ENDED


cdef class Narrator(Encoder):
    """The reading side of an encoder whose dialect is not the hub's.

    Subclasses give `begin`, `open`, `more` and `close` of the part that `part` tells, and `finish`.
    """

    def __cinit__(self, client, *_):
        self.names = client.names
        self.id = Buffer()
        self.tool = Buffer()
        self.signature = Buffer()
        self._input = Buffer()
        self.fields = b""

    cdef int begin(self) except -1:
        """Write what comes before the first part."""
        return 0

    cdef int open(self) except -1 nogil:
        """Write that a part begins."""
        return 0

    cdef int more(self, Slice text) except -1 nogil:
        """Write more of the open part: the inside of a JSON string, not empty."""
        return 0

    cdef int close(self) except -1 nogil:
        """Write that the open part ends."""
        return 0

    cdef int finish(self) except -1:
        """Write what comes behind the last part."""
        return 0

    cdef int on_event(self, Event* event) except -1 nogil:
        if event.kind == DELTA:
            return self._on_delta(event)
        if event.kind == BLOCK_START:
            return self._on_start(event)
        if event.kind == BLOCK_STOP:
            return self._on_stop()
        if event.kind == USAGE and event.stop_reason.len:
            self.ending = _ending(event.stop_reason)
        elif event.kind == START:
            with gil:
                return self.begin()
        elif event.kind == STOP:
            with gil:
                return self.finish()
        return 0

    cdef int _on_delta(self, Event* event) except -1 nogil:
        cdef Slice text = event.text if event.rewritten.ptr == NULL else event.rewritten
        cdef Slice found
        if self.part == THINKING_PART and event.form == OPAQUE_FORM:
            if event.rewritten.ptr != NULL:  # sealed
                self.signature.clear()
                return self.signature.add(text)
            if event.text.ptr == NULL:
                _SIGNED.scan_into(event.data, &found)
                self.signature.clear()
                return self.signature.add(_inside(found))
        elif self.part == TOOL_PART:
            if event.form != INPUT_FORM:
                return 0
            self._argued = self._argued or text.len > 0
        elif event.form != (THINKING_FORM if self.part == THINKING_PART else TEXT_FORM):
            return 0
        elif self.part != TEXT_PART and self.part != THINKING_PART:
            return 0
        return self.more(text) if text.len else 0

    cdef int _on_start(self, Event* event) except -1 nogil:
        cdef Slice[PATHS] found
        cdef Slice said
        _START.scan_into(event.data, found)
        self.part = _part(found[TYPE])
        if self.part == NO_PART:
            return 0
        self.signature.clear()
        self.signature.add(_inside(found[DATA if self.part == REDACTED_PART else SIGNATURE]))
        if self.part == TOOL_PART:
            self._begin_tool(found)
        self.open()
        if self.part == TEXT_PART or self.part == THINKING_PART:
            said = _inside(found[TEXT if self.part == TEXT_PART else THINKING])
            if said.len:
                return self.more(said)
        return 0

    cdef int _begin_tool(self, Slice* found) except -1 nogil:
        self.id.clear()
        self.id.add(_inside(found[ID]))
        self.tool.clear()
        self.tool.add(_inside(found[NAME]))
        self._argued = False
        self._input.clear()
        if is_object(found[INPUT]):
            self._input.add(found[INPUT])
        with gil:
            if self.names:
                self._rename()
        return 0

    cdef int _rename(self) except -1:
        """Give the tool the name that the client knows it by."""
        cdef bytes name = self.names.get(PyBytes_FromStringAndSize(self.tool.ptr, self.tool.len))
        if name is not None:
            self.tool.clear()
            self.tool.put(_inside_of(name.decode()))
        return 0

    cdef int _on_stop(self) except -1 nogil:
        if self.part == NO_PART:
            return 0
        if self.part == TOOL_PART and not self._argued:
            with gil:
                self._argue()
        self.close()
        self.part = NO_PART
        return 0

    cdef int _argue(self) except -1:
        """Write the input that came with the call's start, for no other came: an empty object as a rule."""
        cdef bytes said = PyBytes_FromStringAndSize(self._input.ptr, self._input.len) if self._input.len else b"{}"
        cdef bytes inside = _inside_of(said.decode("utf-8", "replace"))
        return self.more(Slice(PyBytes_AS_STRING(inside), PyBytes_GET_SIZE(inside)))

    cdef int put(self, bytes text) except -1:
        return self.output.put(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))

    cdef int say(self, const char* text) except -1 nogil:
        return self.output.put(text, <Py_ssize_t>strlen(text))

    cdef Spent spent(self) except *:
        """Give what the answer used, and set `fields`: estimates stand where the provider told nothing."""
        cdef Meter meter = <Meter>self.meter
        cdef dict told = meter.reckoned(meter.final, self.input_tokens)[0]
        cdef Spent spent
        self.fields = self.usage_fields(told) if self.usage_fields is not None else b""
        spent.cached = told.get("cache_read_input_tokens", -1)
        spent.written = told.get("cache_creation_input_tokens", -1)
        for kept in ("cache_creation_5m_input_tokens", "cache_creation_1h_input_tokens"):
            if kept in told and "cache_creation_input_tokens" not in told:
                spent.written = max(0, spent.written) + told[kept]
        spent.prompt = told.get("input_tokens", 0) + max(0, spent.cached) + max(0, spent.written)
        spent.completion = told.get("output_tokens", 0)
        spent.reasoning = told.get("reasoning_output_tokens", -1)
        return spent
