"""ChatEncoder: events to chunks of a Chat Completions stream."""

from relay._core.buffer cimport Buffer
from relay._core.narrator cimport Narrator

cdef class ChatEncoder(Narrator):
    cdef Buffer _head             # what every chunk begins with, to its choices
    cdef bint _tells_usage        # the client asked for it
    cdef int _calls               # tool calls that began
    cdef int _thoughts            # blocks of thinking of which something was told
    cdef bint _told               # the open one is among them
    cdef bint _signed             # the part before was such a one, and signed
    cdef bint _redacted           # it was redacted

    cdef int _begin_delta(self) except -1 nogil
    cdef int _number(self, int number) except -1 nogil
    cdef int _think(self) except -1 nogil
    cdef int _begin_detail(self) except -1 nogil
    cdef bytes _reason(self)
    cdef int _put_usage(self) except -1
