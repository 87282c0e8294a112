"""What Bedrock's Invoke wraps: a `chunk` is an event of a Messages stream in base64 (spec/wire-protocols.md 1.4).

In: frames of an EventStream. Out: the frames that the Messages API itself would have sent, so that nothing behind has
to know how they came. Memory: one event.
"""

cimport cython
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memchr

from relay._core.buffer cimport Buffer
from relay._core.json cimport Scanner, string_text
from relay._core.scanned cimport inside
from relay._core.text cimport equals
from relay._core.types cimport Frame, FrameSink, Slice

from relay._core.errors import ProtocolError

cdef enum:
    MAX_DEPTH = 500
    NONE = 0xFF                    # no character of base64

cdef Scanner _CHUNK = Scanner(("bytes",), MAX_DEPTH)
cdef Scanner _TYPE = Scanner(("type",), MAX_DEPTH)

cdef uint8_t[256] _SIX_BITS        # of a character, by RFC 4648, 4


cdef int _fill() except -1:
    cdef int at
    cdef bytes alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for at in range(256):
        _SIX_BITS[at] = NONE
    for at in range(64):
        _SIX_BITS[<uint8_t>alphabet[at]] = <uint8_t>at
    return 0


_fill()


cdef int _break(str why) except -1 with gil:
    raise ProtocolError(why)


@cython.final
cdef class Chunks(FrameSink):
    """Stands between an EventStream and the decoder of Messages."""

    def __cinit__(self, FrameSink out not None):
        self._out = out
        self._json = Buffer()
        self._text = Buffer()

    cdef int on_frame(self, Frame* frame) except -1 nogil:
        cdef Slice value
        if not equals(frame.name, b"chunk", 5):
            return 0
        _CHUNK.scan_into(frame.data, &value)
        if value.ptr == NULL or value.ptr[0] != c'"':
            return _break("a chunk holds no event")
        self._json.clear()
        if memchr(value.ptr, c"\\", <size_t>value.len) == NULL:
            self._decode(inside(value))
        else:
            with gil:
                self._decode(self._plain(value))
        return self._event()

    cdef Slice _plain(self, Slice value) except *:
        """Give a string without its escapes: `/` and `=` have them at some servers."""
        cdef bytes text = string_text(value).encode("utf-8", "replace")
        self._text.clear()
        self._text.put(text)
        return self._text.slice()

    cdef int _decode(self, Slice text) except -1 nogil:
        """Write what base64 stands for to `_json`."""
        cdef const uint8_t* ptr = <const uint8_t*>text.ptr
        cdef const uint8_t* end
        cdef char* out
        cdef uint32_t bits = 0
        cdef uint8_t seen = 0         # all values so far: only NONE has the highest bit
        cdef int have = 0
        if text.len % 4:
            return _break("a chunk's event is no base64")
        for _ in range(2):
            text.len -= text.len > 0 and text.ptr[text.len - 1] == c"="
        end = ptr + text.len
        out = self._json.extend(text.len * 3 // 4 + 1)
        while end - ptr >= 4:  # bound: end
            seen |= _SIX_BITS[ptr[0]] | _SIX_BITS[ptr[1]] | _SIX_BITS[ptr[2]] | _SIX_BITS[ptr[3]]
            bits = (
                <uint32_t>_SIX_BITS[ptr[0]] << 18 | <uint32_t>_SIX_BITS[ptr[1]] << 12
                | <uint32_t>_SIX_BITS[ptr[2]] << 6 | _SIX_BITS[ptr[3]]
            )
            out[0], out[1], out[2] = <char>(bits >> 16), <char>(bits >> 8 & 0xFF), <char>(bits & 0xFF)
            out += 3
            ptr += 4
        while ptr < end:
            seen |= _SIX_BITS[ptr[0]]
            bits = bits << 6 | _SIX_BITS[ptr[0]]
            have += 6
            if have >= 8:
                have -= 8
                out[0] = <char>(bits >> have & 0xFF)
                out += 1
            ptr += 1
        self._json.len = out - self._json.ptr
        return _break("a chunk's event is no base64") if seen & 0x80 else 0

    cdef int _event(self) except -1 nogil:
        """Hand the event on."""
        cdef Slice type, data = self._json.slice()
        cdef Frame frame
        cdef Py_ssize_t at
        _TYPE.scan_into(data, &type)
        for at in range(data.len):  # between tokens, the only place for them: the text was scanned
            if data.ptr[at] == c"\n" or data.ptr[at] == c"\r":
                self._json.ptr[at] = c" "
        type = inside(type)
        if type.len and memchr(type.ptr, c"\\", <size_t>type.len) != NULL:
            type.len = 0  # no line can say it as JSON does: the decoder judges it
        self._text.clear()
        self._text.append(b"event: ", 7)
        self._text.add(type)
        self._text.append(b"\ndata: ", 7)
        self._text.add(data)
        self._text.append(b"\n\n", 2)
        frame.whole = self._text.slice()
        if self._out.take(frame.whole.ptr, frame.whole.ptr + frame.whole.len) != frame.whole.ptr:
            return 0
        frame.name = Slice(frame.whole.ptr + 7, type.len)
        frame.data = Slice(frame.whole.ptr + 14 + type.len, data.len)
        frame.canonical = type.len > 0
        return self._out.on_frame(&frame)
