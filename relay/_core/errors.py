"""What `_core` raises. After one of these the object that raised it is dead and raises the same again."""


class ProtocolError(Exception):
    """The peer's bytes are wrong; the text says how, never what they were."""


class Truncated(ProtocolError):
    """The stream ended before its stop reason."""


class LimitExceeded(Exception):
    """A bound given at construction was passed.

    limit   the bound's name
    """

    def __init__(self, limit: str) -> None:
        super().__init__(f"{limit} exceeded")
        self.limit = limit


class PeerError(Exception):
    """The peer reported an error inside its stream.

    type      the peer's own word, for example `overloaded_error`
    message   the peer's own sentence
    code      its own code, a word or an HTTP status in digits; empty: it said none
    """

    def __init__(self, type: str, message: str, code: str = "") -> None:
        super().__init__(type)
        self.type = type
        self.message = message
        self.code = code


class RedactionError(Exception):
    """The answer can't be redacted, or must not pass; what was held is dropped. Never says what the text was."""


class Uncovered(RedactionError):
    """Something came that no rule of coverage names (RED-6)."""


class Misuse(Exception):
    """Our own mistake: feed after the end."""
