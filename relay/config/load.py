"""From a file, or from nothing, to a Loaded configuration: `load`, `fileless`, `parse`.

All faults are found in one go: a key that isn't known hides none of the others. The environment is passed in and
overrides exactly the keys of `_OVERRIDES`, `RELAY_GRACE_SECONDS` and (by refusal) the names in `unbuilt.VARIABLES`.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from relay.config.build import build, relocate
from relay.config.check import Draft, check
from relay.config.explain import faults_of, prune
from relay.config.faults import ConfigError, Fault, Finding, Judge, Where
from relay.config.prices import Prices, own
from relay.config.prices import load as load_list
from relay.config.references import resolve
from relay.config.schema import File
from relay.config.settings import Loaded
from relay.config.source import Source, read
from relay.config.unbuilt import VARIABLES
from relay.known import KnownProvider

LOCAL_KEY = "RELAY_LOCAL_KEY"
EMBEDDED = KnownProvider(name="demo", display_name="Demo", dialect="messages", base_url="", count_tokens=True)
"""The provider in relay's own process; its address is known once it listens."""

# Made up, so that the cost of a call can be seen without a file.
_DEMO_PRICE = {"prompt": 3.0, "completion": 15.0, "cache_read": 0.3, "cache_write_5m": 3.75, "cache_write_1h": 6.0}
_OVERRIDES: Mapping[str, Where] = {"RELAY_LISTEN": ("listen",), "RELAY_OPS_LISTEN": ("ops", "listen")}
_GRACE_MARGIN_S = 5


def load(path: Path, known: Mapping[str, KnownProvider], environ: Mapping[str, str], judge: Judge) -> Loaded:
    """Give the configuration of a file; raises ConfigError with everything that is wrong with it.

    known   the providers that need only a credential, by name
    judge   finds what is wrong with a redaction policy
    """
    return _loaded(path, known, environ, judge)[0]


def parse(path: Path, known: Mapping[str, KnownProvider], environ: Mapping[str, str], judge: Judge) -> File:
    """Give the effective file: checked, with its defaults and the environment's overrides, secrets as references."""
    return _loaded(path, known, environ, judge)[1]


def fileless(
    environ: Mapping[str, str], known: Mapping[str, KnownProvider], key: str, demo_base_url: str = ""
) -> Loaded:
    """Give the configuration without a file: `demo/*`, and `<provider>/*` where its usual variable is set.

    key             the only key let in
    demo_base_url   empty while the embedded provider doesn't listen yet: `relocate` fills it in
    """
    rows = [row for row in known.values() if row.env and environ.get(row.env) and _is_fixed(row.base_url)]
    data: dict[str, Any] = {
        "keys": [{"name": "local", "secret": {"env": LOCAL_KEY}}],
        "providers": {"demo": {"price": dict(_DEMO_PRICE)}}
        | {row.name: {"credential": {"env": row.env}} for row in rows},
        "models": {f"{name}/*": [{"provider": name, "model": "*"}] for name in ("demo", *(row.name for row in rows))},
    }
    around = _Surroundings(known, {**environ, LOCAL_KEY: key}, Path(), _accept, _today())
    loaded, _ = _finished(Source("relay", data), [], around)
    return replace(loaded, generation=relocate(loaded.generation, EMBEDDED.name, demo_base_url))


def _is_fixed(base_url: str) -> bool:
    """Tell whether an address is the same for everybody."""
    return base_url != "" and "{" not in base_url


def _accept(_policy: Mapping[str, Any], _hold_max: int, _floor: Mapping[str, Any] | None) -> tuple[Finding, ...]:
    """Judge what says nothing."""
    return ()


def new_key(id: str = "") -> str:
    """Give a new caller key, `sk-relay-<id>-<secret>` with 192 random bits (SEC-1); with an id of its own, or this."""
    return f"sk-relay-{id or secrets.token_hex(4)}-{secrets.token_hex(24)}"


def _loaded(
    path: Path, known: Mapping[str, KnownProvider], environ: Mapping[str, str], judge: Judge
) -> tuple[Loaded, File]:
    try:
        content = path.read_bytes()
    except OSError as cause:
        reason = f"the file can't be read: {(cause.strerror or 'unknown error').lower()}"
        raise ConfigError([Fault(str(path), None, "", reason)]) from cause
    source, faults = read(content, str(path))
    if not isinstance(source.data, dict):
        raise ConfigError([*faults, Fault(source.name, 1, "", "the file must be a mapping of keys")])
    return _finished(source, faults, _Surroundings(known, environ, path.parent, judge, _today()))


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What a file is read in: see load(); `folder` is where relative file names start, `today` is in UTC."""

    known: Mapping[str, KnownProvider]
    environ: Mapping[str, str]
    folder: Path
    judge: Judge
    today: date


def _finished(source: Source, faults: list[Fault], around: _Surroundings) -> tuple[Loaded, File]:
    faults = [*faults, *_override(source, around.environ)]
    file, holders = _validated(source, faults)
    resolved, lost = resolve(file, around.environ, around.folder)
    prices, unread = _prices(file, around)
    faults += unread
    draft = Draft(file, {EMBEDDED.name: EMBEDDED, **around.known}, resolved, around.folder, around.judge, prices)
    # A mapping that held an unknown key may lack just what that key was meant to be: one fault is enough.
    found = [finding for finding in (*lost, *check(draft)) if finding[0] not in holders]
    faults += [source.fault(where, reason) for where, reason in found]
    if faults:
        raise ConfigError(faults)
    generation, settings = build(draft)
    return Loaded(generation, settings, source.name if source.lines else None), file


def _prices(file: File, around: _Surroundings) -> tuple[Prices, Sequence[Fault]]:
    """Give the lists of prices, and what is wrong with the operator's own."""
    tables = [own(around.known.keys() & file.providers.keys())]
    faults: Sequence[Fault] = ()
    if file.prices is not None:
        try:
            tables.insert(0, load_list(around.folder / file.prices.file, file.prices.file))
        except ConfigError as error:
            faults = error.faults
    return Prices(tables, around.today), faults


def _validated(source: Source, faults: list[Fault]) -> tuple[File, set[Where]]:
    """Give the file by its schema, and the mappings that lost unknown keys (noted in `faults`)."""
    try:
        return File.model_validate(source.data), set()
    except ValidationError as error:
        faults += faults_of(error, source)
        holders = prune(error, source.data)
    try:
        return File.model_validate(source.data), holders
    except ValidationError as error:
        raise ConfigError(faults) from error


def _override(source: Source, environ: Mapping[str, str]) -> list[Fault]:
    """Put the environment's overrides into the data; give the faults of variables that can't be obeyed."""
    for variable, where in _OVERRIDES.items():
        if value := environ.get(variable):
            _set(source, where, value, variable)
    faults = [
        Fault(variable, None, "", f"this version of relay {phrase}; remove the variable")
        for variable, phrase in VARIABLES.items()
        if environ.get(variable)
    ]
    if environ.get("RELAY_WORKERS", "1") not in ("", "1"):
        faults.append(Fault("RELAY_WORKERS", None, "", "this version of relay runs one worker; write 1 or remove it"))
    if grace := environ.get("RELAY_GRACE_SECONDS"):
        faults += _grace(source, grace)
    return faults


def _grace(source: Source, grace: str) -> list[Fault]:
    """Let the process end before it is killed (LIF-4; there is nothing to flush)."""
    if not grace.isdecimal() or len(grace) > 6 or int(grace) <= _GRACE_MARGIN_S:
        reason = f"must be whole seconds, more than {_GRACE_MARGIN_S}"
        return [Fault("RELAY_GRACE_SECONDS", None, "", reason)]
    _set(source, ("drain", "deadline"), f"{int(grace) - _GRACE_MARGIN_S}s", "RELAY_GRACE_SECONDS")
    return []


def _set(source: Source, where: Where, value: str, variable: str) -> None:
    """Set one key; a section that isn't a mapping stays as it is, for the schema to refuse."""
    holder = source.data
    for part in where[:-1]:
        holder = holder.setdefault(part, {})
        if not isinstance(holder, dict):
            return
    holder[where[-1]] = value
    source.variables[where] = variable
