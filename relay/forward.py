"""Forward: what happens per read of a streamed answer, called from the socket's callback."""

from relay._core import Pipeline
from relay.downstream import Reply
from relay.upstream import Exchange


class Forward:
    """From one read, through the pipeline, to the client. A class, for closures leave cycles."""

    __slots__ = ("_exchange", "_pipeline", "_reply")

    def __init__(self, pipeline: Pipeline, exchange: Exchange, reply: Reply) -> None:
        self._pipeline = pipeline
        self._exchange = exchange
        self._reply = reply

    def __call__(self, data: bytes) -> bool:
        """Take the bytes of one read, none: the body has ended; True: stop reading."""
        pipeline, reply = self._pipeline, self._reply
        if reply.committed:
            out = pipeline.feed(data)
        else:
            out = pipeline.feed(data, prefix=reply.opening())
            if out:
                self._exchange.answered = True
        ends = not pipeline
        if not out:
            return ends
        return reply.push(out, ends and pipeline.complete) or ends
