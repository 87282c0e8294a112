"""What a restorer puts back, in every cut: known placeholders in each spelling, and nothing into the query of a URL."""

import json

import hypothesis.strategies as st
import pytest
from hypothesis import given

from relay._core import Misuse
from relay.redact.classes import Class
from relay.redact.placeholders import MAX_NUMBER, Numbers, numbered
from relay.redact.restorer import Restorer
from tests.redact.cuts import cut, every_split

PRIVATE_KEY = '-----BEGIN\n"é"\\\ud83d\nEND-----'
LONGEST_PLACEHOLDER = 28


def numbers() -> Numbers:
    known = Numbers()
    for cls, value in (
        (Class.EMAIL, "bob@x.org"),
        (Class.EMAIL, "ann+a b@x.org"),
        (Class.CREDIT_CARD, "4111 1111 1111 1111"),
        (Class.TOKEN, PRIVATE_KEY),
        (Class.CUSTOM, "https://h/?"),
    ):
        known.number(cls, value)
    return known


def restored(*pieces: str, json: bool = False, tokens: bool = False) -> str:
    restorer = Restorer(numbers(), tuple(Class), json=json, tokens=tokens)
    return "".join([*map(restorer.feed, pieces), restorer.flush()])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("to [EMAIL_1].", "to bob@x.org."),
        ("[EMAIL_1][EMAIL_2]", "bob@x.organn+a b@x.org"),
        ("[EMAIL\\_1]", "bob@x.org"),
        ("[CREDIT\\_CARD\\_1] [CREDIT_CARD\\_1]", "4111 1111 1111 1111 4111 1111 1111 1111"),
        ("[email_1] [Email_1] [credit_card_1]", "bob@x.org bob@x.org 4111 1111 1111 1111"),
        ("%5BEMAIL_2%5D %5bemail_1%5d", "ann%2Ba%20b%40x.org bob%40x.org"),
        ("[[EMAIL_1]] [EMAIL[EMAIL_1]", "[bob@x.org] [EMAILbob@x.org"),
    ],
)
def test_a_known_placeholder_becomes_its_original(text: str, expected: str) -> None:
    assert restored(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("[EMAIL_3]", "[EMAIL]", "[EMAIL_0]", "[EMAIL_01]", "[EMAIL_1000000]", "[IP_1]", "[EMAIL_habcdefghijkl]"),
        *("[EMAIL 1]", "[EMAIL_1", "EMAIL_1]", "[EMAIL__1]", "%5BEMAIL_1]", "[EMAIL_1%5D", "[EMAI_1]"),
        *("[EMAIL_１]", "[TO\u212aEN_1]", "%5BEMAIL_3%5D", "[", "%", "[E", "%5BEMAIL_1%5"),
    ],
)
def test_what_is_no_known_placeholder_stays(text: str) -> None:
    assert restored(text) == text
    assert restored(text, json=True) == text


def test_tokens_come_back_into_text_only_when_asked() -> None:
    assert restored("[TOKEN_1]") == "[TOKEN_1]"
    assert restored("[TOKEN_1]", tokens=True) == PRIVATE_KEY
    assert restored("[TOKEN_1]", json=True) != "[TOKEN_1]"


def test_only_the_classes_that_were_numbered_to_be_restored_come_back() -> None:
    restorer = Restorer(numbers(), [Class.EMAIL])

    assert restorer.feed("[EMAIL_1] [CREDIT_CARD_1] ") == "bob@x.org [CREDIT_CARD_1] "


def test_in_json_the_escape_of_markdown_is_escaped_itself() -> None:
    assert restored("[EMAIL\\\\_1] [EMAIL\\_1]", json=True) == "bob@x.org [EMAIL\\_1]"
    assert restored("[EMAIL\\\\_1]") == "[EMAIL\\\\_1]"


@pytest.mark.parametrize("spelling", ["[TOKEN_1]", "[token_1]", "[TOKEN\\_1]"])
def test_in_json_an_original_is_string_content(spelling: str) -> None:
    document = json.dumps({"key": [spelling, "é"]}, ensure_ascii=False)

    assert json.loads(restored(document, json=True)) == {"key": [PRIVATE_KEY, "é"]}
    assert restored(document, json=True).encode()


@pytest.mark.parametrize(
    ("before", "is_restored"),
    [
        ("https://h/", True),
        ("https://h/?q=", False),
        ("https://h/#", False),
        ("HTTPS:h?q=", False),
        ("![](//h/?q=", False),
        ("www.h.org/?q=", False),
        ("mailto:a@h.org?cc=", False),
        ("odd+scheme://h/?q=", False),
        ("https://h/?q='a\"", False),
        ("https://h/?q=\u00a0", False),
        ("https://h/?q= ", True),
        ("https://h/?q=\n", True),
        ('"https://h/?q=a b ', False),
        ('"https://h/?q=a", ', True),
        ('"https://h/?q=a","', True),
        ("`https://h/?q=a`", True),
        ("<https://h/?q=a b ", False),
        ("<https://h/?q=a>", True),
        ("<https://h/?q=a\n", True),
        ("[CUSTOM_1]q=", False),
        ("Is it you?", True),
        ("http is what? #", True),
    ],
)
def test_nothing_comes_back_behind_the_question_mark_or_hash_of_a_url(before: str, is_restored: bool) -> None:
    expected = "bob@x.org" if is_restored else "[EMAIL_1]"
    text = f"{before}[EMAIL_1]"

    for at in range(len(text) + 1):
        assert restored(text[:at], text[at:]).endswith(expected)
    assert restored(*text).endswith(expected)


def test_a_url_of_json_has_no_such_limit() -> None:
    assert restored('{"url":"https://h/?q=%5BEMAIL_2%5D"}', json=True) == '{"url":"https://h/?q=ann%2Ba%20b%40x.org"}'


TEXTS = [
    "a [[EMAIL\\_1] %5Bemail_2%5D[CREDIT_CARD_1",
    '"http://h?[EMAIL_1] " [EMAIL_1]',
    "%%5BEMAIL_1%5D[EMAIL_3][TOKEN_1]",
]


@pytest.mark.parametrize("is_json", [False, True])
@pytest.mark.parametrize("text", TEXTS)
def test_the_cuts_change_nothing(text: str, is_json: bool) -> None:
    whole = restored(text, json=is_json)

    for pieces in every_split(text, 2):
        assert restored(*pieces, json=is_json) == whole
    assert restored(*text, json=is_json) == whole


PARTS = st.sampled_from(
    [
        *("[EMAIL_1]", "[EMAIL\\_2]", "[EMAIL\\\\_2]", "[credit_card_1]", "%5BEMAIL_1%5D", "[TOKEN_1]", "[CUSTOM_1]"),
        *(
            "[EMAIL_9]",
            "[",
            "%",
            "%5B",
            "EMAIL",
            "_",
            "\\",
            "1]",
            "https://h/",
            "//",
            "www",
            ".",
            ":",
            "?",
            "#",
            "<",
            ">",
        ),
        *('"', " ", "\n", "a", "é", "日", "\ud83d", "(", ")"),
    ]
)


@given(parts=st.lists(PARTS, max_size=24), cuts=st.sets(st.integers(1, 120), max_size=12), is_json=st.booleans())
def test_no_cuts_of_any_text_change_anything(parts: list[str], cuts: set[int], is_json: bool) -> None:
    text = "".join(parts)

    assert restored(*cut(text, cuts), json=is_json) == restored(text, json=is_json)


@given(parts=st.lists(PARTS, max_size=24), is_json=st.booleans())
def test_at_most_a_placeholder_waits(parts: list[str], is_json: bool) -> None:
    restorer = Restorer(Numbers(), tuple(Class), json=is_json)
    fed = out = 0

    for char in "".join(parts):
        fed, out = fed + 1, out + len(restorer.feed(char))
        assert fed - out < LONGEST_PLACEHOLDER


@pytest.mark.parametrize("text", ["Hello world. ", "a[0]", "[x](y)", "100 % of ", "[EMAILS", "[EMAIL_x", "%20", "[ "])
def test_what_can_be_no_placeholder_does_not_wait(text: str) -> None:
    assert Restorer(numbers(), tuple(Class)).feed(text) == text


@pytest.mark.parametrize("cls", Class)
def test_the_longest_placeholder_of_each_class_is_held_until_it_is_whole(cls: Class) -> None:
    placeholder = numbered(cls, MAX_NUMBER)
    restorer = Restorer(Numbers(), tuple(Class))

    given_out = [restorer.feed(char) for char in placeholder]

    assert given_out == [*[""] * (len(placeholder) - 1), placeholder]


def test_after_the_end_nothing_may_follow() -> None:
    restorer = Restorer(numbers(), tuple(Class))

    assert restorer.feed("[EMAIL_") + restorer.flush() == "[EMAIL_"
    with pytest.raises(Misuse, match="flush"):
        restorer.feed("1]")
