"""From references to secrets: `resolve` reads every variable and file that the configuration names, once.

A fault names the variable, never its value. A variable's name is repeated only where it is spelled as such names are,
in capitals: anything else in that place may be the secret itself.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from relay.catalog import Secret
from relay.config.callers import Key
from relay.config.faults import Where
from relay.config.schema import File
from relay.config.section import KeyPair, Reference
from relay.config.serving import Endpoint, Serving, endpoints_of

_LEAST_CHARS = {"admin": 16, "keys": 8, "redact": 16}
_MAX_FILE_BYTES = 64 << 10
_FIELD = re.compile(r"[!-~]+")


class Unresolved(Exception):
    """A reference leads nowhere; the text is the reason."""


def resolve(
    file: File, environ: Mapping[str, str], folder: Path
) -> tuple[dict[Where, Secret], list[tuple[Where, str]]]:
    """Give the secret of each reference by its place, and the places and reasons of those that lead nowhere.

    folder   where relative file names start
    """
    secrets: dict[Where, Secret] = {}
    faults: list[tuple[Where, str]] = []
    for where, reference in references(file):
        try:
            text = _read(reference, environ, folder)
            _judge(text, _LEAST_CHARS.get(str(where[0]), 1))
        except Unresolved as fault:
            faults.append((where, str(fault)))
            continue
        secrets[where] = Secret(text)
    return secrets, faults


def references(file: File) -> Iterator[tuple[Where, Reference]]:
    """Give every reference of the file with its place."""
    for where, key in keys(file):
        yield (*where, "secret"), key.secret
    if file.admin.token:
        yield ("admin", "token"), file.admin.token
    if file.redact.hash_key:
        yield ("redact", "hash_key"), file.redact.hash_key
    for where, serving in servings(file):
        yield from _credentials((*where, "credential"), serving)


def servings(file: File) -> Iterator[tuple[Where, Serving]]:
    """Give the place and the section, for every provider and every endpoint of the file."""
    for name, provider in file.providers.items():
        yield ("providers", name), provider
    for where, _, endpoint in endpoints(file):
        yield where, endpoint


def _credentials(where: Where, serving: Serving) -> Iterator[tuple[Where, Reference]]:
    if isinstance(serving.credential, Reference):
        yield where, serving.credential
    elif isinstance(serving.credential, KeyPair):
        for part, reference in serving.credential.parts.items():
            yield (*where, part), reference


def keys(file: File) -> Iterator[tuple[Where, Key]]:
    """Give the place and the key, for every key that stands in the file."""
    if file.keys == "open":
        return
    inside, found = (("keys",), file.keys) if isinstance(file.keys, list) else (("keys", "inline"), file.keys.inline)
    for index, key in enumerate(found):
        yield (*inside, index), key


def endpoints(file: File) -> Iterator[tuple[Where, str, Endpoint]]:
    """Give the place, the model's name and the endpoint, for every endpoint of the file."""
    for name, model in file.models.items():
        top: Where = ("models", name) if isinstance(model, list) else ("models", name, "endpoints")
        for index, endpoint in enumerate(endpoints_of(model)):
            yield (*top, index), name, endpoint


def _read(reference: Reference, environ: Mapping[str, str], folder: Path) -> str:
    if reference.env is not None:
        shown = f"variable {reference.env}" if reference.env.isupper() else "variable named here"
        if not (value := environ.get(reference.env, "")):
            state = "is empty" if reference.env in environ else "is not set"
            raise Unresolved(f"the environment {shown} {state}")
        return value
    try:
        with (folder / (reference.file or "")).open("rb") as opened:
            content = opened.read(_MAX_FILE_BYTES + 1)
    except OSError as cause:
        raise Unresolved(f"the secret's file can't be read: {(cause.strerror or 'unknown error').lower()}") from cause
    if len(content) > _MAX_FILE_BYTES:
        raise Unresolved("the secret's file is larger than 64 KiB")
    return content.decode("latin-1").rstrip("\r\n")


def _judge(text: str, least: int) -> None:
    if not text:
        raise Unresolved("the secret's file is empty")
    if not _FIELD.fullmatch(text):
        raise Unresolved("the secret holds spaces or characters that can't stand in a header field")
    if len(text) < least:
        raise Unresolved(f"the secret is shorter than {least} characters")
