"""JSON texts to test with: every way to write a value, and texts with a wound."""

from hypothesis import strategies as st

_SPACE = st.sampled_from(["", "", " ", "\n", "\t\r\n "])
_NUMBERS = ["0", "-0", "7", "-12", "1.5", "0.0", "1e9", "-2E-3", "1.25e+10", "12345678901234567890123"]
_INSIDES = [
    "",
    "x",
    "a b",
    "é",
    "漢字",
    "😀",
    "\u2028",
    "\\n",
    '\\"',
    "\\\\",
    "\\/",
    "\\u0041",
    "\\ud83d\\ude00",
    "x" * 40,
]
_KEYS = ["a", "b", "c", "a.b", "\\u0061", "", "é", "input_tokens"]
_WRONG_NUMBERS = ["01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "--1", "NaN", "Infinity", "-Infinity", "1_0", "١"]
_WRONG_STRINGS = ['"', '"\\"', '"\\x"', '"\\u12"', '"\\u12g4"', '"a\nb"', '"\0"', '"\x1f"', "'a'", '"a" "b"', '"\\']
_WRONG_SHAPES = ["", " ", "{", "[", "]", "}", "[1,]", "[,1]", '{"a"}', '{"a":}', '{"a":1,}', "{1:2}", "[1 2]", "[1:2]"]
_WRONG_WORDS = [
    "tru",
    "True",
    "nul",
    "nulll",
    "falsey",
    "undefined",
    "//",
    "/* */ 1",
    "1 // x",
    "\xa01",
    "\ufeff1",
    "\x0b1",
]

WRONG = [text.encode() for text in _WRONG_NUMBERS + _WRONG_STRINGS + _WRONG_SHAPES + _WRONG_WORDS]
"""Texts that are no JSON, each for its own reason."""

PATHS = ["a", "b", "a.b", "a.b.c", "c.a", "input_tokens"]
"""Paths that the generated objects often have."""


def _spaced(text: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(_SPACE, text, _SPACE).map("".join)


def _member(value: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(_spaced(st.sampled_from(_KEYS).map('"{}"'.format)), value).map(":".join)


def _grown(value: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = st.lists(value, max_size=4).map(",".join)
    members = st.lists(_member(value), max_size=5).map(",".join)
    return _spaced(items.map("[{}]".format) | members.map(lambda text: "{" + text + "}"))


def json_texts() -> st.SearchStrategy[bytes]:
    """Valid JSON texts with doubled and escaped keys, white space and every form of number and string."""
    strings = st.lists(st.sampled_from(_INSIDES), max_size=3).map(lambda parts: '"' + "".join(parts) + '"')
    leaf = st.sampled_from([*_NUMBERS, "true", "false", "null"]) | strings
    return st.recursive(_spaced(leaf), _grown, max_leaves=12).map(str.encode)


def json_objects() -> st.SearchStrategy[bytes]:
    """Valid JSON texts that are objects."""
    return st.lists(_member(json_texts().map(bytes.decode)), max_size=5).map(
        lambda parts: f"{{{','.join(parts)}}}".encode()
    )


def wounded_json_texts() -> st.SearchStrategy[bytes]:
    """JSON texts with one stretch replaced: some are still valid."""
    insert = st.binary(max_size=2) | st.sampled_from(
        [b",", b":", b'"', b"\\", b"}", b"]", b"0", b"-", b"\xff", b"\x1f"]
    )
    return st.tuples(json_texts(), st.floats(0, 1), st.integers(0, 2), insert).map(lambda drawn: _wound(*drawn))


def _wound(text: bytes, place: float, removed: int, insert: bytes) -> bytes:
    at = int(place * len(text))
    return text[:at] + insert + text[at + removed :]
