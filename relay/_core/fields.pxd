"""Header fields of HTTP/1.1 (RFC 9110 5), for requests and responses."""

cdef bint is_token(char c) noexcept nogil
cdef bint is_text(const char* ptr, const char* end) noexcept nogil
cdef bytes field_name(const char* ptr, Py_ssize_t size)
cdef bytes field_value(const char* ptr, const char* end)
