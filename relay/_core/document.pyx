"""Whole JSON texts, redacted in place: a tree of fields says which strings are texts, all else keeps its bytes.

The texts are valid JSON: requests are checked before they come here, and answers and events are scanned. What turns out
not to be raises ProtocolError.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from libc.stdlib cimport free, realloc
from libc.string cimport memchr

from relay._core.buffer cimport Buffer
from relay._core.builder cimport Builder
from relay._core.channel cimport Channel
from relay._core.field cimport Field, written_name
from relay._core.json cimport Scanner, string_end, value_end
from relay._core.json_channel cimport JsonChannel
from relay._core.ruleset cimport Ruleset
from relay._core.text cimport skip_ascii, skip_space
from relay._core.types cimport Slice

from relay._core.errors import LimitExceeded, ProtocolError

cdef enum:
    MAX_DEPTH = 500
    SPARE = 512                   # by which a text may grow before it has to be moved

cdef Scanner _TYPE = Scanner(("type",), MAX_DEPTH)
cdef Field _PASSES = Field()


@cython.final
cdef class Document:
    """Redacts one text after the other, a long one in steps; serves one call after the other.

    rules     what is looked for
    replace   as a Channel's, for both kinds of text
    literals  as a Channel's
    after     called with (bytes, is_json) for each text that may hold a placeholder once it was redacted, raw; gives
              what stands in its place, None: itself
    """

    def __cinit__(self, Ruleset rules not None, replace not None, literals=None, after=None):
        self._rules = rules
        self._out = Builder()
        self.serve(replace, literals, after)

    def __dealloc__(self):
        free(self._levels)

    def serve(self, replace not None, literals=None, after=None) -> None:
        """Go on for another call; arguments as for the constructor."""
        self._replace = replace
        self._literals = literals
        self._restorer = after
        if self._text is not None:
            self._text.serve(replace, literals)
        if self._json is not None:
            self._json.serve(replace, literals)

    def forget(self) -> None:
        """Let go of the call that was served, and wipe what it left."""
        self._replace = self._literals = self._restorer = self._data = self._open = None
        self._out.clear()
        if self._text is not None:
            self._text.forget()
        if self._json is not None:
            self._json.forget()

    cdef Channel lend_text(self):
        """Give a channel for a text that streams: the document's own, which makes itself another if it needs one."""
        cdef Channel channel = self._text
        self._text = None
        if channel is None:
            return self._new_text()
        channel.begin()
        return channel

    cdef void take_back(self, Channel text) noexcept:
        """Take the channel that was lent; `forget` comes next."""
        if self._text is not None:
            self._text.forget()
        self._text = text

    cdef JsonChannel new_input(self):
        """Give a channel for a document that streams inside a JSON string."""
        return JsonChannel(self._rules, self._replace, escaped=True, literals=self._literals)

    cdef Channel _new_text(self):
        return Channel(self._rules, self._replace, escaped=True, literals=self._literals)

    def redact(self, bytes data not None, Field field not None) -> bytes:
        """Give the JSON text with the values of its scanned fields replaced; the very object when none was.

        raises   ProtocolError when it is no JSON; LimitExceeded("depth"); what `replace` raises
        """
        redacted = self.redacted(Slice(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data)), field)
        return data if redacted is None else redacted

    def redact_at(self, bytes data not None, Field field not None, Py_ssize_t start, Py_ssize_t end) -> bytes | None:
        """Give what becomes of the value at data[start:end]; None when nothing was replaced. Raises as `redact`."""
        if not 0 <= start <= end <= PyBytes_GET_SIZE(data):
            raise ValueError("start: lies outside of data")
        return self.redacted(Slice(PyBytes_AS_STRING(data) + start, end - start), field)

    cdef bytes redacted(self, Slice data, Field field):
        """Give what becomes of a JSON text; None when nothing was replaced. Raises as `redact`."""
        self._data = None
        self._start_at(data.ptr, data.ptr + data.len, field)
        self._walk(data.len + 1)
        return self._taken()

    def open(self, bytes data not None, Field field not None, Py_ssize_t start=0, Py_ssize_t stop=-1) -> None:
        """Begin another text, the JSON value at data[start:stop]."""
        cdef const char* base = PyBytes_AS_STRING(data)
        if stop < 0 or stop > PyBytes_GET_SIZE(data):
            stop = PyBytes_GET_SIZE(data)
        if not 0 <= start <= stop:
            raise ValueError("start: lies outside of data")
        self._data = data
        self._start_at(base + start, base + stop, field)

    cdef void _start_at(self, const char* start, const char* end, Field field) noexcept:
        self._root = field
        self._field = <PyObject*>field
        self._start = self._copied = self._ptr = start
        self._end = end
        self._out.clear()
        self._open = None
        self._depth = 0
        self._state = VALUE

    def step(self, Py_ssize_t most) -> bool:
        """Go on for `most` bytes or a little more; tell whether that was all.

        raises   as `redact`
        """
        return self._walk(most)

    cdef bint _walk(self, Py_ssize_t most) except -1:
        cdef const char* until = self._end
        if most < until - self._ptr:
            until = self._ptr + (most if most > 0 else 1)
        while self._state != ENDED:
            if self._open is not None:
                self._go_on(until)
            elif self._state == VALUE:
                self._value()
            elif self._state == AFTER:
                self._after()
            else:
                self._inside()
            if self._ptr >= until and until < self._end:
                return False
        return True

    def take(self) -> bytes | None:
        """Give what has become of the text; None when nothing was replaced."""
        return self._taken()

    cdef bytes _taken(self):
        cdef bytes out = None
        if self._copied != self._start:
            self._out.append(self._copied, self._end - self._copied)
            out = self._out.take()
        self._data = None
        return out

    cdef int _value(self) except -1:
        """Take the value that comes, or its beginning."""
        cdef const char* ptr = skip_space(self._ptr, self._end)
        cdef const char* stop
        cdef PyObject* field = self._field
        self._state = AFTER
        self._ptr = ptr
        if field != NULL and not (<Field>field).json and ptr < self._end:
            if ptr[0] == c"{" or ptr[0] == c"[":
                return self._enter(ptr[0] == c"{", field)
            if ptr[0] == c'"' and (<Field>field).scanned:
                return self._begin_text(ptr + 1)
        stop = value_end(ptr, self._end, MAX_DEPTH - self._depth)
        if stop == NULL:
            raise ProtocolError("a value is no JSON")
        self._ptr = stop
        if field == NULL or not (<Field>field).json:
            return 0
        if self._json is None:
            self._json = JsonChannel(self._rules, self._replace, literals=self._literals)
        return self._begin(self._json, ptr, stop, stop)

    cdef int _begin_text(self, const char* ptr) except -1:
        """Begin the string whose inside starts at `ptr`."""
        cdef const char* stop = skip_ascii(ptr, self._end)
        cdef bint is_plain = stop < self._end and stop[0] == c'"'
        if not is_plain:
            stop = string_end(stop, self._end)
        if stop == NULL:
            raise ProtocolError("a value is no JSON")
        if self._text is None:
            self._text = self._new_text()
        self._begin(self._text, ptr, stop, stop + 1)
        self._text.is_plain = is_plain
        return 0

    cdef int _enter(self, bint is_object, PyObject* field) except -1:
        """Go into the object or array that begins here."""
        cdef void* levels
        if self._depth == MAX_DEPTH:
            raise LimitExceeded("depth")
        if self._depth == self._room:
            levels = realloc(self._levels, <size_t>(2 * self._room + 8) * sizeof(Level))
            if levels == NULL:
                raise MemoryError()
            self._levels = <Level*>levels
            self._room = 2 * self._room + 8
        if is_object:
            field = self._by_type(self._ptr, field)
        self._levels[self._depth] = Level(field, is_object)
        self._depth += 1
        self._ptr += 1
        self._state = FIRST_KEY if is_object else FIRST_ITEM
        return 0

    cdef int _inside(self) except -1:
        """Take what comes behind an opening bracket, or the key behind a comma."""
        cdef const char* ptr = skip_space(self._ptr, self._end)
        self._ptr = ptr
        if self._state != KEY and ptr < self._end and ptr[0] == (c"]" if self._state == FIRST_ITEM else c"}"):
            return self._leave()
        if self._state == FIRST_ITEM:
            self._field = self._levels[self._depth - 1].field
            self._state = VALUE
            return 0
        return self._members(ptr)

    cdef int _members(self, const char* ptr) except -1:
        """Take the keys from the one at `ptr` on, up to one whose value counts; those of others pass with it."""
        cdef PyObject* field = self._levels[self._depth - 1].field
        cdef const char* end = self._end
        cdef const char* stop
        while True:
            stop = string_end(ptr + 1, end) if ptr < end and ptr[0] == c'"' else NULL
            if stop == NULL:
                raise ProtocolError("a key is no JSON")
            (<Field>field).member(Slice(ptr, stop - ptr + 1), &self._field)
            ptr = skip_space(stop + 1, end)
            if ptr == end or ptr[0] != c":":
                raise ProtocolError("a member is no JSON")
            self._ptr = ptr + 1
            self._state = VALUE
            if self._field != NULL:
                return 0
            stop = value_end(skip_space(ptr + 1, end), end, MAX_DEPTH - self._depth)
            if stop == NULL:
                raise ProtocolError("a value is no JSON")
            self._ptr = ptr = skip_space(stop, end)
            self._state = AFTER
            if ptr == end or ptr[0] != c",":
                return 0
            ptr = skip_space(ptr + 1, end)

    cdef int _after(self) except -1:
        """Take what comes behind a value."""
        cdef const char* ptr = skip_space(self._ptr, self._end)
        cdef Level* level
        if self._depth == 0:
            if ptr < self._end:
                raise ProtocolError("a value is followed by more")
            self._state = ENDED
            return 0
        self._ptr = ptr
        level = &self._levels[self._depth - 1]
        if ptr < self._end and ptr[0] == c",":
            self._ptr += 1
            self._state = KEY if level.is_object else VALUE
            self._field = level.field
        elif ptr < self._end and ptr[0] == (c"}" if level.is_object else c"]"):
            self._leave()
        else:
            raise ProtocolError("an object is no JSON" if level.is_object else "an array is no JSON")
        return 0

    cdef int _leave(self) except -1:
        self._depth -= 1
        self._ptr += 1
        self._state = AFTER
        return 0

    cdef PyObject* _by_type(self, const char* ptr, PyObject* field) except NULL:
        """Give the field that counts for the object at `ptr`."""
        cdef dict types = (<Field>field).types
        cdef Slice type
        if not types or _TYPE.find_in_value(ptr, self._end, &type) == NULL or type.ptr == NULL or type.ptr[0] != c'"':
            return field
        other = types.get(written_name(type))
        if other is None:
            return field
        return <PyObject*>(other if (<Field>other).counts(ptr, self._end) else _PASSES)

    cdef int _begin(self, Channel channel, const char* ptr, const char* end, const char* behind) except -1:
        """Begin the text [ptr, end), behind which the walk goes on at `behind`."""
        channel.begin()
        self._open = channel
        self._text_start = self._ptr = ptr
        self._text_end = end
        self._behind = behind
        return 0

    cdef int _go_on(self, const char* until) except -1:
        """Take the open text up to `until`; at its end put what it became in its place, if anything in it changed."""
        cdef Channel channel = self._open
        if until < self._text_end:
            channel.take(self._ptr, until - self._ptr)
            self._ptr = until
            return 0
        channel.take_last(self._ptr, self._text_end - self._ptr)
        if self._restorer is not None:
            self._restore(channel)
        if channel.changed:
            if self._copied == self._start:
                self._out.reserve(self._end - self._start + SPARE)
            self._out.append(self._copied, self._text_start - self._copied)
            self._out.append(channel.out.ptr, channel.out.len)
            self._copied = self._text_end
        channel.out.clear()
        self._open = None
        self._ptr = self._behind
        return 0

    cdef int _restore(self, Channel channel) except -1:
        """Have originals put back into what a channel let out."""
        cdef Buffer out = channel.out
        cdef size_t size = <size_t>out.len
        if size == 0 or (
            memchr(out.ptr, c"[", size) == NULL and memchr(out.ptr, c"%", size) == NULL
            and memchr(out.ptr, c"\\", size) == NULL
        ):
            return 0
        restored = self._restorer(PyBytes_FromStringAndSize(out.ptr, out.len), channel is self._json)
        if restored is not None:
            out.clear()
            out.put(restored)
            channel.changed = True
        return 0
