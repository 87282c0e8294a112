"""Lines of the ledger: one JSON object of known members, written without a dict; and exact decimals in them."""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_CheckExact
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from orjson import dumps as _dumps

from relay._core.buffer cimport Buffer
from relay._core.text cimport skip_plain

cdef enum:
    ROOM = 40                     # characters of an int64 with its sign, its point and all places


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


def decimal(amount, int places) -> bytes:
    """Give amount / 10 ** places as JSON spells it, exactly: `1.250000`, `3`; `amount` is 0 or more."""
    cdef char[ROOM] digits
    cdef char* at
    cdef int overflow = 0
    cdef int _place
    cdef int64_t scale = 1
    cdef int64_t number = PyLong_AsLongLongAndOverflow(amount, &overflow)
    if overflow:
        whole, part = divmod(amount, 10 ** <object>places)
        return b"%d.%0*d" % (whole, places, part)
    for _place in range(places):
        scale *= 10
    if number % scale == 0:
        at = _written(number // scale, 0, digits + ROOM)
    else:
        at = _written(number, places, digits + ROOM)
    return PyBytes_FromStringAndSize(at, digits + ROOM - at)


@cython.final
cdef class Line:
    """Writer of JSON objects that all have the members `names`, in this order."""

    cdef tuple _keys              # `{"first":`, `,"second":` …
    cdef Buffer _out

    def __init__(self, names):
        self._keys = tuple([(b"," if at else b"{") + _dumps(name) + b":" for at, name in enumerate(names)])
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
            self._value(<object>PyTuple_GET_ITEM(values, at))
        self._out.append(b"}", 1)
        return self._out.take()

    cdef int _value(self, object value) except -1:
        if value is None:
            return self._out.append(b"null", 4)
        if type(value) is str:
            return self._string(value)
        if type(value) is bytes:
            return self._out.put(value)
        if PyLong_CheckExact(value):
            return self._number(value)
        return self._out.put(_dumps(value))

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

    cdef int _number(self, object value) except -1:
        cdef char[ROOM] digits
        cdef char* at
        cdef int overflow = 0
        cdef int64_t number = PyLong_AsLongLongAndOverflow(value, &overflow)
        if overflow or number < 0:
            return self._out.put(b"%d" % value)
        at = _written(number, 0, digits + ROOM)
        return self._out.append(at, digits + ROOM - at)
