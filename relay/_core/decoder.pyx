"""What decoders of all dialects have in common: the state of one answer, which pipeline and report read."""


cdef class Decoder(FrameSink):
    """Frames of one answer to events."""

    cdef int on_end(self) except -1 nogil:
        """End the answer: complete once its stop reason came, truncated before."""
        return 0

    cdef int settle(self) except -1:
        """Tell the meter what is known and was not told yet, for the answer may have broken off."""
        return 0
