"""What the keys of a file become: who holds them, and what for."""

from collections.abc import Callable
from datetime import UTC, datetime

from relay.call import NO_POLICY, Identity, Limits, Policy
from relay.catalog import CALLER
from relay.config import Loaded
from tests.config.shapes import ENVIRON

Load = Callable[..., Loaded]
PLAIN = "  - {name: dev, secret: {env: RELAY_KEY}}"


def holder(load_text: Load, minimal: str, said: str) -> Identity:
    """The only holder of a key that says this beside its name and secret."""
    keys = load_text(minimal.replace("secret: {env: RELAY_KEY}", f"secret: {{env: RELAY_KEY}}, {said}")).generation.keys
    (found,) = (keys or {}).values()
    return found


def test_a_key_that_says_nothing_has_no_policy_and_no_limits(load_text: Load, minimal: str) -> None:
    found = holder(load_text, minimal, "zdr: false, limits: {}, provider: {}, redact: {}, models: null")

    assert found == Identity("dev")
    assert found.policy is NO_POLICY


def test_what_a_key_says_is_kept_in_the_words_of_the_gateway(load_text: Load, minimal: str) -> None:
    said = (
        'models: ["a/*"], providers: [Anthropic, Local/EU], ignore: [LOCAL/flex], zdr: true, aliases: {claude-x: a/m}, '
        "provider: {order: [Local], max_price: {prompt: 1.5}}, "
        "redact: {email: true, phone: false, mode: block, custom: [Apollo]}"
    )

    assert holder(load_text, minimal, said).policy == Policy(
        models=("a/*",),
        providers=frozenset({"anthropic", "local/eu"}),
        ignore=frozenset({"local/flex"}),
        zdr=True,
        redact=b'{"email":true,"custom":["Apollo"],"mode":"block"}',
        aliases={"claude-x": "a/m"},
        provider={"order": ["Local"], "max_price": {"prompt": 1.5}},
    )


def test_limits_expiry_and_rights(load_text: Load, minimal: str) -> None:
    said = (
        "limits: {requests_per_minute: 60, tokens_per_minute: 100000, spend_usd: 0.000000001, reset: weekly}, "
        'admin: true, expires: "2027-01-31T12:00:00+01:00"'
    )
    found = holder(load_text, minimal, said)

    assert found.limits == Limits(60, 100_000, 1, "weekly")
    assert found.is_admin
    assert found.expires == datetime(2027, 1, 31, 11, tzinfo=UTC).timestamp()


def test_a_disabled_key_is_nobodys(load_text: Load, minimal: str) -> None:
    keys = load_text(minimal.replace("secret: {env: RELAY_KEY}", "secret: {env: RELAY_KEY}, disabled: true"))

    assert keys.generation.keys == {}


def test_keys_may_stand_beside_a_store(load_text: Load, minimal: str) -> None:
    loaded = load_text(minimal.replace(PLAIN, f"  store: keys.db\n  inline:\n  {PLAIN}"))

    assert [holder.name for holder in (loaded.generation.keys or {}).values()] == ["dev"]
    assert loaded.settings.key_store is not None
    assert loaded.settings.key_store.name == "keys.db"
    assert loaded.settings.key_store.is_absolute()
    alone = load_text(minimal.replace(PLAIN, "  store: keys.db"))
    assert alone.generation.keys == {}


def test_a_provider_may_take_the_callers_own_credential(load_text: Load, minimal: str) -> None:
    text = minimal.replace("{credential: {env: ANTHROPIC_API_KEY}}", "{credential: caller}")
    generation = load_text(
        text, {name: value for name, value in ENVIRON.items() if name != "ANTHROPIC_API_KEY"}
    ).generation

    native, mirror = generation.models["anthropic/claude-sonnet-4.5"].endpoints
    assert (native.credential, native.is_own, native.is_plain) == (CALLER, True, False)
    assert not mirror.is_own
    assert generation.passes_credentials
    assert not load_text(minimal).generation.passes_credentials
    assert list(generation.credentials) == ["providers.local"]


def test_a_caller_has_one_credential_for_one_provider(faults_of: Callable[..., list[str]], minimal: str) -> None:
    text = minimal.replace("{env: ANTHROPIC_API_KEY}", "caller").replace("{env: LOCAL_KEY}", "caller")

    assert faults_of(text) == [
        "7: providers.local.credential: another provider is sent the caller's credential, which is meant for one alone"
    ]
    assert faults_of(minimal.replace("{env: ANTHROPIC_API_KEY}", "client")) == [
        "6: providers.anthropic.credential: a secret never stands in the file; write {env: NAME} or {file: PATH}"
    ]
