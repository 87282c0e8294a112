"""ToolCalls: which call each fragment of a stream belongs to, and what of it can be sent."""

from relay._core.buffer cimport Buffer
from relay._core.translator cimport Block, Translator
from relay._core.types cimport Slice

cdef struct Shape:                # how far a JSON text has come whose pieces are insides of JSON strings
    int depth
    bint in_string
    bint escaped                  # its last character was the backslash of an escape
    bint complete                 # one whole value came

cdef struct Fragment:             # insides of JSON strings; empty: absent
    int index                     # -1: absent
    Slice id
    Slice name
    Slice arguments

cdef class ToolCall:
    cdef int index                # as the provider numbers it; -1: it does not
    cdef Buffer id
    cdef Buffer name              # empty: it has not come
    cdef Buffer held              # arguments that wait for the call's turn
    cdef Shape shape              # of its arguments
    cdef bint begun               # its block was opened
    cdef bint ended               # its block was closed, or never will be opened

cdef class ToolCalls:
    cdef Translator _out
    cdef list _calls              # in the order in which they came
    cdef ToolCall open            # whose block is open; None: no call's
    cdef ToolCall _current        # whose fragment came last
    cdef Py_ssize_t _held         # bytes that wait, of all calls
    cdef Py_ssize_t _most         # of them
    cdef bint _is_single          # calls after the first are dropped
    cdef dict _names              # alias -> name, both bytes
    cdef bytes _seed              # what ids are minted from
    cdef Buffer _late_thinking    # text that came within a call: it waits for the end of the answer
    cdef Buffer _late_text
    cdef bint went_on             # the last fragment went to the open block, and changed nothing else

    cdef int take(self, Fragment* fragment) except -1
    cdef int follow(self, Slice text) noexcept nogil
    cdef bint knows(self, Slice id)
    cdef bint waits(self) noexcept
    cdef void leave(self) noexcept
    cdef bint delays(self, Block block, Slice text) except -1
    cdef int settle(self, int index) except -1
    cdef int flush(self) except -1
    cdef ToolCall _of(self, Fragment* fragment)
    cdef ToolCall _namesake(self, ToolCall call, Fragment* fragment)
    cdef ToolCall _unidentified(self, Fragment* fragment)
    cdef bint _is_over(self, ToolCall call, Fragment* fragment)
    cdef ToolCall _by_id(self, Slice id)
    cdef ToolCall _by_index(self, int index)
    cdef ToolCall _new(self)
    cdef int _give(self, ToolCall call, Slice arguments) except -1
    cdef int _advance(self) except -1
    cdef int _begin(self, ToolCall call) except -1
    cdef ToolCall _next(self)
    cdef bytes _id(self, ToolCall call)

cdef void follow(Shape* shape, Slice text) noexcept nogil
cdef Slice quoted(Slice value, Buffer scratch) except *
