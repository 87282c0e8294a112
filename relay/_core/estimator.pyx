"""How many tokens a text has, about (spec/wire-protocols.md 5.4).

Counts bytes by class, never tokens: tokens = factor × (latin bytes / 3.6 + wide characters / 1.1), rounded up. The
factor belongs to a model and is learnt by the caller from reported usage. Additive: any split of the text at character
borders gives the same count.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.math cimport ceil
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memchr

from relay._core.json cimport string_end
from relay._core.text cimport STEP, word


cdef void count(Counts* counts, const char* ptr, const char* end) noexcept nogil:
    """Count UTF-8 text: lead bytes decide, so that a cut character is counted once."""
    cdef unsigned char byte
    while ptr < end:
        while end - ptr >= STEP and not word(ptr) & <uint64_t>0x8080808080808080:
            counts.latin += STEP
            ptr += STEP
        if ptr == end:
            return
        byte = <unsigned char>ptr[0]
        if byte < 0x80:
            counts.latin += 1
        elif byte >= 0xE0:
            counts.wide += 1
        elif byte >= 0xC0:
            counts.latin += 2
        ptr += 1


cdef void count_escaped(Counts* counts, const char* ptr, const char* end) noexcept nogil:
    """Count the inside of a JSON string: an escape is one byte, a \\u escape one wide character or two latin bytes."""
    cdef const char* escape
    while True:
        escape = <const char*>memchr(ptr, c"\\", <size_t>(end - ptr))
        if escape == NULL or end - escape < 2:
            count(counts, ptr, end)
            return
        count(counts, ptr, escape)
        if escape[1] != c"u":
            counts.latin += 1
            ptr = escape + 2
            continue
        if end - escape < 6:
            return
        if escape[2] == c"0" and escape[3] < c"8":
            counts.latin += 1 if escape[3] == c"0" and escape[4] < c"8" else 2
        elif not ((escape[2] | 0x20) == c"d" and (escape[3] | 0x20) >= c"c"):
            counts.wide += 1  # a low surrogate belongs to the high one before it
        ptr = escape + 6


cdef int64_t tokens(Counts* counts, double factor) noexcept nogil:
    return <int64_t>ceil(factor * (<double>counts.latin / 3.6 + <double>counts.wide / 1.1))


@cython.final
cdef class Estimator:
    """Running estimate of one text.

    factor   tokens of the model per token of the plain rule
    """

    def __cinit__(self, double factor=1.0):
        self._counts = Counts(0, 0)
        self._factor = factor

    def add(self, bytes text not None) -> None:
        """Count UTF-8 text."""
        cdef const char* ptr = PyBytes_AS_STRING(text)
        count(&self._counts, ptr, ptr + PyBytes_GET_SIZE(text))

    def add_json(self, bytes data not None) -> None:
        """Count the strings of a JSON text, keys included; what is no JSON counts as far as it goes."""
        cdef const char* ptr = PyBytes_AS_STRING(data)
        cdef const char* end = ptr + PyBytes_GET_SIZE(data)
        cdef const char* stop
        while True:
            ptr = <const char*>memchr(ptr, c'"', <size_t>(end - ptr))
            if ptr == NULL:
                return
            stop = string_end(ptr + 1, end)
            if stop == NULL:
                return
            count_escaped(&self._counts, ptr + 1, stop)
            ptr = stop + 1

    @property
    def tokens(self) -> int:
        """The estimate, rounded up."""
        return tokens(&self._counts, self._factor)
