"""A unary answer of the Messages dialect: what the client gets, and its facts, by splicing (no JSON object is made).

In: the provider's whole body. Out: the same bytes with relay's id, model, provider, the members a message always has,
and the usage with its cost (spec/openrouter-messages.md 13, 17). Everything else keeps its bytes.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.string cimport memchr

from json import loads as _loads

from orjson import dumps as _dumps

from relay._core.json cimport Scanner
from relay._core.messages_encoder cimport Answer, MessagesEncoder
from relay._core.meter cimport Meter
from relay._core.text cimport equals, is_ascii
from relay._core.types cimport Slice
from relay._core.utf8 cimport is_utf8

from relay._core.errors import PeerError, ProtocolError

cdef enum:                        # slots of the scanned body
    TYPE, CONTENT, ID, MODEL, PROVIDER, USAGE, STOP_REASON, STOP_SEQUENCE, STOP_DETAILS, CONTAINER
    ERROR, ERROR_TYPE, ERROR_MESSAGE, MESSAGE, PATHS
    MAX_DEPTH = 500

cdef Scanner _ANSWER = Scanner((
    "type", "content", "id", "model", "provider", "usage", "stop_reason", "stop_sequence", "stop_details", "container",
    "error", "error.type", "error.message", "message",
), MAX_DEPTH)


cdef object _string(Slice value):
    """Decode a JSON string; None when it is none."""
    if value.ptr == NULL or value.ptr[0] != c'"':
        return None
    if memchr(value.ptr, c"\\", <size_t>value.len) == NULL:
        return PyUnicode_DecodeUTF8(value.ptr + 1, value.len - 2, "replace")
    return _loads(PyBytes_FromStringAndSize(value.ptr, value.len).decode("utf-8", "replace"))


cdef bytes _member(bytes key, object value):
    return None if value is None else key + _dumps(value)


def answer(
    bytes data not None, *, id=None, model=None, provider=None, input_tokens=None, usage_fields=None
) -> tuple[bytes, dict[str, object]]:
    """Give the body for the client, and a report with the names of `Pipeline.report`; arguments as for Pipeline.

    raises   PeerError when it is an error body; ProtocolError when it is no message; LimitExceeded("depth")
    """
    cdef Slice[PATHS] slots
    cdef Slice text = Slice(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
    cdef MessagesEncoder encoder = MessagesEncoder()
    cdef Answer parts
    cdef dict usage
    if not is_ascii(text.ptr, text.ptr + text.len) and not is_utf8(text):
        raise ProtocolError("the answer is no UTF-8")
    _ANSWER.scan_into(text, slots)
    if slots[ERROR].ptr != NULL:
        raise PeerError(
            _string(slots[ERROR_TYPE]) or "",
            _string(slots[ERROR_MESSAGE]) or _string(slots[ERROR]) or _string(slots[MESSAGE]) or "",
        )
    if not equals(slots[TYPE], b'"message"', 9) or slots[CONTENT].ptr == NULL or slots[CONTENT].ptr[0] != c"[":
        raise ProtocolError("the answer is no message")
    while text.ptr[text.len - 1] != c"}":  # bound: the text is an object
        text.len -= 1
    encoder.meter = Meter()
    encoder.id = _member(b'"id":', id)
    encoder.model = _member(b'"model":', model)
    encoder.provider = _member(b'"provider":', provider)
    encoder.input_tokens = input_tokens
    encoder.usage_fields = usage_fields
    parts.text = text
    parts.id, parts.model, parts.provider, parts.usage = slots[ID], slots[MODEL], slots[PROVIDER], slots[USAGE]
    parts.stop_sequence, parts.stop_details, parts.container = (
        slots[STOP_SEQUENCE], slots[STOP_DETAILS], slots[CONTAINER]
    )
    if slots[USAGE].ptr != NULL and slots[USAGE].ptr[0] == c"{":
        encoder.meter.fold_slice(slots[USAGE])
    usage = encoder.meter.usage()
    return encoder.whole(&parts, usage), {
        "usage": usage,
        "basis": "provider_final" if usage else "none",
        "anomalies": encoder.meter.anomalies,
        "stop_reason": _string(slots[STOP_REASON]),
        "response_id": _string(slots[ID]),
        "response_model": _string(slots[MODEL]),
    }
