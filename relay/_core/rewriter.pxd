"""Rewriter: the events of one answer, redacted."""

from relay._core.buffer cimport Buffer
from relay._core.channel cimport Channel
from relay._core.document cimport Document
from relay._core.field cimport Field
from relay._core.json cimport Scanner
from relay._core.json_channel cimport JsonChannel
from relay._core.types cimport Event, Form, Kind, Stage

cdef class Rewriter(Stage):
    cdef Channel _text            # lent by the document; None: the call is over
    cdef JsonChannel _input       # None until it is needed
    cdef Document _document
    cdef Field _start             # of a message_start, a message_delta, a content_block_start, a delta that comes whole
    cdef Field _end
    cdef Field _block
    cdef Field _delta
    cdef bint _is_strict
    cdef object _restorer         # gives who puts originals back into text (False) or tool input (True); None: nobody
    cdef object _began            # called with each content_block_start; None: nobody asks
    cdef bint _is_thinking        # the open block's text is thinking
    cdef bint _is_changed         # something in the open block's text was replaced
    cdef object _restore_text     # of the open block
    cdef object _restore_input
    cdef bint _text_waits         # the restorer holds the beginning of a placeholder
    cdef bint _input_waits
    cdef Buffer _unseen           # text that the restorer has still to follow; None where nobody puts any back
    cdef Buffer _scratch          # the frame that is written anew
    cdef int _open                # index of the block that the client saw begin and not end, -1: none
    cdef bint failed              # nothing of what is held may leave any more
    cdef readonly Py_ssize_t longest_hold     # characters
    cdef readonly Py_ssize_t skipped          # events and deltas of an unknown type

    cdef int flush(self, int index) except -1
    cdef int close(self) except -1
    cdef int _on_delta(self, Event* event, Channel channel) except -1 nogil
    cdef int _on_unknown(self) except -1 nogil
    cdef int _end_thinking(self, Event* event) except -1
    cdef int _on_start(self, Event* event) except -1
    cdef int _on_whole(self, Event* event, Field field) except -1
    cdef int _on_edited(self, Event* event, Field field, Scanner places) except -1
    cdef int _put(self, Event* event, bytes data) except -1
    cdef int _give(self, int index, const char* before, Channel channel) except -1
    cdef int _restore_from(self, Channel channel) except -1 nogil
    cdef int _restore(self, Channel channel, bint last) except -1
    cdef int _send(self, Kind kind, int index, bytes name, bytes data, Form form, Py_ssize_t text) except -1
