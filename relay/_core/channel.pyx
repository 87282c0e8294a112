"""One channel's text in, its redaction out, in pieces cut anywhere (spec/redaction.md 9).

What `feed` gives is never taken back: text leaves once no rule could still begin or change a match in it. A match whose
run goes on is replaced as soon as it is certain, and the rest of the run is dropped as it comes.
"""

from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint32_t
from libc.string cimport memchr

from relay._core.buffer cimport Buffer
from relay._core.codes cimport WIDEST, Codes, CodeSink, from_utf8, to_utf8
from relay._core.left cimport Mark
from relay._core.literals cimport mask
from relay._core.matcher cimport LONGEST_RUN, Matcher
from relay._core.replacer cimport Replacer
from relay._core.ruleset cimport Ruleset
from relay._core.text cimport skip_ascii
from relay._core.window cimport SHORT, Window

from json import loads as _loads

from relay._core.ruleset import CLASS_NAMES

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object text)
    void* PyUnicode_DATA(object text)
    int PyUnicode_KIND(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)

cdef enum:
    SLICE = 4096                  # characters that are looked at together: bounds the memory of a large piece
    LONGEST_VALUE = 16384         # bytes of a value that are kept aside


cdef inline bint _passes_on(Channel channel, Window window, const char* ptr, Py_ssize_t size) except -1 nogil:
    """Let a piece pass in which no rule is called; False: it is none, or there is more to do than that."""
    if channel._swallow or channel._is_document or not channel._codes.is_whole():
        return False
    if channel._literals is not None and window.literal >= window.released:
        return False
    return channel.matcher.pass_on(window, ptr, size, channel.out)


cdef class Channel(CodeSink):
    """One logical text.

    rules     what is looked for
    replace   called with (class number, value, is_key) for each match; gives what stands in its place, None: the value.
              A value over 16 KiB is None; `is_key`: it stands in a key of an object. A Replacer is called only for what
              it has not settled. None: `[EMAIL]` and its like
    escaped   its pieces are the inside of a JSON string
    spans     note where the matches are
    literals  called with each stretch of text that holds placeholder literals, when it leaves: after what stands before
              it was replaced, and before anything behind it is
    """

    def __cinit__(self, Ruleset rules not None, replace=None, *, bint escaped=False, bint spans=False, literals=None):
        self.matcher = Matcher(rules)
        self.out = Buffer()
        self._codes = Codes()
        self._aside = Buffer()
        self.serve(replace, literals)
        self.is_escaped = escaped
        self.layers = escaped
        self.spans = [] if spans else None

    def feed(self, str text not None) -> str:
        """Give what this piece lets out."""
        self._take_in(text)
        return self._taken()

    def flush(self) -> str:
        """Give the rest: the text has ended."""
        self.finish()
        return self._taken()

    def found(self) -> list[tuple[int, int, str]]:
        """Give the matches so far, as start and end in code points and class, if they were wanted."""
        return [(start, end, CLASS_NAMES[cls]) for start, end, cls in self.spans]

    def held(self) -> int:
        """Give how many characters wait."""
        return self.matcher.window.len - self.matcher.window.released

    cdef void serve(self, replace, literals) noexcept:
        """Ask these from now on; arguments as for the constructor."""
        self._replace = replace
        self._settled = replace if isinstance(replace, Replacer) else None
        self._literals = literals

    cdef void forget(self) noexcept:
        """Let go of whom it served, and wipe what it held; `serve` and `begin` come next."""
        self.serve(None, None)
        self.out.wipe()
        self._aside.wipe()
        self.matcher.window.wipe()

    cdef str _taken(self):
        """Give what was let out, and forget it."""
        cdef Buffer out = self.out
        text = from_utf8(out.ptr, out.len)
        out.clear()
        return text

    cdef int _take_in(self, str text) except -1:
        """Take text a part at a time, so that no copy of a large one is needed in UTF-8."""
        cdef char[SLICE * WIDEST] part
        cdef Py_ssize_t size = PyUnicode_GET_LENGTH(text)
        cdef Py_ssize_t at = 0
        cdef int taken
        self.out.reserve(size)
        if PyUnicode_IS_COMPACT_ASCII(text):
            return self.take(<const char*>PyUnicode_DATA(text), size)
        while at < size:
            taken = <int>min(size - at, <Py_ssize_t>SLICE)
            self._take_part(part, to_utf8(PyUnicode_KIND(text), PyUnicode_DATA(text), at, taken, part), size)
            at += taken
        return self._shrink()

    cdef int _take_part(self, const char* ptr, Py_ssize_t size, Py_ssize_t all) except -1:
        """Take a part of a string of `all` characters: it is UTF-8, and no character is cut."""
        if all <= SHORT or self.is_escaped or not self._codes.is_whole():
            return self.take(ptr, size)
        self.text(ptr, size)
        return self.pump(False)

    cdef int begin(self) except -1 nogil:
        """Start another text; what the last one left is forgotten."""
        self._codes.begin()
        self.out.clear()
        self._aside.clear()
        self._swallow = 0
        self._passes = self.changed = self.is_plain = False
        return self.matcher.begin(NULL, 0)

    cdef int take(self, const char* ptr, Py_ssize_t size) except -1 nogil:
        """Take a piece of raw bytes and let out what is certain."""
        if _passes_on(self, self.matcher.window, ptr, size):
            return 0
        return self._take_slices(ptr, size, False)

    cdef int take_last(self, const char* ptr, Py_ssize_t size) except -1 nogil:
        """Take the last piece and let out the rest: what is certain of it before its end is not asked."""
        if not _passes_on(self, self.matcher.window, ptr, size):
            self._take_slices(ptr, size, True)
        self.finish()
        return self._shrink()

    cdef int _take_slices(self, const char* ptr, Py_ssize_t size, bint ends) except -1 nogil:
        cdef const char* end = ptr + size
        cdef Py_ssize_t part
        while ptr < end:
            part = end - ptr if end - ptr < SLICE else <Py_ssize_t>SLICE
            if self.is_plain or (
                self.is_escaped and self._codes.is_whole() and skip_ascii(ptr, ptr + part) == ptr + part
            ):
                self.text(ptr, part)
            elif self.is_escaped:
                self._codes.escaped(ptr, part, self)
            else:
                self._codes.utf8(ptr, part, self)
            ptr += part
            if ptr < end or not ends:
                self.pump(False)
        return self._shrink()

    cdef int _shrink(self) except -1 nogil:
        """Give back the room that a large piece took."""
        return self.matcher.window.shrink() if self.matcher.window.is_roomy() else 0

    cdef int finish(self) except -1 nogil:
        """Let out the rest: the text has ended."""
        self._codes.finish(self)
        return self.pump(True)

    cdef int text(self, const char* ptr, Py_ssize_t size) except -1 nogil:
        return self.matcher.window.text(ptr, size)

    cdef int code(self, uint32_t code, const char* raw, int width) except -1 nogil:
        return self.matcher.window.code(code, raw, width)

    cdef int pump(self, bint last) except -1 nogil:
        """Let out what is certain; `last`: everything."""
        return self._pump(self.matcher, self.matcher.window, last)

    cdef int _pump(self, Matcher matcher, Window window, bint last) except -1 nogil:
        cdef Mark* mark = NULL
        cdef int at
        if self._swallow and self._swallow_on(matcher, window, last):
            return 0
        matcher.decide(last)
        for at in range(matcher.count):
            mark = &matcher.found[at]
            self._leave(window, mark.start)
            self.take_out(matcher, mark)
        if mark != NULL and mark.swallow:
            self._swallow = mark.swallow
            self._left = LONGEST_RUN - (mark.end - mark.start)
        else:
            self._leave(window, matcher.hold)
        return matcher.let_out()

    cdef int _leave(self, Window window, Py_ssize_t end) except -1 nogil:
        """Let the text before `end` go, in which nothing is replaced."""
        if window.literal >= window.released and self._literals is not None:
            with gil:
                self._literals(self._said(window.raw_from(window.released), window.raw_size(window.released, end)))
        return window.release(end, self.out)

    cdef int take_out(self, Matcher matcher, Mark* mark) except -1 nogil:
        """Put what stands for a match in its place."""
        cdef uint32_t bit = <uint32_t>1 << mark.cls
        if self.spans is not None:
            with gil:
                self.spans.append((matcher.base + mark.start, matcher.base + mark.end, mark.cls))
        if self._replace is None and not self.is_key:
            self._mask(mark.cls)
            return matcher.window.drop(mark.end)
        if self._settled is not None:
            if self._settled.masked & bit and not self.is_key:
                self._settled.tally(mark.cls)
                self._mask(mark.cls)
                return matcher.window.drop(mark.end)
            if self._settled.kept & bit:
                self._settled.tally(mark.cls)
                self._passes = mark.swallow != 0
                return matcher.window.release(mark.end, self.out)
        self._cls = mark.cls
        matcher.window.release(mark.end, self._aside)
        if not mark.swallow:
            self._ask()
            self._passes = False
        return 0

    cdef int _mask(self, int cls) except -1 nogil:
        """Write the label of a class."""
        self.changed = True
        return self.out.add(mask(cls))

    cdef int _ask(self) except -1 nogil:
        """Have the value that lies aside replaced."""
        with gil:
            value = self._value() if self._aside.len <= LONGEST_VALUE else None
            replacement = self._replace(self._cls, value, self.is_key)
            if replacement is None:
                self._passes = True
                self.out.add(self._aside.slice())
            else:
                self.changed = True
                self.out.put(replacement.encode())
        self._aside.clear()
        return 0

    cdef str _value(self):
        """Give the value that lies aside as the text it stands for."""
        return self._said(self._aside.ptr, self._aside.len)

    cdef str _said(self, const char* raw, Py_ssize_t size):
        """Give the text that raw bytes of whole characters stand for."""
        cdef str text = PyUnicode_DecodeUTF8(raw, size, "surrogatepass")
        if memchr(raw, c"\\", <size_t>size) != NULL:
            for _ in range(self.layers):
                text = _loads(f'"{text}"')
        return text

    cdef bint _swallow_on(self, Matcher matcher, Window window, bint last) except -1 nogil:
        """Take what goes on a match; tell whether that may be all."""
        cdef Py_ssize_t place = matcher.run_on(self._swallow, self._left, last)
        cdef bint is_open = place < 0
        if is_open:
            place = -1 - place
        self._left -= place - window.released
        self._take_on(window, place)
        if self.spans is not None:
            with gil:
                start, _, cls = self.spans.pop()
                self.spans.append((start, matcher.base + place, cls))
        if not is_open:
            self._swallow = 0
            if self._aside.len:
                self._ask()
            self._passes = False
        matcher.let_out()
        return is_open

    cdef int _take_on(self, Window window, Py_ssize_t place) except -1 nogil:
        """Take a part of a run that was swallowed up to here: it is dropped, kept aside, or passes."""
        if self._passes:
            return window.release(place, self.out)
        if not self._aside.len:
            return window.drop(place)
        window.release(place, self._aside)
        return self._ask() if self._aside.len > LONGEST_VALUE else 0
