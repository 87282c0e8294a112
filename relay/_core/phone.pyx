"""Telephone numbers, the second layer (spec/redaction.md 5.8).

`phones_at` is called where a digit run, a `+` or a `(` starts, and offers every number that starts there. North
American numbers (P2) are read character by character. The other rules judge one Reading, which grows group by group
while some rule could still take a longer one; so nothing is looked at, or waited for, that cannot change what is found.

Not offered is what another offer of the same span makes needless: P2 with a `+` (P1 takes it without context), P3 that
needs a word of list `phone` (P4 takes it), and P4 where P1 fits.
"""

from libc.stdint cimport uint8_t

from relay._core.calling cimport fits_plan, plan_most
from relay._core.kinds cimport BESIDE_DIGIT, BESIDE_WORD, DIGIT, KIND, PHONE_CLASS
from relay._core.look cimport (
    AFTER_PHONE, FREE, PLAIN, PLAIN_AFTER_PHONE, Offers, View, is_a, look, offer, pend, skip
)

cdef extern from "tables.h":
    const uint8_t LOWER_CASE[256]

cdef enum:
    LONGEST = 34                  # characters of a span
    GROUP_MOST = 15               # digits of a group
    GROUPS_MOST = 18              # no rule takes more digits
    # The rules that a reading may still satisfy.
    PLAN = 1                      # P1, by a calling code
    TRUNK = 2                     # P3, where no word of list `phone` is needed
    ANY = 4                       # P4
    # How many digits they take in all.
    ANY_LEAST = 7
    ANY_MOST = 15
    TRUNK_LEAST = 8
    TRUNK_MOST = 12
    TRUNK_FIRST = 5               # digits of the first group
    TRUNK_GROUP = 8               # digits of each other group
    TRUNK_GROUPS = 5
    EXTENSION_MOST = 6            # digits

cdef struct Group:
    Py_ssize_t place              # of its first digit
    int size
    uint8_t mark                  # the one separator between it and the group before, both bare; else 0

cdef struct Reading:
    Py_ssize_t start
    Py_ssize_t end                # behind the last whole group
    int rules
    int prefix                    # how many digits stand before the calling code: 2 of `00`, else none
    int count
    int digits
    bint worded
    bint bracketed                # the last group is in parentheses
    bint paired                   # all groups have two digits
    bint hyphened                 # nothing but single hyphens between bare groups
    bint binary                   # no digit but 0 and 1
    uint8_t digit[LONGEST]        # as characters
    Group groups[GROUPS_MOST]


cdef int phones_at(View* view, Py_ssize_t place, Offers* offers, bint worded) except -1 nogil:
    """Offer every telephone number that starts at a digit run, a `+` or a `(`.

    `worded` False says that no word of list `phone` is in reach; numbers that need one are left out then.
    """
    cdef uint8_t before = view.chars[place - 1]
    cdef int found = offers.count
    if KIND[before] & BESIDE_WORD or before == c"+":
        return 0
    view.touched = False
    if view.chars[place] != c"+" and before != c"." and before != c"-":
        _offer_american(view, place, offers)
    _offer_readings(view, place, offers, worded)
    if view.touched and not view.last:
        offers.count = found
        pend(offers, place, place)
    return 0


cdef int _offer_american(View* view, Py_ssize_t place, Offers* offers) except -1 nogil:
    """Offer what P2 finds."""
    cdef Py_ssize_t end = _american(view, place)
    if end < 0:
        return 0
    offer(offers, place, place, end, PHONE_CLASS, PLAIN)
    return _offer_extended(view, offers, place, end, PLAIN)


cdef Py_ssize_t _american(View* view, Py_ssize_t place) noexcept nogil:
    """Give where the North American number from `place` on ends, or -1."""
    cdef bint bracketed
    if look(view, place) == c"1":
        place += 1
        place += _is_joint(view, place)
    bracketed = look(view, place) == c"("
    place += bracketed
    if not _is_code(view, place):
        return -1
    place += 3
    if not (look(view, place) == c")" if bracketed else _is_joint(view, place)):
        return -1
    place += 1
    if bracketed:
        place += _is_joint(view, place)
    if not (_is_code(view, place) and _is_joint(view, place + 3)):
        return -1
    place += 4
    if skip(view, place, DIGIT, 4) < place + 4 or is_a(view, place + 4, BESIDE_WORD):
        return -1
    place += 4
    if (look(view, place) == c"." or look(view, place) == c"-") and is_a(view, place + 1, BESIDE_DIGIT):
        return -1
    return place


cdef inline bint _is_joint(View* view, Py_ssize_t place) noexcept nogil:
    """Tell whether a separator of North American numbers stands here."""
    cdef uint8_t character = look(view, place)
    return character == c" " or character == c"." or character == c"-"


cdef inline bint _is_code(View* view, Py_ssize_t place) noexcept nogil:
    """Tell whether three digits stand here that are an area or an exchange of North America."""
    if not c"2" <= look(view, place) <= c"9":
        return False
    if not (is_a(view, place + 1, DIGIT) and is_a(view, place + 2, DIGIT)):
        return False
    return not (view.chars[place + 1] == c"1" and view.chars[place + 2] == c"1")


cdef int _offer_extended(View* view, Offers* offers, Py_ssize_t start, Py_ssize_t end, int context) except -1 nogil:
    """Offer a number once more with the extension behind it, if there is one."""
    end = _extended(view, end, start + LONGEST)
    if end >= 0:
        offer(offers, start, start, end, PHONE_CLASS, context)
    return 0


cdef Py_ssize_t _extended(View* view, Py_ssize_t place, Py_ssize_t limit) noexcept nogil:
    """Give where the extension that starts at `place` ends, at most at `limit`; or -1."""
    cdef Py_ssize_t most, end
    place = _behind_word(view, place, limit - 1)
    if place < 0:
        return -1
    most = min(limit - place, <Py_ssize_t>EXTENSION_MOST)
    end = skip(view, place, DIGIT, most + 1)
    if end == place or end - place > most or is_a(view, end, BESIDE_WORD):
        return -1
    return end


cdef Py_ssize_t _behind_word(View* view, Py_ssize_t place, Py_ssize_t limit) noexcept nogil:
    """Give where the digits of an extension have to start, behind the word that announces them; or -1."""
    if _spells(view, place, b" x", limit):
        return place + 2
    if _spells(view, place, b" ext ", limit):
        return place + 5
    if _spells(view, place, b" ext. ", limit):
        return place + 6
    if _spells(view, place, b" extension ", limit):
        return place + 11
    return -1


cdef inline bint _spells(View* view, Py_ssize_t place, const char* word, Py_ssize_t limit) noexcept nogil:
    """Tell whether a word stands here, in any case, and ends at `limit` at the latest."""
    cdef int size = 0
    while word[size]:
        size += 1
    if place + size > limit:
        return False
    while word[0] and LOWER_CASE[look(view, place)] == <uint8_t>word[0]:
        word += 1
        place += 1
    return word[0] == 0


cdef int _offer_readings(View* view, Py_ssize_t place, Offers* offers, bint worded) except -1 nogil:
    """Offer what P1, P3 and P4 find."""
    cdef Reading reading
    reading.rules = _rules_at(view, place, worded)
    if not reading.rules:
        return 0
    reading.start = place
    reading.end = place + (view.chars[place] == c"+")
    reading.prefix = 2 if view.chars[place] == c"0" and reading.rules & PLAN else 0
    reading.count = reading.digits = 0
    reading.worded = worded
    reading.bracketed = False
    reading.paired = reading.hyphened = reading.binary = True
    while _grow(view, &reading):
        _judge(view, &reading, offers)
    return 0


cdef int _rules_at(View* view, Py_ssize_t place, bint worded) noexcept nogil:
    """Give the rules that may apply, by the first characters and the one before."""
    cdef uint8_t before = view.chars[place - 1], second
    cdef bint is_bracket = view.chars[place] == c"("
    cdef bint is_apart = before != c"." and before != c"-"
    cdef bint is_trunk = is_apart and before != c"(" and before != c"/" and before != c":"
    cdef int rules = ANY if worded and is_apart else 0
    if view.chars[place] == c"+":
        return PLAN
    place += is_bracket
    if is_bracket and not is_trunk or look(view, place) != c"0":
        return rules
    second = look(view, place + 1)
    if second == c"0" and not is_bracket and c"1" <= look(view, place + 2) <= c"9":
        return rules | PLAN
    if c"1" <= second <= c"9" and is_trunk:
        return rules | TRUNK
    return rules


cdef bint _grow(View* view, Reading* reading) noexcept nogil:
    """Take in the next group, and say whether there is one that a rule can take."""
    cdef Py_ssize_t place = reading.end, limit = reading.start + LONGEST
    cdef Group* group = &reading.groups[reading.count]
    cdef bint was_bare = not reading.bracketed
    cdef uint8_t behind
    if not _narrow(reading, 1, 1):
        return False
    if reading.count:
        place = _behind_separators(view, reading, limit)
    if place >= limit or not reading.rules:
        return False
    reading.bracketed = look(view, place) == c"("
    if reading.bracketed and reading.count:
        reading.rules &= ~TRUNK
    was_bare &= not reading.bracketed
    group.mark = view.chars[reading.end] if was_bare and place - reading.end == 1 else 0
    group.place = place + reading.bracketed
    if not _read_digits(view, reading, group, limit):
        return False
    place = group.place + group.size + reading.bracketed
    if place > limit:
        return False
    behind = look(view, group.place + group.size)
    if reading.bracketed and behind != c")":
        return False
    reading.end = place
    return _close(view, reading)


cdef Py_ssize_t _behind_separators(View* view, Reading* reading, Py_ssize_t limit) noexcept nogil:
    """Give the place behind the separators after a reading; a dot among them is not for P3."""
    cdef Py_ssize_t place = reading.end, stop = min(place + 2, limit - 1)
    cdef uint8_t character
    while place < stop and reading.rules:
        character = look(view, place)
        if character == c".":
            reading.rules &= ~TRUNK
        elif character != c" " and character != c"-" and character != c"/":
            break
        place += 1
    return place


cdef bint _read_digits(View* view, Reading* reading, Group* group, Py_ssize_t limit) noexcept nogil:
    """Read the digits of a group, and say whether some rule can take as many."""
    cdef Py_ssize_t place = group.place
    cdef uint8_t character = look(view, place)
    group.size = 0
    while KIND[character] & DIGIT:
        if place == limit or group.size == GROUP_MOST:
            return False
        reading.digit[reading.digits] = character
        reading.digits += 1
        group.size += 1
        reading.binary &= character <= c"1"
        place += 1
        character = view.chars[place]
    return group.size and _narrow(reading, group.size, 0)


cdef bint _close(View* view, Reading* reading) noexcept nogil:
    """Count the group that was read, and say whether a rule can take it as it ended."""
    cdef Group* group = &reading.groups[reading.count]
    reading.hyphened &= group.mark == c"-" if reading.count else not reading.bracketed
    reading.paired &= group.size == 2
    reading.count += 1
    if group.size == 1:
        reading.rules &= ~TRUNK
    return reading.rules and not _ends_in_date(view, reading)


cdef bint _narrow(Reading* reading, int size, int more) noexcept nogil:
    """Drop the rules that take no next group of `size` digits or more, `more` of them not yet read."""
    cdef int digits = reading.digits + more
    if reading.rules & PLAN and not _plan_takes(reading, digits):
        reading.rules &= ~PLAN
    if reading.rules & TRUNK and not _trunk_takes(reading, size, digits):
        reading.rules &= ~TRUNK
    if digits > ANY_MOST:
        reading.rules &= ~ANY
    return reading.rules != 0


cdef bint _plan_takes(Reading* reading, int digits) noexcept nogil:
    """Tell whether P1 takes a next group with which there are so many digits."""
    cdef int known = reading.digits - reading.prefix
    # `00` without a word of list `phone` needs four groups.
    if reading.prefix and not reading.worded and reading.count < 3:
        digits += 3 - reading.count
    return digits <= reading.prefix + plan_most(&reading.digit[reading.prefix], known)


cdef bint _trunk_takes(Reading* reading, int size, int digits) noexcept nogil:
    """Tell whether P3 takes a next group of `size` digits or more, with which there are so many digits."""
    if reading.count == 0:
        return size <= TRUNK_FIRST
    if reading.count == TRUNK_GROUPS or size > TRUNK_GROUP or digits + (size == 1) > TRUNK_MOST:
        return False
    return reading.count < 3 or reading.groups[0].size > 2 or reading.paired and size <= 2


cdef bint _ends_in_date(View* view, Reading* reading) noexcept nogil:
    """Tell whether the last three groups are a date of 1900 to 2099, its parts apart by one separator twice."""
    cdef Group* last = &reading.groups[reading.count - 1]
    cdef int first, second, third
    if reading.count < 3 or last.mark == 0 or last.mark != (last - 1).mark:
        return False
    first, second, third = _value(view, last - 2), _value(view, last - 1), _value(view, last)
    if 1900 <= first < 2100:
        return 1 <= second <= 12 and 1 <= third <= 31
    if not 1900 <= third < 2100 or last.mark == c" ":
        return False
    return 1 <= first <= 31 and 1 <= second <= 12 or 1 <= first <= 12 and 1 <= second <= 31


cdef int _value(View* view, Group* group) noexcept nogil:
    """Give the number that a part of a date is; 0 if its size is none of a part."""
    cdef int value = 0
    cdef Py_ssize_t place
    if group.size == 3 or group.size > 4:
        return 0
    for place in range(group.place, group.place + group.size):
        value = value * 10 + view.chars[place] - c"0"
    # Years are never written with fewer digits, nor days and months with more.
    return value if (group.size == 4) == (value > 99) else 0


cdef int _judge(View* view, Reading* reading, Offers* offers) except -1 nogil:
    """Offer a reading under the rule that asks for the least."""
    cdef Py_ssize_t start = reading.start, end = reading.end
    cdef bint is_trunk, is_any
    if reading.rules & PLAN and fits_plan(&reading.digit[reading.prefix], reading.digits - reading.prefix):
        return _judge_plan(view, reading, offers)
    is_trunk = reading.rules & TRUNK and _is_trunk(reading)
    is_any = reading.rules & ANY and reading.digits >= ANY_LEAST
    if reading.binary or not (is_trunk or is_any) or not _is_over(view, end):
        return 0
    offer(offers, start, start, end, PHONE_CLASS, PLAIN if is_trunk else PLAIN_AFTER_PHONE)
    if is_any:
        _offer_extended(view, offers, start, end, PLAIN_AFTER_PHONE)
    return 0


cdef int _judge_plan(View* view, Reading* reading, Offers* offers) except -1 nogil:
    """Offer a reading that fits the plan of its calling code."""
    cdef bint is_free = not reading.prefix or reading.count >= 4
    cdef int context = FREE if is_free else AFTER_PHONE
    if is_a(view, reading.end, BESIDE_WORD) or not (is_free or reading.worded):
        return 0
    offer(offers, reading.start, reading.start, reading.end, PHONE_CLASS, context)
    return _offer_extended(view, offers, reading.start, reading.end, context)


cdef bint _is_trunk(Reading* reading) noexcept nogil:
    """Tell whether a reading has a trunk zero and a form that needs no word of list `phone`."""
    cdef int first = reading.groups[0].size
    cdef bint is_bracketed = reading.groups[0].place > reading.start
    if reading.count < 2 or not TRUNK_LEAST <= reading.digits <= TRUNK_MOST or _is_range(reading):
        return False
    if not is_bracketed and reading.count == 2 and first < 4:
        return False
    return reading.count < 4 or first > 2 or reading.count == 5 and reading.paired


cdef bint _is_range(Reading* reading) noexcept nogil:
    """Tell whether a reading is written like other numbers are: `ddd-dd-dddd`, `ddddd-dddd` or `ddddd-ddddd`."""
    cdef Group* groups = reading.groups
    if not reading.hyphened:
        return False
    if reading.count == 2:
        return groups[0].size == 5 and 4 <= groups[1].size <= 5
    return reading.count == 3 and groups[0].size == 3 and groups[1].size == 2 and groups[2].size == 4


cdef bint _is_over(View* view, Py_ssize_t end) noexcept nogil:
    """Tell whether a number of P3 or P4 may end here."""
    cdef uint8_t character = look(view, end)
    if KIND[character] & BESIDE_WORD:
        return False
    if character == c"." or character == c"," or character == c":" or character == c"/" or character == c"-":
        return not is_a(view, end + 1, BESIDE_DIGIT)
    return True
