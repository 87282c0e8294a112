"""HTTP/1.1 chunks, for those who write into memory of their own."""

cdef enum:
    SIZE_LINE = 18                # the longest: sixteen hex digits, CR, LF

cdef const char* TAIL             # what ends a chunk, and the body

cdef int size_line(Py_ssize_t size, char* line) noexcept nogil

cdef inline Py_ssize_t tail(bint last) noexcept nogil:
    """Give how many bytes of TAIL end a chunk."""
    return 7 if last else 2
