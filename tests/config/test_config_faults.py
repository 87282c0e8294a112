"""Every kind of fault: its line, its path, its sentence; all at once; no value repeated."""

from collections.abc import Callable, Mapping

import pytest

from relay.config import Loaded
from relay.config.unbuilt import DIALECTS, UNBUILT

Faults = Callable[..., list[str]]

CASES = {
    "unknown key": (
        ("anthropic: {credential", "anthropic: {credentail"),
        "6: providers.anthropic.credentail: unknown key; did you mean credential?",
    ),
    "unknown top-level key": (
        ("listen: 127.0.0.1:8080\n", "lsiten: 127.0.0.1:8080\n"),
        "1: lsiten: unknown key; did you mean listen?",
    ),
    "unknown key of an endpoint": (
        ("price: {prompt: 3.0", "price: {promt: 3.0, prompt: 3.0"),
        "10: models.anthropic/claude-sonnet-4.5.0.price.promt: unknown key; did you mean prompt?",
    ),
    "two prices of one length": (
        ("cache_read: 0.3", "long_context: [{above_tokens: 9, prompt: 1}, {above_tokens: 9, prompt: 2}]"),
        "10: models.anthropic/claude-sonnet-4.5.0.price.long_context.1.above_tokens: another price stands above as "
        "many tokens",
    ),
    "a price that changes nothing": (
        ("cache_read: 0.3", "long_context: [{above_tokens: 9}]"),
        "10: models.anthropic/claude-sonnet-4.5.0.price.long_context.0: changes no price; write the keys that cost "
        "something else",
    ),
    "an owner that is no key": (
        ("zdr: true", "owner_key: dex"),
        "7: providers.local.owner_key: no key of this name stands in `keys`; did you mean dev?",
    ),
    "missing": (
        ("{provider: local, model: sonnet-mirror}", "{provider: local}"),
        "11: models.anthropic/claude-sonnet-4.5.1.model: required key is missing",
    ),
    "literal secret": (
        ("{env: RELAY_KEY}", "abcdefghijkl"),
        "4: keys.0.secret: a secret never stands in the file; write {env: NAME} or {file: PATH}",
    ),
    "two references": (
        ("{env: RELAY_KEY}", "{env: RELAY_KEY, file: x}"),
        "4: keys.0.secret: must be either {env: NAME} or {file: PATH}",
    ),
    "command for a secret": (
        ("{env: RELAY_KEY}", "{exec: [pass, relay]}"),
        "4: keys.0.secret.exec: this version of relay does not run commands for secrets; remove the key",
    ),
    "missing secret file": (
        ("{env: RELAY_KEY}", "{file: nowhere}"),
        "4: keys.0.secret: the secret's file can't be read: no such file or directory",
    ),
    "address": (
        ("listen: 127.0.0.1:8080", "listen: localhost"),
        "1: listen: must be HOST:PORT, such as 127.0.0.1:8080",
    ),
    "same address": (("127.0.0.1:9090", "0.0.0.0:8080"), "2: ops.listen: must differ from `listen`"),
    "no dialect": (
        ("dialect: messages", "dialect: klingon"),
        f"7: providers.local.dialect: must be one of {', '.join(DIALECTS)}",
    ),
    "admin token that leads nowhere": (
        ("listen: 127.0.0.1:8080\n", "listen: 127.0.0.1:8080\nadmin: {token: {env: NO_TOKEN}}\n"),
        "2: admin.token: the environment variable NO_TOKEN is not set",
    ),
    "admin without a port": (
        ("ops: {listen: 127.0.0.1:9090}", "admin: {token: {env: HASH_KEY}}"),
        "2: admin.token: has no port to be asked on; write `ops: {listen: HOST:PORT}`",
    ),
    "unknown task": (
        (
            '  "local/*":\n    - {provider: local, model: "*"}',
            "  m: {scores: {tasks: {codin: 1}}, endpoints: [{provider: local, model: n}]}",
        ),
        "12: models.m.scores.tasks.codin: there is no task of this name; did you mean coding?",
    ),
    "wildcard to choose": (
        (
            '  "local/*":\n    - {provider: local, model: "*"}',
            '  "m/*": {auto: true, endpoints: [{provider: local, model: "*"}]}',
        ),
        "12: models.m/*.auto: a name with `*` is no model that could be chosen",
    ),
    "unknown provider": (
        ("  anthropic: {c", "  antropic: {c"),
        "6: providers.antropic: this version of relay knows no provider of this name; did you mean anthropic?",
    ),
    "provider without credential": (
        ("{credential: {env: ANTHROPIC_API_KEY}}", "{}"),
        "6: providers.anthropic: has no credential; write `credential: {env: ANTHROPIC_API_KEY}`",
    ),
    "base_url": (
        ("http://127.0.0.1:8000/v1", "ftp://127.0.0.1"),
        "7: providers.local.base_url: must be an http or https URL",
    ),
    "base_url with user": (
        ("http://127.0.0.1:8000/v1", "http://me:word@127.0.0.1"),
        "7: providers.local.base_url: must be a URL without user, query or fragment",
    ),
    "no such provider": (
        ("{provider: local, model: sonnet-mirror}", "{provider: locale, model: sonnet-mirror}"),
        "11: models.anthropic/claude-sonnet-4.5.1.provider: "
        "no provider of this name stands in `providers`; did you mean local?",
    ),
    "two wildcards": (('"local/*":', '"*/*":'), "12: models.*/*: a model's name may hold one `*`"),
    "wildcard without name": (
        ("model: sonnet-mirror", 'model: "*"'),
        "11: models.anthropic/claude-sonnet-4.5.1.model: "
        "`*` stands for what the model's own name matched, and that name holds none",
    ),
    "two wildcards of an endpoint": (
        ('model: "*"', 'model: "*-*"'),
        "13: models.local/*.0.model: may hold one `*`",
    ),
    "no endpoints": (
        ('    - {provider: local, model: "*"}\n', "    []\n"),
        "12: models.local/*: must hold at least one entry",
    ),
    "form of a model": (
        ('    - {provider: local, model: "*"}\n', "    local\n"),
        "12: models.local/*: must be a list of endpoints, or a mapping with `endpoints`",
    ),
    "keys by file": (
        ("keys:\n  - {name: dev, secret: {env: RELAY_KEY}}", "keys: {file: keys.yaml}"),
        "3: keys.store: required key is missing",
    ),
    "keys of another kind": (
        ("keys:\n  - {name: dev, secret: {env: RELAY_KEY}}", "keys: closed"),
        "3: keys: must be a list of {name, secret}, {store: PATH}, or `open`",
    ),
    "keys of a store beside them": (
        ("keys:\n  - {name: dev, secret: {env: RELAY_KEY}}", "keys: {store: nowhere/keys.db}"),
        "3: keys.store: the folder of this file does not exist",
    ),
    "expiry without its distance from UTC": (
        ("{env: RELAY_KEY}", "{env: RELAY_KEY}, expires: 2027-01-31T12:00:00"),
        "4: keys.0.expires: must be a time such as 2027-01-31T12:00:00Z",
    ),
    "expiry on no day": (
        ("{env: RELAY_KEY}", "{env: RELAY_KEY}, expires: 2027-02-31T12:00:00Z"),
        "4: keys.0.expires: must be a time such as 2027-01-31T12:00:00Z",
    ),
    "expiry that in UTC is in no year": (
        ("{env: RELAY_KEY}", "{env: RELAY_KEY}, expires: 9999-12-31T23:59:59-12:00"),
        "4: keys.0.expires: must be a time such as 2027-01-31T12:00:00Z",
    ),
    "key for a provider that is not there": (
        ("{env: RELAY_KEY}", "{env: RELAY_KEY}, providers: [anthropic, antropic]"),
        "4: keys.0.providers.1: no provider of this name stands in `providers`",
    ),
    "key that prefers a provider that is not there": (
        ("{env: RELAY_KEY}", "{env: RELAY_KEY}, provider: {order: [local/eu, here]}"),
        "4: keys.0.provider.order.1: no provider of this name stands in `providers`",
    ),
    "key that may ask for nothing": (
        ("{env: RELAY_KEY}", "{env: RELAY_KEY}, models: []"),
        "4: keys.0.models: allows nothing; leave it out to allow all, or disable the key",
    ),
    "pattern of models": (
        ("{env: RELAY_KEY}", "{env: RELAY_KEY}, models: [a b]"),
        "4: keys.0.models.0: must be a model name without spaces, at most 256 characters",
    ),
    "window without a limit": (
        ("{env: RELAY_KEY}", "{env: RELAY_KEY}, limits: {reset: daily}"),
        "4: keys.0.limits.reset: says when `spend_usd` begins anew, and that is not given",
    ),
    "limit of nothing": (
        ("{env: RELAY_KEY}", "{env: RELAY_KEY}, limits: {requests_per_minute: 0}"),
        "4: keys.0.limits.requests_per_minute: must be at least 1",
    ),
    "redaction of a key by an unknown name": (
        ("{env: RELAY_KEY}", "{env: RELAY_KEY}, redact: {emial: true}"),
        "4: keys.0.redact.emial: unknown key; did you mean email?",
    ),
    "redaction of a key with what is the section's": (
        ("{env: RELAY_KEY}", "{env: RELAY_KEY}, redact: {hold_max: 1KiB}"),
        "4: keys.0.redact.hold_max: unknown key",
    ),
    "pattern of a key": (
        ("{env: RELAY_KEY}", "{env: RELAY_KEY}, redact: {custom: [Apollo, '/a(b/']}"),
        "4: keys.0.redact.custom.1: missing )",
    ),
    "hashes for a key": (
        ("{env: RELAY_KEY}", "{env: RELAY_KEY}, redact: {email: true, mode: hash}"),
        "4: keys.0.redact.mode: `hash` needs a key; write `redact: {hash_key: {env: NAME}}`",
    ),
    "unknown default of a key": (
        ("{env: RELAY_KEY}", "{env: RELAY_KEY}, provider: {zdr: true}"),
        "4: keys.0.provider.zdr: unknown key",
    ),
    "negative price": (
        ("prompt: 3.0", "prompt: -1"),
        "10: models.anthropic/claude-sonnet-4.5.0.price.prompt: must be between 0 and 1000000 US dollars",
    ),
    "too fine a price": (
        ("prompt: 3.0", "prompt: 0.0000000001"),
        "10: models.anthropic/claude-sonnet-4.5.0.price.prompt: must not be finer than a nano-dollar (nine decimals)",
    ),
    "ca_file": (
        ("zdr: true", "ca_file: nowhere.pem"),
        "7: providers.local.ca_file: can't be read: no such file or directory",
    ),
    "ca_file without certificate": (
        ("zdr: true", "ca_file: relay.yaml"),
        "7: providers.local.ca_file: holds no certificate (PEM)",
    ),
    "capability": (
        ("zdr: true", "capabilities: [magic]"),
        "7: providers.local.capabilities.0: must be one of context_management, count_tokens, pdf, structured_output, "
        "tools, web_fetch, web_search",
    ),
    "routing key of later": (
        ("zdr: true", "weight: 3"),
        "7: providers.local.weight: this version of relay does not weigh endpoints yet; remove the key",
    ),
    "effort": (
        ("zdr: true", "reasoning_efforts: [huge]"),
        "7: providers.local.reasoning_efforts.0: must be 'minimal', 'low', 'medium', 'high', 'xhigh' or 'max'",
    ),
    "adaptive by a budget": (
        ("zdr: true", "adaptive_only: true, reasoning_style: budget"),
        "7: providers.local.adaptive_only: contradicts `reasoning_style: budget`; remove one of them",
    ),
    "beta": (
        ("zdr: true", 'betas: ["a,b"]'),
        "7: providers.local.betas.0: must be the name of a beta, without commas",
    ),
    "no stop sequences": (
        ("zdr: true", "max_stop_sequences: 0"),
        "7: providers.local.max_stop_sequences: must be at least 1",
    ),
    "policy of contexts": (
        ("zdr: true", "context_management_policy: native"),
        "7: providers.local.context_management_policy: must be 'emulate', 'native_only' or 'drop'",
    ),
    "duplicate key": (
        ("zdr: true", "dialect: messages"),
        "7: providers.local.dialect: duplicate key; it stands in line 7 already",
    ),
    "literal credential": (
        ("zdr: true", "headquarters: sk-ant-api03-abcdefgh01234567"),
        "7: providers.local.headquarters: looks like a credential; "
        "secrets never stand in the file, write {env: NAME} or {file: PATH}",
    ),
}
"""Name → a replacement in the minimal shape, and the first fault that it makes."""

TAILS = {
    "limits: {body: 3}": "14: limits.body: must be a size with a unit, such as 32MiB (B, KiB, MiB, GiB)",
    "limits: {body: 2GiB}": "14: limits.body: must be between 1KiB and 1GiB",
    "limits: {concurrency: 0}": "14: limits.concurrency: must be at least 1",
    "limits: {concurrency: many}": "14: limits.concurrency: must be a whole number",
    "limits: {concurrency: true}": "14: limits.concurrency: must be a whole number",
    "limits: 3": "14: limits: must be a mapping",
    "limits:": "14: limits: must be a mapping",
    "limits:\n  rss: 1GiB": "15: limits.rss: this version of relay has no memory gate yet; remove the key",
    "drain: {deadline: 10}": "14: drain.deadline: must be a duration with a unit, such as 15s (ms, s, m, h)",
    "drain: {deadline: 10 s}": "14: drain.deadline: must be a duration with a unit, such as 15s (ms, s, m, h)",
    "drain: {lame_duck: 15s}": "14: drain.lame_duck: this version of relay stops accepting at once; remove the key",
    "timeouts: {idle_event: 0s}": "14: timeouts.idle_event: must be between 10ms and 24h",
    "timeouts: {tls: 5s}": (
        "14: timeouts.tls: this version of relay counts the TLS handshake in upstream_connect; remove the key"
    ),
    "timeouts: {first_event: 2m, total_stream: 60s}": (
        "14: timeouts.first_event: is longer than total_stream, so it can never run out"
    ),
    "stream: {write_high: 1KiB}": "14: stream.write_low: must be smaller than write_high",
    "stream: {commit: first_content}": (
        "14: stream.commit: this version of relay always commits at the first event; remove the key"
    ),
    "log: {format: xml}": "14: log.format: must be 'auto', 'json' or 'text'",
    "log: {level: debug}": "14: log.level: this version of relay has no log levels yet; remove the key",
    "redact: {emial: true}": "14: redact.emial: unknown key; did you mean email?",
    "redact: {email: 1}": "14: redact.email: must be true or false",
    "redact: [email]": "14: redact: must be a mapping",
    "redact: {mode: hide}": "14: redact.mode: must be 'mask', 'placeholder', 'hash', 'block' or 'report'",
    "redact: {mode: {email: hide}}": (
        "14: redact.mode.email: must be 'mask', 'placeholder', 'hash', 'block' or 'report'"
    ),
    "redact: {email: true, mode: hash}": "14: redact.mode: `hash` needs a key; write `hash_key: {env: NAME}`",
    "redact: {mode: {ip: hash}}": "14: redact.mode: `hash` needs a key; write `hash_key: {env: NAME}`",
    "redact: {hash_key: {env: LOCAL}}": "14: redact.hash_key: the environment variable LOCAL is not set",
    "redact: {hash_key: abc}": (
        "14: redact.hash_key: a secret never stands in the file; write {env: NAME} or {file: PATH}"
    ),
    "redact: {custom: [Apollo, '/a(b/']}": "14: redact.custom.1: missing )",
    "redact:\n  custom:\n    - Apollo\n    - /a*/": "17: redact.custom.1: matches the empty string",
    "redact: {custom: [3]}": "14: redact.custom.0: must be text",
    "redact: {custom: [{name: x}]}": "14: redact.custom.0.pattern: required key is missing",
    "redact: {custom: [{pattern: a, max_len: 257}]}": "14: redact.custom.0.max_len: must be at most 256",
    "redact: {custom: [{pattern: a, maxlen: 2}]}": "14: redact.custom.0.maxlen: unknown key; did you mean max_len?",
    "redact: {apply_to: []}": "14: redact.apply_to: must hold at least one entry",
    "redact: {restore_in: [images]}": "14: redact.restore_in.0: must be 'text', 'tool_input' or 'token_text'",
    "redact: {allow: ['*']}": "14: redact.allow.0: needs more than its mark: it would leave everything alone",
    "redact: {coverage: loose}": "14: redact.coverage: must be 'open' or 'strict'",
    "redact: {hold_max: 1B}": "14: redact.hold_max: must be between 64B and 64KiB",
    "redact: {email: true, token: true, hold_max: 599B}": (
        "14: redact.hold_max: is too low: class token may need 600 characters"
    ),
    "redact: {custom: [{pattern: a, max_len: 256}], hold_max: 256B}": (
        "14: redact.hold_max: is too low: class custom may need 285 characters"
    ),
    "? [a]\n: b": "14: a key must be text",
    "x: !!python/object:os.system y": "14: tags (`!…`) are not allowed",
    "x: *y": "14: an alias stands before the end of what it names",
    "x: &y [*y]": "14: an alias stands before the end of what it names",
    "x: " + "[" * 100: "14: nested deeper than 32 levels",
    "x: {": "15: not YAML: did not find expected node content",
    "---\na: 1": "14: the file holds more than one document",
}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_in_the_minimal_shape_has_line_path_and_reason(case: str, faults_of: Faults, minimal: str) -> None:
    (old, new), expected = CASES[case]
    assert minimal.count(old) == 1

    assert faults_of(minimal.replace(old, new))[0] == expected


@pytest.mark.parametrize("tail", TAILS)
def test_a_fault_in_a_further_section_has_line_path_and_reason(tail: str, faults_of: Faults, minimal: str) -> None:
    assert faults_of(minimal + tail + "\n") == [TAILS[tail]]


def test_what_a_key_adds_must_fit_what_all_calls_have(
    faults_of: Faults, load_text: Callable[[str], Loaded], minimal: str
) -> None:
    text = minimal.replace("{env: RELAY_KEY}", "{env: RELAY_KEY}, redact: {email: true}")

    assert faults_of(text + "redact: {ip: true, hold_max: 100B}\n") == [
        "4: keys.0.redact: class email may need 348 characters, more than `redact.hold_max`"
    ]
    assert load_text(text + "redact: {ip: true, hold_max: 400B}\n")


@pytest.mark.parametrize("key", sorted(UNBUILT["File"]))
def test_a_section_of_a_later_version_is_refused_by_name(key: str, faults_of: Faults, minimal: str) -> None:
    (fault,) = faults_of(f"{minimal}{key}: {{}}\n")

    assert fault == f"14: {key}: this version of relay {UNBUILT['File'][key]}; remove the key"


def test_all_faults_come_at_once_in_the_order_of_the_file(faults_of: Faults, minimal: str) -> None:
    text = minimal.replace("dialect: messages", "dialect: klingon") + "semantic: {email: true}\nsemantics: {}\n"

    assert [fault.split(": ")[1] for fault in faults_of(text, {})] == [
        "keys.0.secret",
        "providers.anthropic.credential",
        "providers.local.credential",
        "providers.local.dialect",
        "semantic",
        "semantics",
    ]


def test_a_misspelled_key_is_not_also_reported_as_missing(faults_of: Faults, minimal: str) -> None:
    assert len(faults_of(minimal.replace("anthropic: {credential", "anthropic: {credentail"))) == 1


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "the environment variable RELAY_KEY is not set"),
        ("", "the environment variable RELAY_KEY is empty"),
        ("short", "the secret is shorter than 8 characters"),
        ("two words here", "the secret holds spaces or characters that can't stand in a header field"),
        ("line\nbreak-in-it", "the secret holds spaces or characters that can't stand in a header field"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named_not_shown(
    value: str | None, reason: str, faults_of: Faults, minimal: str, environ: dict[str, str]
) -> None:
    environ.pop("RELAY_KEY")
    changed: Mapping[str, str] = environ if value is None else {**environ, "RELAY_KEY": value}

    assert faults_of(minimal, changed) == [f"4: keys.0.secret: {reason}"]


def test_a_literal_in_the_place_of_a_variable_is_not_repeated(faults_of: Faults, minimal: str) -> None:
    (fault,) = faults_of(minimal.replace("env: RELAY_KEY", "env: q7hunter2hunter2"))

    assert fault == "4: keys.0.secret: the environment variable named here is not set"


def test_a_credential_written_as_a_key_is_hidden(faults_of: Faults, minimal: str) -> None:
    faults = faults_of(minimal + "sk-ant-api03-abcdefgh01234567: x\n")

    assert faults
    assert not any("abcdefgh01234567" in fault for fault in faults)


def test_open_keys_are_refused_off_loopback(faults_of: Faults, minimal: str) -> None:
    text = minimal.replace("keys:\n  - {name: dev, secret: {env: RELAY_KEY}}", "keys: open")

    assert faults_of(text.replace("127.0.0.1:8080", "0.0.0.0:8080")) == [
        "3: keys: `open` lets anybody in and is refused off loopback; list keys or listen on 127.0.0.1"
    ]


def test_open_keys_are_refused_when_the_environment_leaves_loopback(
    faults_of: Faults, minimal: str, environ: dict[str, str]
) -> None:
    text = minimal.replace("keys:\n  - {name: dev, secret: {env: RELAY_KEY}}", "keys: open")

    assert len(faults_of(text, {**environ, "RELAY_LISTEN": ":8080"})) == 1


def test_keys_with_one_name_or_one_secret_are_refused(faults_of: Faults, minimal: str) -> None:
    again = "  - {name: dev, secret: {env: RELAY_KEY}}\n"

    assert faults_of(minimal.replace(again, again * 2)) == [
        "5: keys.1.name: another key has this name",
        "5: keys.1.secret: another key has the same secret",
    ]


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("RELAY_LISTEN", "8080", "RELAY_LISTEN: listen: must be HOST:PORT, such as 127.0.0.1:8080"),
        ("RELAY_OPS_LISTEN", "x", "RELAY_OPS_LISTEN: ops.listen: must be HOST:PORT, such as 127.0.0.1:8080"),
        ("RELAY_WORKERS", "4", "RELAY_WORKERS: this version of relay runs one worker; write 1 or remove it"),
        ("RELAY_GRACE_SECONDS", "5", "RELAY_GRACE_SECONDS: must be whole seconds, more than 5"),
        ("RELAY_GRACE_SECONDS", "1e3", "RELAY_GRACE_SECONDS: must be whole seconds, more than 5"),
        (
            "RELAY_LOG_LEVEL",
            "debug",
            "RELAY_LOG_LEVEL: this version of relay has no log levels yet; remove the variable",
        ),
    ],
)
def test_a_variable_that_cannot_be_obeyed_is_refused(
    variable: str, value: str, expected: str, faults_of: Faults, minimal: str, environ: dict[str, str]
) -> None:
    assert faults_of(minimal, {**environ, variable: value}) == [expected]


@pytest.mark.parametrize("text", ["", "# nothing\n", "3\n", "- a\n", "null\n"])
def test_a_file_without_keys_is_refused(text: str, faults_of: Faults) -> None:
    assert faults_of(text) == ["1: the file must be a mapping of keys"]
