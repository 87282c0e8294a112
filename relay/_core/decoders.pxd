"""Which decoder reads the answers of which dialect."""

from relay._core.decoder cimport Decoder
from relay._core.meter cimport Meter

cdef Decoder decoder_of(translated, Meter meter, Py_ssize_t max_event, bytes seed)
