"""Redaction gives the same for any text at any cut, leaves JSON JSON, and lets no planted e-mail be seen.

A text, a document, a whole message, a streamed block and a stream of any bytes are ways that a text goes, one an input.
"""

from relay._core import CLASS_NAMES, Ruleset
from tests.fuzz import redacting
from tests.fuzz.harness import fuzz
from tests.fuzz.redacting import HEAD, Given

BUILT_IN = [name for name in CLASS_NAMES if name != "custom"]
RULES = [Ruleset(BUILT_IN), *(Ruleset([name]) for name in BUILT_IN)]


def check(data: bytes) -> None:
    """Fail unless the text goes its way as it must, by all the rules or by those of one class."""
    if len(data) >= HEAD:
        given = Given(data)
        redacting.check(given, RULES[given.number if given.number < len(RULES) else 0])


if __name__ == "__main__":
    fuzz(check)
