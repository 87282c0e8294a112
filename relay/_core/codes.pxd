"""Code points of a text that comes in pieces."""

from libc.stdint cimport uint8_t, uint32_t

cdef class CodeSink:
    cdef int ascii(self, const char* ptr, Py_ssize_t size) except -1 nogil
    cdef int code(self, uint32_t code, const char* raw, int width) except -1 nogil

cdef class Codes:
    cdef char[4] _partial         # an unfinished UTF-8 sequence
    cdef int _partial_len
    cdef char[12] _escape         # an unfinished escape, or a high surrogate that waits for its other half
    cdef int _escape_len

    cdef int utf8(self, const char* ptr, Py_ssize_t size, CodeSink sink) except -1 nogil
    cdef int escaped(self, const char* ptr, Py_ssize_t size, CodeSink sink) except -1 nogil
    cdef int finish(self, CodeSink sink) except -1 nogil
    cdef void begin(self) noexcept nogil
    cdef int _sequence(self, const uint8_t* ptr, Py_ssize_t size, CodeSink sink) except -1 nogil
    cdef int _resolve(self, CodeSink sink) except -1 nogil
    cdef int _lone(self, CodeSink sink) except -1 nogil
    cdef int _broken(self, CodeSink sink) except -1 nogil
