"""What becomes of a match: every mode, keys of objects, values that are left alone or too long, and the counts."""

import pytest

from relay._core import JsonChannel, RedactionError
from relay.redact.allow import Allow
from relay.redact.classes import Class, Mode
from relay.redact.placeholders import Hashes, Numbers
from relay.redact.replacements import Blocked, Replacements, Treatment
from tests.redact.running import ruleset, run

HASHES = Hashes(b"0123456789abcdef", None)
HASHED = HASHES.placeholder(Class.EMAIL, "bob@x.org")


def replacements(mode: Mode, *allowed: str) -> Replacements:
    allow = Allow.read(allowed)
    return Replacements(Treatment(dict.fromkeys(Class, mode), dict.fromkeys(Class, allow)), Numbers(), HASHES)


@pytest.mark.parametrize(
    ("mode", "value", "in_value", "in_key"),
    [
        (Mode.MASK, "bob@x.org", "[EMAIL]", "[EMAIL_1]"),
        (Mode.PLACEHOLDER, "bob@x.org", "[EMAIL_1]", "[EMAIL_1]"),
        (Mode.HASH, "bob@x.org", HASHED, "[EMAIL_1]"),
        (Mode.REPORT, "bob@x.org", None, None),
        (Mode.MASK, None, "[EMAIL]", "[EMAIL_1]"),
        (Mode.PLACEHOLDER, None, "[EMAIL_1]", "[EMAIL_1]"),
        (Mode.HASH, None, "[EMAIL]", "[EMAIL_1]"),
        (Mode.REPORT, None, None, None),
    ],
)
def test_a_match_becomes_what_its_mode_says(
    mode: Mode, value: str | None, in_value: str | None, in_key: str | None
) -> None:
    assert replacements(mode)(Class.EMAIL, value, False) == in_value
    assert replacements(mode)(Class.EMAIL, value, True) == in_key


def test_each_class_has_its_own_mode() -> None:
    replace = Replacements(Treatment({Class.EMAIL: Mode.MASK, Class.IP: Mode.PLACEHOLDER}), Numbers())

    assert [replace(Class.EMAIL, "a@x.org", False), replace(Class.IP, "10.0.0.1", False)] == ["[EMAIL]", "[IP_1]"]


def test_equal_values_share_a_number_and_values_too_long_to_know_never_do() -> None:
    replace = replacements(Mode.PLACEHOLDER)

    found = [replace(Class.TOKEN, value, False) for value in ("a", None, "b", None, "a")]

    assert found == ["[TOKEN_1]", "[TOKEN_2]", "[TOKEN_3]", "[TOKEN_4]", "[TOKEN_1]"]


def test_two_keys_that_are_masked_do_not_fall_together() -> None:
    replace = replacements(Mode.MASK)

    assert replace(Class.EMAIL, "a@x.org", True) != replace(Class.EMAIL, "b@x.org", True)


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.BLOCK])
def test_every_match_is_counted_but_what_is_left_alone(mode: Mode) -> None:
    replace = replacements(mode, "@x.org")

    for value in ("bob@x.org", "bob@y.org", "ann@y.org"):
        replace(Class.EMAIL, value, False)
    replace(Class.CREDIT_CARD, "4111", True)

    assert replace.counts == {"email": 2, "credit_card": 1}


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("is_key", [False, True])
def test_an_allowed_value_is_left_alone_in_every_mode(mode: Mode, is_key: bool) -> None:
    replace = replacements(mode, "bob@x.org")

    assert replace(Class.EMAIL, "bob@x.org", is_key) is None
    assert replace.counts == {}


def test_block_names_the_class_and_no_value() -> None:
    replace = replacements(Mode.BLOCK)

    with pytest.raises(Blocked) as caught:
        replace(Class.CREDIT_CARD, "4111 1111 1111 1111", False)

    assert isinstance(caught.value, RedactionError)
    assert caught.value.classes == ("credit_card",)
    assert "4111" not in f"{caught.value!s}{caught.value!r}"
    assert replace.counts == {"credit_card": 1}


def test_hashes_are_asked_for_where_a_mode_needs_them() -> None:
    with pytest.raises(ValueError, match="hashes"):
        Replacements(Treatment({Class.EMAIL: Mode.HASH}), Numbers())


@pytest.mark.parametrize(("mode", "allowed"), [(Mode.REPORT, ()), (Mode.MASK, ("4111111111111111",))])
def test_a_number_that_stays_stays_a_number(mode: Mode, allowed: tuple[str, ...]) -> None:
    document = '{"card": [4111111111111111, "4111111111111111"]}'

    assert run(JsonChannel(ruleset(), replacements(mode, *allowed)), [document]) == document


@pytest.mark.parametrize("mode", [Mode.REPORT, Mode.MASK, Mode.PLACEHOLDER, Mode.HASH])
def test_every_match_is_counted_once_whoever_settles_it(mode: Mode) -> None:
    replace = replacements(mode)

    run(JsonChannel(ruleset(), replace), ['{"bob@x.org": ["bob@x.org", "8.8.8.8", 4111111111111111]}'])

    assert replace.counts == {"email": 2, "ip": 1, "credit_card": 1}
