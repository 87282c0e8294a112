"""What is found in one channel (spec/redaction.md 4), told as soon as nothing that follows could change it.

Triggers first: one pass over what is new calls the rules where one of them could start. A rule offers candidates, or
says that it cannot tell yet; what starts behind the first undecided place waits. Then the first layer is chosen from
left to right, then telephone numbers in what is left. All that is undecided is looked at again with the next piece,
from `_rescan` on: no state but the text itself, so the result cannot depend on how it was cut.
"""

cimport cython
from libc.stdint cimport uint8_t
from libc.stdlib cimport free, qsort, realloc
from libc.string cimport memmove

from relay._core.families cimport run_end
from relay._core.kinds cimport CARD_CLASS, EMAIL_CLASS, END_CHAR, PHONE_CLASS, SSN_CLASS
from relay._core.left cimport Mark, has_word, is_named_otherwise, is_version
from relay._core.look cimport AFTER_CARD, AFTER_PHONE, AFTER_SSN, FREE, NO_VERSION, PLAIN, Offer, Offers, View, pend
from relay._core.phone cimport phones_at
from relay._core.ruleset cimport Ruleset
from relay._core.secrets cimport value_end
from relay._core.triggers cimport scan, scan_end
from relay._core.window cimport Window

cdef enum:
    REACH = 300                   # from a trigger to the span that it leads to, at most
    FEW = 64
    SECRET_RUN = 200              # runs from here on are values of assigned secrets
    PHONES = 1 << PHONE_CLASS
    EMAILS = 1 << EMAIL_CLASS


@cython.final
cdef class Matcher:
    """One channel's text and the matches in it."""

    def __cinit__(self, Ruleset rules not None):
        self.rules = rules
        self._on = rules.on
        self._customs = rules.customs
        # The last word of a quiet text waits as for the `@` of an address: without these none has to.
        self._may_pass = rules.customs is None and rules.on & EMAILS
        self.window = Window()
        self.window.keeps_codes = rules.customs is not None
        self.begin(NULL, 0)

    def __dealloc__(self):
        free(self.found)
        free(self._offers.items)
        free(self._phones.items)
        free(self._starts.places)

    cdef int begin(self, const uint8_t* chars, Py_ssize_t size) except -1 nogil:
        """Start another text, with these characters of a view to the left of it."""
        self.window.begin(chars, size)
        self.base = -size
        self.count = 0
        self._rescan = 0
        self._last.end = self._last_phone.end = -1
        return 0

    cdef int decide(self, bint last) except -1 nogil:
        """Find what is certain: `found` is all that starts before `hold`, and nothing else will.

        last   nothing follows
        """
        cdef View* view
        cdef Offers* offers = &self._offers
        if self._may_pass and not self._is_loud and not last:
            self.hold = self.window.pass_quiet(self._rescan)
            if self.hold >= 0:
                self.count = 0
                self._rescan = self.hold
                return 0
        self._is_loud = False
        view = self.window.open(last)
        offers.count = 0
        offers.hold = offers.rescan = view.end
        self.count = 0
        self._starts.count = 0
        scan(view, self._rescan, self._on, offers, &self._starts)
        if not last:
            scan_end(view, self._on, offers)
        if self._customs is not None:
            self._customs.find(view, self.window.released, offers)
        self._choose(view)
        if self._on & PHONES:
            self._choose_phones(view)
        self.hold = offers.hold
        while self.count and self.found[self.count - 1].start >= self.hold:
            self.count -= 1
        if self.count and self.found[self.count - 1].end > self.hold:
            self.hold = self.found[self.count - 1].end
        self._rescan = offers.rescan if offers.rescan < self.hold else self.hold
        if self.hold < self.window.released:
            self.hold = self.window.released
        self.window.close()
        return 0

    cdef int let_out(self) except -1 nogil:
        """Count what was found as history; the window has let it go."""
        cdef int at
        cdef Py_ssize_t shift
        for at in range(self.count):
            if self.found[at].cls == PHONE_CLASS:
                self._last_phone = self.found[at]
            else:
                self._last = self.found[at]
        self.count = 0
        shift = self.window.compact()
        self._rescan -= shift
        self.base += shift
        self._last.start -= shift
        self._last.end -= shift
        self._last_phone.start -= shift
        self._last_phone.end -= shift
        return 0

    cdef Py_ssize_t run_on(self, int swallow, Py_ssize_t most, bint last) except -1 nogil:
        """Give where the run that was swallowed last ends, `-1 - place` when it may go on behind `place`."""
        cdef View* view = self.window.open(last)
        cdef Py_ssize_t place = _run_end(view, self.window.released, swallow, most)
        # What lies in the run may be the key of a value behind it.
        self._rescan = place - REACH if place > REACH else 0
        self._last.end = place
        self.window.close()
        return -1 - place if view.touched and not last else place

    cdef void _sort(self) noexcept nogil:
        """Put the offers in the order in which they are asked; few nearly are, and those of one rule alone all are."""
        cdef Offer* items = self._offers.items
        cdef Offer moved
        cdef int to
        cdef int at = 1
        while at < self._offers.count and not _goes_before(&items[at], &items[at - 1]):
            at += 1
        if at < self._offers.count > FEW:
            qsort(items, <size_t>self._offers.count, sizeof(Offer), _compared)
            return
        for at in range(at, self._offers.count):
            if not _goes_before(&items[at], &items[at - 1]):
                continue
            moved = items[at]
            to = at
            while to > 0 and _goes_before(&moved, &items[to - 1]):
                items[to] = items[to - 1]
                to -= 1
            items[to] = moved

    cdef int _choose(self, View* view) except -1 nogil:
        """Choose the matches of the first layer."""
        cdef Offers* offers = &self._offers
        cdef Py_ssize_t end = self._last.end if self._last.end > self.window.released else self.window.released
        cdef const Mark* before
        cdef Offer* each
        cdef Mark* mark
        cdef bint worded
        cdef int at
        self._sort()
        for at in range(offers.count):
            each = &offers.items[at]
            if each.start < end:
                continue
            if each.start >= offers.hold:
                break
            before = &self.found[self.count - 1] if self.count else &self._last if self._last.end >= 0 else NULL
            if not self._has_context(view, each, before):
                continue
            worded = _is_worded(view, each, before)
            mark = self._insert(self.count)
            mark[0] = Mark(each.start, each.end, each.cls, each.swallow, worded)
            if each.swallow:
                mark.end = _run_end(view, each.end, each.swallow, each.start + LONGEST_RUN - each.end)
                if view.touched and not view.last:
                    # What stands behind it may still be its own.
                    offers.hold = min(offers.hold, mark.end)
                    break
                mark.swallow = 0
            end = mark.end
        for at in range(offers.count):
            each = &offers.items[at]
            if each.start >= offers.hold and each.trigger < offers.rescan:
                offers.rescan = each.trigger
        return 0

    cdef bint _has_context(self, View* view, Offer* each, const Mark* before) noexcept nogil:
        """Tell whether what the offer asks for stands to its left."""
        if each.context == FREE:
            return True
        if each.context == NO_VERSION:
            return not is_version(view, each.start, before)
        if each.context == AFTER_SSN or each.context == AFTER_CARD:
            return has_word(view, each.start, each.cls, before)
        if each.context != AFTER_PHONE and is_named_otherwise(view, each.start, before):
            return False
        return each.context == PLAIN or has_word(view, each.start, PHONE_CLASS, before)

    cdef Mark* _insert(self, int at) except NULL nogil:
        """Give a new place among the matches, before the one that is number `at`."""
        cdef int room
        cdef void* found
        if self.count == self._room:
            room = 2 * self._room + 8
            found = realloc(self.found, <size_t>room * sizeof(Mark))
            if found == NULL:
                with gil:
                    raise MemoryError()
            self.found = <Mark*>found
            self._room = room
        memmove(&self.found[at + 1], &self.found[at], <size_t>(self.count - at) * sizeof(Mark))
        self.count += 1
        return &self.found[at]

    cdef int _choose_phones(self, View* view) except -1 nogil:
        """Choose telephone numbers in what the first layer left, up to what it has not decided."""
        cdef Py_ssize_t stop = self._offers.hold
        cdef uint8_t hidden = view.chars[stop]
        cdef bint last = view.last
        (<uint8_t*>view.chars)[stop] = END_CHAR
        view.last = last and stop == view.end
        self._phones_before(view, stop)
        (<uint8_t*>view.chars)[stop] = hidden
        view.last = last
        return 0

    cdef int _phones_before(self, View* view, Py_ssize_t stop) except -1 nogil:
        cdef Mark before = self._last if self._last.end > self._last_phone.end else self._last_phone
        cdef int number, place
        cdef int at = 0
        cdef bint worded
        cdef Py_ssize_t after
        for number in range(self._starts.count):
            place = self._starts.places[number]
            while at < self.count and self.found[at].end <= place:
                before = self.found[at]
                at += 1
            if place >= stop:
                return 0
            if place < before.end or place < self.window.released:
                continue
            after = self.found[at].start if at < self.count else stop
            if after <= place:
                continue
            worded = has_word(view, place, PHONE_CLASS, &before)
            self._phones.count = 0
            self._phones.hold = stop
            view.touched = False
            phones_at(view, place, &self._phones, worded)
            if self._phones.hold < stop:
                pend(&self._offers, place, place)
                return 0
            if self._best_phone(view, &before, after, at, worded):
                before = self.found[at]
                at += 1
        return 0

    cdef bint _best_phone(
        self, View* view, const Mark* before, Py_ssize_t after, int at, bint worded
    ) except -1 nogil:
        """Choose the longest number that was offered and that does not reach `after`; tell whether there is one."""
        cdef Offer* best = NULL
        cdef Offer* each
        cdef Mark* mark
        cdef int number
        for number in range(self._phones.count):
            each = &self._phones.items[number]
            if each.end > after or (best != NULL and each.end <= best.end):
                continue
            if self._has_context(view, each, before):
                best = each
        if best == NULL:
            return False
        mark = self._insert(at)
        mark[0] = Mark(best.start, best.end, PHONE_CLASS, 0, worded)
        return True


cdef inline Py_ssize_t _run_end(View* view, Py_ssize_t place, int swallow, Py_ssize_t most) noexcept nogil:
    """Give where a run that is a match ends; `touched` tells that it may go on."""
    view.touched = False
    if swallow < SECRET_RUN:
        return run_end(view, place, swallow, most)
    return value_end(view, place, swallow)


cdef inline bint _goes_before(const Offer* one, const Offer* other) noexcept nogil:
    """Tell whether `one` is asked first (spec/redaction.md 4)."""
    if one.start != other.start:
        return one.start < other.start
    if one.end != other.end:
        return one.end > other.end
    if one.cls != other.cls:
        return one.cls < other.cls
    return one.swallow > other.swallow  # of two runs that go on the one with the larger set ends last


cdef int _compared(const void* one, const void* other) noexcept nogil:
    if _goes_before(<const Offer*>one, <const Offer*>other):
        return -1
    return 1 if _goes_before(<const Offer*>other, <const Offer*>one) else 0


cdef inline bint _is_worded(View* view, const Offer* each, const Mark* before) noexcept nogil:
    if each.cls != SSN_CLASS and each.cls != CARD_CLASS:
        return False
    return has_word(view, each.start, each.cls, before)
