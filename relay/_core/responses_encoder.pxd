"""ResponsesEncoder: events to the events of a Responses stream."""

from libc.stdint cimport int64_t

from relay._core.buffer cimport Buffer
from relay._core.narrator cimport Narrator, Part
from relay._core.types cimport Slice

cdef class ResponsesEncoder(Narrator):
    cdef Buffer _response         # what every object `response` begins with: its id, model, and what was asked
    cdef Buffer _rest             # of the generation id: what ids of items are made from
    cdef Buffer _items            # those that ended, JSON, with commas between them
    cdef Buffer _id               # of the open item
    cdef Buffer _text             # of the open item: inside of a JSON string
    cdef Part _item               # what the open item holds; NO_PART: none is open
    cdef frozenset _customs       # names of tools that take free text; None: there are none
    cdef bint _is_custom          # the open item, a call, is of such a tool
    cdef int _index               # of the open item, or the next
    cdef int64_t _sequence        # events that were written
    cdef bint _begun
    cdef bytes _asked             # members of `response` that say what was asked

    cdef int _lifecycle(self, const char* name, bytes status) except -1
    cdef bytes _usage(self)
    cdef int _begin_item(self) except -1 nogil
    cdef bint _calls_custom(self) except -1
    cdef int _read_text(self) except -1
    cdef int _begin_part(self) except -1 nogil
    cdef int _end_item(self) except -1 nogil
    cdef int _tell(self, const char* name, const char* before, Slice text, const char* behind) except -1 nogil
    cdef int _tell_item(self, const char* name, bint done) except -1 nogil
    cdef int _add_item(self, bint done) except -1 nogil
    cdef int _add_reasoning(self, bint done) except -1 nogil
    cdef int _add(self, const char* text) except -1 nogil
    cdef int _event(self, const char* name) except -1 nogil
    cdef int _number(self, int64_t number) except -1 nogil
