"""MessagesDecoder: frames of a Messages stream to events."""

from libc.stdint cimport int64_t

from relay._core.buffer cimport Buffer
from relay._core.types cimport Event, Form, Frame, FrameSink, Kind, Slice, Stage

cdef enum:
    MAX_PREFIX = 256              # longest beginning of a delta that is remembered

cdef class MessagesDecoder(FrameSink):
    cdef Stage next
    # First what each read asks for: it lies in three cache lines.
    cdef Py_ssize_t _prefix_len   # 0: none is known
    cdef Py_ssize_t _max_event    # longer frames are the parser's to refuse
    cdef int64_t bytes_in         # of all events that were read
    cdef int open                # index of the open block, -1: none
    cdef int _next                # index of the next block
    cdef bint started             # message_start came
    cdef bint stopping            # a stop reason came
    cdef bint done                # message_stop came, or was added
    cdef bint failed              # the peer's error event came
    cdef Form _form               # of the last delta
    cdef char[MAX_PREFIX] _prefix  # how the last plain delta began, up to the inside of its string
    cdef Buffer _scratch          # data that had to be written anew; None: none yet
    cdef int64_t normalised       # frames dropped or written anew because an SDK could not bear them
    cdef int64_t unknown_deltas   # deltas of a type that relay has never heard of
    cdef object id                # of START and USAGE, as told; None: not told
    cdef object model
    cdef object stop_reason

    cdef int _learn(self, Frame* frame, Event* event) noexcept nogil
    cdef int on_end(self) except -1 nogil
    cdef int _repaired(self, Frame* frame) except -1
    cdef int _on_one_line(self, Slice* data) except -1 nogil
    cdef int _scan(self, Frame* frame, Slice* slots) except -1 nogil
    cdef int _give_type(self, Frame* frame, const char* brace) except -1
    cdef int _typed(self, Frame* frame, Slice* slots, Event* event) except -1 nogil
    cdef int _facts(self, Event* event, Slice* slots) except -1 nogil
    cdef int _in_order(self, Event* event, Slice* slots) except -1 nogil
    cdef int close_block(self) except -1 nogil
    cdef int _made(self, Kind kind, bytes name, bytes data) except -1
    cdef int _peer_error(self, Slice* slots) except -1 nogil
