"""What a key has redacted is added to the floor of all calls, and a request adds to both."""

from typing import Any

import orjson
import pytest

from relay._core import members
from relay.call import Call, Identity, Policy
from relay.errors import CallerInvalid, PolicyRedactionFailed
from relay.redact import redaction
from relay.redact.redaction import Redaction, Redactors

HASH_KEY = b"0123456789abcdef"
TEXT = "mail a@x.org, call +1 212 555 0187, from 192.0.2.7"


def call(key: dict[str, Any] | bytes, asked: Any = None) -> Call:
    """A call with this prompt, of a key with this policy."""
    content = orjson.dumps({"messages": [{"role": "user", "content": TEXT}]})
    words = key if isinstance(key, bytes) else orjson.dumps(key)
    holder = Identity("dev", Policy(redact=words))
    return Call(
        "gen-1-abc", "chat", "a/m", False, content, members(content), holder, 0,
        version=None, betas=None, session_id=None, app=None, reports=False, redact=asked,
    )  # fmt: skip


async def sent(floor: dict[str, Any], key: dict[str, Any], asked: Any = None) -> str:
    """What the provider reads of TEXT."""
    made = call(key, asked)
    found = Redactors(floor, HASH_KEY, strict=False, hold_max=65_536).of(made)
    if found is None:
        return TEXT
    changed = await found.prompt(made.content, made.members)
    said: str = orjson.loads(changed.get("messages", made.content[12:-1]))[0]["content"]
    return said


@pytest.mark.parametrize(
    ("floor", "key", "asked", "said"),
    [
        ({}, {"email": True}, None, "mail [EMAIL], call +1 212 555 0187, from 192.0.2.7"),
        ({"ip": True}, {"email": True}, None, "mail [EMAIL], call +1 212 555 0187, from [IP]"),
        ({"ip": True}, {"email": True}, {"phone": True}, "mail [EMAIL], call [PHONE], from [IP]"),
        ({}, {"email": True}, {"email": False}, "mail [EMAIL], call +1 212 555 0187, from 192.0.2.7"),
        ({}, {"email": True, "mode": "placeholder"}, None, "mail [EMAIL_1], call +1 212 555 0187, from 192.0.2.7"),
        ({"mode": "placeholder"}, {"email": True}, None, "mail [EMAIL_1], call +1 212 555 0187, from 192.0.2.7"),
        ({}, {"mode": "placeholder"}, {"email": True}, "mail [EMAIL_1], call +1 212 555 0187, from 192.0.2.7"),
        ({}, {"mode": "placeholder"}, None, TEXT),
        # The floor demands more than a report, whatever the key says; nobody but the operator wrote either.
        ({"email": True}, {"mode": "report"}, None, "mail [EMAIL], call +1 212 555 0187, from 192.0.2.7"),
        ({}, {"email": True, "mode": "report"}, None, TEXT),
        # A list of the key's counts for what the floor does not demand.
        ({"email": True}, {"ip": True, "allow": ["@x.org", "192.0.2.0/24"]}, None, TEXT.replace("a@x.org", "[EMAIL]")),
    ],
)
async def test_levels_add_up(floor: dict[str, Any], key: dict[str, Any], asked: Any, said: str) -> None:
    assert await sent(floor, key, asked) == said


async def test_a_request_cannot_ask_for_less_than_its_key() -> None:
    with pytest.raises(CallerInvalid, match="'report' is refused for email: policy demands more"):
        await sent({}, {"email": True}, {"mode": "report"})


def test_a_key_without_a_policy_has_the_floor_alone() -> None:
    made = Redactors({}, None, strict=False, hold_max=65_536)
    assert made.of(call(b"")) is None
    assert isinstance(made.of(call({"email": True})), Redaction)
    assert made.of(call(b"")) is None


@pytest.mark.parametrize("key", [{"token": True}, {"emial": True}, {"custom": ["/a(b/"]}, {"ip": True, "mode": "hash"}])
def test_what_cannot_be_kept_lets_nothing_pass(key: dict[str, Any]) -> None:
    made = Redactors({"ip": True}, None, strict=False, hold_max=200)
    with pytest.raises(PolicyRedactionFailed) as refused:
        made.of(call(key))
    assert "emial" not in str(refused.value)


def test_policies_of_keys_are_made_once_and_not_kept_for_ever() -> None:
    redactors = Redactors({}, None, strict=False, hold_max=65_536)

    def plan(key: dict[str, Any]) -> Any:
        found = redactors.of(call(key))
        assert found
        return found._plan

    first = plan({"email": True})
    assert plan({"email": True}) is first
    for at in range(redaction.MAX_FLOORS):
        plan({"email": True, "session": str(at)})
    assert plan({"email": True}) is not first
