"""fault: the calls inside the redactor, counted; one of them fails."""

cdef int fail_if_due(const char* name) except -1 nogil
