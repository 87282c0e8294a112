"""GeminiDecoder: responses of a Gemini stream to events."""

from libc.stdint cimport int64_t

from relay._core.buffer cimport Buffer
from relay._core.tool_calls cimport ToolCalls
from relay._core.translator cimport Block, Translator
from relay._core.types cimport Slice

cdef struct Counts:               # of tokens, as told last; -1: never told
    int64_t prompt
    int64_t tools                 # of results of tools that the provider ran: beside the prompt
    int64_t cached                # of the prompt
    int64_t candidates
    int64_t thoughts
    int64_t total

cdef class GeminiDecoder(Translator):
    cdef ToolCalls _calls
    cdef bint _is_single          # calls after the first are dropped
    cdef Counts _counts
    cdef Buffer _scratch          # arguments of a call
    cdef bytes _reason            # the finish reason, inside of a JSON string

    cdef int on_end(self) except -1 nogil
    cdef int _candidates(self, Slice* response) except -1 nogil
    cdef int _parts(self, Slice parts) except -1 nogil
    cdef int _part(self, Slice* slots) except -1 nogil
    cdef int _speak(self, Block block, Slice text) except -1 nogil
    cdef int _call(self, Slice* slots) except -1
    cdef int _carry(self, Slice signature) except -1
    cdef int _finished(self, Slice reason) except -1
    cdef int _blocked(self, Slice reason) except -1
    cdef int _usage(self, Slice usage) noexcept nogil
    cdef const char* _stop_reason(self) except NULL
