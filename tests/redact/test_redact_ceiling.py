"""What a policy may hold back is known before it is used, and never exceeded."""

from itertools import pairwise
from random import Random

import pytest

from relay._core import Channel, Ruleset
from relay.redact import hold
from relay.redact.classes import Class, Mode
from relay.redact.policy import Policy, parse
from tests.redact.test_redact_hold import BAITS, LEADS, held
from tests.redact.texts import JOINTS, random_text


def policy(*on: Class) -> Policy:
    return Policy(modes=dict.fromkeys(on, Mode.MASK))


BUILT_IN = [cls for cls in Class if cls is not Class.CUSTOM]


@pytest.mark.parametrize(
    "on", [*((cls,) for cls in BUILT_IN), *pairwise(BUILT_IN), (Class.PHONE, Class.EMAIL), tuple(BUILT_IN)], ids=repr
)
def test_no_text_makes_classes_hold_more_than_is_told(on: tuple[Class, ...]) -> None:
    _, most = hold.worst(policy(*on))
    rules, random = Ruleset([cls.word for cls in on]), Random(41)
    texts = [lead + bait * (800 // len(bait)) for lead in LEADS[:4] for bait in BAITS]
    texts += [random_text(random) + random.choice(JOINTS) * random.randint(1, 200) for _ in range(60)]

    for text in texts:
        assert max(held(Channel(rules), text)) <= most, text


@pytest.mark.parametrize("max_len", [1, 40, 256])
def test_patterns_hold_what_their_longest_match_needs(max_len: int) -> None:
    asked = parse({"custom": [{"pattern": "[a-z ]+x|/+", "max_len": max_len}]})
    assert asked
    _, most = hold.worst(asked)

    for bait in BAITS:
        assert max(held(Channel(Ruleset([], asked.custom)), bait * (600 // len(bait)))) <= most, bait


def test_the_class_that_may_hold_most_is_named() -> None:
    assert hold.worst(policy(*BUILT_IN)) == (Class.TOKEN, hold.WITH_TOKENS)
    assert hold.worst(policy(Class.PHONE, Class.EMAIL)) == (Class.EMAIL, hold.WITHOUT_TOKENS)
    assert hold.too_low(policy(Class.MAC), 55) is None
    assert hold.too_low(policy(Class.MAC), 54) == "class mac may need 55 characters"
    assert hold.too_low(policy(), 0) is None
