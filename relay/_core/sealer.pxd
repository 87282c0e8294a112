"""Sealer: an answer whose thinking is signed in relay's own name."""

from relay._core.types cimport Event, Stage

cdef class Sealer(Stage):
    cdef object _seal             # the inside of a signature's JSON string -> what goes in its place
    cdef bytes _sealed            # what the present event got

    cdef int _on_signature(self, Event* event) except -1
    cdef int _on_start(self, Event* event) except -1
