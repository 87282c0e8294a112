"""Matcher: the matches of one channel, as soon as they are certain."""

from libc.stdint cimport uint8_t, uint32_t

from relay._core.buffer cimport Buffer
from relay._core.custom cimport Customs
from relay._core.left cimport Mark
from relay._core.look cimport Offer, Offers, View
from relay._core.ruleset cimport Ruleset
from relay._core.triggers cimport Starts
from relay._core.window cimport LOUD, Window

cdef enum:
    LONGEST_RUN = 16384           # characters of a private key

cdef class Matcher:
    cdef Ruleset rules
    cdef Window window

    # Of the last `decide`.
    cdef Mark* found              # owned; `count` matches from left to right
    cdef int count
    cdef Py_ssize_t hold          # text before this is decided

    cdef Py_ssize_t base          # characters forgotten before the window's first

    cdef int _room                # of `found`
    cdef uint32_t _on
    cdef Customs _customs         # None: there are none
    cdef bint _may_pass           # text in which no rule is called need not be scanned
    cdef bint _is_loud            # what was taken last is known not to be such text
    cdef Offers _offers           # of the first layer
    cdef Offers _phones           # of one start
    cdef Starts _starts           # of telephone numbers
    cdef Py_ssize_t _rescan       # triggers from here on have to be looked at again
    cdef Mark _last               # the last match of the first layer that was let out
    cdef Mark _last_phone

    cdef inline bint pass_on(self, Window window, const char* ptr, Py_ssize_t size, Buffer out) except -1 nogil:
        """Take a short piece and let out all but its last word, if no rule is called in it; tell whether that is so."""
        cdef Py_ssize_t hold = window.pass_on(ptr, size, self._rescan, out) if self._may_pass else -1
        self._is_loud = hold == LOUD
        if hold < 0:
            return False
        self._rescan = hold
        if window.is_full():
            self.let_out()
        return True

    cdef int begin(self, const uint8_t* chars, Py_ssize_t size) except -1 nogil
    cdef int decide(self, bint last) except -1 nogil
    cdef Py_ssize_t run_on(self, int swallow, Py_ssize_t most, bint last) except -1 nogil
    cdef int let_out(self) except -1 nogil

    cdef void _sort(self) noexcept nogil
    cdef int _choose(self, View* view) except -1 nogil
    cdef bint _has_context(self, View* view, Offer* offer, const Mark* before) noexcept nogil
    cdef int _choose_phones(self, View* view) except -1 nogil
    cdef int _phones_before(self, View* view, Py_ssize_t stop) except -1 nogil
    cdef bint _best_phone(self, View* view, const Mark* before, Py_ssize_t after, int at, bint worded) except -1 nogil
    cdef Mark* _insert(self, int at) except NULL nogil
