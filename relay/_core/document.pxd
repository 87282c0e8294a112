"""Document: whole JSON texts, redacted in place."""

from cpython.object cimport PyObject

from relay._core.builder cimport Builder
from relay._core.channel cimport Channel
from relay._core.field cimport Field
from relay._core.json_channel cimport JsonChannel
from relay._core.ruleset cimport Ruleset
from relay._core.types cimport Slice

cdef enum Walking:
    VALUE                         # a value comes
    FIRST_ITEM                    # one, or the end of the array
    FIRST_KEY                     # a key, or the end of the object
    KEY
    AFTER                         # a comma or an end comes
    ENDED

cdef struct Level:
    PyObject* field               # what counts inside; borrowed from the tree
    bint is_object

cdef class Document:
    cdef Ruleset _rules
    cdef object _replace
    cdef Channel _text            # None until it is needed
    cdef JsonChannel _json        # the same
    cdef object _literals         # as a Channel's
    cdef object _restorer         # called with each that may hold a placeholder; None: nobody asks
    cdef Builder _out             # what has become of it so far; empty: nothing was replaced

    # Of the text that is walked through.
    cdef bytes _data              # keeps it alive; None: whoever gave it does
    cdef Field _root              # keeps the tree alive
    cdef const char* _start
    cdef const char* _end
    cdef const char* _ptr         # where the walk is
    cdef const char* _copied      # input before this is in `_out`
    cdef Walking _state
    cdef PyObject* _field         # of the value that comes, borrowed from the tree; NULL: it passes
    cdef Level* _levels           # owned; `_depth` are open
    cdef int _depth
    cdef int _room

    cdef Channel _open            # of the string or value that is being redacted; None: none is
    cdef const char* _text_start
    cdef const char* _text_end
    cdef const char* _behind      # where the walk goes on

    cdef Channel lend_text(self)
    cdef void take_back(self, Channel text) noexcept
    cdef JsonChannel new_input(self)
    cdef Channel _new_text(self)
    cdef bytes redacted(self, Slice data, Field field)
    cdef void _start_at(self, const char* start, const char* end, Field field) noexcept
    cdef bint _walk(self, Py_ssize_t most) except -1
    cdef bytes _taken(self)
    cdef int _value(self) except -1
    cdef int _enter(self, bint is_object, PyObject* field) except -1
    cdef int _inside(self) except -1
    cdef int _members(self, const char* ptr) except -1
    cdef int _after(self) except -1
    cdef int _leave(self) except -1
    cdef PyObject* _by_type(self, const char* ptr, PyObject* field) except NULL
    cdef int _begin(self, Channel channel, const char* ptr, const char* end, const char* behind) except -1
    cdef int _begin_text(self, const char* ptr) except -1
    cdef int _go_on(self, const char* until) except -1
    cdef int _restore(self, Channel channel) except -1
