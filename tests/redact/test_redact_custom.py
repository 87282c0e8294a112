"""Custom patterns: what a string stands for, every limit one step beyond and at the limit (R17), the cache."""

from itertools import count

import pytest

from relay.redact import custom
from relay.redact.custom import Pattern, Unusable, build, compile, written
from relay.redact.fields import Fields, Finding


def read(*entries: object) -> tuple[tuple[Pattern, ...], list[Finding]]:
    found: list[Finding] = []
    return custom.read(Fields({"custom": list(entries)}, (), found)), found


def reason(*sources: str) -> tuple[int | None, str]:
    with pytest.raises(Unusable) as caught:
        compile(tuple(map(Pattern, sources)))
    return caught.value.index, caught.value.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Project Apollo", Pattern("Project Apollo", literal=True, ignore_case=True, max_len=14)),
        ("a(b", Pattern("a(b", literal=True, ignore_case=True, max_len=3)),
        ("/ab+/", Pattern("ab+")),
        ("/ab+/i", Pattern("ab+", ignore_case=True)),
        ("/a/b/", Pattern("a/b")),
        ("/a\nb/", Pattern("a\nb")),
        ("//", Pattern("//", literal=True, ignore_case=True, max_len=2)),
        ("/ab/x", Pattern("/ab/x", literal=True, ignore_case=True, max_len=5)),
    ],
)
def test_a_string_is_a_phrase_unless_it_stands_between_slashes(text: str, expected: Pattern) -> None:
    assert written(text) == expected


def test_a_literal_object_is_as_long_as_it_is() -> None:
    patterns, found = read({"pattern": "a" * 200, "literal": True})

    assert (patterns[0].max_len, patterns[0].ignore_case, found) == (200, False, [])


def test_a_literal_that_its_own_limit_hides_is_refused() -> None:
    _, found = read({"pattern": "abcd", "literal": True, "max_len": 3})

    assert found[0][0] == ("custom", 0, "max_len")


@pytest.mark.parametrize("phrase", ["a(b", "[", "\\", "$^", "a\\Qb", "Ünïcode 日本", "\\z"])
def test_any_phrase_compiles_and_finds_itself(phrase: str) -> None:
    compiled = compile((written(phrase), Pattern("zz")))

    assert compiled.programs[0].fullmatch(phrase.upper())
    assert compiled.screen.search(f"x {phrase} y")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("a(b", "missing )"),
        ("a)|(b", "unexpected )"),
        ("[a", "missing ]"),
        ("a**", "bad repetition operator"),
        ("(?=a)", "invalid perl operator"),
        ("(a)\\1", "invalid escape sequence"),
        ("a{1001}", "invalid repetition size"),
        ("\\pL{1000}", "pattern too large - compile failed"),
    ],
)
def test_a_pattern_that_cannot_be_compiled_is_refused_in_the_words_of_re2(source: str, words: str) -> None:
    assert reason("fine", source) == (1, words)


@pytest.mark.parametrize(
    "source",
    ["^a", "a$", "\\Aa", "a\\z", "(?m)a", "(?im:a)", "(?-m:a)", "(?P<m>a)$", "(a|^)b", "\\\\$", "[a]$", "\\Qx\\E$"],
)
def test_anchors_are_refused(source: str) -> None:
    index, words = reason(source)

    assert index == 0
    assert "a stream has no lines to anchor on" in words


def test_single_bytes_are_refused() -> None:
    assert reason("a\\Cb") == (0, "`\\C` is not allowed: it matches a byte, not a character")


@pytest.mark.parametrize(
    "source",
    [
        *("\\^a", "\\$a", "[$^]a", "[^$]a", "[]$^]a", "[^]$]a", "[[:alpha:]$]a", "[\\]$]a", "\\Q^$\\E", "\\Q^$"),
        *("(?i)a", "(?s:a.b)", "(?P<m>a)", "(?U)a+", "\\ba\\b", "a\\B.", "\\pL\\d", "x{1000}"),
    ],
)
def test_what_only_looks_like_an_anchor_is_taken(source: str) -> None:
    compiled = compile((Pattern(source), Pattern("(?P<m>zz)")))

    assert compiled.screen.search("azz")


@pytest.mark.parametrize("source", ["a*", "", "a?|b", "\\b", "\\B", "(?:\\b)*", "\\b|abc", "a|\\B"])
def test_patterns_that_match_nothing_are_refused(source: str) -> None:
    assert reason("fine", source) == (1, "matches the empty string")


def test_512_bytes_are_taken_and_513_refused() -> None:
    assert compile((Pattern("é" * 256),)).programs
    assert reason("a" * 513) == (0, "longer than 512 bytes")
    assert read("a" * 513) == ((), [(("custom", 0), "longer than 512 bytes")])


def test_32_patterns_are_taken_and_33_refused() -> None:
    assert len(read(*map(str, range(32)))[0]) == 32
    assert read(*map(str, range(33)))[1] == [(("custom",), "List should have at most 32 items")]


@pytest.mark.parametrize(("max_len", "is_taken"), [(0, False), (1, True), (256, True), (257, False)])
def test_a_match_has_1_to_256_characters(max_len: int, is_taken: bool) -> None:
    assert (not read({"pattern": "a+", "max_len": max_len})[1]) == is_taken


def test_the_memory_of_a_set_is_limited_as_a_whole() -> None:
    heavy = tuple(Pattern(f"\\pL{{{size}}}") for size in range(40, 52))

    assert build(heavy[:8], lambda: 0).programs
    with pytest.raises(Unusable, match="pattern too large") as caught:
        build(heavy, lambda: 0)
    assert caught.value.index is None


def test_50_ms_of_compiling_are_taken_and_more_refused() -> None:
    patterns = tuple(Pattern(f"a{n}") for n in range(4))

    assert build(patterns, count(step=10_000_000).__next__).programs
    with pytest.raises(Unusable, match="too long to compile") as caught:
        build(patterns, count(step=12_500_000).__next__)
    assert caught.value.index is None
    with pytest.raises(Unusable, match="too long to compile") as caught:
        build(patterns, count(step=20_000_000).__next__)
    assert caught.value.index == 2


def test_an_error_quotes_no_pattern() -> None:
    _, words = reason("bob@x\\.org(")

    assert "bob" not in words


def test_the_program_gives_the_longest_match_within_its_length_and_sees_both_sides() -> None:
    (program,) = compile((Pattern("a|ab|abc+\\b"),)).programs

    assert program.match("abccc", 0, 5).span() == (0, 5)
    assert program.match("abccc", 0, 4).span() == (0, 2)
    assert compile((Pattern("\\bb"),)).programs[0].match("ab", 1, 2) is None


def test_sets_are_cached_by_content() -> None:
    first = compile((Pattern("cached"),))

    assert compile((Pattern("cached"),)) is first
    assert compile.cache_info().maxsize is not None
    assert compile.cache_info().maxsize >= 256
