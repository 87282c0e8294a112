"""Report: what the ledger asks of an answer."""

from libc.stdint cimport int64_t

from relay._core.messages_decoder cimport MessagesDecoder
from relay._core.meter cimport Meter

cdef class Report:
    cdef Meter _meter
    cdef MessagesDecoder _decoder
    cdef readonly int64_t bytes_out
    cdef readonly str ended
