"""Values of a JSON text that was scanned: inline helpers for the decoders of other dialects."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE

from relay._core.text cimport equals, skip_space
from relay._core.types cimport Slice

cdef inline Slice inside(Slice value) noexcept nogil:
    """Give a JSON string without its quotes; empty when it is none."""
    return Slice(value.ptr + 1, value.len - 2) if value.ptr != NULL and value.ptr[0] == c'"' else Slice(NULL, 0)

cdef inline bint is_list(Slice value) noexcept nogil:
    return value.ptr != NULL and value.ptr[0] == c"["

cdef inline bint is_said(Slice value) noexcept nogil:
    """Tell whether a value is there and is no null, and no empty string."""
    return value.ptr != NULL and not equals(value, b"null", 4) and not equals(value, b'""', 2)

cdef inline Slice trimmed(Slice data) noexcept nogil:
    while data.len and (data.ptr[0] == c" " or data.ptr[0] == c"\n"):
        data = Slice(data.ptr + 1, data.len - 1)
    while data.len and (data.ptr[data.len - 1] == c" " or data.ptr[data.len - 1] == c"\n"):
        data.len -= 1
    return data

cdef inline const char* first_item(Slice items) noexcept nogil:
    """Give the first item of an array that was scanned, or its bracket."""
    return skip_space(items.ptr + 1, items.ptr + items.len)

cdef inline const char* next_item(const char* item, const char* end) noexcept nogil:
    """Give the next item, or the bracket, behind the end of one."""
    item = skip_space(item, end)
    return skip_space(item + 1, end) if item[0] == c"," else item

cdef inline bytes bytes_of(Slice text):
    """Give a copy."""
    return PyBytes_FromStringAndSize(text.ptr, text.len)

cdef inline Slice slice_of(bytes text):
    """Give what is borrowed from a text that its owner keeps."""
    return Slice(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
