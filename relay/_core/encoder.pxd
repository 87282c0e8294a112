"""Encoder: the hub's events to the bytes that a client of one dialect gets; the last stage of a pipeline."""

from cpython.object cimport PyObject

from relay._core.output cimport Output
from relay._core.types cimport Stage

cdef class Encoder(Stage):
    cdef PyObject* meter          # borrowed, the pipeline owns both: the meter leads here, and a cycle would be garbage
    cdef Output output            # of the present read
    cdef object input_tokens      # gives an estimate, for a provider that tells none; None: there is none
    cdef object usage_fields      # usage dict -> bytes to add to it; None: add nothing
    cdef object metadata          # usage dict -> JSON of openrouter_metadata; None: nobody asks for it
    cdef bytes context_management  # JSON of the member that says what was left out of the prompt; None: there is none
    cdef bint is_translated       # the provider's numbers come at the end alone: they have to be whole there

    cdef int name(self, id, model, provider) except -1
