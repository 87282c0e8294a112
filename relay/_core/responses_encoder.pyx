"""The Responses dialect, outwards: the hub's events to those of a response (spec/wire-protocols.md 3.5).

Text that comes in blocks one behind the other is one message; a block of thinking is an item of its own, its text a
summary and its signature `encrypted_content`, to be sent back; each call is one. The text of a call whose tool takes
free text is known when the call ends, and told in one delta. The dialect tells a text again when its item ends, and all
items when the response does, so that an answer is kept to its end: MOST bytes at most.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t
from libc.stdio cimport snprintf
from libc.string cimport strlen

from relay._core.buffer cimport Buffer
from relay._core.meter cimport Meter
from relay._core.narrator cimport (
    AT_LENGTH, NO_PART, REDACTED_PART, REFUSED, TEXT_PART, THINKING_PART, TOOL_PART, Narrator, Spent,
)
from relay._core.types cimport Slice

from json import loads as _loads

from orjson import dumps as _dumps

from relay._core.errors import LimitExceeded
from relay._core.free_text import free_text
from relay._core.naming import made

cdef enum:
    MOST_DIGITS = 24              # of a number, with the zero that ends it
    MOST = 64 << 20               # bytes of an answer: as many as of a whole one

cdef const char* _PART = b',"content_index":0,"part":{"type":"output_text","annotations":[],"logprobs":[],"text":"'
cdef const char* _SUMMARY = b',"summary_index":0,"part":{"type":"summary_text","text":"'


cdef str _unquoted(Buffer inside):
    """Give the text of the inside of a JSON string."""
    return _loads('"%s"' % PyBytes_FromStringAndSize(inside.ptr, inside.len).decode("utf-8", "replace"), strict=False)


@cython.final
cdef class ResponsesEncoder(Narrator):
    """Events to the bytes of one read's output.

    client   `names` of tools, and those of `customs`, which take free text; `asked`, the members of a response that
             say what was asked; gets `failed`
    """

    def __cinit__(self, client):
        self._asked = client.asked
        self._customs = client.customs or None
        self._response = Buffer()
        self._rest = Buffer()
        self._items = Buffer()
        self._text = Buffer()
        self._id = Buffer()
        client.failed = self.failed

    cdef int name(self, id, model, provider) except -1:
        """Set what the answer is to be called; an id of relay's tells when it was asked for."""
        created, rest = made(id)
        head = {"id": f"resp_{rest}", "object": "response", "created_at": created, "model": model or ""}
        if provider is not None:
            head["provider"] = provider
        self._rest.clear()
        self._rest.put(rest.encode())
        self._response.clear()
        self._response.put(b"%b,%b" % (_dumps(head).removesuffix(b"}"), self._asked))
        return 0

    def failed(self, str code, str message) -> bytes:
        """Give the end of a response that failed, nothing of one that did not begin.

        Asks nothing of the pipeline, which may be gone.
        """
        if not self._begun:
            return b""
        return (
            b'event: response.failed\ndata: {"type":"response.failed","sequence_number":%d,"response":%b,'
            b'"status":"failed","error":%b,"incomplete_details":null,"output":[%b],"usage":null}}\n\n'
        ) % (
            self._sequence,
            PyBytes_FromStringAndSize(self._response.ptr, self._response.len),
            _dumps({"code": code, "message": message}),
            PyBytes_FromStringAndSize(self._items.ptr, self._items.len),
        )

    cdef int begin(self) except -1:
        self._begun = True
        self._lifecycle(b"response.created", b"in_progress")
        return self._lifecycle(b"response.in_progress", b"in_progress")

    cdef int open(self) except -1 nogil:
        """Begin a call; a message and thinking begin with what is said in them, and a message goes on in the next."""
        return self._begin_item() if self.part == TOOL_PART else 0

    cdef int more(self, Slice text) except -1 nogil:
        if self._item != self.part:
            self._begin_item()
        if self._text.len == 0:
            self._begin_part()
        self._text.add(text)
        if self._text.len + self._items.len > MOST:
            with gil:
                raise LimitExceeded("answer")
        if self.part == TEXT_PART:
            return self._tell(b"response.output_text.delta", b',"content_index":0,"logprobs":[],"delta":"', text, b'"')
        if self.part == TOOL_PART and self._is_custom:
            return 0
        if self.part == TOOL_PART:
            return self._tell(b"response.function_call_arguments.delta", b',"delta":"', text, b'"')
        return self._tell(b"response.reasoning_summary_text.delta", b',"summary_index":0,"delta":"', text, b'"')

    cdef int close(self) except -1 nogil:
        if self.part == TEXT_PART:
            return 0
        if self._item != self.part:
            if self.signature.len == 0:
                return 0
            self._begin_item()
        return self._end_item()

    cdef int finish(self) except -1:
        cdef bytes usage = self._usage()
        self._end_item()
        cdef bint is_whole = self.ending != AT_LENGTH and self.ending != REFUSED
        self._event(b"response.completed" if is_whole else b"response.incomplete")
        self.say(b',"response":')
        self.output.put(self._response.ptr, self._response.len)
        self.put(b',"status":"%b","error":null,"incomplete_details":%b,"output":[' % (
            b"completed" if is_whole else b"incomplete",
            b"null" if is_whole else b'{"reason":"max_output_tokens"}' if self.ending == AT_LENGTH
            else b'{"reason":"content_filter"}',
        ))
        self.output.put(self._items.ptr, self._items.len)
        self.put(b'],"usage":%b' % usage)
        if self.context_management is not None:
            self.put(b',"context_management":%b' % self.context_management)
        if self.metadata is not None:
            self.put(b',"openrouter_metadata":%b' % self.metadata((<Meter>self.meter).usage()))
        return self.say(b"}}\n\n")

    cdef bytes _usage(self):
        cdef Spent spent = self.spent()
        cdef bytes fields = b",%b" % self.fields if self.fields else b""
        return (
            b'{"input_tokens":%d,"input_tokens_details":{"cached_tokens":%d,"cache_write_tokens":%d},'
            b'"output_tokens":%d,"output_tokens_details":{"reasoning_tokens":%d},"total_tokens":%d%b}'
        ) % (
            spent.prompt, max(0, spent.cached), max(0, spent.written), spent.completion, max(0, spent.reasoning),
            spent.prompt + spent.completion, fields,
        )

    cdef int _lifecycle(self, const char* name, bytes status) except -1:
        """Write an event of the whole response, which has nothing in it yet."""
        self._event(name)
        self.say(b',"response":')
        self.output.put(self._response.ptr, self._response.len)
        return self.put(
            b',"status":"%b","error":null,"incomplete_details":null,"output":[],"usage":null}}\n\n' % status
        )

    cdef int _begin_item(self) except -1 nogil:
        """Begin an item for the present part."""
        cdef char[MOST_DIGITS] digits
        self._end_item()
        self._item = self.part
        self._text.clear()
        self._id.clear()
        if self._item == TEXT_PART:
            self._id.append(b"msg_", 4)
        elif self._item == TOOL_PART:
            self._is_custom = False
            if self._customs is not None:
                with gil:
                    self._is_custom = self._calls_custom()
            self._id.add(Slice(b"ctc_", 4) if self._is_custom else Slice(b"fc_", 3))
        else:
            self._id.append(b"rs_", 3)
        self._id.add(self._rest.slice())
        self._id.append(digits, snprintf(digits, MOST_DIGITS, b"_%d", self._index))
        return self._tell_item(b"response.output_item.added", False)

    cdef bint _calls_custom(self) except -1:
        return _unquoted(self.tool).encode("utf-8", "replace") in self._customs

    cdef int _read_text(self) except -1:
        """Put the text of the open call in place of the arguments that it came in."""
        cdef bytes text = free_text(_unquoted(self._text))
        self._text.clear()
        return self._text.append(PyBytes_AS_STRING(text) + 1, PyBytes_GET_SIZE(text) - 2)

    cdef int _begin_part(self) except -1 nogil:
        """Begin what holds the open item's text; calls have it themselves."""
        cdef Slice none = Slice(b"", 0)
        if self._item == TEXT_PART:
            return self._tell(b"response.content_part.added", _PART, none, b'"}')
        if self._item == THINKING_PART:
            return self._tell(b"response.reasoning_summary_part.added", _SUMMARY, none, b'"}')
        return 0

    cdef int _end_item(self) except -1 nogil:
        """End the open item, if one is: its text is told whole."""
        if self._item == NO_PART:
            return 0
        if self._item == TOOL_PART and self._is_custom:
            with gil:
                self._read_text()
        cdef Slice text = self._text.slice()
        if self._item == TEXT_PART:
            self._tell(b"response.output_text.done", b',"content_index":0,"logprobs":[],"text":"', text, b'"')
            self._tell(b"response.content_part.done", _PART, text, b'"}')
        elif self._item == TOOL_PART and self._is_custom:
            if text.len:
                self._tell(b"response.custom_tool_call_input.delta", b',"delta":"', text, b'"')
            self._tell(b"response.custom_tool_call_input.done", b',"input":"', text, b'"')
        elif self._item == TOOL_PART:
            self._tell(b"response.function_call_arguments.done", b',"arguments":"', text, b'"')
        elif text.len:
            self._tell(b"response.reasoning_summary_text.done", b',"summary_index":0,"text":"', text, b'"')
            self._tell(b"response.reasoning_summary_part.done", _SUMMARY, text, b'"}')
        self._tell_item(b"response.output_item.done", True)
        self._index += 1
        self._item = NO_PART
        return 0

    cdef int _tell(self, const char* name, const char* before, Slice text, const char* behind) except -1 nogil:
        """Write an event about the open item's text."""
        self._event(name)
        self.say(b',"output_index":')
        self._number(self._index)
        self.say(b',"item_id":"')
        self.output.put(self._id.ptr, self._id.len)
        self.say(b'"')
        self.say(before)
        self.output.put(text.ptr, text.len)
        self.say(behind)
        return self.say(b"}\n\n")

    cdef int _tell_item(self, const char* name, bint done) except -1 nogil:
        """Write an event with the open item, and keep an item that is done."""
        cdef Py_ssize_t start
        if self._items.len and done:
            self._items.append(b",", 1)
        start = self._items.len
        self._add_item(done)
        self._event(name)
        self.say(b',"output_index":')
        self._number(self._index)
        self.say(b',"item":')
        self.output.put(self._items.ptr + start, self._items.len - start)
        if not done:
            self._items.len = start
        return self.say(b"}\n\n")

    cdef int _add_item(self, bint done) except -1 nogil:
        """Write the open item behind those that are done."""
        self._add(b'{"id":"')
        self._items.add(self._id.slice())
        if self._item == THINKING_PART or self._item == REDACTED_PART:
            return self._add_reasoning(done)
        self._add(b'","status":"')
        if not done:
            self._add(b"in_progress")
        elif self.ending == AT_LENGTH and self._item == TEXT_PART:
            self._add(b"incomplete")
        else:
            self._add(b"completed")
        if self._item == TEXT_PART:
            self._add(b'","type":"message","role":"assistant","content":[')
            if self._text.len:
                self._add(b'{"type":"output_text","annotations":[],"logprobs":[],"text":"')
                self._items.add(self._text.slice())
                self._add(b'"}')
            return self._add(b"]}")
        self._add(b'","type":"custom_tool_call","call_id":"' if self._is_custom else
                  b'","type":"function_call","call_id":"')
        self._items.add(self.id.slice())
        self._add(b'","name":"')
        self._items.add(self.tool.slice())
        self._add(b'","input":"' if self._is_custom else b'","arguments":"')
        self._items.add(self._text.slice())
        return self._add(b'"}')

    cdef int _add_reasoning(self, bint done) except -1 nogil:
        self._add(b'","type":"reasoning","summary":[')
        if self._text.len:
            self._add(b'{"type":"summary_text","text":"')
            self._items.add(self._text.slice())
            self._add(b'"}')
        if not done or self.signature.len == 0:
            return self._add(b'],"encrypted_content":null}')
        self._add(b'],"encrypted_content":"')
        if self._item == REDACTED_PART:
            self._add(b"redacted.")  # no signature begins so
        self._items.add(self.signature.slice())
        return self._add(b'"}')

    cdef int _add(self, const char* text) except -1 nogil:
        return self._items.append(text, <Py_ssize_t>strlen(text))

    cdef int _event(self, const char* name) except -1 nogil:
        """Begin an event: its object is left open."""
        self.say(b"event: ")
        self.say(name)
        self.say(b'\ndata: {"type":"')
        self.say(name)
        self.say(b'","sequence_number":')
        self._number(self._sequence)
        self._sequence += 1
        return 0

    cdef int _number(self, int64_t number) except -1 nogil:
        cdef char[MOST_DIGITS] digits
        return self.output.put(digits, snprintf(digits, MOST_DIGITS, b"%lld", <long long>number))
