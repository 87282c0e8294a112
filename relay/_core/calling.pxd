"""Calling codes: whether digits are a telephone number of the international plan (spec/redaction.md 5.8, P1)."""

from libc.stdint cimport uint8_t

cdef bint fits_plan(const uint8_t* digits, int count) noexcept nogil
cdef int plan_most(const uint8_t* digits, int known) noexcept nogil
