"""What a client that asks is told of the redaction of its call (spec/redaction.md 12, spec/operations.md RED-11).

Two lines, in the head of a whole response and as comments at the end of a stream: counts by class of both directions,
and the receipt, one JSON object. No value is in them, and no digest of one: of allow-lists and patterns only numbers.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from relay.errors import PolicyBlocked, PolicyRedactionFailed, RelayError
from relay.redact import blocks
from relay.redact.blocks import Fate, Found
from relay.redact.policy import Policy

_DIGEST_CHARS: Final = 12

Counts = Mapping[str, Mapping[str, int]]
"""Direction → class → matches."""


class Receipt:
    """Follows one call; made only for a client that asks.

    policy   in force
    strict   an answer with what relay doesn't know is ended
    """

    __slots__ = ("_digest", "_request", "_response")

    def __init__(self, policy: Policy, strict: bool) -> None:
        self._digest = digest(policy, strict)
        self._request: Counter[Fate] = Counter()
        self._response: Counter[Fate] = Counter()

    def asked(self, found: Iterable[Found]) -> None:
        """Take the blocks of the request."""
        self._request = Counter(fate for _, fate in found)

    def begin_answer(self) -> None:
        """An attempt is about to answer: what an earlier one sent does not count."""
        self._response.clear()

    def answered(self, found: Iterable[Found]) -> None:
        """Take blocks of the answer."""
        self._response.update(fate for _, fate in found)

    def began(self, event: bytes) -> None:
        """Take the JSON of a content_block_start."""
        self.answered(blocks.of_start(event))

    def lines(self, counts: Counts, hold: int, skipped: int, error: RelayError | None) -> bytes:
        """Give both lines as header fields, each with CRLF.

        hold      most characters that waited at any moment of a stream
        skipped   events and deltas of a stream whose type relay doesn't know
        error     that ended the call
        """
        fates = self._request + self._response
        fates[Fate.SKIPPED] += skipped
        told: Counter[str] = Counter()
        for found in counts.values():
            told.update(found)
        if fates[Fate.UNSCANNED]:
            told[Fate.UNSCANNED.value] = fates[Fate.UNSCANNED]
        receipt = {
            "policy": self._digest,
            "result": _result(error),
            **counts,
            "coverage": {fate.value: fates[fate] for fate in Fate},
            "hold_max": hold,
        }
        listed = ",".join(f"{word}={count}" for word, count in sorted(told.items()))
        return b"x-relay-redactions: %b\r\nx-relay-redaction-receipt: %b\r\n" % (listed.encode(), orjson.dumps(receipt))


def comments(lines: bytes) -> bytes:
    """Give header fields as comments of an event stream, with the blank line behind them; nothing for none."""
    return b"".join(b": %b\n" % line for line in lines.splitlines()) + b"\n" if lines else b""


def digest(policy: Policy, strict: bool) -> str:
    """Give the first 12 hex digits of the SHA-256 of what a policy says, but for patterns, sessions and allowed values.

    Those are numbers and words of low entropy, which a digest would give away to whoever guesses.
    """
    said: dict[str, Any] = {
        "modes": {cls.word: mode.value for cls, mode in policy.modes.items()},
        "custom": len(policy.custom),
        "apply_to": sorted(way.value for way in policy.apply_to),
        "restore": policy.restore,
        "restore_in": sorted(channel.value for channel in policy.restore_in),
        "allow": {cls.word: len(allow) for cls, allow in policy.allow.items() if cls in policy.modes},
        "session": policy.session is not None,
        "scan_thinking": policy.scan_thinking.value,
        "on_unscannable": policy.on_unscannable.value,
        "coverage": "strict" if strict else "open",
    }
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:_DIGEST_CHARS]


def _result(error: RelayError | None) -> str:
    """Tell how redaction went; a call may fail for another reason."""
    if isinstance(error, PolicyBlocked):
        return "blocked"
    return "failed" if isinstance(error, PolicyRedactionFailed) else "ok"
