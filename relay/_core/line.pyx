"""Lines of the ledger: one JSON object of known members, written without a dict; exact decimals and moments in them."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_CheckExact
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int64_t
from libc.string cimport memcpy
from libc.time cimport time_t, tm

from orjson import dumps as _dumps

from relay._core.buffer cimport Buffer
from relay._core.text cimport skip_plain

cdef extern from "<time.h>" nogil:
    tm* gmtime_r(const time_t* seconds, tm* parts)

cdef enum:
    ROOM = 40                     # characters of an int64 with its sign, its point and all places
    MOMENT = 26                   # of a moment, its quotes included
    NANO = 1_000_000_000


cdef char* _written(int64_t amount, int places, char* end) noexcept nogil:
    """Write a number of 0 or more, right-aligned before `end`, with a point before its last `places` digits."""
    cdef char* at = end
    cdef int _place
    for _place in range(places):
        at -= 1
        at[0] = <char>(c"0" + amount % 10)
        amount //= 10
    if places:
        at -= 1
        at[0] = c"."
    while True:
        at -= 1
        at[0] = <char>(c"0" + amount % 10)
        amount //= 10
        if amount == 0:
            return at


cdef char* _point(int64_t amount, int places, char* end) noexcept nogil:
    """Write amount / 10 ** places before `end`, without its places where it is whole."""
    cdef int64_t scale = 1
    cdef int _place
    for _place in range(places):
        scale *= 10
    return _written(amount // scale, 0, end) if amount % scale == 0 else _written(amount, places, end)


def decimal(amount, int places) -> bytes:
    """Give amount / 10 ** places as JSON spells it, exactly: `1.250000`, `3`."""
    cdef char[ROOM] digits
    cdef char* at
    cdef int overflow = 0
    cdef int64_t number = PyLong_AsLongLongAndOverflow(amount, &overflow)
    if overflow or number < 0:
        whole, part = divmod(abs(amount), 10 ** <object>places)
        return (b"-" if amount < 0 else b"") + (b"%d.%0*d" % (whole, places, part) if part else b"%d" % whole)
    at = _point(number, places, digits + ROOM)
    return PyBytes_FromStringAndSize(at, digits + ROOM - at)


cdef char* _padded(int number, int digits, char behind, char* at) noexcept nogil:
    """Write `number` with leading zeros, and what comes behind it; give where to go on."""
    cdef int place
    for place in range(digits - 1, -1, -1):
        at[place] = <char>(c"0" + number % 10)
        number //= 10
    at[digits] = behind
    return at + digits + 1


def moment(int64_t since_epoch_ns) -> bytes:
    """Give a time as RFC 3339 with milliseconds, as a JSON string."""
    cdef tm parts
    cdef char[MOMENT] out
    cdef char* at = out + 1
    cdef time_t seconds = since_epoch_ns // NANO
    gmtime_r(&seconds, &parts)
    out[0] = c'"'
    at = _padded(parts.tm_year + 1900, 4, c"-", at)
    at = _padded(parts.tm_mon + 1, 2, c"-", at)
    at = _padded(parts.tm_mday, 2, c"T", at)
    at = _padded(parts.tm_hour, 2, c":", at)
    at = _padded(parts.tm_min, 2, c":", at)
    at = _padded(parts.tm_sec, 2, c".", at)
    at = _padded(<int>(since_epoch_ns % NANO // 1_000_000), 3, c"Z", at)
    at[0] = c'"'
    return PyBytes_FromStringAndSize(out, MOMENT)


@cython.final
cdef class Line:
    """Writer of JSON objects that all have the members `names`, in this order.

    places   numbers of these members are written divided by a power of ten: 6 for nanoseconds as milliseconds
    """

    cdef tuple _keys              # `{"first":`, `,"second":` …
    cdef bytes _places            # a byte for each
    cdef Buffer _out

    def __init__(self, names, places=None):
        self._keys = tuple([(b"," if at else b"{") + _dumps(name) + b":" for at, name in enumerate(names)])
        self._places = bytes([(places or {}).get(name, 0) for name in names])
        self._out = Buffer()

    def write(self, tuple values not None) -> bytes:
        """Give the object; bytes are JSON already, anything else is written as JSON says.

        raises   ValueError when there are not as many values as names
        """
        cdef Py_ssize_t at
        if len(values) != len(self._keys):
            raise ValueError("a line has one value for each name")
        self._out.clear()
        for at in range(PyTuple_GET_SIZE(values)):
            self._out.put(<bytes>PyTuple_GET_ITEM(self._keys, at))
            self._value(<object>PyTuple_GET_ITEM(values, at), PyBytes_AS_STRING(self._places)[at])
        self._out.append(b"}", 1)
        return self._out.take()

    cdef int _value(self, object value, int places) except -1:
        if value is None:
            return self._out.append(b"null", 4)
        if type(value) is str:
            return self._string(value)
        if type(value) is bytes:
            return self._out.put(value)
        if PyLong_CheckExact(value):
            return self._number(value, places)
        if type(value) is dict:
            return self._object(value)
        if value is True:
            return self._out.append(b"true", 4)
        if value is False:
            return self._out.append(b"false", 5)
        return self._out.put(_dumps(value))

    cdef int _object(self, dict members) except -1:
        cdef const char* before = b"{"
        if not members:
            return self._out.append(b"{}", 2)
        for key, value in members.items():
            self._out.append(before, 1)
            self._string(<str?>key)
            self._out.append(b":", 1)
            self._value(value, 0)
            before = b","
        return self._out.append(b"}", 1)

    cdef int _string(self, str value) except -1:
        cdef Py_ssize_t size = 0
        cdef const char* ptr = PyUnicode_AsUTF8AndSize(value, &size)
        cdef char* out
        if skip_plain(ptr, ptr + size) != ptr + size:
            return self._out.put(_dumps(value))
        out = self._out.extend(size + 2)
        out[0] = out[size + 1] = c'"'
        memcpy(out + 1, ptr, <size_t>size)
        return 0

    cdef int _number(self, object value, int places) except -1:
        cdef char[ROOM] digits
        cdef char* at
        cdef int overflow = 0
        cdef int64_t number = PyLong_AsLongLongAndOverflow(value, &overflow)
        if overflow or number < 0:
            return self._out.put(decimal(value, places))
        at = _point(number, places, digits + ROOM) if places else _written(number, 0, digits + ROOM)
        return self._out.append(at, digits + ROOM - at)
