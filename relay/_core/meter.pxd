"""Meter: what one stream was, in numbers."""

from libc.stdint cimport int64_t

from relay._core.estimator cimport Counts
from relay._core.types cimport KINDS, Event, Slice, Stage

cdef enum:                        # fields of usage, as spec/operations.md USG-2 names it
    INPUT, OUTPUT, CACHE_READ, CACHE_CREATION, CACHE_5M, CACHE_1H, REASONING, SEARCHES, FETCHES, FIELDS

cdef class Meter(Stage):
    # First what each read changes: it lies in two cache lines.
    cdef int64_t now              # time of the current read, ns
    cdef int64_t last_event
    cdef int64_t first_event      # ns; 0: none yet
    cdef int64_t first_content
    cdef Counts text              # text, thinking and tool arguments that came
    cdef int64_t text_bytes       # escaped bytes of text, thinking and tool arguments
    cdef int64_t[KINDS] events    # by kind, as received
    cdef int64_t[FIELDS] value    # latest non-null number of each field; -1: never told
    cdef int outputs              # counts of the output that came
    cdef bytes tier               # service_tier, None: never told
    cdef bint has_ours            # usage has members that relay adds: a gateway behind it does so, too; or null for one
    cdef readonly int64_t anomalies
    cdef bint final               # a count of the output came with or after the stop reason

    cpdef dict usage(self)
    cdef tuple reckoned(self, bint is_final, object input_tokens)
    cdef int fold_slice(self, Slice usage) except -1 nogil
    cdef int _number(self, int field, Slice raw) noexcept nogil
