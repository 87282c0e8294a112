"""Whole JSON texts, redacted in place: a tree of fields says which strings are texts, all else keeps its bytes.

The texts are valid JSON: requests are checked before they come here, and answers and events are scanned. What turns out
not to be raises ProtocolError.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memchr

from relay._core.buffer cimport Buffer
from relay._core.channel cimport Channel
from relay._core.json cimport Scanner, string_end, string_text, value_end
from relay._core.json_channel cimport JsonChannel
from relay._core.types cimport Slice

from relay._core.errors import LimitExceeded, ProtocolError

cdef enum:
    MAX_DEPTH = 500

cdef Scanner _TYPE = Scanner(("type",), MAX_DEPTH)


cdef inline const char* _space(const char* ptr, const char* end) noexcept nogil:
    while ptr < end and (ptr[0] == c" " or ptr[0] == c"\n" or ptr[0] == c"\r" or ptr[0] == c"\t"):
        ptr += 1
    return ptr


cdef bytes _name(Slice written):
    """Give what a JSON string says, whichever way it is escaped: a key must not hide behind `\\u`."""
    if memchr(written.ptr, c"\\", <size_t>written.len) == NULL:
        return PyBytes_FromStringAndSize(written.ptr + 1, written.len - 2)
    return string_text(written).encode()


@cython.final
cdef class Field:
    """What becomes of a value.

    scanned   a string is a text; so are the strings of an array
    json      the value, whatever it is, is a document: every string in it is scanned, its keys are context
    members   of an object: key -> Field
    others    of an object, set afterwards since it may be the field itself: what counts for members that are not named;
              None: they pass
    types     of an object: value of its member `type` -> the Field that counts in place of this one
    """

    def __cinit__(self, *, bint scanned=False, bint json=False, members=None, types=None):
        self.scanned = scanned
        self.json = json
        self.members = {key.encode(): field for key, field in (members or {}).items()}
        self.types = {name.encode(): field for name, field in (types or {}).items()}


@cython.final
cdef class Document:
    """Redacts one text after the other.

    text, json   the channels that do it: of the inside of JSON strings, and of plain JSON
    before       called with each of their texts that has a `[` in it, raw, before it is redacted
    """

    def __cinit__(self, Channel text not None, JsonChannel json not None, before=None):
        self._text = text
        self._json = json
        self._before = before
        self._out = Buffer()

    def redact(self, bytes data not None, Field field not None) -> bytes:
        """Give the JSON text with the values of its scanned fields replaced; the very object when none was.

        raises   ProtocolError when it is no JSON; LimitExceeded("depth"); what `replace` of the channels raises
        """
        cdef const char* start = PyBytes_AS_STRING(data)
        self._copied = start
        self._end = start + PyBytes_GET_SIZE(data)
        self._out.clear()
        self._value(_space(start, self._end), field, MAX_DEPTH)
        if self._copied == start:
            return data
        self._out.append(self._copied, self._end - self._copied)
        return self._out.take()

    cdef const char* _value(self, const char* ptr, Field field, int depth) except NULL:
        """Redact the value at `ptr`; give its end."""
        cdef const char* stop
        if depth == 0:
            raise LimitExceeded("depth")
        if field is not None and not field.json and ptr < self._end:
            if ptr[0] == c"{":
                return self._object(ptr, self._by_type(ptr, field), depth)
            if ptr[0] == c"[":
                return self._array(ptr, field, depth)
        stop = value_end(ptr, self._end, depth)
        if stop == NULL:
            raise ProtocolError("a value is no JSON")
        if field is None:
            return stop
        if field.json:
            self._scan(self._json, ptr, stop - ptr)
        elif field.scanned and ptr[0] == c'"':
            self._scan(self._text, ptr + 1, stop - ptr - 2)
        return stop

    cdef const char* _array(self, const char* ptr, Field field, int depth) except NULL:
        ptr = _space(ptr + 1, self._end)
        if ptr < self._end and ptr[0] == c"]":
            return ptr + 1
        while True:
            ptr = _space(self._value(_space(ptr, self._end), field, depth - 1), self._end)
            if ptr == self._end or (ptr[0] != c"," and ptr[0] != c"]"):
                raise ProtocolError("an array is no JSON")
            if ptr[0] == c"]":
                return ptr + 1
            ptr += 1

    cdef const char* _object(self, const char* ptr, Field field, int depth) except NULL:
        cdef const char* key
        cdef const char* stop
        cdef Field child
        ptr = _space(ptr + 1, self._end)
        if ptr < self._end and ptr[0] == c"}":
            return ptr + 1
        while True:
            key = _space(ptr, self._end)
            stop = string_end(key + 1, self._end) if key < self._end and key[0] == c'"' else NULL
            if stop == NULL:
                raise ProtocolError("a key is no JSON")
            child = field.others
            if field.members:
                child = field.members.get(_name(Slice(key, stop - key + 1)), child)
            ptr = _space(stop + 1, self._end)
            if ptr == self._end or ptr[0] != c":":
                raise ProtocolError("a member is no JSON")
            ptr = _space(self._value(_space(ptr + 1, self._end), child, depth - 1), self._end)
            if ptr == self._end or (ptr[0] != c"," and ptr[0] != c"}"):
                raise ProtocolError("an object is no JSON")
            if ptr[0] == c"}":
                return ptr + 1
            ptr += 1

    cdef Field _by_type(self, const char* ptr, Field field):
        """Give the field that counts for the object at `ptr`."""
        cdef const char* stop
        cdef Slice type
        if not field.types:
            return field
        stop = value_end(ptr, self._end, MAX_DEPTH)
        if stop == NULL or _TYPE.find(Slice(ptr, stop - ptr), &type) or type.ptr == NULL or type.ptr[0] != c'"':
            return field
        return field.types.get(_name(type), field)

    cdef int _scan(self, Channel channel, const char* ptr, Py_ssize_t size) except -1:
        """Put the redaction of [ptr, ptr + size) in its place, if anything in it is replaced."""
        cdef const char* end = ptr + size
        if self._before is not None and memchr(ptr, c"[", <size_t>size) != NULL:
            self._before(PyBytes_FromStringAndSize(ptr, size).decode("utf-8", "replace"))
        channel.begin()
        channel.take(ptr, size)
        channel.finish()
        if channel.changed:
            self._out.append(self._copied, ptr - self._copied)
            self._out.add(channel.out.slice())
            self._copied = end
        channel.out.clear()
        return 0
