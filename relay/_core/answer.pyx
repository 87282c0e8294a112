"""A unary answer of the Messages dialect: what the client gets, and its facts, by splicing (no JSON object is made).

In: the provider's whole body. Out: the same bytes with relay's id, model, provider, the members a message always has,
and the usage with its cost (spec/openrouter-messages.md 13, 17). Everything else keeps its bytes.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject

from relay._core.estimator cimport Estimator
from relay._core.json cimport Scanner, string_text
from relay._core.messages_encoder cimport Answer, MessagesEncoder
from relay._core.meter cimport OUTPUT, Meter
from relay._core.text cimport equals, is_ascii, is_object
from relay._core.types cimport Slice
from relay._core.utf8 cimport is_utf8

from relay._core.errors import PeerError, ProtocolError
from relay._core.sealer import sealed

cdef enum:                        # slots of the scanned body
    TYPE, CONTENT, ID, MODEL, PROVIDER, USAGE, STOP_REASON, STOP_SEQUENCE, STOP_DETAILS, CONTAINER
    ERROR, ERROR_TYPE, ERROR_MESSAGE, MESSAGE, METADATA, PATHS
    MAX_DEPTH = 500

cdef Scanner _ANSWER = Scanner((
    "type", "content", "id", "model", "provider", "usage", "stop_reason", "stop_sequence", "stop_details", "container",
    "error", "error.type", "error.message", "message", "openrouter_metadata",
), MAX_DEPTH)


cdef int _count_strings(Meter meter, Slice content) except -1:
    """Count an answer of whose length its provider told nothing: by its strings, as prompts are."""
    cdef Estimator estimator = Estimator()
    estimator.add_json(PyBytes_FromStringAndSize(content.ptr, content.len))
    meter.text = estimator._counts
    meter.first_content = meter.text.latin + meter.text.wide
    return 0


def answer(
    bytes data not None, *, id=None, model=None, provider=None, input_tokens=None, usage_fields=None, metadata=None,
    seal=None, bytes context_management=None,
) -> tuple[bytes, dict[str, object]]:
    """Give the body for the client, and its facts by the names of Report; arguments as for Pipeline.

    raises   PeerError when it is an error body; ProtocolError when it is no message; LimitExceeded("depth")
    """
    cdef Slice[PATHS] slots
    cdef Slice text
    cdef MessagesEncoder encoder = MessagesEncoder()
    cdef Meter meter = Meter()
    cdef Answer parts
    cdef dict usage
    cdef bint is_final
    if seal is not None:
        data = sealed(data, seal)
    text = Slice(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
    if not is_ascii(text.ptr, text.ptr + text.len) and not is_utf8(text):
        raise ProtocolError("the answer is no UTF-8")
    _ANSWER.scan_into(text, slots)
    if slots[ERROR].ptr != NULL:
        raise PeerError(
            string_text(slots[ERROR_TYPE]) or "",
            string_text(slots[ERROR_MESSAGE]) or string_text(slots[ERROR]) or string_text(slots[MESSAGE]) or "",
        )
    if not equals(slots[TYPE], b'"message"', 9) or slots[CONTENT].ptr == NULL or slots[CONTENT].ptr[0] != c"[":
        raise ProtocolError("the answer is no message")
    while text.ptr[text.len - 1] != c"}":  # bound: the text is an object
        text.len -= 1
    encoder.meter = <PyObject*>meter
    encoder.name(id, model, provider)
    encoder.input_tokens = input_tokens
    encoder.usage_fields = usage_fields
    encoder.metadata = metadata
    encoder.context_management = context_management
    parts.text = text
    parts.id, parts.model, parts.provider, parts.usage = slots[ID], slots[MODEL], slots[PROVIDER], slots[USAGE]
    parts.stop_sequence, parts.stop_details, parts.container = (
        slots[STOP_SEQUENCE], slots[STOP_DETAILS], slots[CONTAINER]
    )
    parts.metadata = slots[METADATA]
    if is_object(slots[USAGE]):
        meter.fold_slice(slots[USAGE])
    is_final = meter.value[OUTPUT] >= 0
    if not is_final:
        _count_strings(meter, slots[CONTENT])
    usage, basis = meter.reckoned(is_final, input_tokens)
    return encoder.whole(&parts, meter.usage(), usage), {
        "usage": usage,
        "basis": basis,
        "anomalies": meter.anomalies,
        "stop_reason": string_text(slots[STOP_REASON]),
        "response_id": string_text(slots[ID]),
        "response_model": string_text(slots[MODEL]),
    }
