"""What all encoders have; each writes events in the words of one client dialect."""

from relay._core.output cimport Output


cdef class Encoder(Stage):
    """The last stage."""

    def __cinit__(self, *_):
        self.output = Output()

    cdef int name(self, id, model, provider) except -1:
        """Set what the answer is to be called; None leaves what came."""
        return 0

    cdef int on_end(self) except -1 nogil:
        return 0
