"""The types that everything in `_core` shares."""

cdef struct Slice:                # borrowed: valid until the current feed() returns
    const char* ptr
    Py_ssize_t len

cdef struct Frame:                # one SSE event as it lay in the stream
    Slice whole                   # with its blank line
    Slice name                    # value of the last `event` field, empty when none
    Slice data                    # values of the `data` fields, joined by LF
    bint canonical                # exactly `event: T LF data: J LF LF`: may leave as it is

cdef enum Kind:                   # the hub's stream events
    START, BLOCK_START, DELTA, BLOCK_STOP, USAGE, STOP, PING, ERROR, UNKNOWN, KINDS

cdef enum Form:                   # what a delta carries
    TEXT_FORM, INPUT_FORM         # `text` goes on the block's text, or the JSON of its input
    OPAQUE_FORM                   # thinking, signature: never changed
    WHOLE_FORM                    # strings that are whole
    UNKNOWN_FORM
    THINKING_FORM                 # `text` goes on thinking of another dialect, whose signature, if any, comes behind it

cdef struct Event:
    Kind kind
    int channel                   # index of the content block; -1 when the event has none
    int count                     # events that this stands for: 1, or those of a run of plain deltas
    Slice frame                   # as received; empty when relay made the event
    Slice name                    # the event's type
    Slice data                    # its JSON
    Slice text                    # inside of the delta's JSON string, still escaped; empty if none; of a run the length
    Slice rewritten               # DELTA: what goes in place of `text`; no `ptr`: it stays
    Slice message                 # START: the message object
    Slice id                      # START: its `id` value with quotes
    Slice model                   # START: its `model` value with quotes
    Slice provider                # START: its `provider`, which a gateway before us may have set
    Slice usage                   # START, USAGE: the usage object
    Slice stop_reason             # USAGE: the value, with quotes; empty when absent or null
    Form form                     # DELTA
    bint plain                    # DELTA: `text` is known to be ASCII without escapes
    bint changed                  # True: write name and data; False: write frame

cdef class FrameSink:
    cdef const char* take(self, const char* ptr, const char* end) except NULL nogil
    cdef int on_frame(self, Frame* frame) except -1 nogil

cdef class Stage:
    cdef Stage next               # who gets the event after this one; None at the end of the chain
    cdef int on_event(self, Event* event) except -1 nogil
    cdef int on_end(self) except -1 nogil
