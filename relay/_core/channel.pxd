"""Channel: one logical text, redacted while it streams."""

from relay._core.buffer cimport Buffer
from relay._core.codes cimport Codes, CodeSink
from relay._core.left cimport Mark
from relay._core.matcher cimport Matcher
from relay._core.replacer cimport Replacer
from relay._core.ruleset cimport Ruleset
from relay._core.window cimport Window

cdef class Channel(CodeSink):
    cdef Matcher matcher
    cdef Buffer out               # what was let out and not yet taken
    cdef bint changed             # something of this text was replaced
    cdef int layers               # JSON strings that the raw bytes lie in
    cdef bint is_escaped          # the raw bytes are the inside of a JSON string
    cdef bint is_plain            # all of this text is known to be ASCII that stands for itself
    cdef bint is_key              # what is replaced now stands in a key of an object
    cdef object spans             # list of (start, end, Class) when they are wanted; else None

    cdef Codes _codes
    cdef bint _is_document        # pieces are not one text: of a JsonChannel
    cdef object _replace          # gives what stands for a value; None: its label
    cdef Replacer _settled        # what needs no question; None: all does
    cdef object _literals         # gets text with literals as it leaves; None: nobody asks
    cdef int _swallow             # the run that is being swallowed; 0: none
    cdef Py_ssize_t _left         # characters that it may still have
    cdef Buffer _aside            # the raw bytes of a value that has to be known whole
    cdef int _cls                 # its Class
    cdef bint _passes             # the run that goes on is left as it is

    cdef void serve(self, replace, literals) noexcept
    cdef void forget(self) noexcept
    cdef int begin(self) except -1 nogil
    cdef int take(self, const char* ptr, Py_ssize_t size) except -1 nogil
    cdef int take_last(self, const char* ptr, Py_ssize_t size) except -1 nogil
    cdef int _take_slices(self, const char* ptr, Py_ssize_t size, bint ends) except -1 nogil
    cdef int finish(self) except -1 nogil
    cdef int pump(self, bint last) except -1 nogil
    cdef int take_out(self, Matcher matcher, Mark* mark) except -1 nogil
    cdef int _pump(self, Matcher matcher, Window window, bint last) except -1 nogil
    cdef int _mask(self, int cls) except -1 nogil
    cdef int _ask(self) except -1 nogil
    cdef str _value(self)
    cdef str _said(self, const char* raw, Py_ssize_t size)
    cdef int _leave(self, Window window, Py_ssize_t end) except -1 nogil
    cdef str _taken(self)
    cdef bint _swallow_on(self, Matcher matcher, Window window, bint last) except -1 nogil
    cdef int _take_on(self, Window window, Py_ssize_t place) except -1 nogil
    cdef int _take_in(self, str text) except -1
    cdef int _take_part(self, const char* ptr, Py_ssize_t size, Py_ssize_t all) except -1
    cdef int _shrink(self) except -1 nogil
