"""Usage, event counts and times of one stream.

One reducer serves streams and unary bodies. Usage is cumulative: of every field the latest non-null value wins, and a
decrease, a negative number or something that is no integer is a counted anomaly (spec/operations.md USG-1, USG-2).
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t

from json import dumps as _dumps
from math import isfinite

from relay._core.estimator cimport Counts, count_escaped, tokens
from relay._core.json cimport Scanner
from relay._core.text cimport equals
from relay._core.types cimport DELTA, USAGE, Event, Slice, Stage

cdef tuple _NAMES = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens",
    "reasoning_output_tokens",
    "web_search_requests",
    "web_fetch_requests",
)

cdef enum:
    PATHS = FIELDS + 4
    MAX_DIGITS = 9                # a count of tokens longer than this is no count

cdef Scanner _USAGE = Scanner((
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens",
    "cache_creation.ephemeral_1h_input_tokens",
    "output_tokens_details.thinking_tokens",
    "server_tool_use.web_search_requests",
    "server_tool_use.web_fetch_requests",
    "service_tier",
    "cost",
    "cost_details",
    "is_byok",
))


cdef object _spelt(object value):
    """Give `value` with infinities and NaN as strings: JSON can't say them, and they are no counts either."""
    if isinstance(value, dict):
        return {key: _spelt(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_spelt(item) for item in value]
    return repr(value) if isinstance(value, float) and not isfinite(value) else value


@cython.final
cdef class Meter(Stage):
    """Reducer of one answer's facts."""

    def __cinit__(self):
        cdef int at
        for at in range(FIELDS):
            self.value[at] = -1
        self.tier = None
        self.text = Counts(0, 0)

    def fold(self, usage) -> None:
        """Fold one decoded `usage` mapping of the Messages API into what is known; unknown keys are ignored."""
        self.fold_json(_dumps(_spelt(usage)).encode())

    def fold_json(self, bytes raw not None) -> None:
        """Fold the JSON text of a `usage` object."""
        self.fold_slice(Slice(PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw)))

    cpdef dict usage(self):
        """Give the fields that were told, under the names of USG-2."""
        cdef dict known = {}
        cdef int at
        for at in range(FIELDS):
            if self.value[at] >= 0:
                known[_NAMES[at]] = self.value[at]
        if self.tier is not None:
            known["service_tier"] = self.tier.decode("utf-8", "replace")
        return known

    cdef tuple reckoned(self, bint is_final, object input_tokens):
        """Give the usage to charge for, and its basis (USG-4): estimates stand where the provider told nothing.

        is_final       what was told of the output is all of it
        input_tokens   called for an estimate of the prompt; None: there is none
        """
        cdef dict usage = self.usage()
        cdef bint is_prompt_told = (
            self.value[INPUT] >= 0 or self.value[CACHE_READ] >= 0 or self.value[CACHE_CREATION] >= 0
        )
        if not is_prompt_told and self.value[OUTPUT] < 0 and self.first_content == 0:
            return usage, "none"
        basis = "provider_final" if is_final else "provider_partial" if self.value[OUTPUT] >= 0 else "estimated"
        if not is_final:
            usage["output_tokens"] = max(self.value[OUTPUT], tokens(&self.text, 1.0))
        if not is_prompt_told:
            basis = "estimated"
            usage["input_tokens"] = input_tokens() if input_tokens is not None else 0
        elif basis == "estimated":
            basis = "provider_partial"
        return usage, basis

    cdef int fold_slice(self, Slice usage) except -1 nogil:
        """Fold the JSON text of a usage object; null and absent fields keep what is known."""
        cdef Slice[PATHS] slots
        cdef Slice raw
        cdef int at
        _USAGE.scan_into(usage, slots)
        for at in range(FIELDS):
            raw = slots[at]
            if raw.ptr != NULL and not equals(raw, b"null", 4):
                self._number(at, raw)
        raw = slots[FIELDS]
        for at in range(FIELDS + 1, PATHS):
            self.has_ours |= slots[at].ptr != NULL
        self.has_ours |= raw.ptr != NULL and raw.ptr[0] != c'"'
        if raw.ptr != NULL and raw.ptr[0] == c'"':
            with gil:
                self.tier = PyBytes_FromStringAndSize(raw.ptr + 1, raw.len - 2)
        return 0

    cdef int _number(self, int field, Slice raw) noexcept nogil:
        cdef int64_t number = 0
        cdef Py_ssize_t at
        for at in range(raw.len):
            if not c"0" <= raw.ptr[at] <= c"9" or raw.len > MAX_DIGITS:
                self.anomalies += 1
                return 0
            number = number * 10 + (raw.ptr[at] - c"0")
        if number < self.value[field]:
            self.anomalies += 1
        self.value[field] = number
        self.outputs += field == OUTPUT
        return 0

    cdef int on_event(self, Event* event) except -1 nogil:
        cdef int told
        if event.frame.len:  # an event that relay made itself is no fact about the provider
            self.events[<int>event.kind] += event.count
            if self.first_event == 0:
                self.first_event = self.now
            self.last_event = self.now
        if event.kind == DELTA:
            if self.first_content == 0:
                self.first_content = self.now
            if event.text.len:
                self.text_bytes += event.text.len
                if event.plain:
                    self.text.latin += event.text.len
                else:
                    count_escaped(&self.text, event.text.ptr, event.text.ptr + event.text.len)
        elif event.usage.len and event.usage.ptr[0] == c"{":
            told = self.outputs
            self.fold_slice(event.usage)
            if event.kind == USAGE and self.outputs != told:
                self.final = True
        return self.next.on_event(event)
