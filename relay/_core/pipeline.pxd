"""Pipeline: the chain of one answer."""

from libc.stdint cimport int64_t

from relay._core.decoder cimport Decoder
from relay._core.encoder cimport Encoder
from relay._core.meter cimport Meter
from relay._core.rewriter cimport Rewriter
from relay._core.sealer cimport Sealer
from relay._core.sse cimport SseParser
from relay._core.thinking cimport ThinkingDropper
from relay._core.types cimport FrameSink

cdef class Pipeline:
    cdef SseParser _parser
    cdef FrameSink _sink           # who gets the frames: the decoder, or who unwraps them for it
    cdef Decoder _decoder
    cdef Meter _meter
    cdef Encoder _encoder
    cdef Rewriter _rewriter       # None: the answer passes as it came
    cdef ThinkingDropper _dropper  # None: thinking passes
    cdef Sealer _sealer           # None: signatures pass
    cdef bint _closed
    cdef bint _chunked
    cdef object _trailer          # gives what goes behind message_stop; None: nothing
    cdef object _fault            # what the next call raises
    cdef int64_t _bytes_out

    cdef int _close(self) except -1
    cdef str _ended(self)
