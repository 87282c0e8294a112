"""The WHATWG event-stream rules, read from the standard and written for clarity: the oracle of SseParser.

`events(body)` decodes the whole body, splits it into lines by the grammar and interprets them; `frames(body)` does the
same on undecoded lines and keeps the raw bytes of every frame. The tests hold the two against each other.

source    WHATWG HTML, "Server-sent events", 9.2.5 and 9.2.6; spec/wire-protocols.md 1.1
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

BOM = b"\xef\xbb\xbf"

SseEvent: TypeAlias = tuple[str, str, str]


def events(body: bytes) -> list[SseEvent]:
    """Every dispatched event of a complete body as (type, data, last event id)."""
    text = body.decode("utf-8", errors="replace").removeprefix("\ufeff")
    found: list[SseEvent] = []
    data, event_type, last_id = "", "", ""
    for line in _lines(text):
        if line == "":
            if data != "":
                found.append((event_type or "message", data.removesuffix("\n"), last_id))
            data, event_type = "", ""
            continue
        name, value = _field(line)
        if name == "data":
            data += value + "\n"
        elif name == "event":
            event_type = value
        elif name == "id" and "\0" not in value:
            last_id = value
    return found


def _lines(text: str) -> list[str]:
    """The terminated lines of a text; what follows the last line end is discarded with the unfinished event."""
    return re.split("\r\n|\n|\r", text)[:-1]


def _field(line: str) -> tuple[str, str]:
    """(name, value) of one line; a comment has the empty name."""
    name, _, value = line.partition(":")
    return name, value.removeprefix(" ")


@dataclass(frozen=True, slots=True)
class Frame:
    """One stretch of a body up to and including the blank line that ends it.

    raw     its bytes as received, line ends and a leading byte order mark included
    type    value of the last `event` field, None without one or when it is empty
    data    the joined `data` values (LF between them), None without a `data` field
    """

    raw: bytes
    type: str | None
    data: str | None


def frames(body: bytes) -> tuple[list[Frame], bytes]:
    """The frames of a complete body, and the unterminated rest.

    Blank lines and comments alone make frames too, without data: raw parts and rest joined give the body.
    """
    found: list[Frame] = []
    parts = re.split(b"(\r\n|\n|\r)", body)
    start = 0
    end = 0
    for line, line_end in zip(parts[0:-1:2], parts[1::2], strict=True):
        end += len(line) + len(line_end)
        if line == b"" or (line == BOM and start == 0 and end == len(line) + len(line_end)):
            found.append(_frame(body[start:end], first=start == 0))
            start = end
    return found, body[start:]


def _frame(raw: bytes, *, first: bool) -> Frame:
    content = raw.removeprefix(BOM) if first else raw
    fields = [_field(line.decode("utf-8", errors="replace")) for line in re.split(b"\r\n|\n|\r", content)]
    types = [value for name, value in fields if name == "event"]
    data = [value for name, value in fields if name == "data"]
    return Frame(raw, (types[-1] or None) if types else None, "\n".join(data) if data else None)
