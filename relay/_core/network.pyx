"""Classes ip, uuid and mac (spec/redaction.md 5.2 to 5.4): what may start at a digit, a hex letter or a `::`.

hex_at   uuid, mac and IPv6, those of them that are on, by what the hex digits at `place` end in: the start of a run of
         digits, or of a run of letters whose first is a hex digit, or a `:` before which stands none and behind which
         stands one, or nothing yet
ipv4_at  an IPv4 address at the start of a run of digits

Each rule checks itself whether it may start where it is called, so a place that is no start costs a look to the left.
Of several zones of an IPv6 address only the longest is offered: it needs no context, so no other can be chosen.
"""

from libc.stdint cimport uint8_t, uint32_t

from relay._core.kinds cimport (
    BESIDE_ALNUM, BESIDE_DIGIT, BESIDE_LETTER, BESIDE_WORD, DIGIT, END_CHAR, HEX, HEX_LETTER, IP_CLASS, KIND,
    LITERAL, MAC_CLASS, UUID_CLASS, WORD
)
from relay._core.look cimport FREE, NO_VERSION, Offers, View, is_a, look, offer, pend, skip, was_a

cdef extern from "tables.h":
    const uint8_t LOWER_CASE[256]

cdef enum:
    GROUPS = 8                    # of an IPv6 address, of 16 bits each
    QUAD_GROUPS = 2
    ZONE_MOST = 15

# An IPv6 address as far as it was read.
cdef struct Address:
    Py_ssize_t start
    Py_ssize_t end                # behind its last character, a single `:` left out
    Py_ssize_t behind             # what stands here decides whether it ends: behind that `:`
    Py_ssize_t group              # where the last group starts
    int groups                    # of 16 bits
    int written                   # those written out, a dotted quad as one
    int gap                       # groups before the `::`; -1: none
    bint pairs                    # each group has two digits
    uint32_t before               # the bits of all groups but the last
    uint32_t last                 # the bits of the last


cdef int hex_at(View* view, Py_ssize_t place, uint32_t classes, Offers* offers) except -1 nogil:
    """Offer the UUID, the MAC or the IPv6 address that starts here, as far as `classes` (1 << Class) has them."""
    cdef Py_ssize_t size
    cdef uint8_t behind
    cdef bint ends
    if KIND[view.chars[place - 1]] & BESIDE_ALNUM:
        return 0
    size = skip(view, place, HEX, 9) - place
    behind = view.chars[place + size]
    if behind not in (c":", c"-", c".", END_CHAR):
        return 0
    ends = behind == END_CHAR
    if classes & (1 << UUID_CLASS) and ((size == 8 and behind == c"-") or (ends and size <= 8)):
        uuid_at(view, place, offers)
    if size > 4:
        return 0
    if classes & (1 << MAC_CLASS) and (
        ends or (size == 2 and (behind == c":" or behind == c"-")) or (size == 4 and behind == c".")
    ):
        mac_at(view, place, offers)
    if classes & (1 << IP_CLASS) and (ends or behind == c":"):
        ipv6_at(view, place, offers)
    return 0


cdef inline int _settle(View* view, Py_ssize_t place, Py_ssize_t end, int cls, Offers* offers) except -1 nogil:
    """Offer what ends at `end`, or nothing if that is -1; or wait if what follows may change it."""
    if view.touched and not view.last:
        pend(offers, place, place)
    elif end >= 0:
        offer(offers, place, place, end, cls, FREE)
    return 0


cdef int uuid_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil:
    """Offer the UUID that starts here."""
    if was_a(view, place - 1, BESIDE_ALNUM):
        return 0
    view.touched = False
    return _settle(view, place, _uuid_end(view, place), UUID_CLASS, offers)


cdef Py_ssize_t _uuid_end(View* view, Py_ssize_t place) noexcept nogil:
    cdef Py_ssize_t end = skip(view, place, HEX, 8)
    cdef Py_ssize_t size
    cdef int group
    if end - place < 8:
        return -1
    for group in range(1, 5):
        size = 12 if group == 4 else 4
        if look(view, end) != c"-" or skip(view, end + 1, HEX, size) != end + 1 + size:
            return -1
        end += 1 + size
    if is_a(view, end, BESIDE_ALNUM) or _only_digit(view, place, end):
        return -1
    return end


cdef uint8_t _only_digit(View* view, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    """Give the hex digit, in lower case, that all of them are; 0 if they differ."""
    cdef uint8_t digit = LOWER_CASE[view.chars[start]]
    cdef Py_ssize_t place
    for place in range(start + 1, end):
        if was_a(view, place, HEX) and LOWER_CASE[view.chars[place]] != digit:
            return 0
    return digit


cdef int mac_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil:
    """Offer the MAC address that starts here."""
    cdef Py_ssize_t end
    cdef uint8_t digit
    if was_a(view, place - 1, BESIDE_WORD):
        return 0
    view.touched = False
    end = _pairs_end(view, place)
    if end < 0 and not view.touched and view.chars[place - 1] != c".":
        end = _dotted_end(view, place)
    if end >= 0:
        digit = _only_digit(view, place, end)
        if digit == c"0" or digit == c"f":
            end = -1
    return _settle(view, place, end, MAC_CLASS, offers)


cdef Py_ssize_t _pairs_end(View* view, Py_ssize_t place) noexcept nogil:
    """Give where the 6 or 8 pairs of hex digits that start here end; -1 if there are more, or fewer."""
    cdef Py_ssize_t end = skip(view, place, HEX, 2)
    cdef uint8_t separator
    cdef int pairs = 1
    if end - place < 2:
        return -1
    separator = look(view, end)
    if (separator != c":" and separator != c"-") or _goes_on_left(view, place, separator):
        return -1
    while pairs < 9 and look(view, end) == separator and _is_lone_pair(view, end + 1):
        pairs += 1
        end += 3
    if (pairs != 6 and pairs != 8) or is_a(view, end, BESIDE_WORD):
        return -1
    if look(view, end) == separator and is_a(view, end + 1, LITERAL):
        return -1
    return end


cdef inline bint _is_lone_pair(View* view, Py_ssize_t place) noexcept nogil:
    return skip(view, place, HEX, 2) == place + 2 and not is_a(view, place + 2, WORD)


cdef bint _goes_on_left(View* view, Py_ssize_t place, uint8_t separator) noexcept nogil:
    """Tell whether a lone pair and the separator stand before, or a placeholder that may have been one."""
    if view.chars[place - 1] != separator:
        return False
    if was_a(view, place - 2, LITERAL):
        return True
    return was_a(view, place - 2, HEX) and was_a(view, place - 3, HEX) and not was_a(view, place - 4, WORD)


cdef Py_ssize_t _dotted_end(View* view, Py_ssize_t place) noexcept nogil:
    """Give where the `hhhh.hhhh.hhhh` with a letter that starts here ends; -1 if there is none."""
    cdef Py_ssize_t end = place
    cdef uint32_t kinds = 0
    cdef int group
    for group in range(3):
        if group:
            if look(view, end) != c".":
                return -1
            end += 1
        if skip(view, end, HEX, 4) < end + 4:
            return -1
        end += 4
    for group in range(14):
        kinds |= KIND[view.chars[place + group]]
    if not kinds & HEX_LETTER or is_a(view, end, BESIDE_WORD):
        return -1
    return -1 if look(view, end) == c"." and is_a(view, end + 1, BESIDE_WORD) else end


cdef int ipv4_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil:
    """Offer the IPv4 address that starts here."""
    cdef Py_ssize_t end
    cdef int first
    if not _may_start_quad(view, place):
        return 0
    view.touched = False
    _octet_end(view, place, &first)
    if first == 0 or first == 127 or first == 255:
        return 0
    end = _quad_end(view, place)
    if end >= 0 and (
        not _may_end_address(view, end) or (look(view, end) == c"-" and is_a(view, end + 1, BESIDE_LETTER))
    ):
        end = -1
    if view.touched and not view.last:
        pend(offers, place, place)
    elif end >= 0:
        offer(offers, place, place, end, IP_CLASS, NO_VERSION)
    return 0


cdef bint _may_start_quad(View* view, Py_ssize_t place) noexcept nogil:
    """Tell whether what stands to the left lets an IPv4 address start: no version of a product or of a requirement."""
    cdef uint8_t before = view.chars[place - 1]
    cdef Py_ssize_t equals = place - 2 if before == c" " else place - 1
    if KIND[before] & BESIDE_WORD or before == c"." or before == c"-":
        return False
    if before == c"/":
        return not was_a(view, place - 2, BESIDE_LETTER)
    return view.chars[equals] != c"=" or view.chars[equals - 1] not in (c"=", c">", c"<", c"!", c"~")


cdef bint _may_end_address(View* view, Py_ssize_t end) noexcept nogil:
    """Tell whether neither a word goes on nor a dot and a digit follow."""
    if is_a(view, end, BESIDE_WORD):
        return False
    return look(view, end) != c"." or not is_a(view, end + 1, BESIDE_DIGIT)


cdef Py_ssize_t _quad_end(View* view, Py_ssize_t place) noexcept nogil:
    """Give where four octets with dots between end, whatever follows; -1 if there are fewer."""
    cdef Py_ssize_t end = place
    cdef int value
    cdef int octet
    for octet in range(4):
        if octet:
            if look(view, end) != c".":
                return -1
            end += 1
        end = _octet_end(view, end, &value)
        if value < 0:
            return -1
    return end


cdef Py_ssize_t _octet_end(View* view, Py_ssize_t place, int* value) noexcept nogil:
    """Give where up to three digits end, and their value; -1 as value if they are no octet."""
    cdef Py_ssize_t end = skip(view, place, DIGIT, 3)
    cdef Py_ssize_t at
    value[0] = 0
    for at in range(place, end):
        value[0] = value[0] * 10 + view.chars[at] - <int>c"0"
    if end == place or value[0] > 255 or (end - place > 1 and view.chars[place] == c"0"):
        value[0] = -1
    return end


cdef int ipv6_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil:
    """Offer the IPv6 address that starts here, with its zone."""
    cdef Address address
    cdef Py_ssize_t end = -1
    if was_a(view, place - 1, BESIDE_WORD) or view.chars[place - 1] in (c":", c"."):
        return 0
    view.touched = False
    if _read_address(view, place, &address) and _is_address(view, &address):
        end = _zone_end(view, address.end)
        if end < 0 and _may_end_v6(view, address.behind):
            end = address.end
    return _settle(view, place, end, IP_CLASS, offers)


cdef bint _read_address(View* view, Py_ssize_t place, Address* address) noexcept nogil:
    """Read groups up to where they end; False if they can be none of an address."""
    address[0] = Address(place, place, place, place, 0, 0, -1, True, 0, 0)
    if look(view, place) == c":":
        if look(view, place + 1) != c":":
            return False
        address.gap = 0
        place += 2
    while True:
        address.group = place
        place = _read_group(view, place, address)
        if place < 0:
            return False
        address.end = address.behind = place
        if place == address.group:
            return look(view, place) != c":"
        if look(view, place) != c":":
            return look(view, place) != c"." or _read_quad(view, address)
        place += 1
        if look(view, place) == c":":
            if address.gap >= 0 or address.groups == GROUPS:
                return False
            address.gap = address.groups
            place += 1
        elif not is_a(view, place, HEX):
            address.behind = place
            return True


cdef Py_ssize_t _read_group(View* view, Py_ssize_t place, Address* address) noexcept nogil:
    """Read the hex digits from `place` on, if any, and give where they end; -1 if they are one group too many."""
    cdef Py_ssize_t end = skip(view, place, HEX, 5)
    cdef uint32_t value = 0
    cdef Py_ssize_t at
    if end == place:
        return end
    if end - place > 4 or address.groups == GROUPS - (address.gap >= 0):
        return -1
    for at in range(place, end):
        value = value * 16 + (view.chars[at] & 15u)
        if was_a(view, at, HEX_LETTER):
            value += 9
    address.before |= address.last
    address.last = value
    address.groups += 1
    address.written += 1
    address.pairs &= end - place == 2
    return end


cdef bint _read_quad(View* view, Address* address) noexcept nogil:
    """Read the dotted quad that the last group may be the start of; False if it is a start and of none."""
    cdef Py_ssize_t end
    cdef Py_ssize_t at
    if address.group == address.start:
        return False
    if not is_a(view, address.end + 1, BESIDE_DIGIT):
        return True
    if address.groups == GROUPS - (address.gap >= 0):
        return False
    end = _quad_end(view, address.group)
    if end < 0:
        return False
    address.groups += QUAD_GROUPS - 1
    address.pairs = False
    address.end = address.behind = end
    address.last = _last_two(view, end)
    at = address.group
    # Whatever the first two octets are, not 0.0: more than ::1.
    address.before |= not (view.chars[at] == c"0" and view.chars[at + 2] == c"0")
    return True


cdef uint32_t _last_two(View* view, Py_ssize_t end) noexcept nogil:
    """Give whether the last two octets before `end` are 0.0 or 0.1, by giving them; 2 for all others."""
    if view.chars[end - 2] != c"." or view.chars[end - 4] != c"." or view.chars[end - 3] != c"0":
        return 2
    return min(<uint32_t>2, view.chars[end - 1] - <uint32_t>c"0")


cdef bint _is_address(View* view, Address* address) noexcept nogil:
    """Tell whether groups are an address that counts."""
    if address.gap < 0:
        return address.groups == GROUPS and not address.pairs and (address.before != 0 or address.last > 1)
    if address.gap == address.groups:
        address.before |= address.last
        address.last = 0
    return (address.before != 0 or address.last > 1) and _is_telling(view, address)


cdef bint _is_telling(View* view, Address* address) noexcept nogil:
    """Tell whether an address with `::` is more than a look-alike."""
    cdef const uint8_t* chars = view.chars + address.start
    cdef uint8_t first = LOWER_CASE[chars[0]]
    cdef bint is_global = first == c"2" or first == c"3" or (first == c"f" and c"c" <= LOWER_CASE[chars[1]] <= c"f")
    cdef Py_ssize_t at
    if _starts(view, address, b"::ffff:") or _starts(view, address, b"64:ff9b:"):
        return True
    if address.written < 3 and not (is_global and _starts(view, address, b"hhhh:")):
        return False
    for at in range(address.start, address.end):
        if was_a(view, at, DIGIT):
            return True
    return False


cdef bint _starts(View* view, Address* address, const char* text) noexcept nogil:
    """Tell whether an address starts with a text in lower case, where `h` stands for any hex digit."""
    cdef Py_ssize_t at = 0
    while text[at]:
        if address.start + at == address.end:
            return False
        if text[at] == c"h":
            if not was_a(view, address.start + at, HEX):
                return False
        elif LOWER_CASE[view.chars[address.start + at]] != <uint8_t>text[at]:
            return False
        at += 1
    return True


cdef Py_ssize_t _zone_end(View* view, Py_ssize_t place) noexcept nogil:
    """Give where the longest zone that starts here ends; -1 if there is none."""
    cdef Py_ssize_t end = place + 1
    if look(view, place) != c"%":
        return -1
    while end <= place + ZONE_MOST and (is_a(view, end, WORD) or look(view, end) in (c".", c"-")):
        end += 1
    while end > place + 1:
        if view.chars[end - 1] != c"." and _may_end_v6(view, end):
            return end
        end -= 1
    return -1


cdef inline bint _may_end_v6(View* view, Py_ssize_t end) noexcept nogil:
    return look(view, end) != c":" and _may_end_address(view, end)
