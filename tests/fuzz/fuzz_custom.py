"""Custom patterns beside the built-in classes keep what fuzz_rewriter promises; any pattern compiles or is refused."""

from relay._core import CLASS_NAMES, Ruleset
from relay.redact import custom, rules
from tests.fuzz import redacting
from tests.fuzz.harness import fuzz
from tests.fuzz.redacting import HEAD, Given

SETS: list[list[str]] = [
    ["Project Apollo", "bob", "日本", "[EMAIL"],
    ["/CASE-[0-9]{6}/", "/a+b?c*d/i", "/(foo|foobar)+/", "/x{2,200}/"],
    [r"/\bno\b/", r"/\Bcd/", r"/[^\s@]{1,9}@x/", "/(?s)q.{0,100}z/"],
    [r"/\p{Lu}{3}-[0-9]{5}/", "/[一-龥]x/i", r"/\pL+\d/"],
]
RULES = [Ruleset(CLASS_NAMES, rules.patterns(patterns)) for patterns in SETS]
COMPILES = 15


def check(data: bytes) -> None:
    """Fail unless the text goes its way as it must, by patterns made before or by its own first line."""
    if len(data) < HEAD:
        return
    given = Given(data)
    made = compiled(given.text.partition("\n")[0]) if given.number == COMPILES else RULES[given.number % len(RULES)]
    if made is not None:
        redacting.check(given, made)


def compiled(pattern: str) -> Ruleset | None:
    """The rules with one pattern more, None for one that is refused; nothing is kept of it."""
    custom.compile.cache_clear()
    try:
        return Ruleset(CLASS_NAMES, rules.patterns([pattern]))
    except ValueError:
        return None


if __name__ == "__main__":
    fuzz(check)
