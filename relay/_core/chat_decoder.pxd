"""ChatDecoder: chunks of a Chat Completions stream to events."""

from relay._core.buffer cimport Buffer
from relay._core.tool_calls cimport ToolCalls
from relay._core.translator cimport Block, Translator
from relay._core.types cimport Frame, Slice

cdef enum:
    MAX_BEFORE = 768              # longest beginning of a chunk that is remembered, and longest end
    MAX_BEHIND = 512

cdef class ChatDecoder(Translator):
    # How the last plain chunk lay around its one string; what comes next mostly differs in that alone.
    cdef Py_ssize_t _before_len   # 0: none is known
    cdef Py_ssize_t _behind_len
    cdef Py_ssize_t _max_event
    cdef char[MAX_BEFORE] _before
    cdef char[MAX_BEHIND] _behind
    cdef ToolCalls _calls
    cdef Buffer _scratch          # arguments that came as an object
    cdef bytes _reason            # the last finish reason, inside of a JSON string
    cdef bytes _sequence          # the stop sequence that was met, a JSON string
    cdef bint _refused
    cdef int _said                # deltas that the present chunk gave
    cdef Slice _text              # of the last of them, where it lies in the chunk; no `ptr`: not as it is

    cdef int on_end(self) except -1 nogil
    cdef int _learn(self, Frame* frame) noexcept nogil
    cdef int _error(self, Slice* slots) except -1
    cdef int _choices(self, Slice choices, Slice* chunk) except -1 nogil
    cdef int _choice(self, Slice* slots, Slice* chunk) except -1 nogil
    cdef int _delta_of(self, Slice* slots) except -1 nogil
    cdef int _reasoning(self, Slice* slots) except -1 nogil
    cdef int _details(self, Slice items, bint with_text) except -1 nogil
    cdef int _content(self, Slice content) except -1 nogil
    cdef int _part(self, Slice part) except -1 nogil
    cdef int _speak(self, Block block, Slice text) except -1 nogil
    cdef int _tools(self, Slice calls) except -1
    cdef int _tool(self, Slice* slots) except -1
    cdef Slice _arguments(self, Slice value) except *
    cdef int _finished(self, Slice* slots) except -1
    cdef int _usage(self, Slice usage) except -1 nogil
    cdef int _close(self) except -1
    cdef const char* _stop_reason(self) except NULL
