"""The redaction of one call, both ways: Redaction, made by Redactors, of which a worker has one.

A prompt's members are redacted in the order in which placeholders are numbered; the answer goes on from there. What
was found is counted by class and direction; no value leaves here but into the prompt or the answer.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import orjson

from relay._core import Channel, Document, Field, JsonChannel, LimitExceeded, ProtocolError, Rewriter, Ruleset
from relay.call import Call, Member
from relay.errors import CallerInvalid, PolicyBlocked, PolicyRedactionFailed
from relay.redact import coverage, policy
from relay.redact.classes import Direction, Mode
from relay.redact.placeholders import Hashes, Known, Numbers
from relay.redact.policy import Channel as Restored
from relay.redact.policy import Policy, Thinking, Unscannable
from relay.redact.replacements import Blocked, Replacements
from relay.redact.restorer import Restorer
from relay.redact.rules import ruleset


class Redactors:
    """What a configuration says of redaction, ready for calls.

    floor      in the words of `gateway.redact`, checked
    hash_key   None: mode `hash` is refused
    strict     an event of an unknown type ends the answer (RED-6)
    """

    __slots__ = ("_alone", "_floor", "_hash_key", "_strict")

    def __init__(self, floor: Mapping[str, object], hash_key: bytes | None, strict: bool) -> None:
        self._floor = policy.parse(floor, "redact")
        self._alone = policy.merge(self._floor, None)
        self._hash_key = hash_key
        self._strict = strict

    def of(self, call: Call) -> "Redaction | None":
        """Give the redaction of a call; None: nothing is to be found, and nothing was made.

        raises   CallerInvalid for what is wrong in the request's own policy
        """
        asked = policy.parse(call.redact) if call.redact is not None else None
        merged = policy.merge(self._floor, asked) if asked else self._alone
        if merged is None:
            return None
        self._refuse(merged)
        hashes = Hashes(self._hash_key, merged.session) if self._hash_key and merged.needs_key else None
        return Redaction(merged, hashes, self._strict)

    def _refuse(self, merged: Policy) -> None:
        # Both would let pass what they were asked to keep back.
        if merged.scan_thinking is Thinking.DROP:
            raise CallerInvalid("gateway.redact.scan_thinking: this version of relay does not drop thinking yet")
        if merged.on_unscannable is Unscannable.BLOCK:
            raise CallerInvalid("gateway.redact.on_unscannable: this version of relay does not block content yet")
        if merged.needs_key and not self._hash_key:
            raise CallerInvalid("gateway.redact.mode: 'hash' needs a key of the operator's, `redact.hash_key`")


class Redaction:
    """One call's redaction; of an attempt that fails only numbers remain."""

    __slots__ = ("_numbers", "_policy", "_restored", "_strict", "request", "response")

    def __init__(self, policy: Policy, hashes: Hashes | None, strict: bool) -> None:
        self._numbers = Numbers()
        self._policy = policy
        self._strict = strict
        self._restored: Known | None = None
        self.request = Replacements(policy.modes, policy.allow, self._numbers, hashes)
        self.response = Replacements(policy.modes, policy.allow, self._numbers, hashes)

    def prompt(self, content: bytes, members: Sequence[Member]) -> dict[str, bytes]:
        """Give the members of a request whose values change, as `"key":value`.

        raises   PolicyBlocked; PolicyRedactionFailed
        """
        if Direction.REQUEST not in self._policy.apply_to:
            return {}
        document = self._document(self.request)
        values = {key: content[start:end] for key, _, _, start, end in members if key in coverage.REQUEST}
        changed = {}
        for key, field in coverage.REQUEST.items():
            if key not in values:
                continue
            redacted = self._redacted(document, values[key], field)
            if redacted is not values[key]:
                changed[key] = b'"%b":%b' % (key.encode(), redacted)
        if self._policy.restore and Mode.PLACEHOLDER in self._policy.modes.values():
            # What the model itself says is new: it is redacted, and stays so.
            self._restored = self._numbers.known()
        return changed

    def answer(self, content: bytes) -> bytes:
        """Give a whole answer, redacted, with the prompt's originals back in it.

        raises   PolicyBlocked; PolicyRedactionFailed; ProtocolError and LimitExceeded when it is no JSON
        """
        if Direction.RESPONSE in self._policy.apply_to:
            content = self._redacted(self._document(self.response), content, coverage.ANSWER)
        return restored_answer(content, self._restorer) if self._restored else content

    def rewriter(self) -> Rewriter | None:
        """Give what redacts a streamed answer and puts originals back; None when answers pass."""
        if Direction.RESPONSE not in self._policy.apply_to and not self._restored:
            return None
        rules = self._rules(self.response)
        return Rewriter(
            Channel(rules, self.response, escaped=True),
            JsonChannel(rules, self.response, escaped=True),
            self._document(self.response),
            start=coverage.MESSAGE_START,
            block=coverage.BLOCK_START,
            delta=coverage.DELTA,
            strict=self._strict,
            restorer=self._restorer if self._restored else None,
        )

    def _restorer(self, is_input: bool) -> Restorer | None:
        """Give who puts originals back into a block's text, or into its input; None: nobody does."""
        wanted = Restored.TOOL_INPUT if is_input else Restored.TEXT
        if self._restored is None or wanted not in self._policy.restore_in:
            return None
        classes = [cls for cls, mode in self._policy.modes.items() if mode is Mode.PLACEHOLDER]
        tokens = Restored.TOKEN_TEXT in self._policy.restore_in
        return Restorer(self._restored, classes, json=is_input, tokens=tokens)

    def _rules(self, replacements: Replacements) -> Ruleset:
        """Give what is looked for in a direction: nothing where it is only restored."""
        if replacements is self.response and Direction.RESPONSE not in self._policy.apply_to:
            return ruleset(frozenset())
        return ruleset(frozenset(self._policy.modes), self._policy.custom)

    def _document(self, replacements: Replacements) -> Document:
        rules = self._rules(replacements)
        text, json = Channel(rules, replacements, escaped=True), JsonChannel(rules, replacements)
        numbers = Mode.PLACEHOLDER in self._policy.modes.values()
        return Document(text, json, self._numbers.reserve_in if numbers else None)

    def _redacted(self, document: Document, content: bytes, field: Field) -> bytes:
        try:
            return document.redact(content, field)
        except Blocked as blocked:
            raise PolicyBlocked(blocked.classes) from None
        except (ProtocolError, LimitExceeded):
            raise
        except Exception:  # noqa: BLE001  # whatever it was, it may quote the text (RED-1, RED-10)
            raise PolicyRedactionFailed from None

    def report_field(self) -> bytes:
        """Give the line `x-relay-redactions`, for a client that asks: counts by class, of both directions."""
        both = Counter(self.request.counts) + Counter(self.response.counts)
        told = ",".join(f"{word}={count}" for word, count in sorted(both.items()))
        return b"x-relay-redactions: %b\r\n" % told.encode()

    def forget(self) -> None:
        """Let go of every value: the call is over (spec/redaction.md 12)."""
        self._numbers.clear()
        self._restored = None

    def counts(self) -> dict[str, dict[str, int]]:
        """Give what was found, by direction and class."""
        return {"request": dict(self.request.counts), "response": dict(self.response.counts)}


def restored_answer(content: bytes, restorer: Callable[[bool], Restorer | None]) -> bytes:
    """Give a whole message with originals back in its text and its tools' input; blocks of other types as they are.

    raises   ProtocolError when it is no message
    """
    try:
        message = orjson.loads(content)
        blocks = [block for block in message.get("content", ()) if isinstance(block, dict)]
    except (orjson.JSONDecodeError, AttributeError, TypeError):
        raise ProtocolError("the answer is no message") from None
    for block in blocks:
        text, inputs = restorer(False), restorer(True)
        if block.get("type") == "text" and text:
            block["text"] = text.feed(block.get("text", "")) + text.flush()
        elif "input" in block and inputs:
            block["input"] = orjson.loads(inputs.feed(orjson.dumps(block["input"]).decode()) + inputs.flush())
    return orjson.dumps(message)


def fault(cause: Exception) -> PolicyBlocked | PolicyRedactionFailed:
    """Give the error that ends an answer: what `Pipeline.check` raised of a redactor, as ours."""
    if isinstance(cause, Blocked):
        return PolicyBlocked(cause.classes)
    return PolicyRedactionFailed()
