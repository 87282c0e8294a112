"""The signatures of an answer's thinking, each replaced as the caller says, streamed or whole.

What a signature says only its maker can read; who made it is written into it here (spec/openrouter-messages.md 13.3).
All else keeps its bytes.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE

from relay._core.json cimport Scanner, value_end
from relay._core.text cimport equals, skip_space
from relay._core.types cimport BLOCK_START, DELTA, OPAQUE_FORM, Event, Slice, Stage

cdef enum:
    MAX_DEPTH = 500

cdef Scanner _DELTA = Scanner(("delta.type", "delta.signature"), MAX_DEPTH)
cdef Scanner _START = Scanner(("content_block.type", "content_block.signature"), MAX_DEPTH)
cdef Scanner _BLOCK = Scanner(("type", "signature"), MAX_DEPTH)
cdef Scanner _CONTENT = Scanner(("content",), MAX_DEPTH)


cdef bytes _inside(Slice value):
    """Give a JSON string without its quotes; None when it is none."""
    if value.ptr == NULL or value.ptr[0] != c'"':
        return None
    return PyBytes_FromStringAndSize(value.ptr + 1, value.len - 2)


@cython.final
cdef class Sealer(Stage):
    """Stands before the encoder.

    seal   called with the inside of each signature's JSON string; gives the inside of another
    """

    def __cinit__(self, seal):
        self._seal = seal

    cdef int on_event(self, Event* event) except -1 nogil:
        # A delta of thinking has a text, and mostly is not opened here.
        if event.kind == DELTA and event.form == OPAQUE_FORM and event.text.ptr == NULL:
            with gil:
                self._on_signature(event)
        elif event.kind == BLOCK_START:
            with gil:
                self._on_start(event)
        return self.next.on_event(event)

    cdef int on_end(self) except -1 nogil:
        return self.next.on_end()

    cdef int _on_signature(self, Event* event) except -1:
        cdef Slice[2] found
        cdef bytes signature
        _DELTA.scan_into(event.data, found)
        if not equals(found[0], b'"signature_delta"', 17):
            return 0
        signature = _inside(found[1])
        if signature is None:
            return 0
        self._sealed = self._seal(signature)
        event.text = Slice(found[1].ptr + 1, found[1].len - 2)
        event.rewritten = Slice(PyBytes_AS_STRING(self._sealed), PyBytes_GET_SIZE(self._sealed))
        return 0

    cdef int _on_start(self, Event* event) except -1:
        """Seal a signature that comes with its block's start; one that is empty there comes later."""
        cdef Slice[2] found
        cdef const char* rest
        _START.scan_into(event.data, found)
        if found[1].len <= 2 or found[1].ptr[0] != c'"' or not equals(found[0], b'"thinking"', 10):
            return 0
        rest = found[1].ptr + found[1].len - 1
        self._sealed = b"".join((
            PyBytes_FromStringAndSize(event.data.ptr, found[1].ptr + 1 - event.data.ptr),
            self._seal(_inside(found[1])),
            PyBytes_FromStringAndSize(rest, event.data.ptr + event.data.len - rest),
        ))
        event.data = Slice(PyBytes_AS_STRING(self._sealed), PyBytes_GET_SIZE(self._sealed))
        event.changed = True
        return 0


def sealed(bytes message not None, seal) -> bytes:
    """Give a whole message with the signatures of its thinking replaced; the very object when it has none.

    seal     as a Sealer's
    raises   ProtocolError when it is no JSON; LimitExceeded("depth")
    """
    cdef const char* base = PyBytes_AS_STRING(message)
    cdef const char* end = base + PyBytes_GET_SIZE(message)
    cdef const char* ptr
    cdef const char* stop
    cdef Slice content
    cdef Slice[2] found
    cdef Py_ssize_t copied = 0
    cdef list parts = []
    _CONTENT.scan_into(Slice(base, end - base), &content)
    if content.ptr == NULL or content.ptr[0] != c"[":
        return message
    ptr = skip_space(content.ptr + 1, end)
    while ptr[0] != c"]":  # bound: the array was scanned
        stop = value_end(ptr, end, MAX_DEPTH)
        _BLOCK.scan_into(Slice(ptr, stop - ptr), found)
        signature = _inside(found[1])
        if signature is not None and equals(found[0], b'"thinking"', 10):
            parts += [message[copied : found[1].ptr + 1 - base], seal(signature)]
            copied = found[1].ptr + found[1].len - 1 - base
        ptr = skip_space(stop, end)
        if ptr[0] == c",":
            ptr = skip_space(ptr + 1, end)
    return b"".join([*parts, message[copied:]]) if parts else message
