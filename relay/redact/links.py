"""Where in a text the `?` or `#` of a URL is behind us: Links, fed with a text in pieces cut anywhere.

A model that was talked into writing an image link must not carry an original out in it, so doubt counts as a URL: it
begins at `//`, at `www.` or at a scheme, and ends where Markdown and HTML end one. That is at ASCII white space; behind
a quotation mark at the next one; behind `<` at `>` or at the end of the line.
"""

import re
import string
from typing import Final

_STARTS: Final = (r"[/\\]{2}", "http:", "https:", "ftp:", "ws:", "wss:", "mailto:", r"www\.")
_START: Final = re.compile(rf"[/\\:.](?:{'|'.join(f'(?<={start})' for start in _STARTS)})", re.ASCII | re.IGNORECASE)
"""The last character of what begins a URL: a search for one of four characters skips prose quickly."""
_MOST_CARRIED: Final = len("mailto:") - 1
_SPELLED: Final = string.ascii_letters + string.digits + "+-.:/\\"
"""What may stand before the place where a URL is known for one, and be its beginning."""
_BARE_END: Final = re.compile("[\0-\x20\x7f]")
_ENDS: Final = {
    '"': re.compile('"'),
    "'": re.compile("'"),
    "`": re.compile("`"),
    "<": re.compile("[>\n]"),
}
"""By the character before a URL, what ends it."""


class Links:
    """Follows one text.

    is_in_query   the text so far ends behind the `?` or `#` of a URL
    """

    __slots__ = ("_before", "_carried", "_end", "is_in_query")

    def __init__(self) -> None:
        self.is_in_query = False
        self._end: re.Pattern[str] | None = None
        self._before = ""
        self._carried = ""

    def follow(self, text: str) -> None:
        """Take the next piece."""
        while text:
            text = self._outside(text) if self._end is None else self._inside(text, self._end)

    def _outside(self, text: str) -> str:
        """Look for the beginning of a URL; give what follows it."""
        text = self._carried + text
        start = _START.search(text)
        head = text[: start.start() if start else len(text)].rstrip(_SPELLED)
        self._before = head[-1:] or self._before
        if start is None:
            self._carried = text[len(head) :][-_MOST_CARRIED:]
            return ""
        self._carried = ""
        self._end = _ENDS.get(self._before, _BARE_END)
        return text[start.end() :]

    def _inside(self, text: str, end: re.Pattern[str]) -> str:
        """Look for the end of the URL; give what follows it."""
        stop = end.search(text)
        url = text[: stop.start()] if stop else text
        self.is_in_query = self.is_in_query or "?" in url or "#" in url
        if stop is None:
            return ""
        self._before = stop[0]
        self._end = None
        self.is_in_query = False
        return text[stop.end() :]
