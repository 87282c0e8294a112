"""Growable output bytes. A buffer that grew beyond 16 KiB gives the memory back when it is emptied (STR-5)."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset

from relay._core.types cimport Slice

cdef enum:
    KEEP = 16384


@cython.final
cdef class Buffer:
    """Bytes that grow at the end, doubling."""

    def __cinit__(self):
        self.ptr = NULL
        self.len = 0
        self.room = 0

    def __dealloc__(self):
        free(self.ptr)

    cdef int append(self, const char* ptr, Py_ssize_t size) except -1 nogil:
        """Copy `size` bytes to the end."""
        if size == 0:
            return 0
        if size > self.room - self.len:
            self._grow(size)
        memcpy(self.ptr + self.len, ptr, <size_t>size)
        self.len += size
        return 0

    cdef char* extend(self, Py_ssize_t size) except NULL nogil:
        """Give room for `size` more bytes at the end, to be filled at once."""
        cdef char* out
        if size > self.room - self.len:
            self._grow(size)
        out = self.ptr + self.len
        self.len += size
        return out

    cdef int reserve(self, Py_ssize_t size) except -1 nogil:
        """Have room for `size` more bytes."""
        return self._grow(size) if size > self.room - self.len else 0

    cdef int _grow(self, Py_ssize_t size) except -1 nogil:
        cdef Py_ssize_t room = self.room * 2 if self.room >= 256 else 256
        cdef void* ptr
        while room < self.len + size:
            room *= 2
        ptr = realloc(self.ptr, <size_t>room)
        if ptr == NULL:
            with gil:
                raise MemoryError()
        self.ptr = <char*>ptr
        self.room = room
        return 0

    cdef int add(self, Slice part) except -1 nogil:
        """Copy a slice to the end."""
        return self.append(part.ptr, part.len)

    cdef int put(self, bytes text) except -1:
        """Copy a bytes object to the end."""
        return self.append(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))

    cdef Slice slice(self) noexcept nogil:
        """Give what is in it, borrowed until the next append."""
        return Slice(self.ptr, self.len)

    cdef void clear(self) noexcept nogil:
        """Empty it; a large one is freed."""
        self.len = 0
        if self.room > KEEP:
            free(self.ptr)
            self.ptr = NULL
            self.room = 0

    cdef void wipe(self) noexcept nogil:
        """Empty it, and leave nothing of what was in it."""
        if self.ptr != NULL:
            memset(self.ptr, 0, <size_t>self.room)
        self.clear()

    cdef bytes take(self):
        """Give its bytes and empty it."""
        cdef bytes out = PyBytes_FromStringAndSize(self.ptr, self.len)
        self.clear()
        return out
