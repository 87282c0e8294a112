"""The numbers of a usage object, wherever servers put them (spec/wire-protocols.md 5.2)."""

from libc.stdint cimport int64_t

from relay._core.json cimport Scanner
from relay._core.translator cimport Tally
from relay._core.types cimport Slice

cdef enum:
    MAX_DEPTH = 500
    MAX_DIGITS = 9                # a count of tokens longer than this is no count

cdef enum:
    PROMPT, COMPLETION, TOTAL, CACHED, WRITTEN, HIT, OWN_CACHED, REASONED, PATHS

cdef Scanner _USAGE = Scanner((
    "prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details.cached_tokens",
    "prompt_tokens_details.cache_write_tokens", "prompt_cache_hit_tokens", "cached_tokens",
    "completion_tokens_details.reasoning_tokens",
), MAX_DEPTH)


cdef int64_t count_of(Slice raw) noexcept nogil:
    """Give a small natural number; -1 when it is none."""
    cdef int64_t number = 0
    cdef Py_ssize_t at
    if raw.len == 0 or raw.len > MAX_DIGITS:
        return -1
    for at in range(raw.len):
        if not c"0" <= raw.ptr[at] <= c"9":
            return -1
        number = number * 10 + (raw.ptr[at] - c"0")
    return number


cdef void keep(int64_t* known, Slice raw) noexcept nogil:
    """Take a count over, if it was told: of cumulative numbers the last one wins."""
    cdef int64_t number = count_of(raw)
    if number >= 0:
        known[0] = number


cdef void take_usage(Tally* tally, Slice usage) noexcept nogil:
    """Take the numbers of a usage object over; nested counts beat those beside them."""
    cdef Slice[PATHS] slots
    _USAGE.find_in_value(usage.ptr, usage.ptr + usage.len, slots)
    keep(&tally.prompt, slots[PROMPT])
    keep(&tally.completion, slots[COMPLETION])
    keep(&tally.total, slots[TOTAL])
    keep(&tally.cached, slots[HIT])
    keep(&tally.cached, slots[OWN_CACHED])
    keep(&tally.cached, slots[CACHED])
    keep(&tally.written, slots[WRITTEN])
    keep(&tally.reasoning, slots[REASONED])
