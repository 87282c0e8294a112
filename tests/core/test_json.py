"""Scanner and members against the standard library: spans, validity, depth, cost."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import LimitExceeded, ProtocolError, Scanner, members
from tests.core.strategies import PATHS, WRONG, json_objects, json_texts, wounded_json_texts
from tests.core.timing import growth
from tests.reference import json as reference


def found(paths: list[str], text: bytes) -> list[bytes | None]:
    return [None if span is None else text[slice(*span)] for span in Scanner(paths).scan(text)]


def valid(text: bytes) -> bool:
    try:
        reference.load(text)
    except ValueError:
        return False
    return True


def test_spans_cover_exactly_the_raw_value() -> None:
    text = b' { "a" : [1, {"b": 2}] , "b":"x\\"y" ,"c":{ "a" : -1.5e3 }, "n": null } '
    assert found(["a", "b", "c.a", "n", "c", "x"], text) == [
        b'[1, {"b": 2}]',
        b'"x\\"y"',
        b"-1.5e3",
        b"null",
        b'{ "a" : -1.5e3 }',
        None,
    ]


def test_usage_is_found_in_a_message_start() -> None:
    text = b'{"type":"message_start","message":{"usage":{"input_tokens":25,"output_tokens":1}}}'
    assert found(["type", "message.usage.input_tokens", "usage.input_tokens"], text) == [
        b'"message_start"',
        b"25",
        None,
    ]


def test_arrays_are_not_entered() -> None:
    assert found(["a.b"], b'{"a":[{"b":1}]}') == [None]


def test_a_key_is_not_a_path() -> None:
    assert found(["a.b"], b'{"a.b":1}') == [None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a":1,"a":2}', [b"2", None]),
        (b'{"a":{"b":1},"a":{"b":2}}', [b'{"b":2}', b"2"]),
        (b'{"a":{"b":1},"a":{}}', [b"{}", None]),
        (b'{"a":{"b":1},"a":3}', [b"3", None]),
        (b'{"a":{"b":1},"\\u0061":null}', [b"null", None]),
    ],
)
def test_the_last_duplicate_wins(text: bytes, expected: list[bytes | None]) -> None:
    assert found(["a", "a.b"], text) == expected


def test_escaped_keys_match() -> None:
    assert found(["a.b"], b'{"\\u0061":{"\\u0062":1}}') == [b"1"]


@given(text=json_texts())
def test_spans_are_the_values_at_their_paths(text: bytes) -> None:
    value = reference.load(text)
    for path, raw in zip(PATHS, found(PATHS, text), strict=True):
        present, expected = reference.at(value, path)
        assert (raw is not None) == present
        assert raw is None or reference.load(raw) == expected


@given(text=wounded_json_texts())
def test_a_text_is_refused_exactly_when_it_is_no_json(text: bytes) -> None:
    if valid(text):
        Scanner(PATHS).scan(text)
        return
    with pytest.raises(ProtocolError, match=r"^invalid JSON at byte \d+$") as fault:
        Scanner(PATHS).scan(text)
    assert 0 <= int(str(fault.value).split()[-1]) <= len(text)


@given(text=st.binary(max_size=60))
def test_any_bytes_are_judged_like_the_standard_library_does(text: bytes) -> None:
    if valid(text):
        Scanner([]).scan(text)
        return
    with pytest.raises(ProtocolError):
        Scanner([]).scan(text)


@pytest.mark.parametrize("text", WRONG)
def test_wrong_texts_are_refused_wherever_they_stand(text: bytes) -> None:
    for whole in (text, b"[" + text + b"]", b'{"a":' + text + b"}", b'{"a":[1,' + text + b"]}"):
        if valid(whole):
            continue
        with pytest.raises(ProtocolError):
            Scanner(["a"]).scan(whole)


@pytest.mark.parametrize(
    ("text", "offset"), [(b"", 0), (b"[1,x]", 3), (b'{"a":1 "b":2}', 7), (b"1 2", 2), (b'{"a" 1}', 5), (b"[1", 2)]
)
def test_the_fault_is_named_by_its_offset(text: bytes, offset: int) -> None:
    with pytest.raises(ProtocolError, match=rf"at byte {offset}$"):
        Scanner([]).scan(text)


@pytest.mark.parametrize("byte", range(256))
@pytest.mark.parametrize(
    "around", [b'{"a":"0123456789abcdef%s0123456789"}', b"%s1", b"[1%s]", b'"\\%s"', b'"\\u00%s1"']
)
def test_every_byte_is_judged_at_every_kind_of_place(around: bytes, byte: int) -> None:
    text = around % bytes([byte])
    if valid(text):
        Scanner(["a"]).scan(text)
        return
    with pytest.raises(ProtocolError):
        Scanner(["a"]).scan(text)


@pytest.mark.parametrize("length", range(1, 40))
def test_a_control_character_is_found_at_every_place_of_a_string(length: int) -> None:
    for place in range(length):
        text = b'"' + b"x" * place + b"\x1f" + b"x" * (length - place) + b'"'
        with pytest.raises(ProtocolError):
            Scanner([]).scan(text)


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
def test_depth_is_limited_exactly(opening: bytes, closing: bytes) -> None:
    levels = opening.count(b"[") + opening.count(b"{")
    deepest = 128 // levels
    Scanner(["a"]).scan(opening * deepest + b"1" + closing * deepest)
    with pytest.raises(LimitExceeded, match="depth"):
        Scanner(["a"]).scan(opening * (deepest + 1) + b"1" + closing * (deepest + 1))


def test_depth_counts_what_is_open_not_what_was() -> None:
    Scanner(["a"], max_depth=2).scan(b"[" + b"[],{}," * 1000 + b"[]]")


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_endless_nesting_meets_the_limit_and_not_the_stack(opening: bytes) -> None:
    for scan in (Scanner(["a"]).scan, members):
        with pytest.raises((LimitExceeded, ProtocolError)):
            scan(opening * 1_000_000)


def test_one_scanner_forgets_the_text_before() -> None:
    scanner = Scanner(["a"])
    scanner.scan(b'{"a":1}')
    assert scanner.scan(b"{}") == [None]


@pytest.mark.parametrize(
    "text", [b'["%s"]' % (b"x" * 99), b"[%s1]" % (b"1," * 50), b'{"a":%s1%s}' % (b"[" * 90, b"]" * 90)]
)
def test_scanning_costs_linear_time(text: bytes) -> None:
    def scan(size: int) -> None:
        Scanner(["a.b"]).scan(b"[" + (text + b",") * (size // len(text)) + text + b"]")

    assert growth(scan, 1 << 18, 1 << 20) < 8


@given(text=json_objects())
def test_members_are_those_of_the_object(text: bytes) -> None:
    listed = members(text)
    pairs = json.loads(text, object_pairs_hook=_Pairs)
    assert [(key, json.loads(text[start:end])) for key, _, _, start, end in listed] == [
        (key, _plain(value)) for key, value in pairs
    ]
    for key, start, end, value_start, value_end in listed:
        raw_key = text[start : text.index(b'"', start + 1) + 1]
        assert json.loads(raw_key) == key
        assert end == value_end
        assert text[value_start:value_end] == text[value_start:value_end].strip()


class _Pairs(list[tuple[str, Any]]):
    """The members of one object, duplicates included."""


def _plain(value: Any) -> Any:
    if isinstance(value, _Pairs):
        return {key: _plain(item) for key, item in value}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def test_members_gives_duplicates_in_order() -> None:
    text = b' {"a": 1, "b" : [2] , "a":{}} '
    assert [(key, text[start:end], text[v:w]) for key, start, end, v, w in members(text)] == [
        ("a", b'"a": 1', b"1"),
        ("b", b'"b" : [2]', b"[2]"),
        ("a", b'"a":{}', b"{}"),
    ]


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"1", b'"a"', b"null", b"{", b'{"a"}', b'{"a":1', b"{} {}", b'{"a":1,}', b"{a:1}"]
)
def test_members_refuses_what_is_no_object(text: bytes) -> None:
    with pytest.raises(ProtocolError, match=r"at byte \d+$"):
        members(text)


@given(
    text=wounded_json_texts() | st.binary(max_size=40) | st.binary(max_size=20).map(lambda key: b'{"' + key + b'":1}')
)
def test_members_takes_exactly_the_valid_objects(text: bytes) -> None:
    if valid(text) and isinstance(reference.load(text), dict):
        members(text)
        return
    with pytest.raises(ProtocolError):
        members(text)


@pytest.mark.parametrize("key", [b"\xff", b"\\n\xff", b"\\u0041\xe2\x82", b"\\ud800", b"\xed\xa0\x80\\\\"])
def test_members_takes_any_key_that_json_allows(key: bytes) -> None:
    assert len(members(b'{"' + key + b'":1}')) == 1


def test_members_limits_the_depth() -> None:
    members(b'{"a":' * 64 + b"1" + b"}" * 64)
    with pytest.raises(LimitExceeded, match="depth"):
        members(b'{"a":' * 65 + b"1" + b"}" * 65)
