"""Class token: secrets and passwords behind a name, headers, command lines, URL credentials (contract, 6.2 to 6.5).

Readings taken where the contract leaves room:
- Words of `not_secret_key` stand in the identifier as whole words, their parts joined like those of a key.
- "Blanks" around an operator are blanks and tabs; up to two of `" ' ]` may close the key.
- A value is judged on its first 64 characters; a longer one is taken whole, whatever ends it, however long it is.
- The marks at the end of an unquoted password stay outside only if it has at most 64 characters: behind more of them a
  stream has let the run go, marks and all.
- A Basic value of more than 64 characters is judged on them and taken as far as the characters of 6.2 go.
- A path starts with `~/`, `./`, `../`, or with `/` and holds another `/`, or holds `/` and ends in a file's extension.
- A value never starts with `=`, which belongs to the operator.
- Passwords know the strings of `placeholder_value` too. A literal right behind a value turns it away, as what it hides
  may have done.
- `curl` stands on the same line, at most 200 characters before `-u` or `--user`; its value has the tests of 6.5.
- The user of a URL has at most 256 characters, its scheme at most 32.
- No user holds what no URL does: a backtick, `|`, or a character that is neither ASCII nor a letter of a label.
- What follows `--password-file` and its like is no password: the option ends in its key.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator

from tests.reference.redaction.families import JUDGED, entropy
from tests.reference.redaction.model import Candidate
from tests.reference.redaction.tables import WORDS
from tests.reference.redaction.view import LABEL_LETTER, LETTER, LITERAL, WORD, View, every


def _joined(words: tuple[str, ...]) -> str:
    spelled = ("[ _-]?".join(map(re.escape, re.split("[ _-]", word))) for word in sorted(words, key=len, reverse=True))
    return "|".join(dict.fromkeys(spelled))


_NAME = "[0-9A-Za-z_.-]"
_OPERATOR = (
    r"""(?:[ \t]{0,3}["'\]]{0,2}[ \t]{0,3}(?:::=|:=|=>|==|\?=|->|\|\||=|:)[ \t]{0,3}["'`]?"""
    r"""|["'\]]{0,2}\ is\ [ \t]{0,2}["'`]?|["'][ \t]{0,3},[ \t]{0,3}["'`]?|"[ \t]value=["'])"""
)


def _assignment(words: tuple[str, ...]) -> re.Pattern[str]:
    key = rf"(?P<key>(?<![{LETTER}])(?:{_joined(words)}){_NAME}{{0,12}})(?!{_NAME})"
    return re.compile(rf"{key}{_OPERATOR}(?![=>])", re.IGNORECASE)


_SECRET = _assignment(WORDS["secret_key"])
_PASSWORD = _assignment(WORDS["password_key"])
_OPTION = re.compile(
    rf"""--(?P<key>{_NAME}{{0,40}}?(?<![A-Za-z])(?:key|secret|token|password){_NAME}{{0,12}})[ \t]{{1,3}}["']?""",
    re.IGNORECASE,
)
_PASSWORD_OPTION = re.compile(
    rf"""--(?P<key>{_NAME}{{0,40}}?(?<![A-Za-z])(?:{_joined(WORDS["password_key"])}))[ \t]{{1,3}}["']?""", re.IGNORECASE
)
_HEADER = re.compile(
    rf"""(?<![{LETTER}])(?:(?:Bearer|Token)[ \t]{{1,3}}|Authorization["']?[ \t]{{0,3}}[:=][ \t]{{0,3}}["']?)""",
    re.IGNORECASE,
)
_BASIC = re.compile(rf"(?<![{LETTER}])Basic[ \t]{{1,3}}([0-9A-Za-z+/_-]{{4,}})={{0,2}}", re.IGNORECASE)
_CURL = re.compile(
    rf"""(?<![{WORD}])curl(?![{WORD}])[^\r\n]{{0,200}}?[ \t](?:-u|--user)[ \t=]{{0,3}}["']?"""
    r"""[^\s:"']{0,256}:(?P<value>[^\s"']{3,120})"""
)
_USER = rf"""(?:(?![\s/:@'"<>?#|`])[\x00-\x7f{LABEL_LETTER}])"""
_URL = re.compile(rf"""[A-Za-z][0-9A-Za-z+.-]{{0,31}}://{_USER}{{0,256}}:(?P<value>[^\s/@'"<>{LITERAL}]{{3,120}})@""")
_NOT_KEY = re.compile(rf"(?<![A-Za-z])(?:{_joined(WORDS['not_secret_key'])})(?![A-Za-z])", re.IGNORECASE)
_BEFORE = re.compile(rf"[0-9A-Za-z_.{LITERAL}-]*\Z")
_BEFORE_SIZE = 40

_VALUE = re.compile(r"[0-9A-Za-z+/=_.~-]+")
_VALUE_END = re.compile(r"""["'`\s,;)}\]<>&\\]|\Z""")
_WORDS = re.compile(r"[A-Za-z]+(?:[_./-]+[A-Za-z]+)*[_./-]?[0-9]{0,4}")
_DOTTED = re.compile(r"[A-Za-z_][0-9A-Za-z_]*(?:\.[A-Za-z_][0-9A-Za-z_]*)+")
_PATH = re.compile(r"(?:~|\.{1,2})/.*|/.*/.*|.*/[^/]*\.[0-9A-Za-z]{1,5}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T_.-]?[0-9.+Z-]*)")
_PASS_VALUE = re.compile(rf"""[^\s"'<>,;(){{}}\[\]&{LITERAL}]+""")
_NAMED = re.compile(r"[A-Za-z_][0-9A-Za-z_]*=")
_IDENTIFIER = re.compile(r"[A-Za-z_][0-9A-Za-z_]*(?:\.[A-Za-z_][0-9A-Za-z_]*)*")


def assigned_secrets(view: View) -> Iterator[Candidate]:
    """Values of 16 or more characters behind a key of list `secret_key`, or behind an option that names one."""
    for pattern in (_SECRET, _OPTION):
        yield from _values(view.chars, pattern, _secret_end)


def passwords(view: View) -> Iterator[Candidate]:
    """Values of 8 or more characters behind a key of list `password_key`, or behind an option that ends in one."""
    for pattern in (_PASSWORD, _PASSWORD_OPTION):
        yield from _values(view.chars, pattern, _password_end)


def _values(chars: str, pattern: re.Pattern[str], end_of: Callable[[str, int], int | None]) -> Iterator[Candidate]:
    for found in every(pattern, chars):
        end = end_of(chars, found.end()) if _names_secret(chars, found) else None
        if end is not None:
            yield Candidate(found.end(), end, "token")


def _names_secret(chars: str, found: re.Match[str]) -> bool:
    before = _BEFORE.search(chars, max(0, found.start("key") - _BEFORE_SIZE - 1), found.start("key"))
    assert before is not None
    # A literal may hide a word that turned the identifier away before it was redacted.
    if LITERAL in before[0]:
        return False
    return len(before[0]) <= _BEFORE_SIZE and not _NOT_KEY.search(before[0] + found["key"])


def _secret_end(chars: str, start: int) -> int | None:
    run = _VALUE.match(chars, start)
    if not run or (len(run[0]) <= JUDGED and not _VALUE_END.match(chars, run.end())):
        return None
    return run.end() if is_secret(run[0][:JUDGED]) else None


def is_secret(value: str) -> bool:
    """Whether at most 64 characters of a value read like a secret and like nothing else (6.2)."""
    digits = sum(character in "0123456789" for character in value)
    if len(value) < 16 or digits < (1 if len(value) >= 32 else 2) or not re.search("[A-Za-z]", value):
        return False
    if len(set(value)) < 6 or entropy(value) < 3.0 or _is_stand_in(value):
        return False
    return not any(shape.fullmatch(value) for shape in (_WORDS, _DOTTED, _PATH, _DATE))


def _is_stand_in(value: str) -> bool:
    return any(word in value.lower() for word in WORDS["placeholder_value"])


def _password_end(chars: str, start: int) -> int | None:
    run = _PASS_VALUE.match(chars, start)
    if not run or (len(run[0]) <= JUDGED and chars[run.end() : run.end() + 1] in {"(", "[", LITERAL}):
        return None
    quoted = chars[start - 1] in "\"'`"
    value = run[0] if quoted or len(run[0]) > JUDGED else run[0].rstrip(".:?!")
    return start + len(value) if is_password(value[:JUDGED]) else None


def is_password(value: str) -> bool:
    """Whether at most 64 characters of a value read like a password and like nothing else (6.3)."""
    if len(value) < 8 or value[0] in "$%{/" or _NAMED.match(value) or _is_stand_in(value):
        return False
    if _IDENTIFIER.fullmatch(value) and re.search("[._]", value):
        return False
    kinds = sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", "[0-9]", "[^0-9A-Za-z]"))
    return kinds >= 3 or _is_mixed(value)


def _is_mixed(value: str) -> bool:
    digits = len(re.findall("[0-9]", value))
    return bool(re.search("[A-Za-z]", value)) and digits >= 2 and len(value) >= 10 and entropy(value) >= 3.0


def headers(view: View) -> Iterator[Candidate]:
    """Values of Bearer, Token, Authorization and Basic, and what `curl -u` is given behind its colon."""
    for found in every(_HEADER, view.chars):
        end = _secret_end(view.chars, found.end())
        if end is not None:
            yield Candidate(found.end(), end, "token")
    for found in every(_BASIC, view.chars):
        end = _basic_end(view.chars, found) if is_basic(found[1]) else None
        if end is not None:
            yield Candidate(found.start(1), end, "token")
    for found in every(_CURL, view.chars):
        if LITERAL not in found["value"] and is_credential(found["value"]):
            yield Candidate(*found.span("value"), "token")


def _basic_end(chars: str, found: re.Match[str]) -> int | None:
    if len(found[1]) > JUDGED:
        run = _VALUE.match(chars, found.start(1))
        assert run is not None
        return run.end()
    return found.end() if _VALUE_END.match(chars, found.end()) else None


def is_basic(encoded: str) -> bool:
    """Whether the first 48 bytes of a base64 string, its padding left out, are printable ASCII with a colon."""
    head = encoded[:JUDGED]
    try:
        decoded = base64.b64decode(head + "=" * (-len(head) % 4), altchars=b"-_" if set(head) & set("-_") else b"+/")
    except binascii.Error:
        return False
    return b":" in decoded and all(0x20 <= byte <= 0x7E for byte in decoded)


def url_credentials(view: View) -> Iterator[Candidate]:
    """The password of every URL that holds one."""
    for found in every(_URL, view.chars):
        if is_credential(found["value"]):
            yield Candidate(*found.span("value"), "token")


def is_credential(value: str) -> bool:
    """Whether the password of a URL is no variable, no name of itself and no words joined by underscores (6.5)."""
    if value[0] in "$<{%" or value.lower() in {"password", "pass", "pwd", "secret"}:
        return False
    return not re.fullmatch("[a-z]+(?:_[a-z]+)+", value)
