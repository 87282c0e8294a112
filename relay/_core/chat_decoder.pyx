"""The Chat Completions dialect, inwards: chunks to the hub's events (spec/wire-protocols.md 3.2 to 3.4, 4.2, 5.2).

Of a chunk the delta comes first and its finish reason after; of several choices the first is read. The answer ends
with `[DONE]` or the end of the body, if a finish reason came. Memory: one chunk, and the tool calls that wait.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int64_t
from libc.string cimport memcmp, memcpy

from relay._core.buffer cimport Buffer
from relay._core.chat_usage cimport count_of, take_usage
from relay._core.json cimport Scanner, string_end, value_end
from relay._core.meter cimport Meter
from relay._core.scanned cimport bytes_of, first_item, inside, is_list, is_said, next_item, slice_of, trimmed
from relay._core.text cimport equals, is_object, skip_ascii
from relay._core.tool_calls cimport Fragment, ToolCalls, quoted
from relay._core.translator cimport TEXT_BLOCK, THINKING_BLOCK, TOOL_BLOCK, Block, Translator
from relay._core.types cimport Frame, Slice
from relay._core.utf8 cimport is_utf8

from relay._core.errors import PeerError, Truncated
from relay._core.finish import FAILURES, FINISH_REASONS

cdef enum:
    MAX_DEPTH = 500

cdef enum:                        # slots of a chunk
    ID, MODEL, CHOICES, USAGE, GROQ_USAGE, OBJECT, ERROR, ERROR_TYPE, ERROR_CODE, ERROR_MESSAGE
    OWN_TYPE, OWN_CODE, OWN_MESSAGE, CHUNK_PATHS

cdef Scanner _CHUNK = Scanner((
    "id", "model", "choices", "usage", "x_groq.usage", "object", "error", "error.type", "error.code", "error.message",
    "type", "code", "message",
), MAX_DEPTH)

cdef enum:                        # slots of a choice
    INDEX, DELTA, CONTENT, REASONING_CONTENT, REASONING, DETAILS, THINKING_BLOCKS, REFUSAL, TOOL_CALLS
    FUNCTION_NAME, FUNCTION_ARGUMENTS, FINISH_REASON, MATCHED, MATCHED_STOP, CHOICE_USAGE, CHOICE_PATHS

cdef Scanner _CHOICE = Scanner((
    "index", "delta", "delta.content", "delta.reasoning_content", "delta.reasoning", "delta.reasoning_details",
    "delta.thinking_blocks", "delta.refusal", "delta.tool_calls", "delta.function_call.name",
    "delta.function_call.arguments", "finish_reason", "stop_reason", "matched_stop", "usage",
), MAX_DEPTH)

cdef enum:                        # slots of a fragment of a tool call
    CALL_INDEX, CALL_ID, CALL_NAME, CALL_ARGUMENTS, CALL_PATHS

cdef Scanner _CALL = Scanner(("index", "id", "function.name", "function.arguments"), MAX_DEPTH)

cdef enum:                        # slots of a part of content, or of a detail of reasoning
    PART_TYPE, PART_TEXT, PART_THINKING, PART_SUMMARY, PART_SIGNATURE, PART_PATHS

cdef Scanner _PART = Scanner(("type", "text", "thinking", "summary", "signature"), MAX_DEPTH)

cdef dict _REASONS = FINISH_REASONS
cdef dict _FAILED = FAILURES


@cython.final
cdef class ChatDecoder(Translator):
    """Chunks of one answer to events.

    max_event   bytes of one chunk, and of what may wait of it
    chat        `names`: what a tool's name that was sent stands for, bytes by bytes; `single`: only the first tool
                call is wanted
    seed        what ids of tool calls are made from that have none of their own
    """

    def __cinit__(self, Meter meter not None, Py_ssize_t max_event, chat, bytes seed not None):
        self._max_event = max_event
        self._calls = ToolCalls(self, max_event, seed, chat.names, chat.single)
        self._scratch = Buffer()

    cdef const char* take(self, const char* ptr, const char* end) except NULL nogil:
        """Take chunks that differ from the last plain one in their string alone; gives what `on_frame` would."""
        cdef Py_ssize_t before = self._before_len
        cdef const char* text
        cdef const char* stop
        cdef bint plain
        while before and end - ptr > before and memcmp(ptr, self._before, <size_t>before) == 0:
            text = ptr + before
            stop = skip_ascii(text, end)
            plain = stop < end and stop[0] == c'"'
            if not plain:
                stop = string_end(stop, end)
            if stop == NULL or stop == text or end - stop < self._behind_len:
                return ptr
            if memcmp(stop, self._behind, <size_t>self._behind_len) != 0:
                return ptr
            if stop + self._behind_len - ptr > self._max_event:
                return ptr
            if not plain and not is_utf8(Slice(text, stop - text)):
                return ptr
            if self.block == TOOL_BLOCK:
                self._calls.follow(Slice(text, stop - text))
            self.bytes_in += stop + self._behind_len - ptr
            self.more(Slice(text, stop - text), plain)
            ptr = stop + self._behind_len
        return ptr

    cdef int _learn(self, Frame* frame) noexcept nogil:
        """Remember how a chunk lies around its one string, if it says nothing else."""
        cdef const char* end = frame.whole.ptr + frame.whole.len
        cdef const char* behind = self._text.ptr + self._text.len
        cdef Py_ssize_t before = self._text.ptr - frame.whole.ptr
        if self._said != 1 or self._text.ptr == NULL or not frame.whole.ptr < self._text.ptr < end:
            return 0
        if before > MAX_BEFORE or end - behind > MAX_BEHIND or (end - 1)[0] != c"\n":
            return 0
        memcpy(self._before, frame.whole.ptr, <size_t>before)
        memcpy(self._behind, behind, <size_t>(end - behind))
        self._behind_len = end - behind
        self._before_len = before
        return 0

    cdef int on_frame(self, Frame* frame) except -1 nogil:
        cdef Slice[CHUNK_PATHS] slots
        cdef Slice data = trimmed(frame.data)
        self._before_len = 0
        if not self.admit(frame, data):
            return 0
        _CHUNK.scan_into(data, slots)
        if is_said(slots[ERROR]) or equals(slots[OBJECT], b'"error"', 7) or equals(frame.name, b"error", 5):
            with gil:
                return self._error(slots)
        self._said = 0
        self._text.ptr = NULL
        if is_list(slots[CHOICES]):
            self._choices(slots[CHOICES], slots)
        if is_object(slots[USAGE]) or is_object(slots[GROQ_USAGE]):
            self._usage(slots[USAGE] if is_object(slots[USAGE]) else slots[GROQ_USAGE])
        return self._learn(frame)

    cdef int _error(self, Slice* slots) except -1:
        """Raise what the peer reported; its words may lie in `error`, or in the event itself."""
        cdef bint is_own = not is_object(slots[ERROR])
        said = slots[OWN_MESSAGE if is_own else ERROR_MESSAGE]
        return self.fail(
            slots[OWN_TYPE if is_own else ERROR_TYPE],
            slots[OWN_CODE if is_own else ERROR_CODE],
            said if inside(said).len else slots[ERROR],
        )

    cdef int _choices(self, Slice choices, Slice* chunk) except -1 nogil:
        cdef Slice[CHOICE_PATHS] slots
        cdef const char* end = choices.ptr + choices.len
        cdef const char* item = first_item(choices)
        cdef const char* stop
        while item[0] != c"]":  # bound: the array was scanned
            stop = _CHOICE.find_in_value(item, end, slots)
            if item[0] == c"{" and (slots[INDEX].ptr == NULL or slots[INDEX].ptr[0] in (c"0", c"n")):
                self._choice(slots, chunk)
            item = next_item(stop, end)
        return 0

    cdef int _choice(self, Slice* slots, Slice* chunk) except -1 nogil:
        if self._id is None or self._model is None:
            with gil:
                self.identify(chunk[ID], chunk[MODEL])
        if is_object(slots[DELTA]):
            self._delta_of(slots)
        if is_object(slots[CHOICE_USAGE]):
            self._usage(slots[CHOICE_USAGE])
        if is_said(slots[FINISH_REASON]) and slots[FINISH_REASON].ptr[0] == c'"':
            with gil:
                self._finished(slots)
        return 0

    cdef int _delta_of(self, Slice* slots) except -1 nogil:
        """Send what one delta says: thinking, then text, then tool calls."""
        cdef Slice[CALL_PATHS] call
        self._reasoning(slots)
        self._content(slots[CONTENT])
        if inside(slots[REFUSAL]).len:
            self._refused = True
            self._speak(TEXT_BLOCK, inside(slots[REFUSAL]))
        if is_list(slots[TOOL_CALLS]) and first_item(slots[TOOL_CALLS])[0] != c"]":
            with gil:
                self._tools(slots[TOOL_CALLS])
        elif is_said(slots[FUNCTION_NAME]) or is_said(slots[FUNCTION_ARGUMENTS]):
            call[CALL_INDEX] = call[CALL_ID] = Slice(NULL, 0)
            call[CALL_NAME], call[CALL_ARGUMENTS] = slots[FUNCTION_NAME], slots[FUNCTION_ARGUMENTS]
            with gil:
                self._tool(call)
        return 0

    cdef int _reasoning(self, Slice* slots) except -1 nogil:
        """Send thinking; servers that write it in several members mean it once."""
        cdef Slice text = inside(slots[REASONING_CONTENT])
        if text.len == 0:
            text = inside(slots[REASONING])
        self._speak(THINKING_BLOCK, text)
        if is_list(slots[DETAILS]):
            self._details(slots[DETAILS], text.len == 0)
        elif is_list(slots[THINKING_BLOCKS]):
            self._details(slots[THINKING_BLOCKS], text.len == 0)
        return 0

    cdef int _details(self, Slice items, bint with_text) except -1 nogil:
        """Send the texts of a list of thinking, where no member told them already, and keep its signature."""
        cdef Slice[PART_PATHS] slots
        cdef const char* end = items.ptr + items.len
        cdef const char* item = first_item(items)
        cdef const char* stop
        while item[0] != c"]":  # bound: the array was scanned
            stop = _PART.find_in_value(item, end, slots)
            if with_text and item[0] == c"{":
                for value in slots[PART_TEXT : PART_SUMMARY + 1]:
                    if inside(value).len:
                        self._speak(THINKING_BLOCK, inside(value))
                        break
            if item[0] == c"{" and inside(slots[PART_SIGNATURE]).len and self.block == THINKING_BLOCK:
                self.signature.clear()
                self.signature.add(inside(slots[PART_SIGNATURE]))
                self._said += 1
            item = next_item(stop, end)
        return 0

    cdef int _content(self, Slice content) except -1 nogil:
        """Send text: a string, or a list of parts."""
        cdef const char* end = content.ptr + content.len
        cdef const char* item
        cdef const char* stop
        if not is_list(content):
            return self._speak(TEXT_BLOCK, inside(content))
        item = first_item(content)
        while item[0] != c"]":  # bound: the array was scanned
            stop = value_end(item, end, MAX_DEPTH)
            if item[0] == c"{":
                self._part(Slice(item, stop - item))
            item = next_item(stop, end)
        return 0

    cdef int _part(self, Slice part) except -1 nogil:
        cdef Slice[PART_PATHS] slots
        _PART.find_in_value(part.ptr, part.ptr + part.len, slots)
        if not equals(slots[PART_TYPE], b'"thinking"', 10):
            return self._speak(TEXT_BLOCK, inside(slots[PART_TEXT]))
        if is_list(slots[PART_THINKING]):
            return self._details(slots[PART_THINKING], True)
        return self._speak(THINKING_BLOCK, inside(slots[PART_THINKING]))

    cdef int _speak(self, Block block, Slice text) except -1 nogil:
        """Send text, or let it wait for the end of the tool call within which it came."""
        if text.len == 0:
            return 0
        self._said += 1
        with gil:
            if self._calls.delays(block, text):
                self._text.ptr = NULL
                return 0
            self.begin()
        self._text = text
        return self.say(block, text)

    cdef int _tools(self, Slice calls) except -1:
        cdef Slice[CALL_PATHS] slots
        cdef const char* end = calls.ptr + calls.len
        cdef const char* item = first_item(calls)
        cdef const char* stop
        while item[0] != c"]":  # bound: the array was scanned
            stop = _CALL.find_in_value(item, end, slots)
            if item[0] == c"{":
                self._tool(slots)
            item = next_item(stop, end)
        return 0

    cdef int _tool(self, Slice* slots) except -1:
        """Hand one fragment of a tool call on."""
        cdef Fragment fragment
        cdef int64_t index = count_of(slots[CALL_INDEX])
        self.begin()
        fragment.index = <int>index if index < 1 << 30 else -1
        fragment.id = inside(slots[CALL_ID])
        fragment.name = inside(slots[CALL_NAME])
        fragment.arguments = self._arguments(slots[CALL_ARGUMENTS])
        self._calls.take(&fragment)
        self._said += 1
        self._text.ptr = NULL
        if self._calls.went_on and fragment.arguments.len and slots[CALL_ARGUMENTS].ptr[0] == c'"':
            self._text = fragment.arguments
        return 0

    cdef Slice _arguments(self, Slice value) except *:
        """Give arguments as the inside of a JSON string, also where they came as an object."""
        if not is_said(value) or value.ptr[0] == c'"':
            return inside(value)
        return quoted(value, self._scratch)

    cdef int _finished(self, Slice* slots) except -1:
        """Note why the answer ends; it goes on until the end of the stream, for usage comes later."""
        self._reason = bytes_of(inside(slots[FINISH_REASON]))
        self._said += 1
        if self._reason in _FAILED:
            self.failed = True
            raise PeerError(_FAILED[self._reason], "")
        for value in slots[MATCHED : MATCHED_STOP + 1]:
            if inside(value).len:
                self._sequence = bytes_of(value)
        self.stopping = True
        self.begin()
        return 0

    cdef int _usage(self, Slice usage) except -1 nogil:
        """Take the numbers of a usage object over."""
        self._said += 1
        take_usage(&self.tally, usage)
        return 0

    cdef int on_end(self) except -1 nogil:
        if self.done or self.failed:
            return 0
        with gil:
            if not self.stopping:
                raise Truncated("the stream ended before its finish reason")
            return self._close()

    cdef int _close(self) except -1:
        """Send what still waits, and the end."""
        cdef bytes sequence = self._sequence or b""
        self._calls.flush()
        return self.finish(self._stop_reason(), slice_of(sequence))

    cdef const char* _stop_reason(self) except NULL:
        """Give the stop reason in the hub's words: what was sent beats what was said of it."""
        cdef bytes reason = _REASONS.get(self._reason, b"end_turn")
        if reason in (b"end_turn", b"tool_use"):
            if self.tools:
                reason = b"tool_use"
            elif self._refused:
                reason = b"refusal"
            else:
                reason = b"stop_sequence" if self._sequence is not None else b"end_turn"
        return PyBytes_AS_STRING(reason)
