"""The Chat Completions dialect, outwards: the hub's events to chunks (spec/wire-protocols.md 3.2, 4.4).

One id for the stream, the role in its first chunk alone, tool calls numbered from 0 and their fragments never
interleaved, one finish reason, usage last where it was asked for, then `[DONE]`. Texts are copied as they lie in the
hub's JSON. Thinking leaves as `reasoning_content`, and with its signature as `reasoning_details`, to be sent back; that
which stands before a call has the call's id, for there it has to stand again.
"""

cimport cython
from libc.stdio cimport snprintf

from relay._core.buffer cimport Buffer
from relay._core.meter cimport Meter
from relay._core.narrator cimport (
    AT_LENGTH, FOR_TOOLS, REDACTED_PART, REFUSED, TEXT_PART, THINKING_PART, TOOL_PART, Narrator, Spent,
)
from relay._core.types cimport Slice

from orjson import dumps as _dumps

from relay._core.naming import made

cdef enum:
    MOST_DIGITS = 12              # of an index, with the zero that ends it

cdef const char* _END = b'},"finish_reason":null}]}\n\n'


@cython.final
cdef class ChatEncoder(Narrator):
    """Events to the bytes of one read's output.

    client   `names` of tools, and `include_usage`: whether usage was asked for
    """

    def __cinit__(self, client):
        self._tells_usage = client.include_usage
        self._head = Buffer()

    cdef int name(self, id, model, provider) except -1:
        """Set what the answer is to be called; an id of relay's tells when it was asked for."""
        created, rest = made(id)
        head = {
            "id": f"chatcmpl-{created}-{rest}",
            "object": "chat.completion.chunk",
            "created": created,
            "model": model or "",
        }
        if provider is not None:
            head["provider"] = provider
        self._head.clear()
        self._head.put(b'data: %b,"choices":[' % _dumps(head).removesuffix(b"}"))
        return 0

    cdef int begin(self) except -1:
        self._begin_delta()
        self.say(b'"role":"assistant","content":""')
        return self.say(_END)

    cdef int open(self) except -1 nogil:
        cdef bint signed = self._signed
        self._signed = False
        if self.part == TOOL_PART:
            if signed:
                self._begin_detail()
                self.say(b',"id":"')
                self.output.put(self.id.ptr, self.id.len)
                self.say(b'"}]')
                self.say(_END)
            self._begin_delta()
            self.say(b'"tool_calls":[{"index":')
            self._number(self._calls)
            self.say(b',"id":"')
            self.output.put(self.id.ptr, self.id.len)
            self.say(b'","type":"function","function":{"name":"')
            self.output.put(self.tool.ptr, self.tool.len)
            self.say(b'","arguments":""}}]')
            self._calls += 1
            return self.say(_END)
        self._told = False
        return 0

    cdef int more(self, Slice text) except -1 nogil:
        self._begin_delta()
        if self.part == TEXT_PART:
            self.say(b'"content":"')
            self.output.put(text.ptr, text.len)
            self.say(b'"')
        elif self.part == TOOL_PART:
            self.say(b'"tool_calls":[{"index":')
            self._number(self._calls - 1)
            self.say(b',"function":{"arguments":"')
            self.output.put(text.ptr, text.len)
            self.say(b'"}}]')
        else:
            self._think()
            self.say(b'"reasoning_content":"')
            self.output.put(text.ptr, text.len)
            self.say(b'","reasoning_details":[{"type":"reasoning.text","index":')
            self._number(self._thoughts - 1)
            self.say(b',"text":"')
            self.output.put(text.ptr, text.len)
            self.say(b'"}]')
        return self.say(_END)

    cdef int close(self) except -1 nogil:
        """Thinking ends with its signature: a client adds up what comes, so it is sent once."""
        if self.part != THINKING_PART and self.part != REDACTED_PART or self.signature.len == 0:
            return 0
        self._think()
        self._signed = True
        self._redacted = self.part == REDACTED_PART
        self._begin_detail()
        self.say(b',"data":"' if self._redacted else b',"signature":"')
        self.output.put(self.signature.ptr, self.signature.len)
        self.say(b'"}]')
        return self.say(_END)

    cdef int _begin_detail(self) except -1 nogil:
        """Begin a chunk with a detail of the thinking that ended last, left open."""
        self._begin_delta()
        self.say(b'"reasoning_details":[{"type":"reasoning.')
        self.say(b'encrypted","index":' if self._redacted else b'text","index":')
        return self._number(self._thoughts - 1)

    cdef int _think(self) except -1 nogil:
        """Number the open block of thinking with the first that is told of it: numbers have no gaps."""
        self._thoughts += not self._told
        self._told = True
        return 0

    cdef int finish(self) except -1:
        self._begin_delta()
        self.put(b'},"finish_reason":"%b"}]' % self._reason())
        if self.context_management is not None:
            self.put(b',"context_management":%b' % self.context_management)
        if self.metadata is not None:
            self.put(b',"openrouter_metadata":%b' % self.metadata((<Meter>self.meter).usage()))
        self.say(b"}\n\n")
        if self._tells_usage:
            self._put_usage()
        return self.say(b"data: [DONE]\n\n")

    cdef bytes _reason(self):
        """Give the finish reason; whoever has calls to answer is told so, whatever the provider said."""
        if self.ending == AT_LENGTH:
            return b"length"
        if self.ending == REFUSED:
            return b"content_filter"
        return b"tool_calls" if self.ending == FOR_TOOLS or self._calls else b"stop"

    cdef int _put_usage(self) except -1:
        cdef Spent spent = self.spent()
        self.output.put(self._head.ptr, self._head.len)
        self.put(b'],"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d' % (
            spent.prompt, spent.completion, spent.prompt + spent.completion
        ))
        if spent.cached >= 0 or spent.written >= 0:
            self.put(b',"prompt_tokens_details":{"cached_tokens":%d,"cache_write_tokens":%d}' % (
                max(0, spent.cached), max(0, spent.written)
            ))
        if spent.reasoning >= 0:
            self.put(b',"completion_tokens_details":{"reasoning_tokens":%d}' % spent.reasoning)
        if self.fields:
            self.put(b",%b" % self.fields)
        return self.say(b"}}\n\n")

    cdef int _begin_delta(self) except -1 nogil:
        """Begin a chunk whose delta is left open."""
        self.output.put(self._head.ptr, self._head.len)
        return self.say(b'{"index":0,"delta":{')

    cdef int _number(self, int number) except -1 nogil:
        cdef char[MOST_DIGITS] digits
        return self.output.put(digits, snprintf(digits, MOST_DIGITS, b"%d", number))
