"""The words of a Messages stream: what an event's type, a delta's type and an index mean."""

from libc.string cimport memcmp

from relay._core.text cimport equals
from relay._core.types cimport (
    BLOCK_START, BLOCK_STOP, DELTA, ERROR, INPUT_FORM, OPAQUE_FORM, PING, START, STOP, TEXT_FORM, UNKNOWN, UNKNOWN_FORM,
    USAGE, WHOLE_FORM, Form, Kind, Slice,
)


cdef inline Kind kind_of(Slice name) noexcept nogil:
    if name.len == 19:
        if memcmp(name.ptr, b"content_block_delta", 19) == 0:
            return DELTA
        if memcmp(name.ptr, b"content_block_start", 19) == 0:
            return BLOCK_START
    elif equals(name, b"content_block_stop", 18):
        return BLOCK_STOP
    elif equals(name, b"message_start", 13):
        return START
    elif equals(name, b"message_delta", 13):
        return USAGE
    elif equals(name, b"message_stop", 12):
        return STOP
    elif equals(name, b"ping", 4):
        return PING
    elif equals(name, b"error", 5):
        return ERROR
    return UNKNOWN


cdef inline bint is_name(Slice name) noexcept nogil:
    """Tell whether this can be an event's type: nothing that JSON or a line would have to escape."""
    cdef Py_ssize_t at
    cdef char c
    if name.len == 0 or name.len > 128:
        return False
    for at in range(name.len):
        c = name.ptr[at]
        if not (c"a" <= c <= c"z" or c"A" <= c <= c"Z" or c"0" <= c <= c"9" or c == c"_" or c == c"-" or c == c"."):
            return False
    return True


cdef inline Form form_of(Slice type) noexcept nogil:
    if equals(type, b'"text_delta"', 12):
        return TEXT_FORM
    if equals(type, b'"input_json_delta"', 18):
        return INPUT_FORM
    if equals(type, b'"thinking_delta"', 16) or equals(type, b'"signature_delta"', 17):
        return OPAQUE_FORM
    if equals(type, b'"citations_delta"', 17) or equals(type, b'"compaction_delta"', 18):
        return WHOLE_FORM
    return UNKNOWN_FORM


cdef inline int index_of(Slice value) noexcept nogil:
    """Give a block index; -1 when there is none or it is no small number."""
    cdef int number = 0
    cdef Py_ssize_t at
    if value.len == 0 or value.len > 6:
        return -1
    for at in range(value.len):
        if not c"0" <= value.ptr[at] <= c"9":
            return -1
        number = number * 10 + (value.ptr[at] - c"0")
    return number
