"""Document: whole JSON texts, redacted in place."""

from relay._core.buffer cimport Buffer
from relay._core.channel cimport Channel
from relay._core.json_channel cimport JsonChannel

cdef class Field:
    cdef readonly bint scanned    # a string here is a text
    cdef readonly bint json       # whatever is here is a JSON document of its own
    cdef readonly dict members    # key (bytes) -> Field
    cdef public Field others      # of members that are not named; None: they pass
    cdef readonly dict types      # value of member `type` (bytes) -> Field to use in place of this one

cdef class Document:
    cdef Channel _text
    cdef JsonChannel _json
    cdef object _before           # called with each text that may hold a literal; None: nobody asks
    cdef Buffer _out
    cdef const char* _copied      # input before this is in `_out`
    cdef const char* _end

    cdef const char* _value(self, const char* ptr, Field field, int depth) except NULL
    cdef const char* _array(self, const char* ptr, Field field, int depth) except NULL
    cdef const char* _object(self, const char* ptr, Field field, int depth) except NULL
    cdef Field _by_type(self, const char* ptr, Field field)
    cdef int _scan(self, Channel channel, const char* ptr, Py_ssize_t size) except -1
