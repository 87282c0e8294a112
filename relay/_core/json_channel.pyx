"""One JSON document in fragments cut anywhere: strings are matched by their decoded values (spec/redaction.md 10).

What is not replaced passes byte for byte. Each value is a text of its own, with `key: ` of the nearest enclosing member
to its left. A number that is a card, a telephone number or a social security number becomes a string; a key gets the
numbered form, so that two keys cannot fall together. From where a document is malformed on, the rest is a text.
"""

cimport cython
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp, memcpy, memmove, memset

from relay._core.channel cimport Channel
from relay._core.codes cimport code_of
from relay._core.codes cimport hex_value, unescaped
from relay._core.kinds cimport CARD_CLASS, CLASSES, DIGIT, HEX, KIND, LOWER, PHONE_CLASS, SSN_CLASS
from relay._core.text cimport skip_plain

cdef enum:
    LONGEST_NUMBER = 40           # a longer token is no match


cdef inline bint _is_space(uint32_t code) noexcept nogil:
    return code == c" " or code == c"\n" or code == c"\t" or code == c"\r"


cdef inline bint _is_token(uint32_t code) noexcept nogil:
    """Tell whether a character may stand in a number, `true`, `false` or `null`."""
    if code >= 0x80:
        return False
    return KIND[code] & (DIGIT | LOWER) or code == c"-" or code == c"+" or code == c"." or code == c"E"


cdef Form _form_with(Form form, uint32_t code) noexcept nogil:
    """Give what a token is with one character more (RFC 8259, 6)."""
    cdef bint is_digit = c"0" <= code <= c"9"
    if form == NAME:
        return NAME if c"a" <= code <= c"z" else WRONG
    if code == c".":
        return POINT if form == ZERO or form == DIGITS else WRONG
    if code == c"e" or code == c"E":
        return MARK if form == ZERO or form == DIGITS or form == FRACTION else WRONG
    if code == c"+" or code == c"-":
        return SIGN if form == MARK else WRONG
    if not is_digit or form == ZERO:
        return WRONG
    if form == MINUS:
        return ZERO if code == c"0" else DIGITS
    if form == DIGITS:
        return DIGITS
    return FRACTION if form == POINT or form == FRACTION else EXPONENT


cdef inline bint _is_number(Form form) noexcept nogil:
    return form == ZERO or form == DIGITS or form == FRACTION or form == EXPONENT


@cython.final
cdef class JsonChannel(Channel):
    """The fragments of one JSON document; arguments as for Channel."""

    def __cinit__(self, *args, **kwargs):
        if self._replace is None:
            raise ValueError("replace: a document needs one, for keys that are masked could fall together")
        self.layers += 1
        self._is_document = True

    cdef int text(self, const char* ptr, Py_ssize_t size) except -1 nogil:
        cdef const char* end = ptr + size
        cdef const char* stop
        cdef uint32_t code
        cdef int width
        while ptr < end:
            if (self._state == STRING or self._state == KEY_STRING) and self._pending_count == 0:
                stop = skip_plain(ptr, end)
                self.matcher.window.text(ptr, stop - ptr)
                ptr = stop
                if ptr == end:
                    return 0
                code = unescaped(<uint8_t>ptr[1]) if ptr[0] == c"\\" and end - ptr > 1 else 0
                if code:
                    self.matcher.window.code(code, ptr, 2)
                    ptr += 2
                    continue
            elif self._state == BROKEN:
                return self.matcher.window.text(ptr, end - ptr)
            code = code_of(<const uint8_t*>ptr, &width)
            self.code(code, ptr, width)
            ptr += width
        return 0

    cdef int code(self, uint32_t code, const char* raw, int width) except -1 nogil:
        if self._state == STRING or self._state == KEY_STRING:
            return self._inside(code, raw, width)
        if self._state == TOKEN:
            return self._token(code, raw, width)
        if self._state == BROKEN:
            return self.matcher.window.code(code, raw, width)
        return self._outside(code, raw, width)

    cdef int pump(self, bint last) except -1 nogil:
        if last:
            if self._state == TOKEN:
                self._end_token()
            elif self._state == STRING or self._state == KEY_STRING:
                self._give_up()
        if self._state == STRING or self._state == KEY_STRING or self._state == BROKEN:
            return self._pump(self.matcher, self.matcher.window, last)
        return 0

    cdef int begin(self) except -1 nogil:
        Channel.begin(self)
        self._state = VALUE
        self._depth = self._pending_count = self._key_sizes[0] = 0
        self.is_key = self._is_resolved = False
        self.layers = self.is_escaped + 1
        return 0

    cdef void forget(self) noexcept:
        Channel.forget(self)
        memset(self._keys, 0, sizeof(self._keys))
        memset(self._raw, 0, sizeof(self._raw))

    cdef int _quote(self) except -1 nogil:
        """Write a quotation mark of the document."""
        return self.out.append(b'\\"', 2) if self.is_escaped else self.out.append(b'"', 1)

    cdef int _pass(self, const char* raw, int width) except -1 nogil:
        return self.out.append(raw, width)

    cdef int _outside(self, uint32_t code, const char* raw, int width) except -1 nogil:
        """Take a character between strings."""
        if _is_space(code):
            return self._pass(raw, width)
        if self._state == VALUE or self._state == FIRST_VALUE:
            return self._begin_value(code, raw, width)
        if (self._state == FIRST_KEY or self._state == KEY) and code == c'"':
            self._pass(raw, width)
            self._state = KEY_STRING
            self.is_key = True
            return self.matcher.begin(NULL, 0)
        if self._state == COLON and code == c":":
            self._state = VALUE
        elif self._state == COMMA and code == c"," and self._depth:
            self._state = KEY if self._is_object[self._depth - 1] else VALUE
        elif (self._state == COMMA or self._state == FIRST_KEY) and code == c"}":
            self._close(True)
        elif self._state == COMMA and code == c"]":
            self._close(False)
        else:
            self._give_up()
            return self.code(code, raw, width)
        if self._state == BROKEN:
            return self.code(code, raw, width)
        return self._pass(raw, width)

    cdef int _begin_value(self, uint32_t code, const char* raw, int width) except -1 nogil:
        """Take the first character of a value."""
        if code == c'"':
            self._pass(raw, width)
            self._state = STRING
            return self._begin()
        if _is_token(code) and code != c"." and code != c"+" and code != c"E":
            self._state = TOKEN
            self._is_long = False
            self._form = _form_with(MINUS, code) if KIND[code] & DIGIT else MINUS if code == c"-" else NAME
            self._begin()
            return self.matcher.window.code(code, raw, width)
        if code == c"{" or code == c"[":
            self._open(code == c"{")
        elif code == c"]" and self._state == FIRST_VALUE:
            self._close(False)
        else:
            self._give_up()
        if self._state == BROKEN:
            self._begin()
            return self.code(code, raw, width)
        return self._pass(raw, width)

    cdef int _open(self, bint is_object) except -1 nogil:
        if self._depth == DEPTH:
            return self._give_up()
        self._is_object[self._depth] = <uint8_t>is_object
        if self._depth + 1 < KEYS:  # what stands in an array has the array's key
            self._key_sizes[self._depth + 1] = self._key_sizes[self._depth]
            memcpy(self._keys[self._depth + 1], self._keys[self._depth], KEY_SIZE + 2)
        self._depth += 1
        self._state = FIRST_KEY if is_object else FIRST_VALUE
        return 0

    cdef int _close(self, bint is_object) except -1 nogil:
        if self._depth == 0 or self._is_object[self._depth - 1] != is_object:
            return self._give_up()
        self._depth -= 1
        self._state = COMMA if self._depth else ENDED
        return 0

    cdef int _begin(self) except -1 nogil:
        """Begin the text of a value, its key to its left."""
        cdef int level = self._depth
        if level >= KEYS:
            return self.matcher.begin(NULL, 0)
        return self.matcher.begin(self._keys[level], self._key_sizes[level])

    cdef int _token(self, uint32_t code, const char* raw, int width) except -1 nogil:
        """Take a character of a number or a name, or the first behind it."""
        if not _is_token(code):
            self._end_token()
            return self.code(code, raw, width)
        self._form = _form_with(self._form, code)
        if self._form == WRONG:
            self._break()
            if self._is_long:
                self.matcher.begin(NULL, 0)
            return self.matcher.window.code(code, raw, width)
        self.matcher.window.code(code, raw, width)
        if self.matcher.window.len - self.matcher.window.released > LONGEST_NUMBER:
            self._is_long = True
        if self._is_long:
            self.matcher.window.release(self.matcher.window.len, self.out)
            self.matcher.window.compact()
        return 0

    cdef int _end_token(self) except -1 nogil:
        """End a number or a name; what is neither is where the document breaks."""
        cdef const uint8_t* chars = self.matcher.window.chars_from(self.matcher.window.released)
        cdef Py_ssize_t size = self.matcher.window.len - self.matcher.window.released
        self._state = COMMA if self._depth else ENDED
        if _is_number(self._form):
            return 0 if self._is_long else self._number()
        if (size == 4 and (memcmp(chars, b"true", 4) == 0 or memcmp(chars, b"null", 4) == 0)) or (
            size == 5 and memcmp(chars, b"false", 5) == 0
        ):
            return self.matcher.window.release(self.matcher.window.len, self.out)
        self._break()
        return self.matcher.begin(NULL, 0) if self._is_long else 0

    cdef int _number(self) except -1 nogil:
        """Let a number go, or a string in its place, if all of it is a card, telephone or social security number."""
        cdef Py_ssize_t start = self.matcher.window.released
        cdef Py_ssize_t before = self.out.len
        cdef Py_ssize_t quote
        cdef bint changed = self.changed
        cdef int cls
        self.matcher.decide(True)
        cls = self.matcher.found[0].cls if self.matcher.count == 1 else <int>CLASSES
        if (cls != CARD_CLASS and cls != PHONE_CLASS and cls != SSN_CLASS) or (
            self.matcher.found[0].start != start or self.matcher.found[0].end != self.matcher.window.len
        ):
            return self.matcher.window.release(self.matcher.window.len, self.out)
        self._quote()
        quote = self.out.len - before
        self.changed = False
        self.take_out(self.matcher, &self.matcher.found[0])
        if self.changed:
            return self._quote()
        # It stays, and a number stays a number.
        self.changed = changed
        self.out.len -= quote
        memmove(self.out.ptr + before, self.out.ptr + before + quote, <size_t>(self.out.len - before))
        return 0

    cdef int _inside(self, uint32_t code, const char* raw, int width) except -1 nogil:
        """Take a character of a string, or its end."""
        if self._pending_count:
            if self._pending_count != 6 or code == c"\\":
                return self._escape(code, raw, width)
            self._resolve()
        if code == c"\\":
            return self._escape(code, raw, width)
        if code == c'"':
            self._end_string()
            return self._pass(raw, width)
        if code < 0x20:
            self._give_up()
            return self.code(code, raw, width)
        return self.matcher.window.code(code, raw, width)

    cdef int _escape(self, uint32_t code, const char* raw, int width) except -1 nogil:
        """Take a character of an escape."""
        cdef int at = self._pending_count % 6
        cdef int used = 0
        cdef int number
        for number in range(self._pending_count):
            used += self._widths[number]
        memcpy(self._raw + used, raw, <size_t>width)
        self._pending[self._pending_count] = code
        self._widths[self._pending_count] = <uint8_t>width
        self._pending_count += 1
        if at == 1 and code != c"u":
            return self._resolve()
        if at >= 2 and not (code < 0x80 and KIND[code] & HEX):
            return self._give_up()
        return self._resolve() if at == 5 else 0

    cdef uint32_t _pending_code(self, int at) noexcept nogil:
        """Give what the four digits behind `\\u` at `at` say."""
        cdef uint32_t code = 0
        cdef int digit
        for digit in range(at + 2, at + 6):
            code = code << 4 | hex_value(self._pending[digit])
        return code

    cdef int _resolve(self) except -1 nogil:
        """Give the characters whose escapes are complete; a high surrogate waits for what follows it."""
        cdef uint32_t first, second
        cdef bint is_waiting
        if self._pending_count >= 6:
            first = self._pending_code(0)
            if self._pending_count == 6:
                is_waiting = not self._is_resolved and 0xD800 <= first <= 0xDBFF
                self._is_resolved = is_waiting
                return 0 if is_waiting else self._give(first, 6)
            self._is_resolved = False
            if self._pending_count == 12:
                second = self._pending_code(6)
                if 0xDC00 <= second <= 0xDFFF:
                    return self._give(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00), 12)
            self._give(first, 6)
        if self._pending_count == 6:
            return self._resolve()
        second = unescaped(self._pending[1])
        return self._give(second, 2) if second else self._give_up()

    cdef int _give(self, uint32_t code, int count) except -1 nogil:
        """Give the text one character for the first `count` of an escape."""
        cdef int width = 0
        cdef int rest = 0
        cdef int number
        for number in range(self._pending_count):
            if number < count:
                width += self._widths[number]
            else:
                rest += self._widths[number]
        self.matcher.window.code(code, self._raw, width)
        self._pending_count -= count
        memmove(self._raw, self._raw + width, <size_t>rest)
        memmove(self._widths, self._widths + count, <size_t>self._pending_count)
        memmove(self._pending, self._pending + count, <size_t>self._pending_count * sizeof(uint32_t))
        return 0

    cdef int _end_string(self) except -1 nogil:
        """End a value or a key."""
        if self._pending_count:
            self._resolve()
        self._pump(self.matcher, self.matcher.window, True)
        self.is_key = False
        if self._state == KEY_STRING:
            self._remember_key()
            self._state = COLON
        else:
            self._state = COMMA if self._depth else ENDED
        return 0

    cdef int _remember_key(self) except -1 nogil:
        """Keep the end of the key as the context of what follows it."""
        cdef Py_ssize_t size = self.matcher.window.len
        cdef uint8_t* key
        if self._depth >= KEYS:
            return 0
        if size > KEY_SIZE:
            size = KEY_SIZE
        key = self._keys[self._depth]
        memcpy(key, self.matcher.window.chars_from(self.matcher.window.len - size), <size_t>size)
        key[size] = c":"
        key[size + 1] = c" "
        self._key_sizes[self._depth] = <int>size + 2
        return 0

    cdef void _break(self) noexcept nogil:
        """Take what follows as a text: its raw bytes are not inside a string of the document."""
        self._state = BROKEN
        self.layers = self.is_escaped
        self.is_key = self._is_resolved = False

    cdef int _give_up(self) except -1 nogil:
        """The document broke: what follows is a text."""
        cdef int number, width
        cdef const char* raw = self._raw
        if self._state == STRING or self._state == KEY_STRING:
            self._pump(self.matcher, self.matcher.window, True)
        self._break()
        self.matcher.begin(NULL, 0)
        for number in range(self._pending_count):
            width = self._widths[number]
            self.matcher.window.code(self._pending[number], raw, width)
            raw += width
        self._pending_count = 0
        return 0
