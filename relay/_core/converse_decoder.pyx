"""Bedrock's Converse dialect, inwards: events of a ConverseStream to the hub's (spec/wire-protocols.md 1.4, 4.6, 5.2).

Blocks of text and thinking begin with their first delta; what index a delta has says which block it belongs to. The
answer is complete with its `metadata`, or at the end of the body once `messageStop` came. Nothing leaves before the
model says something, so that until then another endpoint may answer. Memory: one event, and the calls that wait.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int64_t

from relay._core.chat_usage cimport count_of
from relay._core.json cimport Scanner
from relay._core.meter cimport Meter
from relay._core.scanned cimport bytes_of, first_item, inside, is_list, next_item, slice_of
from relay._core.text cimport equals, is_ascii, is_object
from relay._core.tool_calls cimport Fragment, ToolCalls
from relay._core.translator cimport NO_BLOCK, TEXT_BLOCK, THINKING_BLOCK, Block, Translator
from relay._core.types cimport Frame, Slice
from relay._core.utf8 cimport is_utf8

from relay._core.errors import PeerError, ProtocolError, Truncated
from relay._core.finish import CONVERSE_FAILURES, CONVERSE_REASONS

cdef enum:
    MAX_DEPTH = 500

cdef enum:                        # slots of an event
    INDEX, TOOL, TOOL_ID, TOOL_NAME, DELTA, TEXT, INPUT, THINKING, SIGNATURE, REDACTED, STOP_REASON, SEQUENCE
    INPUT_TOKENS, OUTPUT_TOKENS, TOTAL_TOKENS, READ_TOKENS, WRITTEN_TOKENS, WRITES, PATHS

cdef enum:                        # slots of a write to the cache
    WRITE_TTL, WRITE_TOKENS, WRITE_PATHS

cdef Scanner _EVENT = Scanner((
    "contentBlockIndex", "start.toolUse", "start.toolUse.toolUseId", "start.toolUse.name", "delta", "delta.text",
    "delta.toolUse.input", "delta.reasoningContent.text", "delta.reasoningContent.signature",
    "delta.reasoningContent.redactedContent", "stopReason", "additionalModelResponseFields.stop_sequence",
    "usage.inputTokens", "usage.outputTokens", "usage.totalTokens", "usage.cacheReadInputTokens",
    "usage.cacheWriteInputTokens", "usage.cacheDetails",
), MAX_DEPTH)
cdef Scanner _WRITE = Scanner(("ttl", "inputTokens"), MAX_DEPTH)

cdef dict _REASONS = CONVERSE_REASONS
cdef dict _FAILED = CONVERSE_FAILURES


@cython.final
cdef class ConverseDecoder(Translator):
    """Events of one answer to the hub's.

    max_event   bytes of tool calls that may wait
    request     what it answers: `names` and `single`, see ToolCalls
    seed        what ids of tool calls are made from that no client takes
    """

    def __cinit__(self, Meter meter not None, Py_ssize_t max_event, request, bytes seed not None):
        self._calls = ToolCalls(self, max_event, seed, request.names, request.single)
        self._index = -1

    cdef int on_frame(self, Frame* frame) except -1 nogil:
        cdef Slice[PATHS] slots
        cdef Slice data = frame.data
        if self.done or self.failed:
            return 0
        self.bytes_in += frame.whole.len
        with gil:
            if not is_ascii(data.ptr, data.ptr + data.len) and not is_utf8(data):
                raise ProtocolError("an event is no UTF-8")
            _EVENT.scan_into(data, slots)
            return self._take(frame.name, slots)

    cdef int _take(self, Slice name, Slice* slots) except -1:
        cdef int64_t number = count_of(slots[INDEX])
        cdef int index = <int>number if number < 1 << 30 else -1
        if equals(name, b"contentBlockDelta", 17):
            return self._delta_of(index, slots)
        if equals(name, b"contentBlockStart", 17):
            return self._tool(index, slots) if is_object(slots[TOOL]) else 0
        if equals(name, b"contentBlockStop", 16):
            return self._ended(index)
        if equals(name, b"messageStop", 11):
            return self._stopped(slots)
        if equals(name, b"metadata", 8):
            self._usage(slots)
            return self._close() if self.stopping else 0
        return 0

    cdef int _delta_of(self, int index, Slice* slots) except -1:
        if inside(slots[TEXT]).len:
            return self._speak(TEXT_BLOCK, index, inside(slots[TEXT]))
        if inside(slots[THINKING]).len:
            return self._speak(THINKING_BLOCK, index, inside(slots[THINKING]))
        if slots[INPUT].ptr != NULL:
            return self._tool(index, slots)
        if inside(slots[SIGNATURE]).len:
            self._turn_to(THINKING_BLOCK, index)
            self.signature.clear()
            return self.signature.add(inside(slots[SIGNATURE]))
        if inside(slots[REDACTED]).len:
            self._turn_to(NO_BLOCK, index)
            return self.redacted(inside(slots[REDACTED]))
        # An empty string says nothing, but is no delta that nobody knows.
        self.unknown_deltas += slots[TEXT].ptr == NULL and slots[THINKING].ptr == NULL and is_object(slots[DELTA])
        return 0

    cdef int _speak(self, Block block, int index, Slice text) except -1:
        if self._calls.delays(block, text):
            return 0
        self._turn_to(block, index)
        return self.say(block, text)

    cdef int _turn_to(self, Block block, int index) except -1:
        """Make way for a block that is no tool call, and open it; one of thinking may hold a signature alone."""
        self.begin()
        self._calls.leave()
        if index != self._index:
            self.end_block()
        self._index = index
        return self.open_block(block) if block != NO_BLOCK else 0

    cdef int _tool(self, int index, Slice* slots) except -1:
        """Hand a tool call's beginning, or a piece of its arguments, on."""
        cdef Fragment fragment
        if slots[INPUT].ptr != NULL and slots[INPUT].ptr[0] != c'"':
            raise ProtocolError("arguments of a tool call are no text")
        self.begin()
        self._index = -1
        fragment.index = index
        fragment.id = inside(slots[TOOL_ID])
        fragment.name = inside(slots[TOOL_NAME])
        fragment.arguments = inside(slots[INPUT])
        return self._calls.take(&fragment)

    cdef int _ended(self, int index) except -1:
        """End the block of this index; calls that waited for its end may begin."""
        cdef bint is_call = self._calls.open is not None and self._calls.open.index == index
        if is_call:
            self._calls.leave()
        if is_call or (index == self._index and index >= 0):
            self.end_block()
        return self._calls.settle(index)

    cdef int _stopped(self, Slice* slots) except -1:
        """Note why the answer ends; its usage is still to come."""
        self._reason = bytes_of(inside(slots[STOP_REASON]))
        if self._reason in _FAILED:
            self.failed = True
            raise PeerError(*_FAILED[self._reason])
        if inside(slots[SEQUENCE]).len:
            self._sequence = bytes_of(slots[SEQUENCE])
        self.stopping = True
        self.begin()
        return 0

    cdef int _usage(self, Slice* slots) except -1:
        """Take the numbers over: some models count what the cache gave and took within the input, most beside it."""
        cdef int64_t prompt = count_of(slots[INPUT_TOKENS])
        cdef int64_t completion = count_of(slots[OUTPUT_TOKENS])
        cdef int64_t read = count_of(slots[READ_TOKENS])
        cdef int64_t written = count_of(slots[WRITTEN_TOKENS])
        cdef int64_t total = count_of(slots[TOTAL_TOKENS])
        if prompt >= 0 and (total != prompt + completion or completion < 0):
            prompt += max(0, read) + max(0, written)
        self.tally.prompt, self.tally.completion = prompt, completion
        self.tally.cached, self.tally.written = read, written
        if is_list(slots[WRITES]):
            self._writes(slots[WRITES])
        return 0

    cdef int _writes(self, Slice writes) except -1:
        """Take over how much of what was written to the cache is kept for an hour: it costs more."""
        cdef Slice[WRITE_PATHS] slots
        cdef const char* end = writes.ptr + writes.len
        cdef const char* item = first_item(writes)
        cdef const char* stop
        self.tally.hourly = 0
        while item[0] != c"]":  # bound: the array was scanned
            stop = _WRITE.find_in_value(item, end, slots)
            if item[0] == c"{" and equals(slots[WRITE_TTL], b'"1h"', 4):
                self.tally.hourly += max(0, count_of(slots[WRITE_TOKENS]))
            item = next_item(stop, end)
        return 0

    cdef int on_end(self) except -1 nogil:
        if self.done or self.failed:
            return 0
        with gil:
            if not self.stopping:
                raise Truncated("the stream ended before its stop reason")
            return self._close()

    cdef int _close(self) except -1:
        """Send what still waits, and the end."""
        cdef bytes sequence = self._sequence or b""
        cdef bytes reason = _REASONS.get(self._reason, b"end_turn")
        self._calls.flush()
        if reason == b"end_turn" and self.tools:
            reason = b"tool_use"
        return self.finish(PyBytes_AS_STRING(reason), slice_of(sequence))
