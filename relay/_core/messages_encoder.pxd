"""MessagesEncoder: events to frames of a Messages stream."""

from cpython.object cimport PyObject

from relay._core.output cimport Output
from relay._core.types cimport Event, Slice, Stage

cdef enum:
    MAX_EDITS = 9                 # id, model, provider, usage, metadata, edits of the context, and three of any answer

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

cdef class MessagesEncoder(Stage):
    cdef PyObject* meter          # borrowed, the pipeline owns both: the meter leads here, and a cycle would be garbage
    cdef Output output            # of the present read
    cdef Edit[MAX_EDITS] _edits   # planned for the present event
    cdef int _planned
    cdef bytes id                 # members (`"id":"…"`) to set in the message; None: leave
    cdef bytes model
    cdef bytes provider
    cdef object input_tokens      # gives an estimate, for a provider that tells none; None: there is none
    cdef object usage_fields      # usage dict -> bytes to add to it; None: add nothing
    cdef object metadata          # usage dict -> JSON of openrouter_metadata; None: nobody asks for it
    cdef bytes context_management  # JSON of the member to add beside the usage; None: there is none
    cdef bytes _told              # that member
    cdef bint is_translated       # the provider's numbers come at the end alone: they have to be whole there

    cdef int name(self, id, model, provider) except -1
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
    cdef int _edit_stop(self, Event* event) except -1
    cdef int _tell(self, Slice object) except -1
