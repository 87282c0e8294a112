"""EventStream: bytes to frames by the grammar of AWS's event stream."""

from relay._core.buffer cimport Buffer
from relay._core.decoder cimport Decoder
from relay._core.types cimport FrameSink, Slice

cdef struct Message:              # one message as it lay in the stream; empty: not told
    Slice whole
    Slice kind                    # `:message-type`
    Slice event                   # `:event-type`
    Slice exception               # `:exception-type`
    Slice error_code              # `:error-code`
    Slice error_message           # `:error-message`
    Slice payload

cdef class EventStream(FrameSink):
    cdef FrameSink _out           # who gets the frames
    cdef Decoder _decoder         # at the end of them: it knows when the answer is over
    cdef Buffer _carry            # the message that is not complete yet
    cdef Py_ssize_t _need         # bytes that are wanted in it: of a prelude, then of its message
    cdef Py_ssize_t _max_event
    cdef object _fault            # Python face only: raised by the next call

    cdef Py_ssize_t _size(self, const char* ptr) except -1 nogil
    cdef int _message(self, const char* ptr, Py_ssize_t size) except -1 nogil
    cdef int _headers(self, const char* ptr, const char* end, Message* message) except -1 nogil
    cdef int _dispatch(self, Message* message) except -1 nogil
    cdef int _peer_error(self, Message* message) except -1
