"""The Responses dialect, inwards: its stream to the hub's events (spec/wire-protocols.md 3.4, 3.5, 4.2, 5.2).

Items are told apart by their index in the output, texts by their place in an item. Texts that stream are taken as they
come, and what repeats them later is not read; of an item that did not stream, its end is. The last event says how the
answer ended, and its usage. Memory: one event, the tool calls that wait, a number for each item.
"""

cimport cython
from libc.stdint cimport int64_t

from relay._core.chat_usage cimport count_of, keep
from relay._core.json cimport Scanner, string_text, value_end
from relay._core.meter cimport Meter
from relay._core.scanned cimport bytes_of, first_item, inside, is_list, is_said, next_item, trimmed
from relay._core.text cimport equals, is_object
from relay._core.tool_calls cimport Fragment, ToolCalls
from relay._core.translator cimport TEXT_BLOCK, THINKING_BLOCK, Block, Translator
from relay._core.types cimport DELTA, WHOLE_FORM, Event, Frame, Slice

from relay._core.errors import LimitExceeded, Truncated
from relay._core.finish import INCOMPLETE

cdef enum:
    MAX_DEPTH = 500
    MOST_ITEMS = 4096             # of one answer

cdef enum:                        # kinds of events
    OTHER, BEGUN, ADDED, SAID, REFUSED, SUMMARISED, THOUGHT, ARGUED, ANNOTATED, DONE, COMPLETED, INCOMPLETED, FAILED
    ERRED, PASSED

cdef dict _KINDS = {
    b"response.created": BEGUN,
    b"response.in_progress": BEGUN,
    b"response.queued": BEGUN,
    b"response.output_item.added": ADDED,
    b"response.output_text.delta": SAID,
    b"response.refusal.delta": REFUSED,
    b"response.reasoning_summary_text.delta": SUMMARISED,
    b"response.reasoning_text.delta": THOUGHT,
    b"response.function_call_arguments.delta": ARGUED,
    b"response.output_text.annotation.added": ANNOTATED,
    b"response.output_item.done": DONE,
    b"response.completed": COMPLETED,
    b"response.incomplete": INCOMPLETED,
    b"response.failed": FAILED,
    b"response.cancelled": FAILED,
    b"error": ERRED,
    b"response.content_part.added": PASSED,
    b"response.content_part.done": PASSED,
    b"response.function_call_arguments.done": PASSED,
    b"response.output_text.done": PASSED,
    b"response.reasoning_summary_part.added": PASSED,
    b"response.reasoning_summary_part.done": PASSED,
    b"response.reasoning_summary_text.done": PASSED,
    b"response.reasoning_text.done": PASSED,
    b"response.refusal.done": PASSED,
}

cdef enum:                        # slots of an event
    TYPE, TEXT, OUTPUT_INDEX, CONTENT_INDEX, SUMMARY_INDEX, ITEM, ANNOTATION, RESPONSE
    ERROR, ERROR_TYPE, ERROR_CODE, ERROR_MESSAGE, OWN_CODE, OWN_MESSAGE, EVENT_PATHS

cdef Scanner _EVENT = Scanner((
    "type", "delta", "output_index", "content_index", "summary_index", "item", "annotation", "response",
    "error", "error.type", "error.code", "error.message", "code", "message",
), MAX_DEPTH)

cdef enum:                        # slots of an item, or of a part of its content
    ITEM_TYPE, ITEM_ID, CALL_ID, NAME, ARGUMENTS, CONTENT, SUMMARY, ENCRYPTED
    PART_TEXT, PART_REFUSAL, PART_ANNOTATIONS, ITEM_PATHS

cdef Scanner _ITEM = Scanner((
    "type", "id", "call_id", "name", "arguments", "content", "summary", "encrypted_content",
    "text", "refusal", "annotations",
), MAX_DEPTH)

cdef enum:                        # slots of the whole response
    ID, MODEL, STATUS, OUTPUT, REASON, USAGE, FAULT_TYPE, FAULT_CODE, FAULT_MESSAGE, RESPONSE_PATHS

cdef Scanner _RESPONSE = Scanner((
    "id", "model", "status", "output", "incomplete_details.reason", "usage", "error.type", "error.code",
    "error.message",
), MAX_DEPTH)

cdef enum:
    INPUT, GIVEN, TOTAL, CACHED, WRITTEN, REASONED, USAGE_PATHS

cdef Scanner _USAGE = Scanner((
    "input_tokens", "output_tokens", "total_tokens", "input_tokens_details.cached_tokens",
    "input_tokens_details.cache_write_tokens", "output_tokens_details.reasoning_tokens",
), MAX_DEPTH)

cdef enum:
    CITED_TYPE, CITED_URL, CITED_TITLE, CITED_PATHS

cdef Scanner _CITED = Scanner(("type", "url", "title"), MAX_DEPTH)

cdef Slice _NOTHING = Slice(NULL, 0)


cdef int _note(set items, int64_t item) except -1:
    items.add(item)
    if len(items) > MOST_ITEMS:
        raise LimitExceeded("items")
    return 0


@cython.final
cdef class ResponsesDecoder(Translator):
    """Events of one answer to the hub's.

    max_event   bytes of one event, and of what may wait of it
    sent        `names`: what a tool's name that was sent stands for, bytes by bytes; `single`: only the first tool
                call is wanted
    seed        what ids of tool calls are made from that have none of their own
    """

    def __cinit__(self, Meter meter not None, Py_ssize_t max_event, sent, bytes seed not None):
        self._calls = ToolCalls(self, max_event, seed, sent.names, sent.single)
        self._spoken = set()
        self._over = set()
        self._item = self._part = self._thinker = -1

    cdef int on_frame(self, Frame* frame) except -1 nogil:
        cdef Slice[EVENT_PATHS] slots
        cdef Slice data = trimmed(frame.data)
        cdef Slice kind
        if not self.admit(frame, data):
            return 0
        _EVENT.scan_into(data, slots)
        kind = frame.name if slots[TYPE].ptr == NULL or equals(frame.name, b"error", 5) else inside(slots[TYPE])
        if self.block == TEXT_BLOCK and equals(kind, b"response.output_text.delta", 26):
            if count_of(slots[OUTPUT_INDEX]) == self._item and count_of(slots[CONTENT_INDEX]) == self._part:
                return self.say(TEXT_BLOCK, inside(slots[TEXT]))
        with gil:
            return self._take(_KINDS.get(bytes_of(kind), OTHER), slots)

    cdef int _take(self, int kind, Slice* slots) except -1:
        cdef int64_t index = count_of(slots[OUTPUT_INDEX])
        if kind == SAID or kind == REFUSED:
            self._refused |= kind == REFUSED
            return self._speak(TEXT_BLOCK, inside(slots[TEXT]), index, count_of(slots[CONTENT_INDEX]))
        if kind == SUMMARISED or kind == THOUGHT:
            return self._think(kind, slots)
        if kind == ARGUED:
            return self._fragment(index, _NOTHING, _NOTHING, inside(slots[TEXT]))
        if kind == ADDED:
            return self._added(index, slots[ITEM])
        if kind == DONE:
            return self._done(index, slots[ITEM])
        if kind == ANNOTATED:
            return self._cite(slots[ANNOTATION])
        if kind == BEGUN:
            return self._identify(slots[RESPONSE])
        if kind in (COMPLETED, INCOMPLETED, FAILED):
            return self._ended(kind, slots[RESPONSE])
        if kind == ERRED or is_said(slots[ERROR]):
            return self._error(slots)
        self.unknown_deltas += kind == OTHER
        return 0

    cdef int _speak(self, Block block, Slice text, int64_t item, int64_t part) except -1:
        """Send text in the block of its place, or let it wait for the end of the tool call within which it came."""
        if text.len == 0:
            return 0
        _note(self._spoken, item)
        if self._calls.delays(block, text):
            return 0
        self.begin()
        if self.block == block and (item != self._item or part != self._part):
            if block == THINKING_BLOCK and item == self._item:
                self.more(Slice(b"\\n\\n", 4), False)
            else:
                self.end_block()
        self._item, self._part = item, part
        return self.say(block, text)

    cdef int _think(self, int kind, Slice* slots) except -1:
        """Send thinking; an item that tells it whole and summarised means it once."""
        cdef int64_t index = count_of(slots[OUTPUT_INDEX])
        if index == self._thinker and kind != self._thought:
            self.normalised += 1
            return 0
        self._thinker, self._thought = index, kind
        part = count_of(slots[SUMMARY_INDEX if kind == SUMMARISED else CONTENT_INDEX])
        return self._speak(THINKING_BLOCK, inside(slots[TEXT]), index, part)

    cdef int _fragment(self, int64_t index, Slice id, Slice name, Slice arguments) except -1:
        """Hand one fragment of a tool call on."""
        cdef Fragment fragment
        if arguments.len:
            _note(self._spoken, index)
        self.begin()
        fragment.index = <int>index if index < 1 << 30 else -1
        fragment.id, fragment.name, fragment.arguments = id, name, arguments
        return self._calls.take(&fragment)

    cdef int _added(self, int64_t index, Slice item) except -1:
        """Begin an item. Arguments that a call has here already are those that stream, or that its end repeats."""
        cdef Slice[ITEM_PATHS] slots
        if not is_object(item):
            return 0
        _ITEM.find_in_value(item.ptr, item.ptr + item.len, slots)
        if equals(slots[ITEM_TYPE], b'"function_call"', 15):
            return self._fragment(index, inside(slots[CALL_ID]), inside(slots[NAME]), _NOTHING)
        if self.block == TEXT_BLOCK or self.block == THINKING_BLOCK:
            self.end_block()
        return 0

    cdef int _done(self, int64_t index, Slice item) except -1:
        """End an item, once; what of it did not stream is said now, but of kinds that the hub has no word for."""
        cdef Slice[ITEM_PATHS] slots
        if not is_object(item) or index in self._over:
            return 0
        if index >= 0:
            _note(self._over, index)
        _ITEM.find_in_value(item.ptr, item.ptr + item.len, slots)
        if equals(slots[ITEM_TYPE], b'"function_call"', 15):
            return self._done_call(index, slots)
        if equals(slots[ITEM_TYPE], b'"message"', 9):
            return self._done_message(index, slots[CONTENT])
        if equals(slots[ITEM_TYPE], b'"reasoning"', 11):
            return self._done_reasoning(index, slots)
        self.normalised += 1
        return 0

    cdef int _done_call(self, int64_t index, Slice* slots) except -1:
        cdef Slice arguments = _NOTHING if index in self._spoken else inside(slots[ARGUMENTS])
        self._fragment(index, inside(slots[CALL_ID]), inside(slots[NAME]), arguments)
        return self._calls.settle(<int>index) if 0 <= index < 1 << 30 else 0

    cdef int _done_message(self, int64_t index, Slice content) except -1:
        if index not in self._spoken:
            self._texts(index, content)
        return self.end_block() if self.block == TEXT_BLOCK and index == self._item else 0

    cdef int _done_reasoning(self, int64_t index, Slice* slots) except -1:
        """End thinking with its signature: its item's id and what is encrypted, for they go back together."""
        cdef Slice encrypted = inside(slots[ENCRYPTED])
        if index not in self._spoken:
            self._texts(index, slots[SUMMARY])
        if index not in self._spoken:
            self._texts(index, slots[CONTENT])
        is_open = self.block == THINKING_BLOCK and index == self._item
        if encrypted.len and not is_open and not self._calls.delays(THINKING_BLOCK, _NOTHING):
            self.begin()
            self._begin_block(THINKING_BLOCK)
            is_open = True
        if not is_open:
            return 0
        if encrypted.len:
            self.signature.add(inside(slots[ITEM_ID]))
            self.signature.append(b":", 1)
            self.signature.add(encrypted)
        return self.end_block()

    cdef int _texts(self, int64_t index, Slice parts) except -1:
        """Say the parts of an item that did not stream."""
        cdef Slice[ITEM_PATHS] slots
        cdef const char* end = parts.ptr + parts.len
        cdef const char* item
        cdef const char* stop
        cdef int64_t part = 0
        if not is_list(parts):
            return 0
        item = first_item(parts)
        while item[0] != c"]":  # bound: the array was scanned
            stop = _ITEM.find_in_value(item, end, slots)
            kind = bytes_of(slots[ITEM_TYPE]) if item[0] == c"{" else b""
            if kind == b'"refusal"':
                self._refused = True
                self._speak(TEXT_BLOCK, inside(slots[PART_REFUSAL]), index, part)
            elif kind == b'"output_text"':
                self._speak(TEXT_BLOCK, inside(slots[PART_TEXT]), index, part)
                self._cite_all(slots[PART_ANNOTATIONS])
            elif kind in (b'"summary_text"', b'"reasoning_text"'):
                self._speak(THINKING_BLOCK, inside(slots[PART_TEXT]), index, part)
            part += 1
            item = next_item(stop, end)
        return 0

    cdef int _cite_all(self, Slice annotations) except -1:
        cdef const char* end = annotations.ptr + annotations.len
        cdef const char* item
        cdef const char* stop
        if not is_list(annotations):
            return 0
        item = first_item(annotations)
        while item[0] != c"]":  # bound: the array was scanned
            stop = value_end(item, end, MAX_DEPTH)
            self._cite(Slice(item, stop - item))
            item = next_item(stop, end)
        return 0

    cdef int _cite(self, Slice annotation) except -1:
        """Send what a text is drawn from, where it is a page of the web: of files the hub's clients know nothing."""
        cdef Slice[CITED_PATHS] slots
        cdef Event event
        if not is_object(annotation) or self.block != TEXT_BLOCK:
            return 0
        _CITED.find_in_value(annotation.ptr, annotation.ptr + annotation.len, slots)
        if not equals(slots[CITED_TYPE], b'"url_citation"', 14) or inside(slots[CITED_URL]).len == 0:
            self.normalised += 1
            return 0
        self._frame(b"content_block_delta")
        self._put(b',"index":')
        self._put_number(self.open)
        self._put(b',"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","cited_text":""')
        self._put(b',"url":')
        self._event.add(slots[CITED_URL])
        self._put(b',"title":')
        self._event.add(slots[CITED_TITLE] if inside(slots[CITED_TITLE]).ptr != NULL else Slice(b"null", 4))
        self._put(b',"encrypted_index":""}}')
        self._made(DELTA, &event)
        event.form = WHOLE_FORM
        return self.next.on_event(&event)

    cdef int _identify(self, Slice response) except -1:
        cdef Slice[RESPONSE_PATHS] slots
        if not is_object(response):
            return 0
        _RESPONSE.find_in_value(response.ptr, response.ptr + response.len, slots)
        return self.identify(slots[ID], slots[MODEL])

    cdef int _ended(self, int kind, Slice response) except -1:
        """End the answer as its last event says; of one that did not stream at all, say what is in it."""
        cdef Slice[RESPONSE_PATHS] slots
        cdef const char* end = response.ptr + response.len
        cdef const char* item
        cdef const char* stop
        cdef int64_t index = 0
        if not is_object(response):
            response = Slice(b"{}", 2)
            end = response.ptr + 2
        _RESPONSE.find_in_value(response.ptr, end, slots)
        self.identify(slots[ID], slots[MODEL])
        self._usage(slots[USAGE])
        if kind == FAILED or equals(slots[STATUS], b'"failed"', 8):
            return self.fail(slots[FAULT_TYPE], slots[FAULT_CODE], slots[FAULT_MESSAGE])
        if not self.started and is_list(slots[OUTPUT]):
            item = first_item(slots[OUTPUT])
            while item[0] != c"]":  # bound: the array was scanned
                stop = value_end(item, end, MAX_DEPTH)
                self._done(index, Slice(item, stop - item))
                index += 1
                item = next_item(stop, end)
        self._reason = string_text(slots[REASON])
        self.stopping = True
        self.begin()
        self._calls.flush()
        return self.finish(self._stop_reason(), _NOTHING)

    cdef const char* _stop_reason(self) except NULL:
        """Give the stop reason in the hub's words: what was sent beats what is said of it."""
        reason = INCOMPLETE.get(self._reason)
        if reason == "max_tokens":
            return b"max_tokens"
        if reason == "refusal":
            return b"refusal"
        if self.tools:
            return b"tool_use"
        return b"refusal" if self._refused else b"end_turn"

    cdef int _usage(self, Slice usage) except -1:
        """Take the numbers of a usage object over."""
        cdef Slice[USAGE_PATHS] slots
        if not is_object(usage):
            return 0
        _USAGE.find_in_value(usage.ptr, usage.ptr + usage.len, slots)
        keep(&self.tally.prompt, slots[INPUT])
        keep(&self.tally.completion, slots[GIVEN])
        keep(&self.tally.total, slots[TOTAL])
        keep(&self.tally.cached, slots[CACHED])
        keep(&self.tally.written, slots[WRITTEN])
        keep(&self.tally.reasoning, slots[REASONED])
        return 0

    cdef int _error(self, Slice* slots) except -1:
        """Raise what the peer reported; its words may lie in `error`, or in the event itself."""
        if is_object(slots[ERROR]):
            return self.fail(slots[ERROR_TYPE], slots[ERROR_CODE], slots[ERROR_MESSAGE])
        said = slots[OWN_MESSAGE] if inside(slots[OWN_MESSAGE]).len else slots[ERROR]
        return self.fail(_NOTHING, slots[OWN_CODE], said)

    cdef int on_end(self) except -1 nogil:
        if self.done or self.failed:
            return 0
        with gil:
            raise Truncated("the stream ended before its last event")
