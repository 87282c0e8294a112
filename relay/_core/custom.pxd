"""Customs: the phrases and patterns of a request, looked for in the text. Immutable, shared between streams."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from relay._core.look cimport Offers, View

cdef enum:
    BLOCK = 512                   # starts that are looked at together
    OPENING = 3                   # as in automaton.py

cdef struct Phrase:
    const uint32_t* codes         # SPELLINGS for each of its characters
    Py_ssize_t size

cdef struct Automaton:            # relay/_core/automaton.py says what its tables are
    const uint8_t* classes
    const uint32_t* points
    const uint8_t* point_classes
    Py_ssize_t points_count
    const uint16_t* next
    const uint8_t* ends
    uint16_t starts[2]
    uint8_t plain
    uint8_t count
    uint16_t max_len

cdef struct Block:
    Py_ssize_t begin
    Py_ssize_t end                # starts from here on are undecided, or in the next block
    uint64_t any
    uint64_t hits[BLOCK]          # 1 << number of what may start there, modulo 64
    uint16_t sizes[BLOCK]         # of the longest match that starts there; 0: none

cdef class Customs:
    cdef Phrase* _phrases         # owned, as are the automata; their tables lie in `_kept`
    cdef Automaton* _automata
    cdef int _phrases_count
    cdef int _automata_count
    cdef uint64_t _opening[OPENING][256]
    cdef tuple _programs          # (program of RE2, max_len) of each pattern that has no automaton
    cdef bint _has_programs
    cdef list _kept

    cdef int find(self, View* view, Py_ssize_t begin, Offers* offers) except -1 nogil

    cdef int _add(self, object pattern, int work) except -1
    cdef int _add_phrase(self, object pattern) except -1
    cdef int _add_automaton(self, object pattern, int work) except -1
    cdef int _open(self, int number, list opening) except -1
    cdef void _screen(self, View* view, Block* block) noexcept nogil
    cdef void _try_phrase(self, View* view, Block* block, int number) noexcept nogil
    cdef void _try_automaton(self, View* view, Block* block, int number) noexcept nogil
    cdef int _try_programs(self, View* view, Block* block) except -1
