"""The redaction of one call, both ways: Redaction, made by Redactors, of which a worker has one.

A prompt's members are redacted in the order in which placeholders are numbered; the answer goes on from there. What
was found is counted by class and direction; no value leaves here but into the prompt or the answer.

Here is the edge of redaction: each door of Redactors and Redaction that can fail refuses the call instead, with what
fault() gives (RED-1, RED-10). It is raised behind the `except`, out of a list: in it, or as a variable, it would hold
on to the failure and its frames, and so to values.
"""

from asyncio import sleep
from collections.abc import Callable, Mapping, Sequence
from json import loads
from typing import Final

from relay._core import Channel, Document, Rewriter, without_thinking
from relay.call import Call, Member
from relay.errors import CallerInvalid, PolicyRedactionFailed, PolicyUnscannable, ProviderError, RelayError
from relay.redact import blocks, coverage, hold, policy
from relay.redact.blocks import Fate
from relay.redact.classes import Direction
from relay.redact.documents import Documents
from relay.redact.fields import spelled
from relay.redact.placeholders import Hashes, Known, Numbers
from relay.redact.policy import Channel as Restored
from relay.redact.policy import Policy, Thinking, Unscannable
from relay.redact.prompt import SLICE, at_once, slices
from relay.redact.receipt import Receipt, comments
from relay.redact.replacements import Replacements, Treatment, fault
from relay.redact.restorer import Restorer, inside
from relay.redact.rules import ruleset
from relay.redact.signed import without_broken

MAX_FLOORS: Final = 256
MAX_WORDS: Final = 1024
_WITHHELD: Final = "the provider failed; what it said of it did not pass the redaction"


class Plan:
    """A policy, and what can be made of it before a call comes."""

    __slots__ = (
        "answering",
        "answers",
        "asking",
        "blocks_unscannable",
        "drops_thinking",
        "gives_numbers",
        "needs_hashes",
        "policy",
        "prompts",
        "restores",
        "rules",
        "treatment",
    )

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.treatment = Treatment(policy.modes, policy.allow)
        self.prompts = Direction.REQUEST in policy.apply_to
        self.answers = Direction.RESPONSE in policy.apply_to
        self.drops_thinking = policy.scan_thinking is Thinking.DROP
        self.blocks_unscannable = policy.on_unscannable is Unscannable.BLOCK
        self.rules = ruleset(frozenset(policy.modes), policy.custom)
        self.asking = Documents(self.rules)
        self.answering = self.asking if self.answers else Documents(ruleset(frozenset()))
        self.gives_numbers = bool(self.treatment.numbers)
        self.needs_hashes = self.treatment.hashes
        self.restores = policy.restore and self.gives_numbers


class Floor:
    """What holds for calls that ask for nothing more.

    policy   None: nothing is said
    plan     None: nothing is on
    """

    __slots__ = ("plan", "policy")

    def __init__(self, said: Policy | None) -> None:
        merged = policy.merge(said, None)
        self.policy = said
        self.plan = Plan(merged) if merged else None


class Redactors:
    """What a configuration says of redaction, ready for calls.

    floor      in the words of `gateway.redact`, checked
    hash_key   None: mode `hash` is refused
    strict     an event of an unknown type ends the answer (RED-6)
    hold_max   characters of a block that may wait; a request whose classes may need more is refused (RED-4)
    """

    __slots__ = ("_floor", "_hash_key", "_hold_max", "_of_keys", "_strict")

    def __init__(self, floor: Mapping[str, object], hash_key: bytes | None, strict: bool, hold_max: int) -> None:
        self._floor = Floor(policy.parse(floor, "redact"))
        self._of_keys: dict[bytes, Floor] = {}
        self._hash_key = hash_key
        self._hold_max = hold_max
        self._strict = strict

    def of(self, call: Call) -> "Redaction | None":
        """Give the redaction of a call; None: nothing is to be found, and nothing was made.

        raises   CallerInvalid for what is wrong in the request's own policy; PolicyRedactionFailed
        """
        try:
            return self._of(call)
        except Exception as cause:  # noqa: BLE001
            refusals = [fault(cause)]
        raise refusals.pop()

    def _of(self, call: Call) -> "Redaction | None":
        of_key = call.identity.policy.redact
        floor = self._of_key(of_key) if of_key else self._floor
        asked = policy.parse(call.redact) if call.redact is not None else None
        plan = self._merged(floor.policy, asked) if asked else floor.plan
        if plan is None:
            return None
        self._refuse(plan, call)
        hashes = Hashes(self._hash_key, plan.policy.session) if self._hash_key and plan.needs_hashes else None
        return Redaction(plan, hashes, self._strict, Receipt(plan.policy, self._strict) if call.reports else None)

    def _of_key(self, words: bytes) -> Floor:
        """Give what holds for a key's calls.

        raises   PolicyRedactionFailed where it can't be kept: the key was made for another configuration
        """
        floor = self._of_keys.get(words)
        if floor is None:
            try:
                floor = Floor(policy.joined(self._floor.policy, policy.parse(loads(words), "redact")))
            except CallerInvalid:
                raise PolicyRedactionFailed from None
            if floor.plan and (self._lacks_key(floor.plan) or hold.too_low(floor.plan.policy, self._hold_max)):
                raise PolicyRedactionFailed
            if len(self._of_keys) == MAX_FLOORS:
                self._of_keys.clear()
            self._of_keys[words] = floor
        return floor

    def _merged(self, floor: Policy | None, asked: Policy) -> Plan | None:
        merged = policy.merge(floor, asked)
        if merged and (reason := hold.too_low(merged, self._hold_max)):
            raise CallerInvalid(f"gateway.redact: {reason}, more than the operator's `redact.hold_max`")
        return Plan(merged) if merged else None

    def _refuse(self, plan: Plan, call: Call) -> None:
        if plan.drops_thinking and _has_tools(call):
            # A provider refuses the turn behind a tool's result when the thinking before it is gone.
            raise CallerInvalid("gateway.redact.scan_thinking: 'drop' is refused together with tools")
        if self._lacks_key(plan):
            raise CallerInvalid("gateway.redact.mode: 'hash' needs a key of the operator's, `redact.hash_key`")

    def _lacks_key(self, plan: Plan) -> bool:
        return plan.needs_hashes and not self._hash_key


class Redaction:
    """One call's redaction; of an attempt that fails before anything was sent nothing remains.

    drops_thinking      thinking blocks are taken out of answers
    request, response   what becomes of matches, and how many there were
    """

    __slots__ = (
        "_document",
        "_hashes",
        "_is_answered",
        "_numbers",
        "_plan",
        "_receipt",
        "_restored",
        "_rewriter",
        "_strict",
        "drops_thinking",
        "request",
        "response",
    )

    def __init__(self, plan: Plan, hashes: Hashes | None, strict: bool, receipt: Receipt | None = None) -> None:
        self._hashes = hashes
        self._is_answered = False
        self._numbers = Numbers()
        self._plan = plan
        self._receipt = receipt
        self._rewriter: Rewriter | None = None
        self._strict = strict
        self._document: Document | None = None
        self._restored: Known | None = None
        self.drops_thinking = plan.drops_thinking
        self.request = Replacements(plan.treatment, self._numbers, hashes)
        self.response = Replacements(plan.treatment, self._numbers, hashes)

    def _literals(self) -> Callable[[str], None] | None:
        """Give what keeps the numbers of literals from being given out; None where no value gets one."""
        return self._numbers.reserve_in if self._plan.gives_numbers else None

    async def prompt(self, content: bytes, members: Sequence[Member]) -> dict[str, bytes]:
        """Give the values of a request that redaction changes, by member; between its slices others have their turn.

        What the model itself says from then on is new: it is redacted, and stays so.

        raises   PolicyBlocked; PolicyRedactionFailed
        """
        changed: dict[str, bytes] = {}
        try:
            self._look_over(content, members)
            if self._plan.prompts:
                document = self._plan.asking.lend(self.request, self._literals())
                if len(content) <= SLICE:
                    changed = at_once(document, content, members)
                else:
                    for _ in slices(document, content, members, changed):
                        await sleep(0)
                self._plan.asking.take_back(document)
            if self._plan.restores and self._plan.prompts:
                self._restored = self._numbers.known()
            return changed
        except Exception as cause:  # noqa: BLE001
            refusals = [fault(cause)]
        raise refusals.pop()

    def _look_over(self, content: bytes, members: Sequence[Member]) -> None:
        """Count the request's blocks for a client that asks, and refuse what can't be scanned where policy does."""
        blocks_it = self._plan.blocks_unscannable
        if not blocks_it and not self._receipt:
            return
        found = list(blocks.of_request(content, members))
        if self._receipt and self._plan.prompts:
            self._receipt.asked(found)
        if blocks_it and (place := next((where for where, fate in found if fate is Fate.UNSCANNED), None)):
            raise PolicyUnscannable(spelled(place))

    def answer(self, content: bytes, is_translated: bool = False) -> bytes:
        """Give a whole answer, redacted, with the prompt's originals back in it.

        is_translated   it came in another dialect
        raises   PolicyBlocked; PolicyRedactionFailed; ProtocolError and LimitExceeded when it is no JSON
        """
        try:
            return self._answer(content, is_translated)
        except Exception as cause:  # noqa: BLE001
            refusals = [fault(cause)]
        raise refusals.pop()

    def _answer(self, content: bytes, is_translated: bool) -> bytes:
        self._begin_answer()
        if self.drops_thinking:
            content = without_thinking(content)
        if self._plan.answers or self._restored:
            document = self._answering()
            redacted = document.redact(content, coverage.TRANSLATED if is_translated else coverage.ANSWER)
            content = without_broken(content, redacted) if is_translated else redacted
            self._plan.answering.take_back(document)
        if self._receipt and self._plan.answers:
            self._receipt.answered(blocks.of_answer(content))
        return content

    def _begin_answer(self) -> None:
        """An attempt is about to answer: what an earlier one's answer held is forgotten, for nobody saw it."""
        if self._is_answered:
            self._numbers.rewind()
            self.response = Replacements(self._plan.treatment, self._numbers, self._hashes)
        else:
            self._numbers.mark()
        self._is_answered = True
        if self._receipt:
            self._receipt.begin_answer()

    def _answering(self) -> Document:
        """Give what redacts and restores the parts of an answer that come whole."""
        literals = self._literals() if self._plan.answers else None
        return self._plan.answering.lend(self.response, literals, self._restored_inside if self._restored else None)

    def words(self, said: str) -> str:
        """Give a provider's words about a failure as they may be told: redacted as its answers are, nothing restored.

        Where they must not pass, or the redactor fails, a sentence without them.
        """
        if not self._plan.answers:
            return said
        try:
            channel = Channel(self._plan.rules, self.response)
            return channel.feed(said) + channel.flush()
        except Exception:  # noqa: BLE001  # the failure itself is told, so that this one is not (RED-1)
            return _WITHHELD

    def rewriter(self) -> Rewriter | None:
        """Give what redacts a streamed answer and puts originals back; None when answers pass.

        raises   PolicyRedactionFailed
        """
        try:
            return self._new_rewriter()
        except Exception as cause:  # noqa: BLE001
            refusals = [fault(cause)]
        raise refusals.pop()

    def _new_rewriter(self) -> Rewriter | None:
        if not self._plan.answers and not self._restored:
            return None
        self._begin_answer()
        self._document = self._answering()
        self._rewriter = Rewriter(
            self._document,
            coverage.MESSAGE_START,
            coverage.MESSAGE_DELTA,
            coverage.BLOCK_START,
            coverage.DELTA,
            self._strict,
            self._restorer if self._restored else None,
            self._receipt.began if self._receipt and self._plan.answers else None,
        )
        return self._rewriter

    def _restorer(self, is_input: bool) -> Restorer | None:
        """Give who puts originals back into a block's text, or into its input; None: nobody does."""
        restored_in = self._plan.policy.restore_in
        if self._restored is None or (Restored.TOOL_INPUT if is_input else Restored.TEXT) not in restored_in:
            return None
        tokens = Restored.TOKEN_TEXT in restored_in
        return Restorer(self._restored, self._plan.treatment.numbers, json=is_input, tokens=tokens)

    def _restored_inside(self, raw: bytes, is_json: bool) -> bytes | None:
        """Give a whole string of an answer, or a JSON document in it, with originals back; None: it has none.

        raw   of a string what stands between its quotes
        """
        restorer = self._restorer(is_json)
        if restorer is None:
            return None
        written = raw.decode("utf-8", "surrogateescape")
        text = written if is_json else loads(f'"{written}"')
        restored = restorer.feed(text) + restorer.flush()
        if restored == text:
            return None
        return (restored if is_json else inside(restored)).encode("utf-8", "surrogateescape")

    def report(self, error: RelayError | None = None) -> bytes:
        """Give header fields for a client that asks: counts by class, and the receipt; none for one that does not.

        Never raises, for it goes with errors: a receipt that can't be given is left out.

        error   that ended the call
        """
        if self._receipt is None:
            return b""
        hold = self._rewriter.longest_hold if self._rewriter else 0
        skipped = self._rewriter.skipped if self._rewriter else 0
        try:
            return self._receipt.lines(self.counts(), hold, skipped, error)
        except Exception:  # noqa: BLE001
            return b""

    def trailer(self) -> Callable[[], bytes] | None:
        """Give what gives the same behind a streamed answer, as comments; None for a client that does not ask.

        raises   PolicyRedactionFailed
        """
        try:
            return self._comments if self._receipt else None
        except Exception as cause:  # noqa: BLE001
            refusals = [fault(cause)]
        raise refusals.pop()

    def _comments(self) -> bytes:
        return comments(self.report())

    def forget(self) -> None:
        """Let go of every value: the call is over (spec/redaction.md 12)."""
        self._numbers.clear()
        if self._rewriter and self._document and self._rewriter.forget():
            self._plan.answering.take_back(self._document)
        self._restored = self._rewriter = self._document = None

    def counts(self) -> dict[str, dict[str, int]]:
        """Give what was found, by direction and class."""
        return {"request": self.request.counts, "response": self.response.counts}


def _has_tools(call: Call) -> bool:
    """Tell whether a request, which is checked, has tools."""
    for key, _, _, start, end in call.members:
        value = call.content[start:end]
        if key == "tools" and value != b"null" and value[1:-1].strip():
            return True
    return False


def tellable(error: ProviderError, redaction: Redaction | None) -> ProviderError:
    """Give a failure with its words as the client may read them: cut last, for no rule finds half a value."""
    words = redaction.words(error.message) if redaction else error.message
    error.message = words[:MAX_WORDS]
    return error
