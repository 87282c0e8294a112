"""ResponsesDecoder: events of a Responses stream to events."""

from libc.stdint cimport int64_t

from relay._core.tool_calls cimport ToolCalls
from relay._core.translator cimport Block, Translator
from relay._core.types cimport Slice

cdef class ResponsesDecoder(Translator):
    cdef ToolCalls _calls
    cdef set _spoken              # indices of items that said something
    cdef set _over                # indices of items that are done
    cdef int64_t _item            # whose text the open block holds
    cdef int64_t _part            # of that item
    cdef int64_t _thinker         # the item that thought last
    cdef int _thought             # how: one item's thinking may come in two ways, and counts once
    cdef str _reason              # why the answer is incomplete; None: it is not, or nobody says
    cdef bint _refused

    cdef int on_end(self) except -1 nogil
    cdef int _take(self, int kind, Slice* slots) except -1
    cdef int _speak(self, Block block, Slice text, int64_t item, int64_t part) except -1
    cdef int _think(self, int kind, Slice* slots) except -1
    cdef int _fragment(self, int64_t index, Slice id, Slice name, Slice arguments) except -1
    cdef int _added(self, int64_t index, Slice item) except -1
    cdef int _done(self, int64_t index, Slice item) except -1
    cdef int _done_call(self, int64_t index, Slice* slots) except -1
    cdef int _done_message(self, int64_t index, Slice content) except -1
    cdef int _done_reasoning(self, int64_t index, Slice* slots) except -1
    cdef int _texts(self, int64_t index, Slice parts) except -1
    cdef int _cite_all(self, Slice annotations) except -1
    cdef int _cite(self, Slice annotation) except -1
    cdef int _identify(self, Slice response) except -1
    cdef int _ended(self, int kind, Slice response) except -1
    cdef int _usage(self, Slice usage) except -1
    cdef int _error(self, Slice* slots) except -1
    cdef const char* _stop_reason(self) except NULL
