"""ConverseDecoder: events of a ConverseStream to the hub's."""

from relay._core.tool_calls cimport ToolCalls
from relay._core.translator cimport Block, Translator
from relay._core.types cimport Frame, Slice

cdef class ConverseDecoder(Translator):
    cdef ToolCalls _calls
    cdef int _index               # of the last block that is no tool call, as the provider numbers it; -1: none
    cdef bytes _reason            # why the answer ends, inside of a JSON string
    cdef bytes _sequence          # the stop sequence that was met, a JSON string; None: not told

    cdef int _take(self, Slice name, Slice* slots) except -1
    cdef int _delta_of(self, int index, Slice* slots) except -1
    cdef int _speak(self, Block block, int index, Slice text) except -1
    cdef int _turn_to(self, Block block, int index) except -1
    cdef int _tool(self, int index, Slice* slots) except -1
    cdef int _ended(self, int index) except -1
    cdef int _stopped(self, Slice* slots) except -1
    cdef int _usage(self, Slice* slots) except -1
    cdef int _writes(self, Slice writes) except -1
    cdef int _close(self) except -1
