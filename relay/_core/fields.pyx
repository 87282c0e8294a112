"""Header fields of HTTP/1.1 (RFC 9110 5), for requests and responses."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize

# RFC 9110 5.6.2, in lower case; 0 for what no token holds.
cdef bytes _TOKEN = bytes([
    ord(chr(byte).lower()) if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "!#$%&'*+-.^_`|~") else 0
    for byte in range(256)
])
cdef const unsigned char* TOKEN = <const unsigned char*>PyBytes_AS_STRING(_TOKEN)


cdef bint is_token(char c) noexcept nogil:
    """Tell whether a field's name may hold this byte."""
    return TOKEN[<unsigned char>c] != 0


cdef bint is_text(const char* ptr, const char* end) noexcept nogil:
    """Tell whether a field value has no control characters but tabs."""
    while ptr < end:
        if (<unsigned char>ptr[0] < 0x20 and ptr[0] != c"\t") or ptr[0] == 0x7F:
            return False
        ptr += 1
    return True


cdef bytes field_name(const char* ptr, Py_ssize_t size):
    """Give a field's name in lower case, None when it is no token."""
    cdef bytes name = PyBytes_FromStringAndSize(NULL, size)
    cdef char* out = PyBytes_AS_STRING(name)
    cdef Py_ssize_t at
    for at in range(size):
        out[at] = <char>TOKEN[<unsigned char>ptr[at]]
        if out[at] == 0:
            return None
    return name if size else None


cdef bytes field_value(const char* ptr, const char* end):
    """Give a field's value without the white space around it, None when it is no text."""
    while ptr < end and (ptr[0] == c" " or ptr[0] == c"\t"):
        ptr += 1
    while ptr < end and ((end - 1)[0] == c" " or (end - 1)[0] == c"\t"):
        end -= 1
    return PyBytes_FromStringAndSize(ptr, end - ptr) if is_text(ptr, end) else None
