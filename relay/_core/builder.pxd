"""Builder: bytes that grow at the end, and are given without a copy."""

from cpython.object cimport PyObject

cdef class Builder:
    cdef PyObject* _made          # owned bytes, nobody else's; NULL: nothing was put
    cdef char* _ptr               # its first byte
    cdef Py_ssize_t _len          # bytes in use
    cdef Py_ssize_t _room

    cdef int reserve(self, Py_ssize_t size) except -1
    cdef int append(self, const char* ptr, Py_ssize_t size) except -1
    cdef bytes take(self)
    cdef void clear(self) noexcept
    cdef void _let_go(self) noexcept
