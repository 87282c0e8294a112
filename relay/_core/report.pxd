"""Report: what the ledger asks of an answer."""

from libc.stdint cimport int64_t

from relay._core.decoder cimport Decoder
from relay._core.meter cimport Meter

cdef class Report:
    cdef Meter _meter
    cdef Decoder _decoder
    cdef readonly int64_t bytes_out
    cdef readonly str ended
