"""FrameSink and Stage: what a parser pushes frames into, and what a decoder pushes events into."""


cdef class FrameSink:
    """Takes frames; the slices live until `on_frame` returns."""

    cdef const char* take(self, const char* ptr, const char* end) except NULL nogil:
        """Take whole frames that the sink knows by itself, from the start of one; give where it stopped."""
        return ptr

    cdef int on_frame(self, Frame* frame) except -1 nogil:
        return 0


cdef class Stage:
    """One link of a chain: handles an event, then hands it to `next`."""

    cdef int on_event(self, Event* event) except -1 nogil:
        return self.next.on_event(event)

    cdef int on_end(self) except -1 nogil:
        return self.next.on_end()
