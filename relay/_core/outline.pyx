"""The outline of a JSON text: all of its structure, little of its long strings.

What asks for shapes alone need not read, decode and keep a megabyte of prose.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.string cimport memchr

from relay._core.builder cimport Builder
from relay._core.text cimport skip_plain

cdef enum:
    LONG = 64                     # bytes without a backslash, an escape's digits among them, above which they are cut
    KEPT = 32                     # of them, or up to three less; more than the digits of an escape


def outline(bytes data not None, Py_ssize_t start, Py_ssize_t stop) -> bytes:
    """Give a valid JSON text with the long strings of data[start:stop] cut, keys too; the very object when none is.

    Every escape stays, and so does whether a surrogate is half a pair. No string becomes empty.
    """
    cdef const char* base = PyBytes_AS_STRING(data)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
    cdef const char* copied = base
    cdef Builder out = Builder()
    if not 0 <= start <= stop <= size:
        raise ValueError("start, stop: lie outside of data")
    copied = _cut(out, base, base + start, base + stop)
    if copied == base:
        return data
    out.append(copied, base + size - copied)
    return out.take()


cdef const char* _cut(Builder out, const char* copied, const char* ptr, const char* end) except NULL:
    """Copy what stays of [copied, end), strings cut from `ptr` on; give up to where."""
    cdef const char* stop
    cdef const char* kept
    while ptr < end:
        ptr = <const char*>memchr(ptr, c'"', <size_t>(end - ptr))
        if ptr == NULL:
            break
        ptr += 1
        while ptr < end and ptr[0] != c'"':
            stop = skip_plain(ptr, end)
            if stop - ptr > LONG:
                kept = ptr + KEPT
                while kept[0] & 0xC0 == 0x80:  # bound: `ptr`, behind which no sequence goes on for four bytes
                    kept -= 1
                out.append(copied, kept - copied)
                copied = stop
            ptr = stop + 2 if stop < end and stop[0] != c'"' else stop
        ptr += 1
    return copied
