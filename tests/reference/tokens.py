"""Estimated tokens of text, character by character: the oracle of Estimator."""

import json

from tests.reference.json import strings

LATIN_BYTES_PER_TOKEN = 3.6
WIDE_CHARACTERS_PER_TOKEN = 1.1


def estimate(text: str) -> float:
    """Tokens of a text, before factor and rounding: characters up to U+07FF by their bytes, all others by number."""
    wide = sum(1 for character in text if character > "\u07ff" and not "\udc00" <= character <= "\udfff")
    latin = sum(1 if character < "\x80" else 2 for character in text if character <= "\u07ff")
    return latin / LATIN_BYTES_PER_TOKEN + wide / WIDE_CHARACTERS_PER_TOKEN


def estimate_json(data: bytes) -> float:
    """Tokens of the insides of all strings of a JSON text, keys included, escapes resolved."""
    return estimate("".join(json.loads(f'"{inside}"', strict=False) for inside in strings(data)))
