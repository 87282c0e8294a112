"""What waits: never more than the bound, and next to nothing in ordinary text (R3)."""

from collections.abc import Iterable
from random import Random
from statistics import mean, quantiles

import pytest
from hypothesis import given

from relay._core import Channel
from tests.redact.cuts import cut
from tests.redact.running import PROPERTY, channel, json_channel
from tests.redact.texts import CHATS, JOINTS, SHORT, random_places, random_text, random_value, texts, written
from tests.reference.redaction import CLASSES, find

MOST = {CLASSES: 600, CLASSES - {"token"}: 360}
BAITS = [
    *("a", "a@", "a.", "1 ", "1.", "+1 ", "4111 ", "DE89 ", "ab:", "::", "eyJ", "eyJa.", "-----BEGIN ", "password="),
    *(
        "token: ",
        "://a:",
        "\\",
        "\\u00",
        "[EMAIL_",
        "xoxb-a-",
        "a_b-",
        "Bearer ",
        "sk-",
        "-",
        "0",
        "a@b.c.",
        "a.b-",
        "é",
    ),
    *("カ", " ", "=", "'", "a@カ.", "1-", "(1", "/", "%40", "%", "glpat-aB3d", "AAAA", "0a:", "fe80::", "\n", "\t"),
]
LEADS = [
    "",
    "x://a:",
    "password: ",
    "token=",
    "Basic ",
    "-----BEGIN RSA PRIVATE KEY-----\n",
    "eyJ",
    "a@",
    "PuTTY-User-Key-",
]


def held(used: Channel, fed: Iterable[str]) -> list[int]:
    """How many characters wait after each piece."""
    return [(used.feed(piece), used.held())[1] for piece in fed]


@pytest.mark.parametrize("classes", MOST, ids=("all", "without token"))
@pytest.mark.parametrize("bait", BAITS)
def test_a_bait_is_held_within_the_bound(bait: str, classes: frozenset[str]) -> None:
    for lead in LEADS:
        text = lead + bait * (2_000 // len(bait))
        assert max(held(channel(classes), text)) <= MOST[classes], lead
        assert max(held(channel(classes), cut(text, range(97, len(text), 97)))) <= MOST[classes], lead


@pytest.mark.parametrize("classes", MOST, ids=("all", "without token"))
def test_random_texts_are_held_within_the_bound(classes: frozenset[str]) -> None:
    random = Random(31)
    for _ in range(1_500):
        text = random_text(random) + random.choice(JOINTS) * random.randint(1, 300)
        assert max(held(channel(classes), text), default=0) <= MOST[classes], text


@pytest.mark.parametrize("classes", MOST, ids=("all", "without token"))
def test_documents_are_held_within_the_bound(classes: frozenset[str]) -> None:
    random = Random(32)
    for _ in range(800):
        text = written([random_value(random), random_text(random) + random.choice(BAITS) * 300], random)
        assert max(held(json_channel(classes), text)) <= MOST[classes], text


@PROPERTY
@given(text=texts())
def test_what_waits_is_what_was_fed_and_not_given(text: str) -> None:
    used = channel()
    waits = [(place, len(used.feed(character)), used.held()) for place, character in enumerate(text, 1)]

    if not find(text, CLASSES):
        given_out = 0
        for fed, size, waiting in waits:
            given_out += size
            assert fed - given_out == waiting


@pytest.mark.parametrize("text", ["Hello world. ", "def f(x):\n", "これは。\n"])
def test_after_a_plain_end_at_most_one_character_waits(text: str) -> None:
    assert held(channel(), [text])[-1] <= 1
    assert held(channel(), text)[-1] <= 1


def test_after_a_sample_and_a_line_of_prose_next_to_nothing_waits() -> None:
    for text in SHORT:
        assert held(channel(), [text, "\n\n(Nothing. Nothing at all follows here, and then it ends.) \n"])[-1] <= 1, (
            text
        )


@pytest.mark.parametrize("most", [1, 8, 40])
def test_of_a_chat_few_characters_wait(most: int) -> None:
    random = Random(33)
    waits = [
        wait
        for chat in CHATS
        for wait in held(channel(), cut(chat, [*range(random.randint(1, most), len(chat), random.randint(1, most))]))
    ]

    assert mean(waits) <= 6
    assert quantiles(waits, n=100)[98] <= 48
    assert max(waits) <= 600


def test_a_chat_in_random_pieces_is_held_as_one_in_even_ones() -> None:
    random = Random(34)
    for chat in CHATS:
        assert max(held(channel(), cut(chat, random_places(chat, random, 200)))) <= MOST[CLASSES]
