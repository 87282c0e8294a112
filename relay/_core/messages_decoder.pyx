"""The Messages dialect, inwards: frames to events (spec/wire-protocols.md 2.5).

Holds a stream to its grammar, because the official SDKs corrupt or lose messages silently where it is broken; what an
SDK can't bear but has one plain meaning is written anew, and counted. Memory: one frame.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memchr, memcmp, memcpy

from relay._core.buffer cimport Buffer
from relay._core.decoder cimport Decoder
from relay._core.json cimport Scanner, string_end, string_text
from relay._core.messages_words cimport form_of, index_of, is_name, kind_of
from relay._core.text cimport equals, is_ascii, is_object, skip_ascii
from relay._core.types cimport (
    BLOCK_START, BLOCK_STOP, DELTA, ERROR, INPUT_FORM, PING, START, STOP, TEXT_FORM, UNKNOWN, UNKNOWN_FORM, USAGE,
    WHOLE_FORM, Event, Frame, Kind, Slice, Stage,
)
from relay._core.utf8 cimport is_utf8

from relay._core.errors import PeerError, ProtocolError, Truncated

cdef enum:                        # slots of one scanned event
    TYPE, INDEX, DELTA_TYPE, TEXT, THINKING, PARTIAL_JSON, STOP_REASON, USAGE_OBJECT
    MESSAGE, MESSAGE_ID, MESSAGE_MODEL, MESSAGE_PROVIDER, MESSAGE_USAGE, ERROR_OBJECT, ERROR_TYPE, ERROR_MESSAGE, PATHS

cdef Scanner _EVENT = Scanner((
    "type", "index", "delta.type", "delta.text", "delta.thinking", "delta.partial_json", "delta.stop_reason", "usage",
    "message", "message.id", "message.model", "message.provider", "message.usage",
    "error", "error.type", "error.message",
), 500)

cdef inline bint _is_string(Slice value) noexcept nogil:
    return value.ptr != NULL and value.ptr[0] == c'"'


cdef inline Slice _inside(Slice value) noexcept nogil:
    """Give a JSON string without its quotes."""
    return Slice(value.ptr + 1, value.len - 2)


cdef inline const char* _after_spaces(const char* ptr, const char* end) noexcept nogil:
    while ptr < end and ptr[0] == c" ":
        ptr += 1
    return ptr


cdef inline const char* _frame_end(const char* quote, const char* end) noexcept nogil:
    """Give where the frame ends whose last string ends at `quote`; NULL when more is in it, or its end has not come."""
    if quote == NULL or end - quote < 5:
        return NULL
    if memcmp(quote + 1, b"}}\n\n", 4) == 0:
        return quote + 5
    if quote[1] != c"}" or quote[2] != c"}":
        return NULL
    quote = _after_spaces(quote + 3, end)
    return quote + 2 if end - quote >= 2 and quote[0] == quote[1] == c"\n" else NULL


cdef int _break(str why) except -1 with gil:
    raise ProtocolError(why)


cdef inline bint _is_done(Slice data) noexcept nogil:
    """Tell whether the data is nothing but spaces, or `[DONE]`: neither is an event of this dialect."""
    while data.len and (data.ptr[0] == c" " or data.ptr[0] == c"\n"):
        data = Slice(data.ptr + 1, data.len - 1)
    while data.len and (data.ptr[data.len - 1] == c" " or data.ptr[data.len - 1] == c"\n"):
        data.len -= 1
    return data.len == 0 or equals(data, b"[DONE]", 6)


@cython.final
cdef class MessagesDecoder(Decoder):
    """Frames of one answer to events."""

    def __cinit__(self, Stage next not None, Py_ssize_t max_event):
        self.next = next
        self._max_event = max_event
        self.open = -1

    cdef const char* take(self, const char* ptr, const char* end) except NULL nogil:
        """Take deltas that begin byte for byte like the last one did: only their string is new, so only it is walked.

        Gives what `on_frame` would; whatever is not as plain as that is left to it. Where texts are but counted, plain
        deltas that lie together go as one event.
        """
        cdef Py_ssize_t known = self._prefix_len
        cdef const char* text
        cdef const char* stop
        cdef Event event
        while known and end - ptr > known and memcmp(ptr, self._prefix, <size_t>known) == 0:
            text = ptr + known
            stop = skip_ascii(text, end)
            event.plain = stop < end and stop[0] == c'"'
            if not event.plain:
                stop = string_end(stop, end)
            event.text = Slice(text, stop - text)
            stop = _frame_end(stop, end)
            if stop == NULL or stop - ptr > self._max_event:
                break
            if not event.plain and not is_utf8(event.text):
                break
            event.frame = Slice(ptr, stop - ptr)
            event.rewritten.ptr = NULL
            event.count = 1
            ptr = stop
            if self.gathers and event.plain:
                ptr = self._gather(&event, end)
            self._delta(&event)
        return ptr

    cdef const char* _gather(self, Event* event, const char* end) noexcept nogil:
        """Add the plain deltas behind this one to it; give where they end."""
        cdef Py_ssize_t known = self._prefix_len
        cdef const char* ptr = event.frame.ptr + event.frame.len
        cdef const char* text
        cdef const char* stop
        while end - ptr > known and memcmp(ptr, self._prefix, <size_t>known) == 0:
            text = ptr + known
            stop = skip_ascii(text, end)
            # Whatever is written in another way than nearly every delta begins a run of its own.
            if end - stop < 5 or memcmp(stop, b'"}}\n\n', 5) != 0 or stop + 5 - ptr > self._max_event:
                break
            event.text.len += stop - text
            event.count += 1
            ptr = stop + 5
        event.frame.len = ptr - event.frame.ptr
        return ptr

    cdef int _delta(self, Event* event) except -1 nogil:
        """Send deltas of the open block that are as they came."""
        event.kind = DELTA
        event.form = self._form
        event.channel = self.open
        event.changed = False
        self.bytes_in += event.frame.len
        return self.next.on_event(event)

    cdef int _learn(self, Frame* frame, Event* event) noexcept nogil:
        """Remember how a plain delta begins, or that the last frame was none."""
        cdef Py_ssize_t size = event.text.ptr - frame.whole.ptr
        cdef const char* tail = event.text.ptr + event.text.len
        cdef const char* end = frame.data.ptr + frame.data.len
        self._prefix_len = 0
        if event.kind != DELTA or event.changed or event.text.ptr == NULL:
            return 0
        if size > MAX_PREFIX or event.form >= WHOLE_FORM:
            return 0
        # Only where the string is the last thing in the event does its beginning say all the rest.
        if tail[1] != c"}" or tail[2] != c"}" or _after_spaces(tail + 3, end) != end:
            return 0
        self._prefix_len = size
        memcpy(self._prefix, frame.whole.ptr, <size_t>size)
        return 0

    cdef int on_frame(self, Frame* frame) except -1 nogil:
        cdef Slice[PATHS] slots
        cdef Event event
        if self.done or self.failed:
            return 0
        self.bytes_in += frame.whole.len
        if _is_done(frame.data):
            self.normalised += 1
            return 0
        if not is_ascii(frame.data.ptr, frame.data.ptr + frame.data.len) and not is_utf8(frame.data):
            with gil:
                return self._repaired(frame)
        self._scan(frame, slots)
        event.frame = frame.whole
        event.count = 1
        event.rewritten.ptr = NULL
        event.changed = not frame.canonical
        event.plain = False
        self._typed(frame, slots, &event)
        event.data = frame.data
        self._facts(&event, slots)
        self.normalised += event.changed
        self._in_order(&event, slots)
        if not event.changed and (event.kind == START or event.kind == USAGE):
            self.normalised += not is_object(event.usage)  # the encoder will add one
        self._learn(frame, &event)
        self.next.on_event(&event)
        if event.kind == ERROR:
            self.failed = True
            return self._peer_error(slots)
        self.done = event.kind == STOP
        return 0

    cdef int _repaired(self, Frame* frame) except -1:
        """Read the frame again with U+FFFD for what is no UTF-8: the SDKs raise on such bytes."""
        cdef bytes clean = PyBytes_FromStringAndSize(frame.data.ptr, frame.data.len).decode("utf-8", "replace").encode()
        cdef Frame again = frame[0]
        again.data = Slice(PyBytes_AS_STRING(clean), PyBytes_GET_SIZE(clean))
        again.canonical = False
        self.bytes_in -= frame.whole.len
        return self.on_frame(&again)

    cdef int _scan(self, Frame* frame, Slice* slots) except -1 nogil:
        _EVENT.scan_into(frame.data, slots)
        if not frame.canonical and memchr(frame.data.ptr, c"\n", <size_t>frame.data.len):
            # Several data lines: between tokens a line break is as good as a space, and nowhere else was one accepted.
            self._on_one_line(&frame.data)
            _EVENT.scan_into(frame.data, slots)
        return 0

    cdef int _on_one_line(self, Slice* data) except -1 nogil:
        cdef Py_ssize_t at
        with gil:
            self._scratch = Buffer()
        self._scratch.add(data[0])
        for at in range(data.len):
            if self._scratch.ptr[at] == c"\n":
                self._scratch.ptr[at] = c" "
        data[0] = self._scratch.slice()
        return 0

    cdef int _typed(self, Frame* frame, Slice* slots, Event* event) except -1 nogil:
        """Settle the event's type: the JSON says it, else the event line; frame and JSON are made to agree."""
        cdef const char* brace
        if _is_string(slots[TYPE]):
            event.name = _inside(slots[TYPE])
            event.kind = kind_of(event.name)
            if not equals(frame.name, event.name.ptr, event.name.len):
                if not is_name(event.name):
                    return _break("an event's type is no name")
                event.changed = True
            return 0
        brace = <const char*>memchr(frame.data.ptr, c"{", <size_t>frame.data.len)
        if brace == NULL or slots[TYPE].ptr != NULL:
            return _break("an event is no object with a type")
        if not is_name(frame.name):
            if slots[ERROR_OBJECT].ptr == NULL:
                return _break("an event has no type")
            frame.name = Slice(b"error", 5)
        with gil:
            self._give_type(frame, brace)
        frame.data = self._scratch.slice()
        _EVENT.scan_into(frame.data, slots)
        event.changed = True
        return self._typed(frame, slots, event)

    cdef int _give_type(self, Frame* frame, const char* brace) except -1:
        """Write the event line's type into the object that opens at `brace`."""
        cdef bytes data = PyBytes_FromStringAndSize(brace + 1, frame.data.ptr + frame.data.len - brace - 1)
        cdef bytes name = PyBytes_FromStringAndSize(frame.name.ptr, frame.name.len)
        self._scratch = Buffer()
        return self._scratch.put(b'{"type":"%b"%b%b' % (name, b"" if data.lstrip().startswith(b"}") else b",", data))

    cdef int _facts(self, Event* event, Slice* slots) except -1 nogil:
        """Fill in what stages read of an event."""
        cdef Slice none = Slice(NULL, 0)
        event.channel = -1
        event.text = event.message = event.id = event.model = event.provider = event.usage = event.stop_reason = none
        if event.kind == DELTA:
            for value in slots[TEXT : PARTIAL_JSON + 1]:
                if _is_string(value):
                    event.text = _inside(value)
            event.form = self._form = form_of(slots[DELTA_TYPE])
            if event.form == TEXT_FORM or event.form == INPUT_FORM:
                value = slots[TEXT if event.form == TEXT_FORM else PARTIAL_JSON]
                event.text = _inside(value) if _is_string(value) else none
            self.unknown_deltas += event.form == UNKNOWN_FORM
        elif event.kind == START:
            event.message = slots[MESSAGE]
            event.id = slots[MESSAGE_ID]
            event.model = slots[MESSAGE_MODEL]
            event.provider = slots[MESSAGE_PROVIDER]
            event.usage = slots[MESSAGE_USAGE]
        elif event.kind == USAGE:
            event.usage = slots[USAGE_OBJECT]
            if _is_string(slots[STOP_REASON]):
                event.stop_reason = slots[STOP_REASON]
        return 0

    cdef int _in_order(self, Event* event, Slice* slots) except -1 nogil:
        """Hold the event against the grammar; close a block that the provider forgot to close."""
        cdef Kind kind = event.kind
        if kind == PING or kind == UNKNOWN or kind == ERROR:
            return 0
        if self.started == (kind == START):
            return _break("message_start is not the first event, or came twice")
        if kind == START:
            if not is_object(event.message):
                return _break("message_start has no message")
            self.started = True
            with gil:
                self.id = string_text(event.id)
                self.model = string_text(event.model)
            return 0
        if kind == BLOCK_START or kind == DELTA or kind == BLOCK_STOP:
            event.channel = index_of(slots[INDEX])
            if event.channel != (self._next if kind == BLOCK_START else self.open) or event.channel < 0:
                return _break("a content block is out of order")
        if kind == STOP and not self.stopping:
            with gil:
                raise Truncated("the stream stopped without a stop reason")
        if (kind == BLOCK_START or kind == USAGE or kind == STOP) and self.open >= 0:
            self.normalised += 1
            self.close_block()
        if kind == BLOCK_START:
            self.open = event.channel
            self._next += 1
        elif kind == BLOCK_STOP:
            self.open = -1
        elif kind == USAGE and event.stop_reason.len:
            self.stopping = True
            with gil:
                self.stop_reason = string_text(event.stop_reason)
        return 0

    cdef int close_block(self) except -1 nogil:
        """End the block that is open, if one is."""
        if self.open < 0:
            return 0
        with gil:
            self._made(BLOCK_STOP, b"content_block_stop", b'{"type":"content_block_stop","index":%d}' % self.open)
        self.open = -1
        return 0

    cdef int _made(self, Kind kind, bytes name, bytes data) except -1:
        """Send an event of our own down the chain."""
        cdef Slice none = Slice(NULL, 0)
        cdef Event event
        event.kind = kind
        event.count = 1
        event.channel = self.open
        event.name = Slice(PyBytes_AS_STRING(name), PyBytes_GET_SIZE(name))
        event.data = Slice(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
        event.text = event.message = event.id = event.model = event.provider = event.usage = event.stop_reason = none
        event.frame = event.rewritten = none
        event.changed = True
        event.plain = False
        return self.next.on_event(&event)

    cdef int _peer_error(self, Slice* slots) except -1 nogil:
        """Raise what the peer reported; the message may lie in `error.message`, `error` or `message`."""
        with gil:
            for at in (ERROR_MESSAGE, ERROR_OBJECT, MESSAGE):
                if _is_string(slots[at]):
                    raise PeerError(string_text(slots[ERROR_TYPE]) or "", string_text(slots[at]))
            raise PeerError(string_text(slots[ERROR_TYPE]) or "", "")

    cdef int on_end(self) except -1 nogil:
        if self.done or self.failed:
            return 0
        if not self.stopping:
            with gil:
                raise Truncated("the stream ended before its stop reason")
        if self.open >= 0:
            self.close_block()
        self.done = True
        self.normalised += 1
        with gil:
            self._made(STOP, b"message_stop", b'{"type":"message_stop"}')
        return self.next.on_end()
