"""MessagesEncoder: events to frames of a Messages stream."""

from relay._core.buffer cimport Buffer
from relay._core.meter cimport Meter
from relay._core.types cimport Event, Slice, Stage

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
