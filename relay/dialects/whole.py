"""A whole message of the hub, read by those who answer in other dialects: read() gives its Message."""

from typing import Any, Final, NamedTuple

from msgspec import MsgspecError, Raw, Struct, field
from msgspec.json import Decoder

from relay._core import ProtocolError

_MONEY: Final = ("cost", "cost_details", "is_byok")


class Block(Struct):
    """A content block; what it has not is empty."""

    type: str
    text: str = ""
    thinking: str = ""
    signature: str = ""
    data: str = ""
    id: str = ""
    name: str = ""
    input: Raw = Raw(b"{}")


class CacheCreation(Struct):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class OutputDetails(Struct):
    thinking_tokens: int | None = None


class Usage(Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    output_tokens_details: OutputDetails | None = None
    cost: Raw = Raw()
    cost_details: Raw = Raw()
    is_byok: Raw = Raw()


class Spent(NamedTuple):
    """Tokens as OpenAI counts them; None: nobody told. `fields` are members that relay adds.

    prompt   with what the cache gave and took
    """

    prompt: int
    cached: int | None
    written: int | None
    completion: int
    reasoning: int | None
    fields: dict[str, Raw]


class Message(Struct):
    """A message as it leaves the hub."""

    id: str
    model: str
    content: list[Block]
    provider: str | None = None
    stop_reason: str | None = None
    usage: Usage = field(default_factory=Usage)
    context_management: Raw = Raw()
    openrouter_metadata: Raw = Raw()

    def made(self) -> tuple[int, str]:
        """Give when the call began (Unix seconds), and the rest of its generation id."""
        _, created, rest = self.id.split("-", 2)
        return int(created), rest

    def beside(self) -> dict[str, Raw]:
        """Give what relay says beside the answer."""
        told = {"context_management": self.context_management, "openrouter_metadata": self.openrouter_metadata}
        return {name: raw for name, raw in told.items() if bytes(raw)}

    def spent(self) -> Spent:
        """Give what it used."""
        usage = self.usage
        written, read = usage.cache_creation_input_tokens, usage.cache_read_input_tokens
        creation = usage.cache_creation
        if written is None and creation is not None:
            written = (creation.ephemeral_5m_input_tokens or 0) + (creation.ephemeral_1h_input_tokens or 0)
        fields = {name: raw for name in _MONEY if bytes(raw := getattr(usage, name))}
        thought = usage.output_tokens_details.thinking_tokens if usage.output_tokens_details else None
        prompt = (usage.input_tokens or 0) + (read or 0) + (written or 0)
        return Spent(prompt, read, written, usage.output_tokens or 0, thought, fields)


_MESSAGE: Final = Decoder(Message)


def read(message: bytes) -> Message:
    """Give a message.

    raises   ProtocolError when it has not the types of one
    """
    try:
        said: Any = _MESSAGE.decode(message)
    except MsgspecError as cause:
        raise ProtocolError("the answer is no message") from cause
    return said  # type: ignore[no-any-return]
