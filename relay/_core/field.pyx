"""Field: what becomes of a JSON value, and of what lies in it. Trees of them are what a Document walks by."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from libc.stdlib cimport free, malloc
from libc.string cimport memchr

from relay._core.json cimport Scanner, string_text
from relay._core.types cimport Slice

cdef enum:
    MAX_DEPTH = 500


cdef bytes written_name(Slice written):
    """Give what a JSON string says, whichever way it is escaped: a key must not hide behind `\\u`."""
    if memchr(written.ptr, c"\\", <size_t>written.len) == NULL:
        return PyBytes_FromStringAndSize(written.ptr + 1, written.len - 2)
    return string_text(written).encode()


@cython.final
cdef class Field:
    """What becomes of a value.

    scanned   a string is a text; so are the strings of an array
    json      the value, whatever it is, is a document: every string in it is scanned, its keys are context
    members   of an object: key -> Field
    others    of an object, set afterwards since it may be the field itself: what counts for members that are not named;
              None: they pass
    types     of an object: value of its member `type` -> the Field that counts in place of this one
    when      of such a Field: a member, and what is called with its JSON, b"" of none; False: the object passes
    """

    def __cinit__(self, *, bint scanned=False, bint json=False, members=None, types=None, when=None):
        self.scanned = scanned
        self.json = json
        self.members = {key.encode(): field for key, field in (members or {}).items()}
        self.types = {name.encode(): field for name, field in (types or {}).items()}
        if when is not None:
            self._place, self._when = Scanner((when[0],), MAX_DEPTH), when[1]

    def __dealloc__(self):
        free(self._named)

    cdef bint counts(self, const char* ptr, const char* end) except -1:
        """Tell whether it counts for the object at `ptr`."""
        cdef Slice value
        if self._when is None:
            return True
        self._place.find_in_value(ptr, end, &value)
        return self._when(PyBytes_FromStringAndSize(value.ptr, value.len) if value.ptr != NULL else b"")

    cdef int _lay_out(self) except -1:
        """Make the members a table of C: from now on there are no others."""
        cdef bytes name
        self._named = <Named*>malloc(<size_t>(len(self.members) + 1) * sizeof(Named))
        if self._named == NULL:
            raise MemoryError()
        for name, field in self.members.items():
            self._named[self._count] = Named(PyBytes_AS_STRING(name), PyBytes_GET_SIZE(name), <PyObject*>field)
            self._count += 1
        return 0
