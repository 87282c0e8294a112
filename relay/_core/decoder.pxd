"""Decoder: frames of one provider's stream to the hub's events."""

from libc.stdint cimport int64_t

from relay._core.types cimport FrameSink, Stage

cdef class Decoder(FrameSink):
    cdef Stage next
    cdef int64_t bytes_in         # of all events that were read
    cdef bint gathers             # plain deltas that lie together may go as one event: nobody reads their texts
    cdef int open                # index of the open block, -1: none
    cdef int _next                # index of the next block
    cdef bint started             # message_start came, or was made
    cdef bint stopping            # a stop reason came
    cdef bint done                # message_stop came, or was added
    cdef bint failed              # the peer's error event came
    cdef int64_t normalised       # what was dropped or written anew because an SDK could not bear it
    cdef int64_t unknown_deltas   # deltas of a type that relay has never heard of
    cdef object id                # of the answer, as told; None: not told
    cdef object model
    cdef object stop_reason       # in the hub's words

    cdef int on_end(self) except -1 nogil
    cdef int settle(self) except -1
