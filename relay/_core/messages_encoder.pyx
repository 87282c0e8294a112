"""The Messages dialect, outwards: events to the bytes of one read's output.

A frame that needs no change leaves as its own bytes; frames that lie together in the read leave as one run, and a read
that needs no change at all as the very object it came in. message_start and message_delta get what
spec/openrouter-messages.md 13, 14 and 17 add, by splicing.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.string cimport memchr, memcpy, strlen

from orjson import dumps as _dumps

from relay._core.encoder cimport Encoder
from relay._core.json cimport Scanner
from relay._core.meter cimport CACHE_CREATION, CACHE_READ, INPUT, OUTPUT, Meter
from relay._core.scanned cimport bytes_of
from relay._core.text cimport is_object, skip_plain
from relay._core.types cimport DELTA, ERROR, PING, START, STOP, USAGE, Event, Slice

from relay._core.json import members

cdef Scanner _INPUT_TOKENS = Scanner(("input_tokens",))
cdef Scanner _COUNTS = Scanner(("input_tokens", "output_tokens"))
cdef Scanner _METADATA = Scanner(("openrouter_metadata",), 500)
cdef const char* OWN_PING = b'event: ping\ndata: {"type": "ping"}\n\n'


cdef inline Slice _text(bytes text) noexcept:
    return Slice(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))


cdef inline Slice _trimmed(Slice object) noexcept nogil:
    """Give an object without what stands behind it."""
    while object.ptr[object.len - 1] != c"}":  # bound: it is an object
        object.len -= 1
    return object


cdef bytes _member(bytes key, object value):
    """Give `key` and the string as JSON; few have anything to escape."""
    cdef Py_ssize_t before = PyBytes_GET_SIZE(key)
    cdef Py_ssize_t size = 0
    cdef const char* text
    cdef bytes out
    cdef char* at
    if value is None:
        return None
    text = PyUnicode_AsUTF8AndSize(value, &size)
    if skip_plain(text, text + size) != text + size:
        return key + _dumps(value)
    out = PyBytes_FromStringAndSize(NULL, before + size + 2)
    at = PyBytes_AS_STRING(out)
    memcpy(at, PyBytes_AS_STRING(key), <size_t>before)
    at += before
    at[0] = at[size + 1] = c'"'
    memcpy(at + 1, text, <size_t>size)
    return out


cdef bytes _with_untold(bytes fields, Meter meter, dict reckoned):
    """Give members of usage with the counts that nobody told before them, for clients that want them all."""
    cdef list told = [fields] if fields else []
    if meter.value[OUTPUT] < 0:
        told.insert(0, b'"output_tokens":%d' % reckoned.get("output_tokens", 0))
    if meter.value[INPUT] < 0:
        told.insert(0, b'"input_tokens":%d' % reckoned.get("input_tokens", 0))
    return b",".join(told)


cdef bytes _replaced(Slice usage, bytes fields):
    """Give usage with these members instead of its own of their names: a gateway behind relay tells its costs, too."""
    cdef bytes text = bytes_of(usage)
    cdef set names = {member[0] for member in members(b"{%b}" % fields, 500)}
    cdef list kept = [text[start:end] for name, start, end, _, _ in members(text, 500) if name not in names]
    return b"{%b}" % b",".join((*kept, fields))


@cython.final
cdef class MessagesEncoder(Encoder):
    """Events to the bytes of one read's output."""

    cdef int name(self, id, model, provider) except -1:
        """Set what the answer is to be called; None leaves what came."""
        self.id = _member(b'"id":', id)
        self.model = _member(b'"model":', model)
        self.provider = _member(b'"provider":', provider)
        return 0

    cdef int on_event(self, Event* event) except -1 nogil:
        if event.kind == DELTA and event.rewritten.ptr != NULL:
            return self._write_rewritten(event)
        if event.kind == DELTA and not event.changed:
            return self.output.write(event.frame)
        if event.kind == PING or event.kind == ERROR:
            return 0  # relay makes its own
        if event.kind == START:
            with gil:
                self._edit_start(event)
            return self.output.put(OWN_PING, <Py_ssize_t>strlen(OWN_PING))
        if event.kind == USAGE:
            with gil:
                return self._edit_usage(event)
        if event.kind == STOP and self.metadata is not None:
            with gil:
                return self._edit_stop(event)
        return self._write_frame(event)

    cdef int _write_frame(self, Event* event) except -1 nogil:
        if not event.changed:
            return self.output.write(event.frame)
        self.output.put(b"event: ", 7)
        self.output.write(event.name)
        self.output.put(b"\ndata: ", 7)
        self.output.write(event.data)
        return self.output.put(b"\n\n", 2)

    cdef int _write_rewritten(self, Event* event) except -1 nogil:
        """Write a delta with another text: what stands around it needs no copy of its own."""
        cdef Slice whole = event.data if event.changed else event.frame
        cdef const char* tail = event.text.ptr + event.text.len
        if event.changed:
            self.output.put(b"event: ", 7)
            self.output.write(event.name)
            self.output.put(b"\ndata: ", 7)
        self.output.write(Slice(whole.ptr, event.text.ptr - whole.ptr))
        self.output.put(event.rewritten.ptr, event.rewritten.len)
        self.output.write(Slice(tail, whole.ptr + whole.len - tail))
        return self.output.put(b"\n\n", 2) if event.changed else 0

    cdef int _over(self, Slice value, Slice text) except -1 nogil:
        """Plan to write `text` over a value of the event's data."""
        return self._plan(value.ptr, value.ptr + value.len, text, False)

    cdef int _into(self, Slice object, Slice text) except -1 nogil:
        """Plan to add the member `text` at the end of an object of the event's data."""
        cdef const char* brace = object.ptr + object.len - 1
        cdef const char* last = brace - 1
        while last > object.ptr and (last[0] == c" " or last[0] == c"\n" or last[0] == c"\t" or last[0] == c"\r"):
            last -= 1
        # Members that are added at one place come in the order in which they were planned.
        return self._plan(brace, brace, text, last > object.ptr or self._is_planned(brace))

    cdef int _plan(self, const char* start, const char* stop, Slice text, bint comma) noexcept nogil:
        cdef Edit* edit = &self._edits[self._planned]
        edit.start = start
        edit.stop = stop
        edit.text = text
        edit.comma = comma
        self._planned += 1
        return 0

    cdef bint _is_planned(self, const char* place) noexcept nogil:
        cdef int at
        for at in range(self._planned):
            if self._edits[at].start == place:
                return True
        return False

    cdef int _set(self, Slice object, Slice value, bytes member) except -1:
        """Plan to set a member (`"key":value`): over its present value, else at the end of the object."""
        cdef Slice text = _text(member)
        cdef Py_ssize_t colon
        if value.ptr == NULL:
            return self._into(object, text)
        colon = <const char*>memchr(text.ptr, c":", <size_t>text.len) - text.ptr + 1
        return self._over(value, Slice(text.ptr + colon, text.len - colon))

    cdef int _write_edited(self, Event* event) except -1 nogil:
        """Write the event with the planned edits."""
        if self._planned == 0:
            return self._write_frame(event)
        self.output.put(b"event: ", 7)
        self.output.write(event.name)
        self.output.put(b"\ndata: ", 7)
        self._write_edits(event.data)
        return self.output.put(b"\n\n", 2)

    cdef int _write_edits(self, Slice data) except -1 nogil:
        """Write `data` with the planned edits."""
        cdef const char* at = data.ptr
        cdef Edit* edit
        cdef int number
        self._sort()
        for number in range(self._planned):
            edit = &self._edits[number]
            self.output.put(at, edit.start - at)
            if edit.comma:
                self.output.put(b",", 1)
            self.output.write(edit.text)
            at = edit.stop
        self._planned = 0
        return self.output.put(at, data.ptr + data.len - at)

    cdef void _sort(self) noexcept nogil:
        """Put the few edits in the order of the data; those at one place stay in theirs."""
        cdef Edit moved
        cdef int at, to
        for at in range(1, self._planned):
            moved = self._edits[at]
            to = at
            while to > 0 and self._edits[to - 1].start > moved.start:
                self._edits[to] = self._edits[to - 1]
                to -= 1
            self._edits[to] = moved

    cdef int _edit_start(self, Event* event) except -1:
        cdef bytes usage
        cdef Slice told
        if self.id is not None:
            self._set(event.message, event.id, self.id)
        if self.model is not None:
            self._set(event.message, event.model, self.model)
        if self.provider is not None:
            self._set(event.message, event.provider, self.provider)
        if not is_object(event.usage):
            usage = b'"usage":{"input_tokens":%d,"output_tokens":1}' % self._estimate()
            self._set(event.message, event.usage, usage)
        elif self._needs_input_tokens():
            usage = b'"input_tokens":%d' % self._estimate()
            _INPUT_TOKENS.scan_into(event.usage, &told)
            self._set(event.usage, told, usage)
        return self._write_edited(event)

    cdef bint _needs_input_tokens(self) noexcept:
        """Tell whether the provider says that the prompt was empty, and we know better."""
        cdef Meter meter = <Meter>self.meter
        return (
            self.input_tokens is not None
            and meter.value[INPUT] <= 0 and meter.value[CACHE_READ] <= 0 and meter.value[CACHE_CREATION] <= 0
        )

    def _estimate(self) -> int:
        return self.input_tokens() if self.input_tokens is not None else 0

    cdef int _edit_usage(self, Event* event) except -1:
        cdef Meter meter = <Meter>self.meter
        cdef dict told = meter.reckoned(meter.final, self.input_tokens)[0]
        cdef bytes fields = self.usage_fields(told) if self.usage_fields is not None else b""
        cdef bytes usage, answered = b""
        if self.is_translated:
            fields = _with_untold(fields, meter, told)
        if is_object(event.usage):
            if fields and not meter.final and not self.is_translated:  # what it costs is told, and so is for what
                answered = b'"output_tokens":%d' % told.get("output_tokens", 0)
            usage = self._edit_told(event.usage, b"", answered, fields)
            self._tell(_trimmed(event.data))
            return self._write_edited(event)
        if self.is_translated:
            usage = b'"usage":{%b}' % fields
        else:
            usage = b'"usage":{"output_tokens":%d%b%b}' % (
                told.get("output_tokens", 0), b"," if fields else b"", fields
            )
        self._set(_trimmed(event.data), event.usage, usage)
        self._tell(_trimmed(event.data))
        return self._write_edited(event)

    cdef bytes _edit_told(self, Slice usage, bytes asked, bytes answered, bytes fields):
        """Plan to set the counts of a usage object and to add the other members.

        The plan only points at texts: all that is given, and what comes back, have to live until it is carried out.

        asked, answered   members; empty: as they are
        """
        cdef bytes whole
        cdef Slice[2] counts
        if fields and (<Meter>self.meter).has_ours:
            whole = _replaced(usage, b",".join([each for each in (asked, answered, fields) if each]))
            self._over(usage, _text(whole))
            return whole
        if asked or answered:
            _COUNTS.scan_into(usage, counts)
        if asked:
            self._set(usage, counts[0], asked)
        if answered:
            self._set(usage, counts[1], answered)
        if fields:
            self._into(usage, _text(fields))
        return None

    cdef int _edit_stop(self, Event* event) except -1:
        cdef Meter meter = <Meter>self.meter
        cdef Slice told
        cdef bytes metadata = b'"openrouter_metadata":%b' % self.metadata(meter.usage())
        _METADATA.scan_into(event.data, &told)
        self._set(_trimmed(event.data), told, metadata)
        return self._write_edited(event)

    cdef int _tell(self, Slice object) except -1:
        """Plan to add what was left out of the prompt."""
        if self.context_management is None:
            return 0
        self._told = b'"context_management":%b' % self.context_management
        return self._into(object, _text(self._told))

    cdef bytes whole(self, Answer* answer, dict told, dict reckoned):
        """Give a unary answer with relay's id, model and provider, the members a message always has, and its cost.

        told, reckoned   the meter's usage, and what is charged for
        """
        cdef bytes fields = self.usage_fields(reckoned) if self.usage_fields is not None else b""
        cdef bytes usage, metadata, asked, answered
        if self.id is not None:
            self._set(answer.text, answer.id, self.id)
        if self.model is not None:
            self._set(answer.text, answer.model, self.model)
        if answer.stop_sequence.ptr == NULL:
            self._into(answer.text, _text(b'"stop_sequence":null'))
        if answer.stop_details.ptr == NULL:
            self._into(answer.text, _text(b'"stop_details":null'))
        if answer.container.ptr == NULL:
            self._into(answer.text, _text(b'"container":null'))
        if self.provider is not None:
            self._set(answer.text, answer.provider, self.provider)
        if is_object(answer.usage):
            asked = b"" if "input_tokens" in told else b'"input_tokens":%d' % reckoned.get("input_tokens", 0)
            answered = b"" if "output_tokens" in told else b'"output_tokens":%d' % reckoned.get("output_tokens", 0)
            usage = self._edit_told(answer.usage, asked, answered, fields)
        else:
            usage = b'"usage":{"input_tokens":%d,"output_tokens":%d%b%b}' % (
                reckoned.get("input_tokens", 0), reckoned.get("output_tokens", 0), b"," if fields else b"", fields
            )
            self._set(answer.text, answer.usage, usage)
        if self.metadata is not None:
            metadata = b'"openrouter_metadata":%b' % self.metadata(told)
            self._set(answer.text, answer.metadata, metadata)
        self._tell(answer.text)
        self._write_edits(answer.text)
        return self.output.take(b"", b"", False, False)
