"""Texts to redact: samples and near misses of every class, glue, Unicode, prose, code and JSON.

texts()          strategy of texts, which shrinks to the parts that matter
random_text()    the same from a Random, cheaper by far: for thousands of texts
json_values()    strategy of values that a document may say, with telling keys; written() writes one in a random style
CHATS            what a model might write: the prose and the code of this repository, without a class sample
"""

import json
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.quality.quality_set import build
from tests.reference.redaction.document import Members, Number
from tests.reference.test_redaction import FOUND, GLUE, NEAR_MISSES

_ROOT = Path(__file__).parents[2]
_LABELLED = build()

VALUES = sorted({value for _, value, _ in FOUND} | {each.text[a:b] for each in _LABELLED for a, b, _ in each.spans})
"""Values of all classes, bare."""

IN_CONTEXT = [around.format(value) for _, value, around in FOUND]
SHORT = sorted({text for text in (*IN_CONTEXT, *NEAR_MISSES, *VALUES) if len(text) <= 80}, key=lambda text: text[::-1])
LINES = [each.text for each in _LABELLED]
"""Whole texts with values in prose, code, logs and JSON, and texts that only look so."""

_LEADS = [
    "password: ",
    "api_key=",
    "secret ",
    'token: "',
    "Bearer ",
    "tel ",
    "ssn ",
    "card ",
    "curl x -u a:",
    "--token ",
]
_LEADS += ["https://u:", "version ", "v", "order #", "#", "no ", "call ", "カード番号は", "SSN ", "+1 ", "00", "0"]
_MARKS = [
    "@x.org",
    "[TOKEN_3]",
    "[SSN]",
    "[EMAIL_",
    "\\u0041",
    "\\",
    "\\\\",
    '\\"',
    "\\n",
    "%40",
    "%3A",
    "://",
    "::",
    "ab:",
]
_MARKS += [
    "fe80::",
    "eyJ",
    "sk-",
    "-----BEGIN ",
    "'",
    "==",
    "; ",
    "|",
    "~",
    "Q~",
    "…",
    " or ",
    ",",
    "&",
    "\r\n",
    "\t",
    ")",
]
_UNICODE = [
    "é",
    "م",
    "カ",
    "٣",
    "１",
    "＠",
    "😀",
    "📞",
    "\u2011",
    "\u00a0",
    "\u202f",
    "\u0301",
    "\u200b",
    "\u2028",
    "\x00",
]
JOINTS = [*GLUE, *_LEADS, *_MARKS, *_UNICODE]
"""What stands between values."""

_CHANGES = "0159afzAF-_.:/@ +([)]%\\\"'=x"


def _read(pattern: str) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(_ROOT.glob(pattern))]


CHATS = [*_read("*.md"), *_read("relay/**/*.py"), *_read("relay/_core/*.pyx")]


def _one(items: list[str]) -> st.SearchStrategy[str]:
    """One of a long list: `sampled_from` would print all of it whenever a test is shown."""
    return st.integers(0, len(items) - 1).map(lambda at: items[at])


PARTS = _one(JOINTS) | _one(IN_CONTEXT) | _one(NEAR_MISSES) | _one(VALUES) | st.text(max_size=4)


def mutated(text: str, random: Random) -> str:
    """A text with up to three characters lost, changed or added, or its end cut off."""
    for _ in range(random.randint(0, 3)):
        at = random.randrange(len(text) + 1)
        kept = random.choice((text[at:], text[at + 1 :], ""))
        text = text[:at] + random.choice(("", random.choice(_CHANGES))) + kept
    return text


@st.composite
def _mutants(draw: st.DrawFn) -> str:
    text = draw(_one(SHORT))
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.sampled_from(["", *_CHANGES])) + text[at + draw(st.integers(0, 2)) :]


def texts(most: int = 8) -> st.SearchStrategy[str]:
    """Texts of up to `most` parts."""
    joined = st.lists(PARTS | _mutants(), max_size=most).map("".join)
    return joined | _one(LINES)


def random_text(random: Random) -> str:
    """One text, mostly of one to eight parts, each of them changed a little now and then."""
    if random.random() < 0.1:
        return random.choice(LINES)
    sources = random.choices((VALUES, IN_CONTEXT, NEAR_MISSES, JOINTS), (7, 4, 2, 7), k=random.randint(1, 8))
    parts = [random.choice(source) for source in sources]
    return "".join(mutated(part, random) if random.random() < 0.3 else part for part in parts)


def random_places(text: str, random: Random, most: int = 6) -> list[int]:
    """Up to `most` places to cut a text at."""
    places = range(len(text) + 1)
    return sorted(random.sample(places, random.randint(1, min(most, len(places)))))


KEYS = ["", "a", "ssn", "phone", "card", "password", "api_key", "x_token", "bob@x.org", "ssn [SSN], ", "é\\", "version"]
KEYS += ["note", "call 415-555-2671", "カード", "tel \ud83d", '"', "k" * 70 + " ssn", "authorization", "url"]
NUMBERS = ["0", "-1", "1e5", "-0.5E+3", "144110730", "4155552671", "4111111111111111", "-4111111111111111", "3.14"]
NUMBERS += ["41555526.71", "6759649826438453", "1700000000", "1" * 41, "378282246310005", "20240102"]


def json_values() -> st.SearchStrategy[Any]:
    """Values as `tests.reference.redaction.document.decoded` gives them: numbers as Number, objects as Members."""
    leaves = texts(3) | st.sampled_from([None, True, False]) | _one(NUMBERS).map(Number)
    keys = _one(KEYS) | texts(2)

    def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.lists(inner, max_size=4) | st.lists(st.tuples(keys, inner), max_size=4).map(Members)

    return st.recursive(leaves, grown, max_leaves=8)


def random_value(random: Random, depth: int = 3) -> Any:
    """The same from a Random."""
    kind = random.random()
    if depth and kind < 0.45:
        return Members(
            (random.choice(KEYS) if random.random() < 0.7 else random_text(random), random_value(random, depth - 1))
            for _ in range(random.randint(0, 3))
        )
    if depth and kind < 0.6:
        return [random_value(random, depth - 1) for _ in range(random.randint(0, 3))]
    if kind < 0.75:
        return random.choice((Number(random.choice(NUMBERS)), None, True, False))
    return random_text(random)


def written(value: Any, random: Random) -> str:
    """A JSON text that says `value`, with white space and escapes as chance has it."""
    space = random.choice(("", "", " ", "\n  ", "\t\r\n"))
    if isinstance(value, list) and type(value) is not list:
        members = [f"{space}{_string(key, random)}{space}:{space}{written(each, random)}" for key, each in value]
        return "{" + ",".join(members) + space + "}"
    if isinstance(value, list):
        return "[" + f"{space},{space}".join(written(each, random) for each in value) + space + "]"
    if type(value) is str:
        return _string(value, random)
    return str(value) if isinstance(value, str) else json.dumps(value)


def _string(text: str, random: Random) -> str:
    escaped = random.choice((0, 0.05, 0.5, 1))
    parts = (_escaped(each, random) if random.random() < escaped else _plain(each) for each in text)
    return '"' + "".join(parts) + '"'


def _plain(character: str) -> str:
    return json.dumps(character, ensure_ascii="\ud800" <= character <= "\udfff")[1:-1]


def _escaped(character: str, random: Random) -> str:
    if character == "/":
        return "\\/"
    units = character.encode("utf-16-be", "surrogatepass")
    form = random.choice(("\\u{:04x}", "\\u{:04X}"))
    return "".join(form.format(int.from_bytes(units[at : at + 2], "big")) for at in range(0, len(units), 2))
