"""The Gemini dialect, inwards: responses of a stream to the hub's events (spec/wire-protocols.md 4.5, 5.2).

Each event is a whole response whose parts go on where the last one's ended; a call of a function comes whole in one
part. The first candidate is read. The answer ends with the body, if a finish reason came. Memory: one event.

A signature stands on a part that it signs, and the hub knows signatures of thinking alone: each is told by thinking of
its own without a word, before a call, behind a thought. So thoughts themselves are unsigned, and may be redacted. A
text is not held up for its signature, which comes at its end, for it may be missing: it is told only where thoughts
stand open before the text.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int64_t

from relay._core.buffer cimport Buffer
from relay._core.chat_usage cimport keep
from relay._core.json cimport Scanner
from relay._core.meter cimport Meter
from relay._core.scanned cimport bytes_of, first_item, inside, is_list, is_said, next_item, trimmed
from relay._core.text cimport equals, is_object
from relay._core.tool_calls cimport Fragment, ToolCalls, quoted
from relay._core.translator cimport TEXT_BLOCK, THINKING_BLOCK, Block, Translator
from relay._core.types cimport Frame, Slice

from relay._core.errors import PeerError, ProtocolError, Truncated
from relay._core.finish import GEMINI_FAILURES, GEMINI_REASONS, GEMINI_UNSPECIFIED

cdef enum:
    MAX_DEPTH = 500

cdef enum:                        # slots of a response
    ID, MODEL, CANDIDATES, USAGE, BLOCKED, ERROR, ERROR_STATUS, ERROR_CODE, ERROR_MESSAGE, RESPONSE_PATHS

cdef Scanner _RESPONSE = Scanner((
    "responseId", "modelVersion", "candidates", "usageMetadata", "promptFeedback.blockReason", "error", "error.status",
    "error.code", "error.message",
), MAX_DEPTH)

cdef enum:                        # slots of a candidate
    INDEX, PARTS, FINISH_REASON, CANDIDATE_PATHS

cdef Scanner _CANDIDATE = Scanner(("index", "content.parts", "finishReason"), MAX_DEPTH)

cdef enum:                        # slots of a part
    TEXT, THOUGHT, SIGNATURE, CALL, CALL_ID, CALL_NAME, CALL_ARGUMENTS, PART_PATHS

cdef Scanner _PART = Scanner((
    "text", "thought", "thoughtSignature", "functionCall", "functionCall.id", "functionCall.name", "functionCall.args",
), MAX_DEPTH)

cdef enum:                        # slots of usage
    PROMPT, TOOLS, CACHED, CANDIDATE_TOKENS, THOUGHTS, TOTAL, USAGE_PATHS

cdef Scanner _USAGE = Scanner((
    "promptTokenCount", "toolUsePromptTokenCount", "cachedContentTokenCount", "candidatesTokenCount",
    "thoughtsTokenCount", "totalTokenCount",
), MAX_DEPTH)

cdef dict _REASONS = GEMINI_REASONS
cdef dict _FAILED = GEMINI_FAILURES


@cython.final
cdef class GeminiDecoder(Translator):
    """Responses of one answer to events.

    max_event   bytes of one event
    sent        `names`: what a tool's name that was sent stands for, bytes by bytes; `single`: only the first tool
                call is wanted
    seed        what ids of tool calls are made from that have none of their own
    """

    def __cinit__(self, Meter meter not None, Py_ssize_t max_event, sent, bytes seed not None):
        # What is escaped once more may be twice as long.
        self._calls = ToolCalls(self, 2 * max_event, seed, sent.names, False)
        self._is_single = sent.single
        self._counts = Counts(-1, -1, -1, -1, -1, -1)
        self._scratch = Buffer()

    cdef int on_frame(self, Frame* frame) except -1 nogil:
        cdef Slice[RESPONSE_PATHS] slots
        cdef Slice data = trimmed(frame.data)
        if not self.admit(frame, data):
            return 0
        _RESPONSE.scan_into(data, slots)
        if is_said(slots[ERROR]) or equals(frame.name, b"error", 5):
            with gil:
                said = slots[ERROR_MESSAGE] if inside(slots[ERROR_MESSAGE]).len else slots[ERROR]
                return self.fail(slots[ERROR_STATUS], slots[ERROR_CODE], said)
        if is_object(slots[USAGE]):
            self._usage(slots[USAGE])
        if self._id is None or self._model is None:
            with gil:
                self.identify(slots[ID], slots[MODEL])
        if is_list(slots[CANDIDATES]):
            self._candidates(slots)
        if inside(slots[BLOCKED]).len and self._reason is None:
            with gil:
                self._blocked(inside(slots[BLOCKED]))
        return 0

    cdef int _candidates(self, Slice* response) except -1 nogil:
        cdef Slice candidates = response[CANDIDATES]
        cdef Slice[CANDIDATE_PATHS] slots
        cdef const char* end = candidates.ptr + candidates.len
        cdef const char* item = first_item(candidates)
        cdef const char* stop
        while item[0] != c"]":  # bound: the array was scanned
            stop = _CANDIDATE.find_in_value(item, end, slots)
            if item[0] == c"{" and (slots[INDEX].ptr == NULL or slots[INDEX].ptr[0] in (c"0", c"n")):
                if is_list(slots[PARTS]):
                    self._parts(slots[PARTS])
                if inside(slots[FINISH_REASON]).len:
                    with gil:
                        self._finished(inside(slots[FINISH_REASON]))
            item = next_item(stop, end)
        return 0

    cdef int _parts(self, Slice parts) except -1 nogil:
        cdef Slice[PART_PATHS] slots
        cdef const char* end = parts.ptr + parts.len
        cdef const char* item = first_item(parts)
        cdef const char* stop
        while item[0] != c"]":  # bound: the array was scanned
            stop = _PART.find_in_value(item, end, slots)
            if item[0] == c"{":
                self._part(slots)
            item = next_item(stop, end)
        return 0

    cdef int _part(self, Slice* slots) except -1 nogil:
        cdef Slice signature = inside(slots[SIGNATURE])
        cdef bint is_thought = equals(slots[THOUGHT], b"true", 4)
        if is_object(slots[CALL]):
            with gil:
                return self._call(slots)
        if is_thought:
            self._speak(THINKING_BLOCK, inside(slots[TEXT]))
        if signature.len and (is_thought or self.block == THINKING_BLOCK):
            with gil:
                self._carry(signature)
        else:
            self.normalised += signature.len > 0
        if slots[TEXT].ptr == NULL and signature.len == 0:
            self.unknown_deltas += 1
        return 0 if is_thought else self._speak(TEXT_BLOCK, inside(slots[TEXT]))

    cdef int _speak(self, Block block, Slice text) except -1 nogil:
        if text.len and not self.started:
            with gil:
                self.begin()
        return self.say(block, text)

    cdef int _call(self, Slice* slots) except -1:
        """Send a call, which came whole."""
        cdef Fragment call
        if inside(slots[CALL_NAME]).len == 0:
            raise ProtocolError("a tool call has no name")
        if self._is_single and self.tools:
            return 0
        self.begin()
        self._carry(inside(slots[SIGNATURE]))
        call.index = self.tools
        call.id = inside(slots[CALL_ID])
        if self._calls.knows(call.id):
            call.id.len = 0
        call.name = inside(slots[CALL_NAME])
        call.arguments = Slice(b"{}", 2)
        if is_object(slots[CALL_ARGUMENTS]):
            call.arguments = quoted(slots[CALL_ARGUMENTS], self._scratch)
        self._calls.take(&call)
        self._calls.leave()
        return 0

    cdef int _carry(self, Slice signature) except -1:
        """Have thinking without a word tell a signature, if there is one."""
        if signature.len == 0:
            return 0
        self.begin()
        self._begin_block(THINKING_BLOCK)
        self.signature.add(signature)
        return self.end_block()

    cdef int _finished(self, Slice reason) except -1:
        """Note why the answer ends; usage may still come."""
        cdef bytes word = bytes_of(reason)
        if word in GEMINI_UNSPECIFIED:
            return 0
        if word in _FAILED:
            self.failed = True
            raise PeerError(_FAILED[word], "")
        self._reason = word
        self.stopping = True
        return self.begin()

    cdef int _blocked(self, Slice reason) except -1:
        """The prompt was refused: there is no candidate."""
        if bytes_of(reason) in GEMINI_UNSPECIFIED:
            return 0
        return self._finished(Slice(b"SAFETY", 6))

    cdef int _usage(self, Slice usage) noexcept nogil:
        """Take the numbers of a usage object over: thoughts count beside the candidates, unless the total denies it."""
        cdef Slice[USAGE_PATHS] slots
        cdef Counts* told = &self._counts
        cdef int64_t asked, answered
        _USAGE.find_in_value(usage.ptr, usage.ptr + usage.len, slots)
        keep(&told.prompt, slots[PROMPT])
        keep(&told.tools, slots[TOOLS])
        keep(&told.cached, slots[CACHED])
        keep(&told.candidates, slots[CANDIDATE_TOKENS])
        keep(&told.thoughts, slots[THOUGHTS])
        keep(&told.total, slots[TOTAL])
        asked, answered = told.prompt + max(0, told.tools), max(0, told.candidates)
        if told.prompt >= 0:
            self.tally.prompt = asked
        self.tally.cached = told.cached
        self.tally.reasoning = told.thoughts
        if told.candidates >= 0 or told.thoughts >= 0:
            self.tally.completion = answered
            if told.candidates < 0 or asked + answered != told.total:
                self.tally.completion += max(0, told.thoughts)
        return 0

    cdef int on_end(self) except -1 nogil:
        if self.done or self.failed:
            return 0
        with gil:
            if not self.stopping:
                raise Truncated("the stream ended before its finish reason")
            return self.finish(self._stop_reason(), Slice(NULL, 0))

    cdef const char* _stop_reason(self) except NULL:
        """Give the stop reason in the hub's words: what was sent beats what was said of it."""
        cdef bytes reason = _REASONS.get(self._reason, b"end_turn")
        if reason == b"end_turn" and self.tools:
            reason = b"tool_use"
        return PyBytes_AS_STRING(reason)
