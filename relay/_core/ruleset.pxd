"""Ruleset: what is looked for. Immutable, shared between streams."""

from libc.stdint cimport uint32_t

cdef class Ruleset:
    cdef readonly frozenset classes
    cdef uint32_t on              # 1 << Class of each class that is on
