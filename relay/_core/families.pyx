"""Token families (spec/redaction.md 6.1): keys that are known by how they are written.

The families are tables (relay/redact/families.py): flat forms, found by the character at their trigger and the next one
and then matched without going back. A trigger is where a run of ASCII letters or of digits starts, a `~` or a `=`. Most
forms start at theirs; some have characters before it, which `families_tail` holds while the trigger is still to come.

A closed form ends at a boundary and has 299 characters at most. An open one takes the whole run at its end; it is
certain once its least is there and it has 64 characters, or the run has ended.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset

from relay._core.begins cimport FAMILIES, NEXT, Begins, note
from relay._core.kinds cimport BESIDE_WORD, DIGIT, END_CHAR, KIND, LABEL_MARK, LETTER, LOWER, TOKEN_CLASS, UPPER
from relay._core.look cimport FREE, Offers, View, is_a, look, offer, offer_run, pend, was_a
from relay._core.private_keys cimport PEM_KEY, PUTTY_KEY, key_at, key_end

cdef extern from "families.h":
    ctypedef struct FamilyItem:
        uint16_t least            # of a literal: where its letters stand
        uint16_t most             # of a literal: how many
        uint8_t set

    ctypedef struct FamilyForm:
        uint16_t first
        uint8_t items
        uint8_t back              # how far before the trigger the form starts
        uint8_t lead              # how many of its characters stand before the span
        uint8_t left              # the set of what stands before the trigger
        uint8_t edge
        uint8_t kind
        uint8_t swallow
        uint8_t set               # of the run behind the items
        uint16_t least
        uint16_t most
        uint8_t needs
        uint8_t bare              # how many characters stand before those that are needed
        double bits

    const uint64_t FAMILY_SET[256]
    const double WEIGHT[65]       # n log2 n
    const uint8_t RUN_SET[1]
    const uint8_t RUN_TAIL[1]
    const uint8_t FAMILY_LETTERS[1]
    const FamilyItem FAMILY_ITEMS[1]
    const FamilyForm FAMILY_FORMS[1]
    const uint8_t FAMILY_ROW[256]
    const uint8_t FAMILY_LIST[1][129]
    const uint64_t FAMILY_THIRD[1][2]
    const uint8_t FAMILY_PROBE[1]         # how far behind the trigger a list's forms are told from other text best
    const uint64_t FAMILY_PROBED[1][2]    # the characters that stand there
    const uint16_t FAMILY_AT[1]
    const uint16_t FAMILY_LISTED[1]
    const uint16_t INNER_FORMS[1]

    enum:
        URL_SET
        TAIL_SET
        ALL_OF_ROW
        JWT_RUN
        RUNS
        LITERAL_ITEM
        NO_FORM
        CLOSED_FORM
        SAS_FORM
        JWT_FORM
        PEM_FORM
        PUTTY_FORM
        NEEDS_DIGIT
        NEEDS_LOWER
        NEEDS_UPPER
        NEEDS_LETTER

cdef enum:
    EDGE_HYPHEN = 2
    CLOSED_MOST = 299
    JUDGED = 64
    FAKE = 8
    JWT_HEADER_MOST = 512
    JWT_PART_LEAST = 10
    JWT_DECIDED = 530
    FAR = 640                     # a run that is longer is offered as one that goes on


cdef void note_families(Begins* begins) noexcept nogil:
    """Note what stands at the triggers of all forms."""
    cdef int first, second, third, listed
    for first in range(256):
        for second in range(128):
            listed = FAMILY_LIST[FAMILY_ROW[first]][second]
            for third in range(128):
                if FAMILY_THIRD[listed][third >> 6] >> (third & 63) & 1:
                    note(begins, FAMILIES, <uint8_t>first, NEXT[second], <uint32_t>1 << NEXT[third])


cdef int families_at(View* view, Py_ssize_t place, int listed, Offers* offers) except -1 nogil:
    """Offer the tokens whose trigger stands at a place, of a list of forms."""
    cdef Py_ssize_t at = FAMILY_AT[listed]
    cdef uint16_t number = FAMILY_LISTED[at]
    while number != NO_FORM:  # bound: the list
        _form_at(view, &FAMILY_FORMS[number], place, offers)
        at += 1
        number = FAMILY_LISTED[at]
    return 0


cdef uint8_t listed_at(View* view, Py_ssize_t place) noexcept nogil:
    """Give the list of the forms that a trigger and two characters behind it leave; list 0 is empty.

    Without a branch, as far as text goes: what comes next is hard to foretell.
    """
    cdef int row = FAMILY_ROW[view.chars[place]]
    cdef uint8_t second = view.chars[place + 1]
    cdef uint8_t listed, probed
    cdef uint64_t fits
    if second >= 0x80:
        return FAMILY_LIST[row][ALL_OF_ROW] if second == END_CHAR else 0
    listed = FAMILY_LIST[row][second]
    place += FAMILY_PROBE[listed]
    if place >= view.end:
        return listed
    probed = view.chars[place]
    fits = FAMILY_PROBED[listed][probed >> 6 & 1] >> (probed & 63) & (probed < 0x80)
    return <uint8_t>(listed * fits)


cdef void families_tail(View* view, Offers* offers) noexcept nogil:
    """Hold the end of a view that is not the last where it may become a token whose trigger is still to come."""
    cdef Py_ssize_t at = 0
    cdef const FamilyForm* form
    if not _in_set(view.chars[view.end - 1], TAIL_SET):
        return
    while INNER_FORMS[at] != NO_FORM:  # bound: the list
        form = &FAMILY_FORMS[INNER_FORMS[at]]
        _hold_start(view, form, offers)
        at += 1


cdef void _hold_start(View* view, const FamilyForm* form, Offers* offers) noexcept nogil:
    """Hold what may be the start of a form, up to its trigger."""
    cdef Py_ssize_t place = view.end
    cdef Py_ssize_t stop = place - form.back
    while place > stop and _in_set(view.chars[place - 1], form.left):
        place -= 1
        if place >= offers.hold or was_a(view, place - 1, _edge(form)):
            continue
        view.touched = False
        if _walk(view, form, place) < 0 and view.touched:
            pend(offers, view.end, place)


cdef inline bint _in_set(uint8_t character, int number) noexcept nogil:
    return FAMILY_SET[character] >> number & 1 != 0


cdef inline uint32_t _edge(const FamilyForm* form) noexcept nogil:
    """Give the kinds of characters that may not stand beside a form."""
    if form.edge == 0:
        return 0
    if form.edge == EDGE_HYPHEN:
        return BESIDE_WORD | LABEL_MARK
    return BESIDE_WORD


cdef int _form_at(View* view, const FamilyForm* form, Py_ssize_t place, Offers* offers) except -1 nogil:
    """Offer what a form finds at its trigger."""
    cdef Py_ssize_t whole = place
    cdef Py_ssize_t found
    while whole > place - form.back:
        whole -= 1
        if not _in_set(view.chars[whole], form.left):
            return 0
    if was_a(view, whole - 1, _edge(form)):
        return 0
    view.touched = False
    found = _walk(view, form, whole)
    if found >= 0 and form.kind >= PEM_FORM:
        return key_at(view, place, found, PEM_KEY if form.kind == PEM_FORM else PUTTY_KEY, offers)
    if found >= 0:
        found = _found(view, form, whole + form.lead, found)
    if found >= 0 and form.swallow:
        return _offer_open(view, form, place, found, offers)
    whole += form.lead
    if view.touched and not view.last:
        pend(offers, place, whole)
    elif found >= 0:
        return offer(offers, place, whole, found, TOKEN_CLASS, FREE)
    return 0


cdef Py_ssize_t _walk(View* view, const FamilyForm* form, Py_ssize_t place) noexcept nogil:
    """Give where the items of a form end that start at a place, -1 if they don't stand there."""
    cdef const FamilyItem* item = &FAMILY_ITEMS[form.first]
    cdef const FamilyItem* end = item + form.items
    cdef Py_ssize_t limit = place + form.lead + CLOSED_MOST
    cdef Py_ssize_t stop
    while item < end:  # bound: the form
        if item.set == LITERAL_ITEM:
            if limit - place < item.most or not _spells(view, place, item):
                return -1
            place += item.most
        else:
            if limit - place < item.least:
                return -1
            stop = _run(view, place, item.set, min(<Py_ssize_t>item.most, limit - place))
            if stop - place < item.least:
                return -1
            place = stop
        item += 1
    return place


cdef bint _spells(View* view, Py_ssize_t place, const FamilyItem* literal) noexcept nogil:
    cdef int at
    for at in range(literal.most):
        if look(view, place + at) != FAMILY_LETTERS[literal.least + at]:
            return False
    return True


cdef Py_ssize_t _run(View* view, Py_ssize_t place, int number, Py_ssize_t most) noexcept nogil:
    """Give where a run of a set from `place` on ends, at most `most` characters further."""
    cdef Py_ssize_t stop = place + most
    while place < stop and _in_set(view.chars[place], number):
        place += 1
    if place < stop:
        view.touched |= view.chars[place] == END_CHAR
    return place


cdef Py_ssize_t _found(View* view, const FamilyForm* form, Py_ssize_t start, Py_ssize_t place) noexcept nogil:
    """Give the end of a closed form whose items end at `place`, or a place within the run of an open one, or -1."""
    cdef Py_ssize_t end
    if form.kind == CLOSED_FORM:
        return _closed_end(view, form, start, place)
    if form.kind == SAS_FORM:
        return _sas_end(view, form, start)
    if form.kind == JWT_FORM:
        return _jwt_run(view, start, place)
    end = _run(view, place, form.set, form.least)
    return end if end - place == form.least else -1


cdef Py_ssize_t _closed_end(View* view, const FamilyForm* form, Py_ssize_t start, Py_ssize_t place) noexcept nogil:
    """Give the last end that has its boundary and passes the tests."""
    cdef Py_ssize_t most = min(<Py_ssize_t>form.most, start + CLOSED_MOST - place)
    cdef Py_ssize_t end = _run(view, place, form.set, most)
    while end >= place + form.least:
        if not is_a(view, end, _edge(form)) and _is_secret(view, form, start, end):
            return end
        end -= 1
    return -1


cdef Py_ssize_t _sas_end(View* view, const FamilyForm* form, Py_ssize_t start) noexcept nogil:
    """Give the last end of a signature, which one or two `=` or `%3D` close; the run may hold `%3D` too."""
    cdef Py_ssize_t split = _run(view, start, form.set, form.most)
    cdef Py_ssize_t once, twice
    while split >= start + form.least:
        once = _padded(view, split)
        if once >= 0:
            twice = _padded(view, once)
            if twice >= 0 and _is_secret(view, form, start, twice):
                return twice
            if _is_secret(view, form, start, once):
                return once
        split -= 1
    return -1


cdef Py_ssize_t _padded(View* view, Py_ssize_t place) noexcept nogil:
    """Give where the `=` or `%3D` at a place ends, -1 if none stands there."""
    cdef uint8_t character = look(view, place)
    if character == c"=":
        return place + 1
    if character != c"%" or look(view, place + 1) != c"3":
        return -1
    character = look(view, place + 2)
    return place + 3 if character == c"D" or character == c"d" else -1


cdef Py_ssize_t _jwt_run(View* view, Py_ssize_t start, Py_ssize_t place) noexcept nogil:
    """Give a place in the last part of a JWT from which on it is one, -1 if it is none; `place` is behind `eyJ`."""
    cdef Py_ssize_t end = _run(view, place, URL_SET, JWT_HEADER_MOST)
    if end - place < JWT_PART_LEAST or look(view, end) != c".":
        return -1
    if look(view, end + 1) != c"e" or look(view, end + 2) != c"y" or look(view, end + 3) != c"J":
        return -1
    place = end + 4
    end = _run(view, place, URL_SET, start + JWT_DECIDED - place)
    if end - place < JWT_PART_LEAST:
        return -1
    if end - start == JWT_DECIDED:
        return end
    if look(view, end) == c"." and _run(view, end + 1, URL_SET, JWT_PART_LEAST) == end + 1 + JWT_PART_LEAST:
        return end + 1 + JWT_PART_LEAST
    end = _parts_end(view, end, start + JWT_DECIDED)
    return end if end - start >= JWT_DECIDED else -1


cdef Py_ssize_t _parts_end(View* view, Py_ssize_t place, Py_ssize_t stop) noexcept nogil:
    """Give where the parts of a JWT end, from a place within or behind one; a dot needs a character behind it."""
    place = _run(view, place, URL_SET, stop - place)
    while place < stop and look(view, place) == c"." and _in_set(look(view, place + 1), URL_SET):
        place = _run(view, place + 1, URL_SET, stop - place - 1)
    return place


cdef int _offer_open(
    View* view, const FamilyForm* form, Py_ssize_t place, Py_ssize_t found, Offers* offers
) except -1 nogil:
    """Offer a token whose run goes on at `found`, if what is judged of it is there and passes the tests."""
    cdef Py_ssize_t start = place - form.back + form.lead
    cdef Py_ssize_t end
    view.touched = False
    end = _swallowed(view, found, form.swallow, start + FAR)
    if view.touched and not view.last and end - start < JUDGED:
        pend(offers, place, start)
    elif _is_secret(view, form, start, min(end, start + JUDGED)):
        if end == start + FAR or (view.touched and not view.last):
            return offer_run(offers, place, start, end, form.swallow)
        return offer(offers, place, start, end, TOKEN_CLASS, FREE)
    return 0


cdef Py_ssize_t _swallowed(View* view, Py_ssize_t place, int swallow, Py_ssize_t stop) noexcept nogil:
    """Give where an open run ends, from a place within or behind it; what stands before says whether its `=` began."""
    cdef int tail = RUN_TAIL[swallow]
    cdef int signs = 0
    if swallow == JWT_RUN:
        return _parts_end(view, place, stop)
    while signs < tail and view.chars[place - 1 - signs] == c"=":
        signs += 1
    if signs == 0:
        place = _run(view, place, RUN_SET[swallow], stop - place)
    while place < stop and signs < tail and look(view, place) == c"=":
        place += 1
        signs += 1
    return place


cdef Py_ssize_t run_end(View* view, Py_ssize_t place, int swallow, Py_ssize_t most) noexcept nogil:
    """Give where the run of a token ends, from a place within it; `touched` says that it may go on.

    `most` is how many characters a private key may still have; other runs have no limit.
    """
    view.touched = False
    if swallow == PEM_KEY or swallow == PUTTY_KEY:
        return key_end(view, place, swallow, most)
    return _swallowed(view, place, swallow, view.end + 1) if swallow < RUNS else place


cdef bint _is_secret(View* view, const FamilyForm* form, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    """Tell whether a token is random enough, has the kinds of characters it needs and is no example."""
    cdef uint8_t counts[128]
    cdef Py_ssize_t judged = min(end, start + JUDGED)
    cdef Py_ssize_t at
    cdef double weight = 0
    cdef uint8_t character
    memset(counts, 0, sizeof(counts))
    for at in range(start, judged):
        character = view.chars[at]
        counts[character] += 1
        weight += WEIGHT[counts[character]] - WEIGHT[counts[character] - 1]
    # Entropy is log2(size) - weight / size; what equals the least but for rounding passes.
    if WEIGHT[judged - start] - weight < form.bits * <double>(judged - start) - 1e-9:
        return False
    return _has_needed(view, form, start + form.bare, end) and not _is_example(view, start, end)


cdef bint _has_needed(View* view, const FamilyForm* form, Py_ssize_t place, Py_ssize_t end) noexcept nogil:
    cdef unsigned int seen = 0
    if not form.needs:
        return True
    while place < end:
        seen |= KIND[view.chars[place]]
        place += 1
    if form.needs & NEEDS_DIGIT and not seen & DIGIT or form.needs & NEEDS_LETTER and not seen & LETTER:
        return False
    return not (form.needs & NEEDS_LOWER and not seen & LOWER or form.needs & NEEDS_UPPER and not seen & UPPER)


cdef bint _is_example(View* view, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    """Tell whether a token ends in `EXAMPLE` or holds a row of `x`."""
    cdef const char* word = b"EXAMPLE"
    cdef int same = 0
    cdef int row = 0
    while same < 7 and view.chars[end - 1 - same] == <uint8_t>word[6 - same]:
        same += 1
    while start < end and row < FAKE:
        row += 1
        if view.chars[start] | 0x20 != c"x":
            row = 0
        start += 1
    return same == 7 or row == FAKE
