"""Print the memory that channels take, in bytes, and the streams that they are measured by.

`python -m tests.redact.memory channel ascii`: one channel, after a chat in that encoding.
`python -m tests.redact.memory stream KIND`: how much a channel grows over 64 MiB.

It takes a process of its own: memory that another test gave back would be used again and not be seen.
"""

import sys
from collections.abc import Callable

from relay._core import Channel, JsonChannel
from relay.redact.classes import Class
from relay.redact.placeholders import masked
from tests.core.timing import resident_bytes
from tests.redact.running import channel, ruleset
from tests.redact.texts import CHATS

COUNT = 1_000
SMALL_PIECE = 20
MIB = 1 << 20
PIECE = 1 << 16
STREAM = 64 * MIB
PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----\n"


def masks(cls: int, value: str | None, is_key: bool) -> str:
    return masked(Class(cls))


def json_channel() -> Channel:
    return JsonChannel(ruleset(), masks)


def repeated(bait: str, size: int) -> str:
    return bait * (size // len(bait) + 1)


def endless(part: str, lead: str = "") -> Callable[[Channel, int], None]:
    """Feeds so many characters of a text, in pieces."""
    text = repeated(part, PIECE)

    def feed(used: Channel, size: int) -> None:
        used.feed(lead)
        for _ in range(size // len(text)):
            used.feed(text)

    return feed


STREAMS: dict[str, tuple[Callable[[], Channel], Callable[[Channel, int], None]]] = {
    "chat": (channel, endless("".join(CHATS)[:MIB])),
    "other scripts": (channel, endless("これは カード é 😀 ")),
    "matches": (channel, endless("bob@x.org 8.8.8.8 +49 30 1234567, ")),
    "a run that is swallowed": (channel, endless("aB3dE5gH", "sk-proj-aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zC")),
    "a private key": (channel, endless("aB3dE5gH" * 8 + "\n", PRIVATE_KEY)),
    "baits": (channel, endless("eyJa.-----BEGIN ://a:[EMAIL_\\u00 ")),
    "a long string": (json_channel, endless("bob@x.org \\n \\ud83d\\ude00 ", '{"a":"')),
    "long keys": (json_channel, endless('"' + "a" * 500 + '":"bob@x.org",', "{")),
    "a long number": (json_channel, endless("1", "[1")),
    "deep nesting": (json_channel, endless("[")),
}


def of_channel(encoding: str) -> int:
    """Feed a thousand channels a chat, in pieces as a stream has them; give what each takes."""
    chat = "".join(CHATS)[:20_000].encode(encoding, "ignore").decode(encoding)
    pieces = [chat[start : start + SMALL_PIECE] for start in range(0, len(chat), SMALL_PIECE)]
    channel().feed(chat)
    before = resident_bytes()
    used = [channel() for _ in range(COUNT)]
    for each in used:
        for piece in pieces:
            each.feed(piece)
    return (resident_bytes() - before) // COUNT


def of_stream(kind: str) -> int:
    """Give what a channel takes at the end of a stream more than after its first part."""
    opened, feed = STREAMS[kind]
    used = opened()
    feed(used, STREAM // 16)
    before = resident_bytes()
    feed(used, STREAM)
    return resident_bytes() - before


if __name__ == "__main__":
    print({"channel": of_channel, "stream": of_stream}[sys.argv[1]](sys.argv[2]))
