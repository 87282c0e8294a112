"""The words of this provider, and the ways they are cut: pure functions from text to deltas."""

from collections.abc import Iterator
from itertools import cycle, pairwise

from relay.run.demo.answer import Made

PARAGRAPH = (
    "This is the demo, the provider that lives inside relay. It knows no model and needs no key: every word of this "
    "answer was written beforehand and comes at a set pace, so that you can watch a stream go by. Ask it to echo, to "
    "call a tool, to think or to fail; the name of the model says which."
)
THOUGHT = "The demo was asked a question. It cannot think, but it can show what thinking looks like on the wire."
REFUSAL = "The demo was asked to refuse, and so it does."
PERSONAL = (  # every value is made up, or one of those that are printed as examples
    "Noted. Sam Lee, sam.lee@example.net or (415) 555-2671, leads Project Nightjar. We refunded card "
    "5555 5555 5555 4444 to GB82 WEST 1234 5698 7654 32 from 203.0.113.7, device 00:1a:2b:3c:4d:5e, request "
    "6f1c9a52-3b7e-4d18-9c0f-2a8b5e7d4c31; SSN 219-09-9999, key ghp_zT7kQ2mX9vB4nR6wL1pD8sF3hJ5yC0aE2gUi."
)
PLAN = "The customer is sam.lee@example.net, card 5555 5555 5555 4444: refund, then tell the desk. “Café” \\u0041."
PROMISE = ("I'll write to ", "sam.l", "ee@ex", "ample", ".ne", "t", " once it is paid.")
# Arguments as JSON texts. An escape is cut behind its backslash, before its last digit, between the halves of a pair;
# a number and a line end's escape are cut too. The two calls hold the same values, written in other ways.
ARGUMENTS = (
    (
        *('{"card": "', "\\", "u003", "5555 5555 5", "555 4444", '", "ib', 'an": "GB82 WEST 12', "34 5698 7654 \\u0"),
        *("033\\u003", '2"', ', "note": "line\\', "nmail sam.lee\\u", "0040example.net \\ud83", "d\\ud", 'e00"'),
        *(', "amount": 12.', "5}"),
    ),
    (
        *('{"to": ["sam', '.lee@example.net"', ', "desk\\u0040exam', 'ple.org"], "paid": {"card": 55555', "55555554"),
        *('444}, "iban": "GB82WEST\\u00312345', '698765432"}'),
    ),
)
CITED = "Streams are cut anywhere, and readers must not mind."
SOURCE = "A stream may be cut at any byte. A reader gives the same events for every cut."

# Families, flags and accents are cut where a reader that thinks in characters would not expect it. The separators
# and the byte order mark are data inside JSON, never line ends or marks (WHATWG event streams).
UNICODE = (
    *("Faces: ", "😀", " 👩", "\u200d", "👩", "\u200d👧", "\u200d👦", " 🇨", "🇭 ", "👍", "🏽. "),
    *(
        "Accents: e",
        "\u0301",
        " a",
        "\u030a\u0323",
        " é. ",
        "Scripts: 漢",
        "字かな",
        " 한",
        "글 العر",
        "بية עב",
        "רית. ",
    ),
    *("Planes: 𝒳", "𐍈 ", "🂡. ", "Ends: a\u2028b", "\u2029c\u0085", "d\x0b\x0c\x1c\x1d\x1e\x1fe. "),
    *(
        'Escapes: "quoted" back\\',
        "slash\\n / tab\t",
        "line\r\n",
        "next\r. ",
        "Marks: \ufeff",
        "\ufffd \u200b. ",
        "Done.",
    ),
)
UNICODE_WORD = 'a😀"b\\c\n漢\u2028é'

_UNEVEN = (3, 1, 7, 2, 12)  # none divides the length of a card number or an address: values are cut anywhere


def prose(events: int | None, text: str = PARAGRAPH) -> Made:
    """Deltas of one word each, `events` of them (None: the text once), from the start again when it ends."""
    words = text.split(" ")
    return Made(len(words) if events is None else events, lambda n: words[n % len(words)] if not n else _next(words, n))


def uneven(text: str) -> tuple[str, ...]:
    """`text` in small deltas of changing size."""
    return tuple(_slices(text))


def even(text: str, count: int) -> tuple[str, ...]:
    """`text` in `count` deltas of nearly one size, fewer when it has fewer characters."""
    count = max(1, min(count, len(text)))
    edges = [len(text) * n // count for n in range(count + 1)]
    return tuple(text[start:end] for start, end in pairwise(edges))


def _next(words: list[str], number: int) -> str:
    return " " + words[number % len(words)]


def _slices(text: str) -> Iterator[str]:
    start = 0
    for size in cycle(_UNEVEN):
        if start >= len(text):
            return
        yield text[start : start + size]
        start += size
