"""The oracle's custom phrases and patterns against what their contract says (spec/redaction.md 7)."""

import pytest
import re2

from tests.reference.redaction import CLASSES, Pattern, find
from tests.reference.redaction.view import Span


@pytest.mark.parametrize(
    ("text", "custom", "expected"),
    [
        ("Project Apollo, project apollo", ["Project Apollo"], ["Project Apollo", "project apollo"]),
        ("Project Apollos", ["Project Apollo"], []),
        ("私は東京に", ["東京"], ["東京"]),
        ("a1b22", ["/[0-9]+/"], ["1", "22"]),
        ("ABC abc", ["/abc/"], ["abc"]),
        ("ABC abc", ["/abc/i"], ["ABC", "abc"]),
        ("aaaaa", [Pattern("a+", max_len=2)], ["aa", "aa", "a"]),
        ("foobar foo", [Pattern(r"\bfoo\b", max_len=3)], ["foo"]),
        ("a.c abc", [Pattern("a.c", literal=True)], ["a.c"]),
        ("a\nc", ["/a.c/"], []),
        ("a\nc", ["/(?s)a.c/"], ["a\nc"]),
        ("４1", ["/[0-9]/"], ["1"]),
        ("bob[EMAIL]", ["/.+/"], ["bob"]),
        (r"names\nApollo\tBlue Heron", ["Apollo", "Blue Heron"], ["Apollo", "Blue Heron"]),
        (r"\\nApollo", ["Apollo"], []),
        (r"\u003cApollo\u003e", ["Apollo"], ["Apollo"]),
        (r"\nApollo", [r"/\bApollo/"], []),
        ("[EMAIL]Apollo", ["Apollo", r"/\bApollo/"], []),
        ("x\ud800y", ["/y/"], ["y"]),
    ],
)
def test_custom_patterns(text, custom, expected):
    assert [text[match.start : match.end] for match in find(text, (), custom)] == expected


def test_a_custom_match_outranks_a_class_of_the_same_extent():
    assert find("bob@x.org", CLASSES, [r"/[a-z]+@x\.org/"]) == [Span(0, 9, "custom")]


def test_a_look_around_is_no_pattern():
    with pytest.raises(re2.error):
        find("a", (), ["/(?=a)/"])
