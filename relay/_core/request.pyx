"""Requests of clients: what a head says, and a short way for the form that nearly all have.

`whole_request` reads a request that lies in one read, whole and alone, and whose bytes every parser reads alike. It
gives no verdict on anything else: that is for the server's own parser, which knows what to wait for and to refuse.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.string cimport memchr, memcmp

from relay._core.fields cimport field_name, field_value

cdef enum:
    MAX_HEAD = 8 << 10            # well under the server's own limits, which answer by name
    MAX_FIELDS = 64
    MAX_DIGITS = 15

cdef const char* VERSION = b" HTTP/1.1\r\n"

# Fields that change how the bytes are read, or what the connection becomes.
cdef frozenset _INTRICATE = frozenset((b"transfer-encoding", b"upgrade", b"proxy-connection", b"sec-websocket-key1"))


@cython.final
cdef class Request:
    """The head of a request, and its content where that came with it.

    method, path   as sent
    fields         by lower-case name; values of a repeated one joined by a comma
    size           bytes of the names and values, or more
    content        whole; None: it comes by itself
    is_1_1         HTTP/1.1; else 1.0
    keeps          the client does not mean to end the connection behind it
    """

    cdef readonly str method
    cdef readonly str path
    cdef readonly dict fields
    cdef readonly Py_ssize_t size
    cdef readonly bytes content
    cdef readonly bint is_1_1
    cdef readonly bint keeps

    def __init__(self, str method not None, str path not None, fields, *, bint is_1_1, bint keeps):
        """A request whose content comes by itself; `fields` are pairs of bytes in the order sent."""
        cdef bytes name
        cdef bytes value
        self.method = method
        self.path = path
        self.fields = {}
        self.is_1_1 = is_1_1
        self.keeps = keeps
        for name, value in fields:
            self.size += len(name) + len(value)
            name = name.lower()
            if name == b"content-length":  # zeros without end are a number too, but none that int() takes
                value = value.lstrip(b"0") or b"0"
            self.fields[name] = self.fields[name] + b"," + value if name in self.fields else value


def whole_request(bytes data not None) -> Request | None:
    """Give the request that these bytes are, when they are one in the plain form and nothing else; else None."""
    cdef const char* ptr = PyBytes_AS_STRING(data)
    cdef const char* end = ptr + PyBytes_GET_SIZE(data)
    cdef const char* head = ptr
    cdef const char* lf
    cdef Request request = Request.__new__(Request)
    ptr = _request_line(request, ptr, end)
    if ptr == NULL:
        return None
    request.fields = {}
    while True:
        lf = <const char*>memchr(ptr, c"\n", <size_t>(end - ptr))
        if lf == NULL or (lf - 1)[0] != c"\r" or lf - head > MAX_HEAD:  # bound: a line feed is before `ptr`
            return None
        if lf - ptr == 1:
            break
        if not _field(request.fields, ptr, lf - 1):
            return None
        ptr = lf + 1
    ptr = lf + 1
    request.size = ptr - head
    request.is_1_1 = request.keeps = True
    if not _is_plain(request.fields, end - ptr):
        return None
    request.content = PyBytes_FromStringAndSize(ptr, end - ptr)
    return request


cdef const char* _request_line(Request request, const char* ptr, const char* end) except? NULL:
    """Read `POST /path HTTP/1.1`; give where the next line begins, NULL when it is anything else."""
    cdef const char* start
    if end - ptr > 32 and memcmp(ptr, b"POST /", 6) == 0:
        request.method = "POST"
        ptr += 5
    elif end - ptr > 32 and memcmp(ptr, b"GET /", 5) == 0:
        request.method = "GET"
        ptr += 4
    else:
        return NULL
    start = ptr
    while ptr < end and 0x21 <= ptr[0] <= 0x7E and ptr[0] != c"#":
        ptr += 1
    if end - ptr < 11 or memcmp(ptr, VERSION, 11) != 0:
        return NULL
    request.path = PyUnicode_DecodeASCII(start, ptr - start, NULL)
    return ptr + 11


cdef bint _field(dict fields, const char* ptr, const char* end) except -1:
    """Read one line; False when it is no field, or one too many, or repeated."""
    cdef const char* colon = <const char*>memchr(ptr, c":", <size_t>(end - ptr))
    cdef bytes name
    cdef bytes value
    if colon == NULL or len(fields) >= MAX_FIELDS:
        return False
    name = field_name(ptr, colon - ptr)
    value = field_value(colon + 1, end)
    if name is None or value is None or name in fields or name in _INTRICATE:
        return False
    fields[name] = value
    return True


cdef bint _is_plain(dict fields, Py_ssize_t size) except -1:
    """Tell whether a request is whole with `size` bytes of content, and another may follow it."""
    cdef bytes length = fields.get(b"content-length", b"0")
    cdef bytes connection = fields.get(b"connection", b"keep-alive")
    if b"host" not in fields or connection.lower() != b"keep-alive":
        return False
    return length.isdigit() and len(length) <= MAX_DIGITS and int(length) == size
