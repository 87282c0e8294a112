"""The redaction of a streamed answer (spec/redaction.md 9 to 11), on the hub's events.

A delta that needs no change leaves as it came; in another one only the string's bytes are replaced. What is held
travels with the next delta of its block, or with one made before the block's stop; a delta left empty is not sent.
Events whose strings come whole are redacted whole. Thinking of other dialects is text like any other; that of the
hub's own passes untouched, and so do signatures, unless what they sign was changed.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memchr, memcmp

from relay._core.buffer cimport Buffer
from relay._core.channel cimport Channel
from relay._core.document cimport Document
from relay._core.field cimport Field
from relay._core.json cimport Scanner
from relay._core.types cimport (
    BLOCK_START, BLOCK_STOP, DELTA, INPUT_FORM, START, TEXT_FORM, THINKING_FORM, UNKNOWN, UNKNOWN_FORM, USAGE,
    WHOLE_FORM, Event, Form, Kind, Slice, Stage,
)

from json import dumps as _dumps
from json import loads as _loads

from relay._core.errors import Misuse, Uncovered

cdef enum:
    UNSEEN = 4096                 # bytes of text that a restorer need not have seen yet

cdef tuple _EDITED = ("message", "message.id", "message.model", "message.provider")
cdef Scanner _START_PLACES = Scanner((*_EDITED, "message.usage", "delta.stop_reason"), 500)
cdef Scanner _END_PLACES = Scanner((*_EDITED, "usage", "delta.stop_reason"), 500)
cdef Scanner _BLOCK_TEXT = Scanner(("content_block.text",), 500)
cdef const char* _TEXT_DELTA = b'"type":"text_delta","text":"'
cdef bytes _UNSIGNED = b'{"type":"content_block_delta","index":%d,"delta":{"type":"signature_delta","signature":""}}'
cdef const char* _THINKING_DELTA = b'"type":"thinking_delta","thinking":"'
cdef const char* _INPUT_DELTA = b'"type":"input_json_delta","partial_json":"'


cdef bint _may_begin(Slice text) noexcept nogil:
    """Tell whether a placeholder may begin in the inside of a JSON string, by a bracket or its escape, or by `%5B`."""
    cdef const char* end = text.ptr + text.len
    cdef const char* escape = text.ptr
    if memchr(text.ptr, c"[", <size_t>text.len) != NULL or memchr(text.ptr, c"%", <size_t>text.len) != NULL:
        return True
    while True:
        escape = <const char*>memchr(escape, c"\\", <size_t>(end - escape))
        if escape == NULL:
            return False
        # What is cut behind the backslash may be any escape.
        if end - escape == 1 or escape[1] == c"u":
            return True
        escape += 2


cdef inline bint _is_same(Slice one, Slice other) noexcept nogil:
    """Tell whether two texts are the same; those of one length mostly differ at once."""
    return one.len == other.len and one.ptr[0] == other.ptr[0] and memcmp(one.ptr, other.ptr, <size_t>one.len) == 0


cdef bint _has_half(str text) except -1:
    """Tell whether half of a surrogate pair is in a text: UTF-8 can't say it, only an escape can."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


@cython.final
cdef class Rewriter(Stage):
    """Stands between the meter and the encoder.

    document       redacts what comes whole: `start` of a message_start, `end` of a message_delta, `block` of a
                   content_block_start, `delta` of a delta that is neither text nor tool input; texts and tool inputs
                   that stream are redacted like its own
    strict         an event or delta of an unknown type raises Uncovered
    restorer       called for each block with False, for its text, and True, for its input: gives an object whose
                   `feed` and `flush` put originals back, or None
    began          called with the JSON of each content_block_start as it came; None: nobody asks
    longest_hold   most characters that waited behind a delta
    skipped        events and deltas of an unknown type that passed
    """

    def __cinit__(
        self, Document document not None,
        Field start not None, Field end not None, Field block not None, Field delta not None,
        bint strict=False, restorer=None, began=None,
    ):
        self._text = document.lend_text()
        self._document = document
        self._start = start
        self._end = end
        self._block = block
        self._delta = delta
        self._is_strict = strict
        self._restorer = restorer
        self._began = began
        self._scratch = Buffer()
        self._unseen = Buffer() if restorer is not None else None
        self._open = -1

    def forget(self) -> bool:
        """Give the document its channel back: the call is over, and nothing passes any more.

        returns   whether the document may serve another call, for nothing failed
        """
        cdef bint is_sound = not self.failed and self._text is not None
        if is_sound:
            self._document.take_back(self._text)
        self._text = self._input = None
        self.failed = True
        return is_sound

    cdef int on_event(self, Event* event) except -1 nogil:
        if self._text is None:
            with gil:
                raise Misuse("an event after the end of its call")
        if event.kind == DELTA:
            if event.form == TEXT_FORM:
                return self._on_delta(event, self._text)
            if event.form == INPUT_FORM:
                if self._input is None:
                    with gil:
                        self._input = self._document.new_input()
                return self._on_delta(event, self._input)
            if event.form == WHOLE_FORM:
                with gil:
                    self._on_whole(event, self._delta)
            elif event.form == UNKNOWN_FORM:
                self._on_unknown()
            elif event.form == THINKING_FORM:
                self._is_thinking = True
                return self._on_delta(event, self._text)
            elif self._is_thinking:
                with gil:
                    self._end_thinking(event)
        elif event.kind == BLOCK_START:
            with gil:
                self._on_start(event)
        elif event.kind == BLOCK_STOP:
            with gil:
                self.flush(event.channel)
        elif event.kind == START:
            with gil:
                self._on_edited(event, self._start, _START_PLACES)
        elif event.kind == USAGE:
            with gil:
                self._on_edited(event, self._end, _END_PLACES)
        elif event.kind == UNKNOWN:
            self._on_unknown()
        self.next.on_event(event)
        if event.kind == BLOCK_START:
            self._open = event.channel
        elif event.kind == BLOCK_STOP:
            self._open = -1
        return 0

    cdef int on_end(self) except -1 nogil:
        return self.next.on_end()

    cdef int _on_unknown(self) except -1 nogil:
        """Let an event or a delta of a type that relay doesn't know pass, or end the answer."""
        self.skipped += 1
        if self._is_strict:
            with gil:
                raise Uncovered("an event or a delta of an unknown type")
        return 0

    cdef int _on_delta(self, Event* event, Channel channel) except -1 nogil:
        """Let out what the delta makes certain."""
        cdef Py_ssize_t held
        if event.text.ptr == NULL:
            return self.next.on_event(event)
        channel.take(event.text.ptr, event.text.len)
        held = channel.matcher.window.len - channel.matcher.window.released
        if held > self.longest_hold:
            self.longest_hold = held
        if self._restorer is not None and channel.out.len:
            self._restore_from(channel)
        if channel.out.len == 0:
            return 0
        if not _is_same(channel.out.slice(), event.text):
            event.rewritten = channel.out.slice()
        self.next.on_event(event)
        channel.out.clear()
        return 0

    cdef int _end_thinking(self, Event* event) except -1:
        """Let out what is held of the block's thinking, all of which stands before its signature.

        Whether it is signed nobody knows before: of what was replaced, or put back, the signature would not hold. It
        goes, and the thinking is a text when it comes back in a request.
        """
        self.flush(event.channel)
        self._restore_text = self._restore_input = None
        return self._put(event, _UNSIGNED % event.channel) if self._is_changed else 0

    cdef int _on_start(self, Event* event) except -1:
        """Begin the block's channels; text that comes with its start is the first of it."""
        cdef Slice text
        cdef bytes data
        self._text.begin()
        self._is_thinking = self._is_changed = False
        if self._input is not None:
            self._input.begin()
        if self._began is not None:
            self._began(PyBytes_FromStringAndSize(event.data.ptr, event.data.len))
        if self._restorer is not None:
            self._restore_text = self._restorer(False)
            self._restore_input = self._restorer(True)
            self._text_waits = self._input_waits = False
            self._unseen.clear()
        self._on_whole(event, self._block)
        _BLOCK_TEXT.scan_into(event.data, &text)
        if text.len <= 2:
            return 0
        self._text.take(text.ptr + 1, text.len - 2)
        self._restore(self._text, False)
        data = PyBytes_FromStringAndSize(event.data.ptr, text.ptr + 1 - event.data.ptr)
        data += PyBytes_FromStringAndSize(self._text.out.ptr, self._text.out.len)
        text = Slice(text.ptr + text.len - 1, event.data.ptr + event.data.len - text.ptr - text.len + 1)
        self._text.out.clear()
        return self._put(event, data + PyBytes_FromStringAndSize(text.ptr, text.len))

    cdef int _on_edited(self, Event* event, Field field, Scanner places) except -1:
        """Redact an event that the encoder edits: its places have to be those of the new data, not of the old."""
        cdef const char* before = event.data.ptr
        cdef Slice[6] found
        self._on_whole(event, field)
        if event.data.ptr == before:
            return 0
        places.scan_into(event.data, found)
        event.message, event.id, event.model, event.provider = found[0], found[1], found[2], found[3]
        event.usage, event.stop_reason = found[4], found[5]
        return 0

    cdef int _on_whole(self, Event* event, Field field) except -1:
        """Redact an event whose strings are whole."""
        cdef bytes redacted = self._document.redacted(event.data, field)
        return 0 if redacted is None else self._put(event, redacted)

    cdef int _put(self, Event* event, bytes data) except -1:
        """Give the event other data."""
        self._scratch.clear()
        self._scratch.put(data)
        event.data = self._scratch.slice()
        event.changed = True
        return 0

    cdef int flush(self, int index) except -1:
        """Let out what is held of the block that ends; nothing after a failure."""
        if not self.failed:
            self._give(index, _THINKING_DELTA if self._is_thinking else _TEXT_DELTA, self._text)
            if self._input is not None:
                self._give(index, _INPUT_DELTA, self._input)
        return 0

    cdef int _give(self, int index, const char* before, Channel channel) except -1:
        """Send the rest of a channel as a delta of its own."""
        cdef bytes head
        cdef Py_ssize_t text
        cdef Form form
        channel.finish()
        self._is_changed |= channel.changed
        self._restore(channel, True)
        if channel.out.len:
            head = b'{"type":"content_block_delta","index":%d,"delta":{%b' % (index, before)
            text = PyBytes_GET_SIZE(head)
            head += PyBytes_FromStringAndSize(channel.out.ptr, channel.out.len) + b'"}}'
            form = INPUT_FORM if channel is self._input else THINKING_FORM if self._is_thinking else TEXT_FORM
            self._send(DELTA, index, b"content_block_delta", head, form, text)
        channel.begin()
        return 0

    cdef int close(self) except -1:
        """End the block that the client saw begin, if it has seen no end of it: the answer failed."""
        if self._open >= 0:
            data = b'{"type":"content_block_stop","index":%d}' % self._open
            self._send(BLOCK_STOP, self._open, b"content_block_stop", data, UNKNOWN_FORM, 0)
            self._open = -1
        return 0

    cdef int _send(self, Kind kind, int index, bytes name, bytes data, Form form, Py_ssize_t text) except -1:
        """Send an event of our own; of a delta, `text` is where its string begins, which the data ends with."""
        cdef Event event
        event.rewritten = event.frame = Slice(NULL, 0)
        event.form = form
        event.text = Slice(PyBytes_AS_STRING(data) + text, PyBytes_GET_SIZE(data) - text - 3)
        event.plain = False
        event.kind = kind
        event.count = 1
        event.channel = index
        event.name = Slice(PyBytes_AS_STRING(name), PyBytes_GET_SIZE(name))
        event.data = Slice(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
        event.changed = True
        return self.next.on_event(&event)

    cdef int _restore_from(self, Channel channel) except -1 nogil:
        """Put originals back into what a channel let out; where none can begin, nobody is asked."""
        cdef Slice out = channel.out.slice()
        cdef bint is_text = channel is self._text
        if (self._text_waits if is_text else self._input_waits) or self._unseen.len > UNSEEN or _may_begin(out):
            with gil:
                return self._restore(channel, False)
        return self._unseen.add(out) if is_text else 0

    cdef int _restore(self, Channel channel, bint last) except -1:
        """Put originals back into what a channel let out; what needs no change keeps its bytes."""
        cdef bint is_text = channel is self._text
        if self._restorer is None:
            return 0
        restorer = self._restore_text if is_text else self._restore_input
        if restorer is None:
            self._unseen.clear()
            return 0
        if is_text and self._unseen.len:
            restorer.follow(_said(self._unseen))
            self._unseen.clear()
        text = _said(channel.out)
        restored = restorer.feed(text)
        if last:
            restored += restorer.flush()
        if is_text:
            self._text_waits = restorer.waits
        else:
            self._input_waits = restorer.waits
        if restored != text:
            self._is_changed = True
            channel.out.clear()
            quoted = _dumps(restored, ensure_ascii=False)
            if _has_half(quoted):
                quoted = _dumps(restored)
            channel.out.put(quoted[1 : len(quoted) - 1].encode())
        return 0


cdef str _said(Buffer inside):
    """Give what the inside of a JSON string says."""
    return _loads(b'"%b"' % PyBytes_FromStringAndSize(inside.ptr, inside.len)) if inside.len else ""
