"""Narrator: the hub's events as what they say, for encoders whose dialect is not the hub's."""

from libc.stdint cimport int64_t

from relay._core.buffer cimport Buffer
from relay._core.encoder cimport Encoder
from relay._core.types cimport Event, Slice

cdef enum Part:                   # what the open block holds
    NO_PART                       # none is open, or one that such dialects have no word for: a tool that ran elsewhere
    TEXT_PART, THINKING_PART, REDACTED_PART, TOOL_PART

cdef enum Ending:                 # why the answer ended
    ENDED, AT_LENGTH, FOR_TOOLS, REFUSED

cdef struct Spent:                # tokens, as such dialects count them; -1: nobody told
    int64_t prompt                # with what the cache gave and took
    int64_t cached
    int64_t written
    int64_t completion
    int64_t reasoning

cdef class Narrator(Encoder):
    cdef object names             # a tool's name in the hub -> the client's, bytes by bytes; empty: they are the same
    cdef Part part
    cdef Ending ending
    cdef Buffer id                # of the open tool call, and its name: insides of JSON strings
    cdef Buffer tool
    cdef Buffer signature         # of the open thinking, or all that a redacted block holds: inside of a JSON string
    cdef Buffer _input            # what the call's start had as its input, JSON; empty: an empty object
    cdef bint _argued             # arguments of the open call came
    cdef bytes fields             # members that relay adds to usage; empty: none

    cdef int begin(self) except -1
    cdef int open(self) except -1 nogil
    cdef int more(self, Slice text) except -1 nogil
    cdef int close(self) except -1 nogil
    cdef int finish(self) except -1

    cdef int _on_start(self, Event* event) except -1 nogil
    cdef int _on_delta(self, Event* event) except -1 nogil
    cdef int _on_stop(self) except -1 nogil
    cdef int _begin_tool(self, Slice* found) except -1 nogil
    cdef int _rename(self) except -1
    cdef int _argue(self) except -1
    cdef int put(self, bytes text) except -1
    cdef int say(self, const char* text) except -1 nogil
    cdef Spent spent(self) except *
