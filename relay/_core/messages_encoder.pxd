"""MessagesEncoder: events to frames of a Messages stream."""

from relay._core.encoder cimport Encoder
from relay._core.types cimport Event, Slice

cdef enum:
    MAX_EDITS = 11                # id, model, provider, usage, its counts, metadata, edits of the context, three of any

cdef struct Answer:               # a unary answer: its text, and raw values of members; NULL where absent
    Slice text
    Slice id
    Slice model
    Slice provider
    Slice usage
    Slice stop_sequence
    Slice stop_details
    Slice container
    Slice metadata

cdef struct Edit:                 # of one event's data
    const char* start             # what is replaced: [start, stop)
    const char* stop
    Slice text
    bint comma                    # write one before the text

cdef class MessagesEncoder(Encoder):
    cdef Edit[MAX_EDITS] _edits   # planned for the present event
    cdef int _planned
    cdef bytes id                 # members (`"id":"…"`) to set in the message; None: leave
    cdef bytes model
    cdef bytes provider
    cdef bytes _told              # the member `context_management`

    cdef int _write_frame(self, Event* event) except -1 nogil
    cdef int _write_rewritten(self, Event* event) except -1 nogil
    cdef int _over(self, Slice value, Slice text) except -1 nogil
    cdef int _plan(self, const char* start, const char* stop, Slice text, bint comma) noexcept nogil
    cdef int _into(self, Slice object, Slice text) except -1 nogil
    cdef bint _is_planned(self, const char* place) noexcept nogil
    cdef int _set(self, Slice object, Slice value, bytes member) except -1
    cdef int _write_edited(self, Event* event) except -1 nogil
    cdef int _write_edits(self, Slice data) except -1 nogil
    cdef bytes whole(self, Answer* answer, dict told, dict reckoned)
    cdef void _sort(self) noexcept nogil
    cdef int _edit_start(self, Event* event) except -1
    cdef bint _needs_input_tokens(self) noexcept
    cdef int _edit_usage(self, Event* event) except -1
    cdef bytes _edit_told(self, Slice usage, bytes asked, bytes answered, bytes fields)
    cdef int _edit_stop(self, Event* event) except -1
    cdef int _tell(self, Slice object) except -1
