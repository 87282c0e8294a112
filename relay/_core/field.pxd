"""Field: what becomes of a JSON value."""

cimport cython
from cpython.object cimport PyObject
from libc.string cimport memchr, memcmp

from relay._core.json cimport Scanner
from relay._core.types cimport Slice

cdef struct Named:
    const char* ptr               # key; borrowed from `members`
    Py_ssize_t len
    PyObject* field               # the same

cdef bytes written_name(Slice written)


@cython.final
cdef class Field:
    cdef readonly bint scanned    # a string here is a text
    cdef readonly bint json       # whatever is here is a JSON document of its own
    cdef readonly dict members    # key (bytes) -> Field
    cdef public Field others      # of members that are not named; None: they pass
    cdef readonly dict types      # value of member `type` (bytes) -> Field to use in place of this one
    cdef object _when             # called with the JSON of one member; None: it counts for every object
    cdef Scanner _place           # of that member
    cdef Named* _named            # owned; the members laid out, NULL until one is looked for
    cdef Py_ssize_t _count        # of them

    cdef bint counts(self, const char* ptr, const char* end) except -1
    cdef int _lay_out(self) except -1

    cdef inline int member(self, Slice key, PyObject** field) except -1:
        """Give what counts for the member of this key, a string as it is written; NULL: it passes."""
        cdef Py_ssize_t size = key.len - 2
        cdef Named* each
        field[0] = <PyObject*>self.others if self.others is not None else NULL
        if memchr(key.ptr, c"\\", <size_t>key.len) != NULL:
            other = self.members.get(written_name(key))
            if other is not None:
                field[0] = <PyObject*>other
            return 0
        if self._named == NULL:
            self._lay_out()
        for at in range(self._count):  # few, and compared faster than made and hashed
            each = &self._named[at]
            if each.len == size and memcmp(each.ptr, key.ptr + 1, <size_t>size) == 0:
                field[0] = each.field
                return 0
        return 0
