"""Fragments of tool calls to blocks that never overlap (spec/wire-protocols.md 3.3, 4.2).

The call whose block is open streams. Fragments of others wait, until its arguments are a whole JSON value and the next
call is known, or until the answer ends. Text that comes within a call waits for that end too. Memory: what waits, at
most `most` bytes of each.
"""

cimport cython
from libc.string cimport memchr, memcmp

from relay._core.buffer cimport Buffer
from relay._core.scanned cimport bytes_of, slice_of
from relay._core.translator cimport TEXT_BLOCK, THINKING_BLOCK, TOOL_BLOCK, Block, Translator
from relay._core.types cimport Slice

from relay._core.errors import LimitExceeded, ProtocolError

cdef enum:
    MOST_CALLS = 512              # of one answer


cdef inline char _unescaped(char c) noexcept nogil:
    """Give what an escape of one character stands for, as far as the grammar of JSON asks."""
    return c" " if c == c"n" or c == c"t" or c == c"r" else c


cdef char _unicode(const char* digits) noexcept nogil:
    """Give the character of a `\\u` escape; any that JSON has no use for is `x`."""
    cdef int code = 0
    cdef int at
    cdef char c
    for at in range(4):
        c = digits[at] | 0x20
        code = code << 4 | <int>(c - c"0" if c <= c"9" else c - c"a" + 10)
    return <char>code if 0x20 <= code < 0x7F else c"x"


cdef void follow(Shape* shape, Slice text) noexcept nogil:
    """Go on through a JSON text by a piece of it, the inside of a JSON string."""
    cdef const char* ptr = text.ptr
    cdef const char* end = text.ptr + text.len
    cdef char c
    while ptr < end:
        if shape.in_string and not shape.escaped:
            # Quotes and backslashes of the text itself are escaped in the string that it lies in.
            ptr = <const char*>memchr(ptr, c"\\", <size_t>(end - ptr))
            if ptr == NULL:
                return
        c = ptr[0]
        ptr += 1
        if c == c"\\" and ptr[0] == c"u":
            c = _unicode(ptr + 1)
            ptr += 5
        elif c == c"\\":
            c = _unescaped(ptr[0])
            ptr += 1
        if shape.escaped:
            shape.escaped = False
        elif shape.in_string:
            shape.escaped = c == c"\\"
            if c == c'"':
                shape.in_string = False
                shape.complete |= shape.depth == 0
        elif c == c'"':
            shape.in_string = True
        elif c == c"{" or c == c"[":
            shape.depth += 1
        elif c == c"}" or c == c"]":
            shape.depth -= 1
            shape.complete |= shape.depth <= 0


cdef Slice quoted(Slice value, Buffer scratch) except *:
    """Give arguments that came as JSON, not as a string of it, as the inside of one; it lies in `scratch`."""
    text = bytes_of(value).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    scratch.clear()
    scratch.put(text.replace(b"\n", b" ").replace(b"\r", b" ").replace(b"\t", b" "))
    return scratch.slice()


cdef inline bint _is_in(Buffer buffer, Slice text) noexcept nogil:
    return buffer.len == text.len and memcmp(buffer.ptr, text.ptr, <size_t>text.len) == 0


cdef bint _is_id(Buffer id) noexcept nogil:
    """Tell whether an id is one that the hub's clients take."""
    cdef Py_ssize_t at
    cdef char c
    for at in range(id.len):
        c = id.ptr[at]
        if not (c"a" <= c <= c"z" or c"A" <= c <= c"Z" or c"0" <= c <= c"9" or c == c"_" or c == c"-"):
            return False
    return id.len > 0


@cython.final
cdef class ToolCall:
    """One call as it comes."""

    def __cinit__(self):
        self.index = -1
        self.id = Buffer()
        self.name = Buffer()
        self.held = Buffer()
        self.shape = Shape(0, False, False, False)


@cython.final
cdef class ToolCalls:
    """The calls of one answer.

    out      makes their blocks
    most     bytes of arguments that may wait; over it: LimitExceeded("tool_input")
    seed     what ids are minted from, for calls that have none, or one that no client takes
    names    what a name that was sent stands for
    single   only the first call is wanted
    """

    def __cinit__(self, Translator out not None, Py_ssize_t most, bytes seed not None, dict names, bint single):
        self._out = out
        self._most = most
        self._seed = seed
        self._names = names
        self._is_single = single
        self._calls = []
        self._late_thinking = Buffer()
        self._late_text = Buffer()

    cdef int take(self, Fragment* fragment) except -1:
        """Take one fragment."""
        cdef ToolCall call = self._of(fragment)
        self.went_on = False
        self._current = call
        if call.id.len == 0:
            call.id.add(fragment.id)
        if call.name.len == 0:
            call.name.add(fragment.name)
        if fragment.index >= 0:
            call.index = fragment.index
        if call.ended:
            self._out.normalised += fragment.arguments.len > 0
            return 0
        if call is self.open:
            self.went_on = fragment.index >= 0
            if fragment.arguments.len:
                follow(&call.shape, fragment.arguments)
                self._out.say(TOOL_BLOCK, fragment.arguments)
            return 0
        self._give(call, fragment.arguments)
        return self._advance()

    cdef int follow(self, Slice text) noexcept nogil:
        """Note more of the open call's arguments, which were sent already."""
        follow(&self.open.shape, text)
        return 0

    cdef bint knows(self, Slice id):
        """Tell whether a call has this id already."""
        return id.len > 0 and self._by_id(id) is not None

    cdef bint waits(self) noexcept:
        """Tell whether the open call is not whole yet, so that no other block may begin."""
        return self.open is not None and not self.open.shape.complete

    cdef void leave(self) noexcept:
        """The open call's block makes way for another."""
        if self.open is not None:
            self.open.ended = True
            self.open = None

    cdef bint delays(self, Block block, Slice text) except -1:
        """Keep text that comes within a call; tell whether: if not, the call's block has made way for the text's."""
        if not self.waits():
            self.leave()
            return False
        (self._late_text if block == TEXT_BLOCK else self._late_thinking).add(text)
        if self._late_text.len + self._late_thinking.len > self._most:
            raise LimitExceeded("tool_input")
        return True

    cdef int settle(self, int index) except -1:
        """The call of an index is whole, whatever came of it: others may begin."""
        cdef ToolCall call = self._by_index(index)
        if call is None:
            return 0
        call.shape.complete = True
        return self._advance()

    cdef int flush(self) except -1:
        """Send all that waits: the answer has ended.

        raises   ProtocolError for a call that was never named
        """
        cdef ToolCall call = self._next()
        self.leave()
        while call is not None:
            if call.name.len == 0:
                raise ProtocolError("a tool call has no name")
            self._begin(call)
            self.leave()
            call = self._next()
        self._out.say(THINKING_BLOCK, self._late_thinking.slice())
        return self._out.say(TEXT_BLOCK, self._late_text.slice())

    cdef ToolCall _of(self, Fragment* fragment):
        """Give the call of a fragment, a new one where it opens one."""
        cdef ToolCall same
        if fragment.id.len:
            same = self._by_id(fragment.id)
            if same is None:
                same = self._unidentified(fragment)
            elif same.index >= 0 and fragment.index >= 0 and same.index != fragment.index:
                same = self._namesake(same, fragment)
            return self._new() if same is None else same
        if fragment.index >= 0:
            same = self._by_index(fragment.index)
            if same is None and fragment.name.len == 0:
                same = self._current
            return self._new() if same is None else same
        same = self._current
        return self._new() if same is None or self._is_over(same, fragment) else same

    cdef ToolCall _namesake(self, ToolCall call, Fragment* fragment):
        """Give the call of a fragment with the id of a call that has another index: one of the same id, which is then
        left out, has a name of its own, or began so; None: it begins.
        """
        cdef ToolCall other = self._by_index(fragment.index)
        if other.id.len if other is not None else fragment.name.len == 0:
            return call
        fragment.id.len = 0
        return other

    cdef ToolCall _unidentified(self, Fragment* fragment):
        """Give the call to which a new id is the id that it lacked so far; None: it is another's."""
        cdef ToolCall same = self._by_index(fragment.index) if fragment.index >= 0 else self._current
        if same is None or same.id.len or (same.name.len and fragment.name.len):
            return None
        return same

    cdef bint _is_over(self, ToolCall call, Fragment* fragment):
        """Tell whether a fragment without id and index begins a call: the last one is whole, or has another name."""
        if call.shape.complete:
            return True
        return fragment.name.len > 0 and call.name.len > 0 and not _is_in(call.name, fragment.name)

    cdef ToolCall _by_id(self, Slice id):
        cdef ToolCall call
        for call in self._calls:
            if _is_in(call.id, id):
                return call
        return None

    cdef ToolCall _by_index(self, int index):
        """Give the latest call of an index: some servers number all of them alike."""
        cdef ToolCall call
        for call in reversed(self._calls):
            if call.index == index:
                return call
        return None

    cdef ToolCall _new(self):
        cdef ToolCall call = ToolCall()
        if len(self._calls) == MOST_CALLS:
            raise LimitExceeded("tool_calls")
        call.ended = self._is_single and len(self._calls) > 0
        self._calls.append(call)
        return call

    cdef int _give(self, ToolCall call, Slice arguments) except -1:
        """Let arguments wait."""
        if arguments.len == 0:
            return 0
        follow(&call.shape, arguments)
        self._held += arguments.len
        if self._held > self._most:
            raise LimitExceeded("tool_input")
        return call.held.add(arguments)

    cdef int _advance(self) except -1:
        """Begin every call whose turn has come."""
        cdef ToolCall call = self._next()
        while call is not None and call.name.len and not self.waits():
            self.leave()
            self._begin(call)
            call = self._next()
        return 0

    cdef int _begin(self, ToolCall call) except -1:
        """Open a call's block, and send what waited for it."""
        cdef bytes id = self._id(call)
        cdef bytes name = bytes_of(call.name.slice())
        if self._names:
            name = self._names.get(name, name)
        call.begun = True
        self.open = call
        self._out.begin_tool(slice_of(id), slice_of(name))
        self._out.say(TOOL_BLOCK, call.held.slice())
        self._held -= call.held.len
        call.held.clear()
        return 0

    cdef ToolCall _next(self):
        """Give the first call that has not begun; None: all have."""
        cdef ToolCall call
        for call in self._calls:
            if not call.begun and not call.ended:
                return call
        return None

    cdef bytes _id(self, ToolCall call):
        if _is_id(call.id):
            return bytes_of(call.id.slice())
        self._out.normalised += 1
        return b"toolu_%b%02d" % (self._seed, self._calls.index(call))
