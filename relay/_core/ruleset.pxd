"""Ruleset: what is looked for. Immutable, shared between streams."""

from libc.stdint cimport uint32_t

from relay._core.custom cimport Customs

cdef class Ruleset:
    cdef readonly frozenset classes
    cdef Customs customs          # None: there are none
    cdef uint32_t on              # 1 << Class of each class that is on
