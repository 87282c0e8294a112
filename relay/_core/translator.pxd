"""Translator: what decoders of other dialects share: hub events made from facts, in the order that SDKs can bear."""

from libc.stdint cimport int64_t

from relay._core.buffer cimport Buffer
from relay._core.decoder cimport Decoder
from relay._core.meter cimport Meter
from relay._core.types cimport Event, Form, Frame, Kind, Slice

cdef enum Block:                  # what the open block is
    NO_BLOCK, TEXT_BLOCK, THINKING_BLOCK, TOOL_BLOCK

cdef struct Tally:                # usage whose prompt includes what the cache gave and took; -1: never told
    int64_t prompt
    int64_t cached
    int64_t written
    int64_t hourly                # of `written`, what is kept for an hour
    int64_t completion
    int64_t reasoning
    int64_t total

cdef class Translator(Decoder):
    cdef Meter _meter             # first of the chain; it also hears of usage that no event carries
    cdef Block block
    cdef int tools                # tool blocks so far
    cdef Tally tally
    cdef bint _is_told            # the meter has the tally
    cdef Buffer _delta            # a delta of the open block: its head, then what the present one says
    cdef Py_ssize_t _head         # bytes of that head
    cdef Buffer _event            # any other event, as a frame
    cdef Py_ssize_t _name         # bytes of its name
    cdef Buffer signature         # of the open thinking block, inside of a JSON string; empty: none was told
    cdef bytes _id                # of the answer, JSON strings; None: not told yet
    cdef bytes _model

    cdef int identify(self, Slice id, Slice model) except -1
    cdef int admit(self, Frame* frame, Slice data) except -1 nogil
    cdef int _repair(self, Frame* frame) except -1
    cdef int fail(self, Slice kind, Slice code, Slice said) except -1
    cdef int begin(self) except -1
    cdef int say(self, Block block, Slice text) except -1 nogil
    cdef int more(self, Slice text, bint plain) except -1 nogil
    cdef int begin_tool(self, Slice id, Slice name) except -1 nogil
    cdef int open_block(self, Block block) except -1 nogil
    cdef int redacted(self, Slice data) except -1 nogil
    cdef int end_block(self) except -1 nogil
    cdef int finish(self, const char* reason, Slice sequence) except -1
    cdef int _begin_block(self, Block block) except -1 nogil
    cdef int _stop_block(self) except -1 nogil
    cdef int _open_delta(self, const char* kind) except -1 nogil
    cdef int _frame(self, const char* name) except -1 nogil
    cdef int _put(self, const char* text) except -1 nogil
    cdef int _put_number(self, int64_t number) except -1 nogil
    cdef int _made(self, Kind kind, Event* event) except -1 nogil
    cdef int _sign(self) except -1 nogil
    cdef Py_ssize_t _put_usage(self) except -1 nogil
    cdef int _put_count(self, const char* key, int64_t number) except -1 nogil
