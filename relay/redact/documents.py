"""Documents at rest: what redacts is made once, and serves one call after the other.

To make one costs more than the prompt of a short call. What a call left in it is wiped before it rests
(spec/redaction.md 12); one that failed never comes back.
"""

from collections.abc import Callable
from typing import Final

from relay._core import Document, Ruleset
from relay.redact.replacements import Replacements

MOST_AT_REST: Final = 32
"""A few KiB each, at most 100 after long texts. One is in use while a text is redacted, or a stream goes on."""


class Documents:
    """Those of one ruleset."""

    __slots__ = ("_at_rest", "_rules")

    def __init__(self, rules: Ruleset) -> None:
        self._at_rest: list[Document] = []
        self._rules = rules

    def lend(
        self,
        replace: Replacements,
        literals: Callable[[str], None] | None,
        after: Callable[[bytes, bool], bytes | None] | None = None,
    ) -> Document:
        """Give one that nobody else has; arguments as for Document."""
        if not self._at_rest:
            return Document(self._rules, replace, literals, after)
        document = self._at_rest.pop()
        document.serve(replace, literals, after)
        return document

    def take_back(self, document: Document) -> None:
        """Take one whose call is over, or has done with it."""
        document.forget()
        if len(self._at_rest) < MOST_AT_REST:
            self._at_rest.append(document)
