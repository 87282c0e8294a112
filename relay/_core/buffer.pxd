"""Buffer: bytes that grow at the end. One owner; freed with it."""

from relay._core.types cimport Slice

cdef class Buffer:
    cdef char* ptr                # owned
    cdef Py_ssize_t len           # bytes in use
    cdef Py_ssize_t room          # bytes allocated

    cdef char* extend(self, Py_ssize_t size) except NULL nogil
    cdef int reserve(self, Py_ssize_t size) except -1 nogil
    cdef int _grow(self, Py_ssize_t size) except -1 nogil
    cdef int append(self, const char* ptr, Py_ssize_t size) except -1 nogil
    cdef int add(self, Slice part) except -1 nogil
    cdef int put(self, bytes text) except -1
    cdef Slice slice(self) noexcept nogil
    cdef void clear(self) noexcept nogil
    cdef void wipe(self) noexcept nogil
    cdef bytes take(self)
