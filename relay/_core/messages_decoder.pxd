"""MessagesDecoder: frames of a Messages stream to events."""

from relay._core.buffer cimport Buffer
from relay._core.decoder cimport Decoder
from relay._core.types cimport Event, Form, Frame, Kind, Slice

cdef enum:
    MAX_PREFIX = 256              # longest beginning of a delta that is remembered

cdef class MessagesDecoder(Decoder):
    cdef Py_ssize_t _prefix_len   # 0: none is known
    cdef Py_ssize_t _max_event    # longer frames are the parser's to refuse
    cdef Form _form               # of the last delta
    cdef char[MAX_PREFIX] _prefix  # how the last plain delta began, up to the inside of its string
    cdef Buffer _scratch          # data that had to be written anew; None: none yet

    cdef const char* _gather(self, Event* event, const char* end) noexcept nogil
    cdef int _delta(self, Event* event) except -1 nogil
    cdef int _learn(self, Frame* frame, Event* event) noexcept nogil
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
