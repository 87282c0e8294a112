"""A bytes object that is made piece by piece: a megabyte is not copied once more to be given."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from libc.string cimport memcpy, memset

cdef extern from "Python.h":
    int _PyBytes_Resize(PyObject** bytes, Py_ssize_t size) except -1

cdef enum:
    LEAST = 512


@cython.final
cdef class Builder:
    """Grows at the end, doubling; `take` empties it."""

    def __dealloc__(self):
        Py_XDECREF(self._made)

    cdef int reserve(self, Py_ssize_t size) except -1:
        """Have room for `size` more bytes."""
        cdef Py_ssize_t room = self._len + size
        cdef Py_ssize_t before
        if room <= self._room:
            return 0
        if self._made == NULL:
            made = PyBytes_FromStringAndSize(NULL, room)
            Py_INCREF(made)
            self._made = <PyObject*>made
            del made
        else:
            room = max(room, 2 * self._room)
            before = self._len
            self._room = self._len = 0  # what fails to grow is gone
            _PyBytes_Resize(&self._made, room)
            self._len = before
        self._ptr = PyBytes_AS_STRING(<object>self._made)
        self._room = room
        return 0

    cdef int append(self, const char* ptr, Py_ssize_t size) except -1:
        """Copy `size` bytes to the end."""
        if size == 0:
            return 0
        if size > self._room - self._len:
            self.reserve(size + LEAST)
        memcpy(self._ptr + self._len, ptr, <size_t>size)
        self._len += size
        return 0

    cdef bytes take(self):
        """Give its bytes and empty it."""
        cdef bytes out = b""
        if self._len:
            _PyBytes_Resize(&self._made, self._len)
            out = <bytes>self._made
        self._let_go()
        return out

    cdef void clear(self) noexcept:
        """Empty it, and leave nothing of what was in it."""
        if self._made != NULL:
            memset(self._ptr, 0, <size_t>self._room)
            self._let_go()

    cdef void _let_go(self) noexcept:
        Py_XDECREF(self._made)
        self._made = NULL
        self._ptr = NULL
        self._len = self._room = 0
