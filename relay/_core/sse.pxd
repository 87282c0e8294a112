"""SseParser: bytes to frames by the WHATWG event-stream grammar."""

from relay._core.buffer cimport Buffer
from relay._core.types cimport Frame, FrameSink, Slice

cdef class SseParser:
    cdef Buffer _carry            # the frame that is not complete yet
    cdef Buffer _joined           # values of several data lines of one frame
    cdef Py_ssize_t _line         # bytes of the current line that were seen: the search for its end never looks back
    cdef bint _skip_lf            # a CR ended the last line: one LF that follows belongs to it
    cdef bint _saw_cr             # the frame has a CR in it
    cdef int _bom                 # bytes of a byte order mark seen at the very start; 3 when that is decided
    cdef Py_ssize_t _max_event
    cdef object _collector        # Python face only
    cdef object _fault            # Python face only: raised by the next call
    cdef bint _closed

    cdef int push(self, const char* ptr, Py_ssize_t size, FrameSink sink) except -1 nogil
    cdef int _push_frames(self, const char* ptr, const char* end, FrameSink sink) except -1 nogil
    cdef const char* _frame_end(self, const char* ptr, const char* end, const char** lf, const char** cr) noexcept nogil
    cdef const char* _after_bom(self, const char* ptr, const char* end, FrameSink sink) except? NULL nogil
    cdef int _keep(self, const char* ptr, Py_ssize_t size) except -1 nogil
    cdef int _dispatch(self, const char* ptr, Py_ssize_t size, FrameSink sink) except -1 nogil
    cdef int _fields(self, const char* ptr, Py_ssize_t size, FrameSink sink) except -1 nogil
    cdef int _data_line(self, Frame* frame, Slice value, int lines) except -1 nogil
    cdef int _remember(self, Slice id) except -1 nogil
