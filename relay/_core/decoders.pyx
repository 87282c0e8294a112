"""Which decoder reads the answers of which dialect. Add a dialect: add a line."""

from relay._core.chat_decoder cimport ChatDecoder
from relay._core.converse_decoder cimport ConverseDecoder
from relay._core.decoder cimport Decoder
from relay._core.gemini_decoder cimport GeminiDecoder
from relay._core.meter cimport Meter
from relay._core.responses_decoder cimport ResponsesDecoder

from relay._core.errors import Misuse


cdef Decoder decoder_of(translated, Meter meter, Py_ssize_t max_event, bytes seed):
    """Give the decoder for answers to a translated request; `seed` makes ids of tool calls that have none."""
    cdef str dialect = translated.dialect
    if dialect == "chat":
        return ChatDecoder(meter, max_event, translated, seed)
    if dialect == "responses":
        return ResponsesDecoder(meter, max_event, translated, seed)
    if dialect == "bedrock":
        return ConverseDecoder(meter, max_event, translated, seed)
    if dialect == "gemini":
        return GeminiDecoder(meter, max_event, translated, seed)
    raise Misuse(f"no decoder for {dialect!r}")
