"""Scanner: spans of known paths in one JSON text."""

from relay._core.types cimport Slice

cdef struct Edge:                 # one key under a node
    const char* key               # borrowed from Scanner._keys
    Py_ssize_t len
    int node

cdef struct Node:                 # one object on the way to a path; its edges are [first, first + count)
    int first
    int count
    int slot                      # index of the path that ends here, -1: none

cdef struct Walk:                 # state of one scan
    const char* end
    const char* bad               # first byte that is not JSON; NULL so far
    int depth                     # levels left
    Edge* edges
    Node* nodes
    Slice* slots

cdef class Scanner:
    cdef Edge* _edges             # owned
    cdef Node* _nodes             # owned
    cdef list _keys               # keeps the bytes of the keys alive
    cdef readonly int size        # number of paths
    cdef int _max_depth

    cdef int scan_into(self, Slice text, Slice* slots) except -1 nogil
    cdef Py_ssize_t find(self, Slice text, Slice* slots) noexcept nogil
    cdef const char* find_in_value(self, const char* ptr, const char* end, Slice* slots) noexcept nogil
    cdef void _begin(self, Walk* walk, const char* end, Slice* slots) noexcept nogil
    cdef _compile(self, list tree)

cdef const char* string_end(const char* ptr, const char* end) noexcept nogil
cdef const char* value_end(const char* ptr, const char* end, int depth) noexcept nogil
cdef str string_text(Slice value)
