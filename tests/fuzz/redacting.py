"""What the targets of redaction share: an input is one text, one cut and one way through the engine (USES).

Six bytes stand before the text: the use and the rules, the mode, the place of the first cut (two), the size of the
pieces behind it, and where the e-mail is planted.
"""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import cycle, pairwise
from typing import Any, AnyStr

from relay._core import Channel, Document, JsonChannel, LimitExceeded, ProtocolError, Rewriter, Ruleset, members
from relay.redact import coverage
from relay.redact.classes import Class, Mode
from relay.redact.placeholders import Hashes, Known, Numbers
from relay.redact.replacements import Replacements, Treatment
from relay.redact.restorer import Restorer
from tests.core.running import run, sent
from tests.support.streams import block_start, block_stop, conversation, delta

HEAD = 6
PIECES = 16
MOST_HELD = 600
PLANTED = "planted@mail.example"
HASHES = Hashes(b"0123456789abcdef", None)
MIXED = [Mode.MASK, Mode.PLACEHOLDER, Mode.REPORT]
TREATMENTS = [
    Treatment(dict(zip(Class, cycle(modes), strict=False)))
    for modes in ([Mode.MASK], [Mode.PLACEHOLDER], [Mode.REPORT], [Mode.HASH], MIXED)
]

PROMPT = Known({(Class.EMAIL, 1): "jané@x.org", (Class.TOKEN, 1): 'k"\n\\1', (Class.IP, 2): "10.0.0.1"})

Block = tuple[bytes, str, str]
"""The start of a block, and the type of its deltas and their text."""
TEXT: Block = (block_start(0), "text_delta", "text")
TOOL = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
INPUT: Block = (block_start(0, TOOL), "input_json_delta", "partial_json")


class Given:
    """An input, read.

    number   chooses the rules
    use      chooses what is done
    hides    the planted e-mail must not be seen in an output
    """

    def __init__(self, data: bytes) -> None:
        self.number, self.use = divmod(data[0], 16)
        self.treatment = TREATMENTS[data[1] % len(TREATMENTS)]
        self.ascii = data[1] > 127
        self.place = int.from_bytes(data[2:4], "big")
        self.size = data[4] + 1
        self.raw = data[HEAD:]
        text = self.raw.decode("utf-8", "replace")
        at = data[5] % (len(text) + 1)
        self.text = f"{text[:at]} {PLANTED} {text[at:]}"
        self.hides = PLANTED not in text and self.treatment.modes[Class.EMAIL] is not Mode.REPORT

    def cut(self, whole: AnyStr) -> list[AnyStr]:
        """The whole in pieces, none of them empty."""
        return [whole[start:stop] for start, stop in self.spans(len(whole))]

    def spans(self, size: int) -> list[tuple[int, int]]:
        """The first piece, up to PIECES of one size, and the rest."""
        stops = range(self.place % (size + 1), size, self.size)[: PIECES + 1]
        return [(start, stop) for start, stop in pairwise((0, *stops, size)) if start < stop]

    def options(self) -> dict[str, Any]:
        """How a channel or a document of a new conversation treats what it finds."""
        numbers = Numbers()
        return {"replace": Replacements(self.treatment, numbers, HASHES), "literals": numbers.reserve_in}

    def inside(self) -> str:
        """The text as a JSON string, without its quotes."""
        return json.dumps(self.text, ensure_ascii=self.ascii)[1:-1]


def check(given: Given, rules: Ruleset) -> None:
    """Fail unless what the input asks for gives the same cut as whole, and hides the planted e-mail."""
    output = USES[given.use % len(USES)](given, rules)
    assert not given.hides or "email" not in rules.classes or PLANTED not in output


def text(given: Given, rules: Ruleset) -> str:
    return same(given, given.text, lambda: Channel(rules, **given.options()))


def text_in_json(given: Given, rules: Ruleset) -> str:
    output = unescaped(same(given, given.inside(), lambda: Channel(rules, **given.options(), escaped=True)))
    assert output == fed(Channel(rules, **given.options()), [given.text])
    return output


def document(given: Given, rules: Ruleset) -> str:
    output = same(given, given.text, lambda: JsonChannel(rules, **given.options()))
    check_shape(given.text, output)
    return output


def document_in_json(given: Given, rules: Ruleset) -> str:
    output = unescaped(same(given, given.inside(), lambda: JsonChannel(rules, **given.options(), escaped=True)))
    assert output == fed(JsonChannel(rules, **given.options()), [given.text])
    return output


def message(given: Given, rules: Ruleset) -> str:
    """A whole answer, walked at once and in steps; the tool's input is the text, if that is JSON, or its lines."""
    content = given.text.encode()
    with suppress(ProtocolError, LimitExceeded):
        Document(rules, **given.options()).redact(given.raw, coverage.ANSWER)
    if not is_value(content):
        content = json.dumps({line: [line] for line in given.text.split("\n")}, ensure_ascii=given.ascii).encode()
    blocks = b'{"type":"text","text":"%b"},{"type":"tool_use","input":%b}' % (given.inside().encode(), content)
    said = b'{"content":[%b]}' % blocks
    whole = Document(rules, **given.options()).redact(said, coverage.ANSWER)
    walked = Document(rules, **given.options())
    walked.open(said, coverage.ANSWER)
    while not walked.step(given.size):
        pass
    assert (walked.take() or said) == whole
    check_shape(said.decode(), whole.decode())
    return whole.decode()


def is_value(text: bytes) -> bool:
    """Tell whether a text is one JSON value, and not the rest of an object around it too."""
    try:
        return len(members(b'{"input":%b}' % text)) == 1
    except (ProtocolError, LimitExceeded):
        return False


def answer(given: Given, rules: Ruleset) -> str:
    """A streamed text, its deltas as the cut has them."""
    output = streamed(given, rules, TEXT, given.cut(given.text))
    assert output == fed(Channel(rules, **given.options()), [given.text])
    return output


def tool_input(given: Given, rules: Ruleset) -> str:
    """A streamed document."""
    output = streamed(given, rules, INPUT, given.cut(given.text))
    assert output == fed(JsonChannel(rules, **given.options()), [given.text])
    return output


def restored(given: Given, rules: Ruleset) -> str:
    """Either, with the values of a prompt put back."""
    block = TEXT if given.ascii else INPUT
    output = streamed(given, rules, block, [given.text], restorer)
    assert streamed(given, rules, block, given.cut(given.text), restorer) == output
    return output


def stream(given: Given, rules: Ruleset) -> str:
    """Any bytes as a stream, in which nothing is planted."""
    whole = run([given.raw] if given.raw else [], max_event=2048, rewriter=rewriter(given, rules))
    assert run(given.cut(given.raw), max_event=2048, rewriter=rewriter(given, rules)) == whole
    return ""


USES: list[Callable[[Given, Ruleset], str]] = [
    text,
    text_in_json,
    document,
    document_in_json,
    message,
    answer,
    tool_input,
    restored,
    stream,
]


def same(given: Given, whole: str, opened: Callable[[], Channel]) -> str:
    """What becomes of a text; fail unless it is that when it is cut, too."""
    output = fed(opened(), [whole])
    assert fed(opened(), given.cut(whole)) == output
    return output


def fed(channel: Channel, pieces: Iterable[str]) -> str:
    """All that a channel gives; fail if it holds too much."""
    output = []
    for piece in pieces:
        output.append(channel.feed(piece))
        assert channel.held() <= MOST_HELD
    return "".join([*output, channel.flush()])


def unescaped(inside: str) -> str:
    return str(json.loads(f'"{inside}"'))


def streamed(given: Given, rules: Ruleset, block: Block, pieces: Iterable[str], restorer: Any = None) -> str:
    """What the deltas of a block of these pieces say; fail unless the answer is whole and sound."""
    start, kind, member = block
    deltas = [delta(0, kind, **{member: piece}) for piece in pieces]
    body = conversation(start + b"".join(deltas) + block_stop(0))
    done = run(given.cut(body), rewriter=rewriter(given, rules, restorer))
    assert done.outcome is None
    events = [json.loads(data) for _, data in sent(done.output)]
    return "".join(event["delta"][member] for event in events if event["type"] == "content_block_delta")


def rewriter(given: Given, rules: Ruleset, restorer: Any = None) -> Rewriter:
    """What redacts a stream."""
    return Rewriter(
        Document(rules, **given.options()),
        start=coverage.MESSAGE_START,
        end=coverage.MESSAGE_DELTA,
        block=coverage.BLOCK_START,
        delta=coverage.DELTA,
        restorer=restorer,
    )


def restorer(is_input: bool) -> Restorer:
    """What puts the values of the prompt back."""
    return Restorer(PROMPT, tuple(Class), json=is_input)


class Members(list[tuple[str, Any]]):
    """An object: its members in order, doubles too."""


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


READ = json.JSONDecoder(object_pairs_hook=Members, parse_constant=refuse).decode


def check_shape(text: str, redacted: str) -> None:
    """Fail unless JSON is still JSON of its shape."""
    try:
        value = READ(text)
    except (ValueError, RecursionError):
        return
    assert_alike(value, READ(redacted))


def assert_alike(value: Any, redacted: Any) -> None:
    """Fail unless two values differ in strings alone, or in numbers that became one."""
    if isinstance(value, int | float) and isinstance(redacted, str):
        return
    assert type(value) is type(redacted)
    if isinstance(value, Members):
        value, redacted = [member for _, member in value], [member for _, member in redacted]
    if isinstance(value, list):
        for one, other in zip(value, redacted, strict=True):
            assert_alike(one, other)
    elif not isinstance(value, str):
        assert value == redacted
