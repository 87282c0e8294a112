"""The facts of a streamed answer, read where they were counted: who asks for three of them pays for three."""

cimport cython

from relay._core.decoder cimport Decoder
from relay._core.estimator cimport tokens
from relay._core.meter cimport Meter
from relay._core.types cimport DELTA, KINDS

cdef tuple _KINDS = (
    "message_start", "content_block_start", "content_block_delta", "content_block_stop",
    "message_delta", "message_stop", "ping", "error", "unknown",
)


@cython.final
cdef class Report:
    """Facts of the answer of one Pipeline; they go on with it, but for the first two.

    bytes_out                  written so far
    ended                      complete, open, truncated, error (the provider's) or protocol
    bytes_in                   of all events that were read
    usage, anomalies           by the names and the rules of spec/operations.md USG-2
    basis                      of usage: provider_final, provider_partial or none
    reckoned()                 usage and basis with estimates where the provider told nothing
    estimated_output_tokens    by the text of the deltas
    events, event_count        of the provider, by type and together
    content_events, text_bytes   deltas, and the bytes of their strings as they came
    first_event_ns, first_content_ns, last_event_ns   times of reads; None: not yet
    stop_reason, response_id, response_model   as the provider told them, None when it did not
    normalised                 frames dropped or written anew because an SDK could not bear them
    unknown_deltas             of a type that relay has never heard of
    """

    def __cinit__(self, Meter meter not None, Decoder decoder not None, bytes_out, ended):
        self._meter = meter
        self._decoder = decoder
        self.bytes_out = bytes_out
        self.ended = ended

    @property
    def usage(self) -> dict[str, int | str]:
        return self._meter.usage()

    @property
    def basis(self) -> str:
        if self._meter.final and self._decoder.stopping:
            return "provider_final"
        return "provider_partial" if self._meter.usage() else "none"

    def reckoned(self, input_tokens) -> tuple[dict[str, int | str], str]:
        """Give the usage to charge for, and its basis by USG-4; `input_tokens` is called for an estimate."""
        return self._meter.reckoned(self._meter.final and self._decoder.stopping, input_tokens)

    @property
    def anomalies(self) -> int:
        return self._meter.anomalies

    @property
    def estimated_output_tokens(self) -> int:
        return tokens(&self._meter.text, 1.0)

    @property
    def events(self) -> dict[str, int]:
        cdef int at
        return {_KINDS[at]: self._meter.events[at] for at in range(<int>KINDS) if self._meter.events[at]}

    @property
    def event_count(self) -> int:
        cdef int at
        count = 0
        for at in range(<int>KINDS):
            count += self._meter.events[at]
        return count

    @property
    def content_events(self) -> int:
        return self._meter.events[<int>DELTA]

    @property
    def text_bytes(self) -> int:
        return self._meter.text_bytes

    @property
    def first_event_ns(self) -> int | None:
        return self._meter.first_event or None

    @property
    def first_content_ns(self) -> int | None:
        return self._meter.first_content or None

    @property
    def last_event_ns(self) -> int | None:
        return self._meter.last_event or None

    @property
    def stop_reason(self) -> str | None:
        return self._decoder.stop_reason

    @property
    def response_id(self) -> str | None:
        return self._decoder.id

    @property
    def response_model(self) -> str | None:
        return self._decoder.model

    @property
    def normalised(self) -> int:
        return self._decoder.normalised

    @property
    def unknown_deltas(self) -> int:
        return self._decoder.unknown_deltas

    @property
    def bytes_in(self) -> int:
        return self._decoder.bytes_in
