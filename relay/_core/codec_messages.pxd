"""The Messages dialect: frames to events, and events to frames."""

from libc.stdint cimport int64_t

from relay._core.buffer cimport Buffer
from relay._core.meter cimport Meter
from relay._core.types cimport Event, Frame, FrameSink, Kind, Slice, Stage

cdef class MessagesDecoder(FrameSink):
    cdef Stage next
    cdef Buffer _scratch          # data that had to be written anew
    cdef bint started             # message_start came
    cdef bint stopping            # a stop reason came
    cdef bint done                # message_stop came, or was added
    cdef bint failed              # the peer's error event came
    cdef int _next                # index of the next block
    cdef int _open                # index of the open block, -1: none
    cdef int64_t normalised       # frames dropped or written anew because an SDK could not bear them
    cdef int64_t unknown_deltas   # deltas of a type that relay has never heard of
    cdef int64_t bytes_in         # of all events that were read
    cdef object id                # of START and USAGE, as told; None: not told
    cdef object model
    cdef object stop_reason

    cdef int on_end(self) except -1 nogil
    cdef int _repaired(self, Frame* frame) except -1
    cdef int _on_one_line(self, Slice* data) except -1 nogil
    cdef int _scan(self, Frame* frame, Slice* slots) except -1 nogil
    cdef int _give_type(self, Frame* frame, const char* brace) except -1
    cdef int _typed(self, Frame* frame, Slice* slots, Event* event) except -1 nogil
    cdef int _facts(self, Event* event, Slice* slots) except -1 nogil
    cdef int _in_order(self, Event* event, Slice* slots) except -1 nogil
    cdef int _close_block(self) except -1 nogil
    cdef int _made(self, Kind kind, bytes name, bytes data) except -1
    cdef int _peer_error(self, Slice* slots) except -1 nogil

cdef class MessagesEncoder(Stage):
    cdef Meter meter
    cdef Buffer _out              # output of this read, when it is not simply a run of the input
    cdef Slice _input             # the current read
    cdef Slice _run               # the end of the output: frames that lie together in the input, not copied yet
    cdef bytes id                 # JSON texts to write over the provider's; None: leave
    cdef bytes model
    cdef bytes provider           # JSON text to add as `provider`; None: add nothing
    cdef object input_tokens      # gives an estimate, for a provider that tells none; None: there is none
    cdef object usage_fields      # usage dict -> bytes to add to it; None: add nothing

    cdef void begin(self, const char* ptr, Py_ssize_t size) noexcept nogil
    cdef bytes take(self, bytes data)
    cdef int _write(self, Slice part) except -1 nogil
    cdef int _flush(self) except -1 nogil
    cdef int _write_frame(self, Event* event) except -1 nogil
    cdef int _write_spliced(self, Event* event, list edits) except -1
    cdef list _start_edits(self, Event* event)
    cdef list _usage_edits(self, Event* event)
    cdef bint _needs_input_tokens(self, Slice usage) except -1
