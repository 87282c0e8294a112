"""Responses of a provider: HTTP/1.1 heads and framing taken off, content given (RFC 9112 4–7).

In: bytes of one connection in any split. Out: status, fields, and the content that each read holds. Strict, because a
connection is used again: what could be read in two ways is a fault, and nothing is read after one. Memory: a head that
has not ended, at most `max_head` bytes and the read that ends it; of the content nothing.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t
from libc.string cimport memchr, memcmp

from relay._core.buffer cimport Buffer
from relay._core.fields cimport field_name, field_value, is_text, is_token
from relay._core.types cimport Slice

cdef enum:
    MAX_DIGITS = 15               # of a chunk's size in hex, or of a length

cdef enum:                        # where the parser is; all behind DATA is framing
    IDLE, HEAD, LENGTH, UNTIL_END, DATA
    SIZE, EXTENSION, SIZE_LF, DATA_CR, DATA_LF, TRAILERS, TRAILER_NAME, TRAILER, TRAILER_LF, END_LF

cdef enum:
    NO_CONTENT = 204
    NOT_MODIFIED = 304
    SWITCHED = 101

cdef const char* BEGIN = b"HTTP/1."


cdef inline int _hex(int c) noexcept nogil:
    if c"0" <= c <= c"9":
        return <int>(c - c"0")
    c |= 0x20
    return <int>(c - c"a" + 10) if c"a" <= c <= c"f" else -1


@cython.final
cdef class ResponseParser:
    """Parser of a connection's responses, one after the other; `begin` before each. True while more is to come.

    status      of the response, 0 before its head came; informational ones are left out
    fields      by lower-case name, repeated ones joined by a comma
    delimited   a length or chunks tell where the content ends; else the connection's end does
    keeps       the response is whole, and another may follow it on the connection
    fault       what is wrong with the bytes, for a sentence about the provider; None when nothing is
    max_head    bytes without content in a row (heads, chunk sizes, extensions, trailers); over it: a fault
    """

    cdef readonly int status      # first what each read asks for: it lies in two cache lines
    cdef bint _is_open            # more is to come
    cdef int _state
    cdef int _digits
    cdef int64_t _left            # bytes of content until the end of chunk or response
    cdef Py_ssize_t _overhead     # bytes since the last content
    cdef Slice _piece             # content of the present read, borrowed
    cdef bint _is_joined          # it is no single piece: it lies in `_joined`
    cdef readonly bint keeps
    cdef Py_ssize_t _max_head
    cdef readonly str fault
    cdef Buffer _joined
    cdef Buffer _head             # of a head, what has come
    cdef readonly dict fields
    cdef readonly bint delimited
    cdef bint _persistent

    def __cinit__(self, Py_ssize_t max_head=64 << 10):
        self._head = Buffer()
        self._joined = Buffer()
        self._max_head = max_head
        self.fields = {}

    def begin(self) -> None:
        """Expect a response."""
        self._head.clear()
        self._state = HEAD
        self._overhead = 0
        self.status = 0
        self.fields = {}
        self.fault = None
        self.delimited = self.keeps = False
        self._is_open = True

    def __bool__(self) -> bool:
        # No property, which costs a compiled caller five times as much: this is asked at every read.
        return self._is_open

    def feed(self, bytes data not None) -> bytes:
        """Give the content in these bytes, possibly none; of a broken response what came before the fault."""
        cdef const char* ptr = PyBytes_AS_STRING(data)
        cdef const char* end = ptr + PyBytes_GET_SIZE(data)
        cdef bytes content
        self._piece = Slice(NULL, 0)
        self._is_joined = False
        while ptr < end and self._state == HEAD and self._is_open:
            ptr = self._read_head(ptr, end)
        if ptr < end and self._is_open:
            ptr = self._read_content(ptr, end)
        if ptr < end:
            self.keeps = False  # bytes that nobody asked for
        if self.fault is not None:
            self._head.clear()
        if self._is_joined:
            content = self._joined.take()
        elif self._piece.len == PyBytes_GET_SIZE(data):
            content = data
        else:
            content = PyBytes_FromStringAndSize(self._piece.ptr, self._piece.len)
        return content

    cdef int _break(self, str why) except -1:
        self.fault = why
        self._is_open = self.keeps = False
        return 0

    cdef int _end(self) except -1 nogil:
        self._state = IDLE
        self._is_open = False
        self.keeps = self._persistent
        return 0

    # The head

    cdef const char* _read_head(self, const char* ptr, const char* end) except NULL:
        """Take a head as far as it is there; give where it ends."""
        cdef Py_ssize_t before = self._head.len
        cdef const char* stop
        cdef const char* base = ptr
        if before:
            self._head.append(ptr, end - ptr)
            base = self._head.ptr
        stop = self._blank_line(base, base + before, base + before + (end - ptr))
        if self.fault is not None:
            return ptr
        if stop == NULL:
            if before == 0:
                self._head.append(ptr, end - ptr)
            if self._overhead + self._head.len > self._max_head:
                self._break("sends header fields without end")
            return end
        self._overhead += stop - base
        if self._overhead > self._max_head:
            self._break("sends header fields without end")
        else:
            self._parse(base, stop - 2)
        self._head.clear()
        return ptr + (stop - base - before)

    cdef const char* _blank_line(self, const char* base, const char* ptr, const char* end) except? NULL:
        """Give the end of the head that begins at `base`, NULL when it is not before `end`; seek from `ptr` on."""
        cdef Py_ssize_t seen = end - base if end - base < 7 else 7
        if memcmp(base, BEGIN, <size_t>seen) != 0:
            self._break("does not speak HTTP/1.1")
            return NULL
        while True:
            ptr = <const char*>memchr(ptr, c"\n", <size_t>(end - ptr))
            if ptr == NULL:
                return NULL
            if (ptr - 1)[0] != c"\r":  # bound: a head begins with BEGIN
                self._break("ends a line with a bare line feed")
                return NULL
            ptr += 1
            if (ptr - 3)[0] == c"\n":
                return ptr

    cdef int _parse(self, const char* ptr, const char* end) except -1:
        """Read the lines [ptr, end) of a head, each with its CRLF."""
        cdef const char* lf = <const char*>memchr(ptr, c"\n", <size_t>(end - ptr))
        cdef int status = self._status(ptr, lf - 1)
        cdef bint is_1_1 = ptr[7] == c"1"
        cdef dict fields = {}
        ptr = lf + 1
        while ptr < end and self.fault is None:
            lf = <const char*>memchr(ptr, c"\n", <size_t>(end - ptr))
            self._field(fields, ptr, lf - 1)
            ptr = lf + 1
        if self.fault is not None:
            return 0
        if status == SWITCHED:
            self._break("switched protocols")
        elif status >= 200:
            self.status = status
            self.fields = fields
            self._frame(is_1_1)
        return 0

    cdef int _status(self, const char* ptr, const char* end) except -1:
        """Give the code of a status line: `HTTP/1.1 DDD` or `HTTP/1.0 DDD`, and perhaps a reason."""
        cdef int status = 0
        cdef int at
        if end - ptr < 12 or not c"0" <= ptr[7] <= c"1" or ptr[8] != c" " or not is_text(ptr, end):
            return self._break("does not speak HTTP/1.1")
        for at in range(9, 12):
            if not c"0" <= ptr[at] <= c"9":
                return self._break("does not speak HTTP/1.1")
            status = status * 10 + (ptr[at] - c"0")
        if status < 100 or (end - ptr > 12 and ptr[12] != c" "):
            self._break("answers with a status that is none")
        return status

    cdef int _field(self, dict fields, const char* ptr, const char* end) except -1:
        cdef const char* colon = <const char*>memchr(ptr, c":", <size_t>(end - ptr))
        cdef bytes name
        cdef bytes value
        if colon == NULL:
            return self._break("sends a header field without a colon")
        name = field_name(ptr, colon - ptr)
        value = field_value(colon + 1, end)
        if name is None or value is None:
            return self._break("sends a header field that is none")
        fields[name] = fields[name] + b", " + value if name in fields else value
        return 0

    cdef int _frame(self, bint is_1_1) except -1:
        """Settle where the content ends (RFC 9112 6.3), and whether the connection lives on after it."""
        cdef bytes length = self.fields.get(b"content-length")
        cdef bytes coding = self.fields.get(b"transfer-encoding")
        cdef bytes connection = self.fields.get(b"connection")
        cdef set options = set() if connection is None else {word.strip() for word in connection.lower().split(b",")}
        cdef bint is_empty = self.status == NO_CONTENT or self.status == NOT_MODIFIED
        self.delimited = length is not None or coding is not None
        self._persistent = b"close" not in options and (is_1_1 or b"keep-alive" in options)
        self._persistent = self._persistent and (self.delimited or is_empty) and (is_1_1 or coding is None)
        self._left = self._digits = 0
        if length is not None and coding is not None:
            return self._break("sends content whose end can be read in two ways")
        if coding is not None:
            self._state = SIZE
            if coding.lower() != b"chunked":
                return self._break("sends content in a transfer coding that is not chunked")
        elif length is not None:
            self._state = LENGTH
            if not length.isdigit() or len(length) > MAX_DIGITS:
                return self._break("sends a content-length that is none")
            self._left = int(length)
        else:
            self._state = UNTIL_END
        if is_empty or (self._state == LENGTH and self._left == 0):
            self._end()
        return 0

    # The content

    cdef const char* _read_content(self, const char* ptr, const char* end) except NULL:
        """Take the content's framing off, as far as it is there; give where the response ends, or `end`."""
        cdef Py_ssize_t size
        while ptr < end and self._is_open:
            if self._state > DATA:
                ptr = self._whole_line(ptr, end)
                if ptr == end or self._state == DATA:
                    continue
                self._overhead += 1
                if self._overhead > self._max_head:
                    self._break("sends trailers without end")
                else:
                    self._step(ptr[0])
                ptr += 1
                continue
            size = end - ptr
            if self._state != UNTIL_END:
                if size > self._left:
                    size = <Py_ssize_t>self._left
                self._left -= size
            self._take(Slice(ptr, size))
            ptr += size
            if self._state == DATA and self._left == 0:
                self._state = DATA_CR
            elif self._state == LENGTH and self._left == 0:
                self._end()
        return ptr

    cdef const char* _whole_line(self, const char* ptr, const char* end) noexcept nogil:
        """Take what nearly always stands between two pieces of content: CRLF, a size, CRLF, as far as they are whole.

        Gives where it ended. Does what `_step` would do; all else, and what is wrong, is left to it.
        """
        cdef const char* at = ptr
        cdef int64_t size = 0
        cdef int digit
        if end - ptr < 2 or self._max_head - self._overhead < 2 + MAX_DIGITS + 2:
            return ptr
        if self._state == DATA_CR and ptr[0] == c"\r" and ptr[1] == c"\n":
            self._state = SIZE
            self._digits = 0
            self._overhead += 2
            ptr = at = ptr + 2
        if self._state != SIZE or self._digits:
            return ptr
        while at < end and at - ptr < MAX_DIGITS:
            digit = _hex(at[0])
            if digit < 0:
                break
            size = size * 16 + digit
            at += 1
        if at == ptr or size == 0 or end - at < 2 or at[0] != c"\r" or at[1] != c"\n":
            return ptr
        self._left = size
        self._state = DATA
        self._overhead += at + 2 - ptr
        return at + 2

    cdef int _take(self, Slice part) except -1 nogil:
        """Add content: the first piece of a read as it lies there, several as a copy."""
        self._overhead = 0
        if self._piece.ptr == NULL:
            self._piece = part
            return 0
        if not self._is_joined:
            self._is_joined = True
            self._joined.add(self._piece)
        return self._joined.add(part)

    cdef int _step(self, char c) except -1:
        """Take one byte of a chunk's framing (RFC 9112 7.1)."""
        cdef int digit
        if self._state == SIZE:
            digit = _hex(c)
            if digit >= 0 and self._digits < MAX_DIGITS:
                self._left = self._left * 16 + digit
                self._digits += 1
            elif self._digits and c == c"\r":
                self._state = SIZE_LF
            elif self._digits and c == c";":
                self._state = EXTENSION
            else:
                self._break("sends a chunk without a size")
        elif self._state == EXTENSION or self._state == TRAILER:
            if c == c"\r":
                self._state = SIZE_LF if self._state == EXTENSION else TRAILER_LF
            elif not is_text(&c, &c + 1):
                self._break("sends a chunk extension or a trailer that is none")
        elif self._state == TRAILERS and c == c"\r":
            self._state = END_LF
        elif self._state == TRAILERS or self._state == TRAILER_NAME:
            if self._state == TRAILER_NAME and c == c":":
                self._state = TRAILER
            elif is_token(c):
                self._state = TRAILER_NAME
            else:
                self._break("sends a trailer that is none")
        elif c != (c"\r" if self._state == DATA_CR else c"\n"):
            self._break("does not end a chunk where it should")
        elif self._state == SIZE_LF:
            self._state = DATA if self._left else TRAILERS
        elif self._state == DATA_CR:
            self._state = DATA_LF
        elif self._state == DATA_LF:
            self._state = SIZE
            self._digits = 0
        elif self._state == TRAILER_LF:
            self._state = TRAILERS
        else:
            self._end()
        return 0
