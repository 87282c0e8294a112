"""Custom phrases and patterns (spec/redaction.md 7): every match of one, the longest at each start.

They are matched on the text itself, so the view keeps the code points of all its characters; only what stands beside a
phrase is read in the view. Starts are sifted by what may stand at their first three characters. Then a phrase is
compared, a pattern runs its automaton; a pattern without one is left to RE2.

What could still become a match, or a longer one, waits: the rule reads the end for itself and leaves `touched` alone.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset

from relay._core.kinds cimport ALNUM, CJK, CUSTOM_CLASS, END_CHAR, KIND, LITERAL, START_CHAR, WORD
from relay._core.look cimport FREE, Offers, View, offer, pend

from array import array

cdef extern from "Python.h":
    bint Py_UNICODE_ISALNUM(Py_UCS4 code) nogil
    object PyUnicode_FromKindAndData(int kind, const void* buffer, Py_ssize_t size)
    int PyUnicode_4BYTE_KIND

cdef enum:
    MAX_LEN = 256                 # of a pattern's matches
    SPELLINGS = 4                 # no letter has more in any case
    UNDECIDED = -1
    # As in automaton.py.
    ENDS_PLAIN = 1
    ENDS_IN_WORD = 2
    GOES_ON = 4
    RING = 512                    # a power of two above MAX_LEN

cdef struct Trace:
    # The last run of an automaton, from place to place: a run that comes to the same state goes on in the same way.
    uint16_t states[RING]         # by place modulo RING
    Py_ssize_t end
    Py_ssize_t best               # end of the longest match that it met
    bint is_dead                  # it ended for another reason than its length


@cython.final
cdef class Customs:
    """Phrases and patterns, ready to be found.

    What reads them, RE2 above all, is loaded with the first: it takes four megabytes, and most processes see none.

    patterns   each has `source`, `literal`, `ignore_case` and `max_len`; RE2 took them all
    """

    def __cinit__(self, patterns):
        from relay._core.automaton import WORK

        self._kept = []
        self._programs = ()
        self._phrases = <Phrase*>PyMem_Calloc(<size_t>len(patterns) + 1, sizeof(Phrase))
        self._automata = <Automaton*>PyMem_Calloc(<size_t>len(patterns) + 1, sizeof(Automaton))
        if self._phrases == NULL or self._automata == NULL:
            raise MemoryError()
        # Phrases come first: what has a number must be known when it gets one.
        for pattern in sorted(patterns, key=lambda each: not each.literal):
            self._add(pattern, WORK // len(patterns))
        self._has_programs = bool(self._programs)

    def __dealloc__(self):
        PyMem_Free(self._phrases)
        PyMem_Free(self._automata)

    cdef int _add(self, object pattern, int work) except -1:
        """Take a pattern as what finds it fastest; `work` is what its automaton may cost."""
        import re2

        from relay._core.syntax import Unreadable

        if pattern.literal:
            return self._add_phrase(pattern)
        if not 1 <= pattern.max_len <= MAX_LEN:
            raise ValueError(f"max_len is {pattern.max_len}; it is from 1 to {<int>MAX_LEN}")
        try:
            return self._add_automaton(pattern, work)
        except Unreadable:
            options = re2.Options()
            options.longest_match = True
            options.never_capture = True
            program = re2.compile(("(?i)" if pattern.ignore_case else "") + pattern.source, options)
            self._programs += ((program, pattern.max_len),)
        return 0

    cdef int _add_phrase(self, object pattern) except -1:
        from relay._core.automaton import opening_of
        from relay._core.syntax import spellings

        cdef Phrase* phrase = &self._phrases[self._phrases_count]
        marks = spellings(pattern.source, pattern.ignore_case)
        codes = array("I")
        for mark in marks:
            spelled = sorted(mark)
            codes.extend(spelled + spelled[:1] * (SPELLINGS - len(spelled)))
        table = codes.tobytes()
        self._kept.append(table)
        phrase.codes = <const uint32_t*>PyBytes_AS_STRING(table)
        phrase.size = len(marks)
        self._open(self._phrases_count, opening_of(marks))
        self._phrases_count += 1
        return 0

    cdef int _add_automaton(self, object pattern, int work) except -1:
        from relay._core.automaton import Budget, automaton

        cdef Automaton* rules = &self._automata[self._automata_count]
        tables = automaton(pattern.source, pattern.ignore_case, pattern.max_len, Budget(work))
        self._kept.append(tables)
        rules.classes = <const uint8_t*>PyBytes_AS_STRING(tables.classes)
        rules.points = <const uint32_t*>PyBytes_AS_STRING(tables.points)
        rules.point_classes = <const uint8_t*>PyBytes_AS_STRING(tables.point_classes)
        rules.points_count = len(tables.point_classes)
        rules.next = <const uint16_t*>PyBytes_AS_STRING(tables.next)
        rules.ends = <const uint8_t*>PyBytes_AS_STRING(tables.ends)
        rules.starts[0], rules.starts[1] = tables.starts
        rules.plain, rules.count, rules.max_len = tables.plain, tables.count, pattern.max_len
        self._open(self._phrases_count + self._automata_count, tables.opening())
        self._automata_count += 1
        return 0

    cdef int _open(self, int number, list opening) except -1:
        """Note what may start with which characters."""
        cdef uint64_t bit = <uint64_t>1 << (number & 63)
        cdef const uint8_t* table
        cdef int at, code
        for at in range(OPENING):
            table = <const uint8_t*>PyBytes_AS_STRING(opening[at])
            for code in range(256):
                if table[code]:
                    self._opening[at][code] |= bit
        return 0

    cdef int find(self, View* view, Py_ssize_t begin, Offers* offers) except -1 nogil:
        """Offer each match that starts at `begin` or later, up to the first start that is undecided."""
        cdef Block block
        cdef Py_ssize_t place = begin
        cdef Py_ssize_t end
        cdef int number
        while place < view.end:
            end = place + BLOCK if place + BLOCK < view.end else view.end
            block.begin, block.end = place, end
            self._screen(view, &block)
            if block.any or self._has_programs:
                memset(block.sizes, 0, sizeof(block.sizes))
                for number in range(self._phrases_count):
                    if block.any >> (number & 63) & 1:
                        self._try_phrase(view, &block, number)
                for number in range(self._phrases_count, self._phrases_count + self._automata_count):
                    if block.any >> (number & 63) & 1:
                        self._try_automaton(view, &block, number)
                if self._has_programs:
                    with gil:
                        self._try_programs(view, &block)
                _offer_all(&block, offers)
            if block.end < end:
                pend(offers, block.end, block.end)
                return 0
            place = end
        return 0

    cdef void _screen(self, View* view, Block* block) noexcept nogil:
        """Note what may start where by its first characters; what is not there yet may be anything."""
        cdef const uint32_t* codes = view.codes
        cdef Py_ssize_t place = block.begin
        cdef Py_ssize_t whole = block.end if block.end < view.end - 2 else view.end - 2
        cdef uint64_t first = 0, two = 0, hits, any = 0
        cdef uint32_t opening
        if place < whole:
            first = self._opening[0][_opening_at(codes[place])]
            opening = _opening_at(codes[place + 1])
            two = first & self._opening[1][opening]
            first = self._opening[0][opening]
        while place < whole:  # without a branch: any letter begins something
            opening = _opening_at(codes[place + 2])
            hits = two & self._opening[2][opening]
            two = first & self._opening[1][opening]
            first = self._opening[0][opening]
            block.hits[place - block.begin] = hits
            any |= hits
            place += 1
        block.any = any
        while place < block.end:
            hits = self._opening[0][_opening_at(codes[place])]
            if place + 1 < view.end:
                hits &= self._opening[1][_opening_at(codes[place + 1])]
            block.hits[place - block.begin] = hits
            block.any |= hits
            place += 1

    cdef void _try_phrase(self, View* view, Block* block, int number) noexcept nogil:
        """Compare a phrase wherever it may start."""
        cdef uint64_t bit = <uint64_t>1 << (number & 63)
        cdef Py_ssize_t place
        for place in range(block.begin, block.end):
            if block.hits[place - block.begin] & bit:
                if not _note(block, place, _phrase_size(view, place, &self._phrases[number])):
                    return

    cdef void _try_automaton(self, View* view, Block* block, int number) noexcept nogil:
        """Run an automaton from wherever its pattern may start."""
        cdef Automaton* rules = &self._automata[number - self._phrases_count]
        cdef uint64_t bit = <uint64_t>1 << (number & 63)
        cdef Py_ssize_t place
        cdef Trace trace
        trace.end = trace.best = -1
        trace.is_dead = False
        for place in range(block.begin, block.end):
            if block.hits[place - block.begin] & bit:
                if not _note(block, place, _match_size(view, place, rules, &trace)):
                    return

    cdef int _try_programs(self, View* view, Block* block) except -1:
        """Ask RE2, which knows nothing of ends that are still open: what it could see of them waits."""
        cdef Py_ssize_t origin = block.begin - 1 if block.begin else 0
        cdef Py_ssize_t end = block.end + MAX_LEN + 1
        cdef Py_ssize_t max_len, place, stop
        text = _readable(view, origin, end if end < view.end else view.end)
        for program, max_len in self._programs:
            if not view.last and block.end > view.end - max_len:
                block.end = view.end - max_len if view.end - max_len > block.begin else block.begin
            place = block.begin
            while place < block.end:
                stop = _free_until(view, place, max_len)
                found = program.match(text, place - origin, stop - origin)
                if found is not None:
                    _note(block, place, found.end() - found.start())
                    place += 1
                    continue
                found = program.search(text, place + 1 - origin)
                if found is None:
                    break
                place = origin + found.start()
        return 0


cdef int _offer_all(const Block* block, Offers* offers) except -1 nogil:
    cdef Py_ssize_t place, size
    for place in range(block.begin, block.end):
        size = block.sizes[place - block.begin]
        if size:
            offer(offers, place, place, place + size, CUSTOM_CLASS, FREE)
    return 0


cdef bint _note(Block* block, Py_ssize_t place, Py_ssize_t size) noexcept nogil:
    """Note a match's size, or that it is undecided; tell whether it is decided."""
    if size == UNDECIDED:
        block.end = place
        return False
    if size > block.sizes[place - block.begin]:
        block.sizes[place - block.begin] = <uint16_t>size
    return True


cdef inline uint32_t _opening_at(uint32_t code) noexcept nogil:
    """Give the same as `opening_at` in automaton.py."""
    return code if code < 0x80 else <uint32_t>(0x80 | code & 0x7F)


cdef inline uint32_t _code(View* view, Py_ssize_t place) noexcept nogil:
    """Give a character of the text as RE2 reads it, which knows no surrogates."""
    cdef uint32_t code = view.codes[place]
    return 0xFFFD if 0xD800 <= code <= 0xDFFF else code


cdef Py_ssize_t _phrase_size(View* view, Py_ssize_t start, const Phrase* phrase) noexcept nogil:
    """Give the size of the phrase if it stands here for itself, else 0, or UNDECIDED."""
    cdef const uint32_t* spelled = phrase.codes
    cdef Py_ssize_t place = start
    cdef Py_ssize_t end = start + phrase.size
    cdef uint32_t code
    if _is_of_word(view, start - 1) and _is_of_word(view, start):
        return 0
    for place in range(start, end):
        if view.chars[place] >= END_CHAR:  # or a literal: nothing is above those
            return UNDECIDED if view.chars[place] == END_CHAR and not view.last else 0
        code = _code(view, place)
        if code != spelled[0] and code != spelled[1] and code != spelled[2] and code != spelled[3]:
            return 0
        spelled += SPELLINGS
    if not _is_of_word(view, end - 1):
        return phrase.size
    if view.chars[end] == END_CHAR and not view.last:
        return UNDECIDED
    return 0 if _is_of_word(view, end) else phrase.size


cdef bint _is_of_word(View* view, Py_ssize_t place) noexcept nogil:
    """Tell whether a character of the view makes a word longer: kana, Han and Hangul put no blanks between words."""
    cdef uint8_t character = view.chars[place]
    if character < 0x80 or KIND[character] & (LITERAL | CJK):
        return KIND[character] & (ALNUM | LITERAL) != 0
    return character != START_CHAR and character != END_CHAR and Py_UNICODE_ISALNUM(view.codes[place])


cdef Py_ssize_t _match_size(View* view, Py_ssize_t start, const Automaton* rules, Trace* trace) noexcept nogil:
    """Give the size of the longest match that starts here, 0 without one, or UNDECIDED."""
    cdef Py_ssize_t place = start
    cdef Py_ssize_t stop = start + rules.max_len
    cdef Py_ssize_t best = start
    cdef uint16_t state = rules.starts[_is_after_word(view, start)]
    cdef uint8_t ends, cls
    cdef bint is_dead = False
    while True:  # bound: max_len
        if place <= trace.end and trace.states[place & (RING - 1)] == state:
            if trace.best >= place:
                best = trace.best
            is_dead = trace.is_dead
            place = trace.end
            state = trace.states[place & (RING - 1)]
            if is_dead:
                break
        trace.states[place & (RING - 1)] = state
        ends = rules.ends[state]
        if view.chars[place] >= END_CHAR:  # or a literal: nothing is above those
            if view.chars[place] == END_CHAR and not view.last and _is_open(ends, place == stop):
                return UNDECIDED
            if ends & (ENDS_PLAIN if view.chars[place] == END_CHAR else ENDS_IN_WORD):
                best = place
            is_dead = view.last or view.chars[place] != END_CHAR
            break
        cls = _class(rules, _code(view, place))
        if ends & (ENDS_PLAIN if cls < rules.plain else ENDS_IN_WORD):
            best = place
        state = rules.next[<Py_ssize_t>state * rules.count + cls]
        is_dead = state == 0
        if is_dead or place == stop:
            break
        place += 1
    trace.end = place
    trace.best = best
    trace.is_dead = is_dead
    return best - start


cdef inline bint _is_open(uint8_t ends, bint is_full) noexcept nogil:
    """Tell whether the next character decides about a match; one that `is_full` has no room for it."""
    if ends & GOES_ON and not is_full:
        return True
    ends &= ENDS_PLAIN | ENDS_IN_WORD
    return ends == ENDS_PLAIN or ends == ENDS_IN_WORD


cdef inline bint _is_after_word(View* view, Py_ssize_t place) noexcept nogil:
    """Tell whether a word character, as RE2 has them, or a literal stands to the left."""
    cdef uint8_t character = view.chars[place - 1]
    cdef uint32_t code
    if character == START_CHAR or KIND[character] & LITERAL:
        return character != START_CHAR
    code = view.codes[place - 1]
    return code < 0x80 and KIND[code] & WORD != 0


cdef inline uint8_t _class(const Automaton* rules, uint32_t code) noexcept nogil:
    cdef Py_ssize_t low = 0
    cdef Py_ssize_t high = rules.points_count
    cdef Py_ssize_t middle
    if code < 0x80:
        return rules.classes[code]
    while high - low > 1:
        middle = (low + high) // 2
        if rules.points[middle] <= code:
            low = middle
        else:
            high = middle
    return rules.point_classes[low]


cdef Py_ssize_t _free_until(View* view, Py_ssize_t place, Py_ssize_t most) noexcept nogil:
    """Give the next literal or the end, at most `most` characters further."""
    cdef Py_ssize_t stop = place + most
    while place < stop and view.chars[place] < END_CHAR:
        place += 1
    return place


cdef str _readable(View* view, Py_ssize_t begin, Py_ssize_t end):
    """Give a part of the text as RE2 reads it: a literal counts as a word."""
    cdef uint32_t* codes = <uint32_t*>PyMem_Malloc(<size_t>(end - begin) * sizeof(uint32_t))
    cdef Py_ssize_t place
    if codes == NULL:
        raise MemoryError()
    try:
        for place in range(begin, end):
            codes[place - begin] = c"0" if KIND[view.chars[place]] & LITERAL else _code(view, place)
        return PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, codes, end - begin)
    finally:
        PyMem_Free(codes)
