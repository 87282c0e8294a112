"""Which encoder writes for clients of which dialect. Add a dialect: add a line."""

from relay._core.chat_encoder cimport ChatEncoder
from relay._core.encoder cimport Encoder
from relay._core.messages_encoder cimport MessagesEncoder
from relay._core.responses_encoder cimport ResponsesEncoder

from relay._core.errors import Misuse


cdef Encoder encoder_of(client):
    """Give the encoder for a client: what its request said of how it is to be answered; None: it speaks Messages."""
    if client is None:
        return MessagesEncoder()
    cdef str dialect = client.dialect
    if dialect == "chat":
        return ChatEncoder(client)
    if dialect == "responses":
        return ResponsesEncoder(client)
    raise Misuse(f"no encoder for {dialect!r}")
