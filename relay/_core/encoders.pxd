"""The encoder of a client's dialect."""

from relay._core.encoder cimport Encoder

cdef Encoder encoder_of(client)
