"""`relay redact`: a filter that takes personal data out of a text, or says where it stands.

Bytes that are no UTF-8 leave as they came; each is one code point, which no rule matches.
"""

import codecs
import json
from collections.abc import Iterator, Sequence
from io import BufferedReader
from typing import TYPE_CHECKING, Any

import click

from relay.run.commands import EXIT_FAILED

if TYPE_CHECKING:
    from relay._core import Channel
    from relay.redact.redactor import Redactor
    from relay.redact.rules import Custom

_PIECE_BYTES = 64 << 10
_ERRORS = "surrogateescape"
_FIELDS = ("id", "text", "classes", "custom")
_CHARS_A_SPAN = 64
"""Characters between two looks at the spans, for each span so far: a look takes them all."""


@click.command(short_help="Take personal data out of a text.")
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--classes", metavar="A,B", help="What to find; default: all but custom.")
@click.option("--custom", "-p", metavar="P", multiple=True, help="Find a phrase too, or RE2 as /…/ or /…/i.")
@click.option("--mode", type=click.Choice(["mask", "placeholder"]), default="mask", show_default=True)
@click.option("--json", "form", flag_value="json", help="The text is one JSON document.")
@click.option("--spans", "form", flag_value="spans", help="Say where the values stand instead.")
@click.option("--jsonl", "form", flag_value="jsonl", help="Answer texts, one a line, with their spans.")
def redact(file: BufferedReader, classes: str | None, custom: tuple[str, ...], mode: str, form: str | None) -> None:
    """Take personal data out of FILE or standard input, as it comes.

    Classes: email, phone, ip, uuid, token, credit_card, iban, ssn, mac. --spans prints {"class", "start", "end"} a
    value, in code points. --jsonl reads {"id", "text", "classes", "custom"} a line, where the options stand in for the
    last two, and prints {"id", "spans"}, or {"error"} and ends with exit code 1. Of --json, --spans and --jsonl the
    last counts.

    \b
    tail -f app.log | relay redact
    relay redact --classes email,token -p "Project Apollo" notes.txt
    """
    from relay._core import Channel
    from relay.redact import rules
    from relay.redact.classes import CLASSES
    from relay.redact.redactor import Redactor

    names = list(CLASSES) if classes is None else [name.strip() for name in classes.split(",")]
    try:
        ruleset = rules.ruleset(rules.classes(names), rules.patterns(custom))
    except ValueError as fault:
        raise click.UsageError(f"--{fault}") from fault
    if form == "jsonl":
        _answer_lines(file, names, custom)
    elif form == "spans":
        _say_spans(file, Channel(ruleset, spans=True))
    else:
        _filter(file, Redactor(names, custom=custom, mode=mode, json=form == "json"))


def _filter(file: BufferedReader, redactor: "Redactor") -> None:
    for text in _pieces(file):
        _write(redactor.feed(text))
    _write(redactor.flush())


def _pieces(file: BufferedReader) -> Iterator[str]:
    """Give the text as it comes, cut anywhere."""
    decoder = codecs.getincrementaldecoder("utf-8")(_ERRORS)
    while data := file.read1(_PIECE_BYTES):
        yield decoder.decode(data)
    yield decoder.decode(b"", final=True)


def _write(text: str) -> None:
    if text:
        click.echo(text.encode("utf-8", _ERRORS), nl=False)


def _say_spans(file: BufferedReader, channel: "Channel") -> None:
    """Print each span once it is certain that it doesn't grow."""
    fed = said = due = 0
    for text in _pieces(file):
        channel.feed(text)
        fed += len(text)
        if fed >= due:
            found, certain = channel.found(), fed - channel.held()
            said += _say([span for span in found[said:] if span[1] < certain])
            due = fed + _CHARS_A_SPAN * len(found)
    channel.flush()
    _say(channel.found()[said:])


def _say(spans: list[tuple[int, int, str]]) -> int:
    """Print some spans; give how many."""
    lines = (json.dumps({"class": cls, "start": start, "end": end}) for start, end, cls in spans)
    click.echo("".join(f"{line}\n" for line in lines), nl=False)
    return len(spans)


def _answer_lines(file: BufferedReader, names: Sequence[str], custom: "Sequence[Custom]") -> None:
    """Answer each line; what stands in the options counts where a line says nothing else."""
    has_failed = False
    for line in file:
        if line.strip():
            answer = _answer(line, names, custom)
            has_failed = has_failed or "error" in answer
            click.echo(json.dumps(answer))
    if has_failed:
        raise click.exceptions.Exit(EXIT_FAILED)


def _answer(line: bytes, names: Sequence[str], custom: "Sequence[Custom]") -> dict[str, Any]:
    asked = _object(line)
    if asked is None:
        return {"error": "line: should be a JSON object"}
    asked = {"classes": names, "custom": custom} | {name: value for name, value in asked.items() if value is not None}
    try:
        return {"id": asked.get("id"), "spans": _spans(asked)}
    except ValueError as fault:
        return {"id": asked.get("id"), "error": str(fault)}


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _spans(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Give where the values of a line's text stand; raises ValueError naming the field that is wrong."""
    from relay.redact.fields import spelled
    from relay.redact.redactor import find

    for name in asked:
        if name not in _FIELDS:
            raise ValueError(f"{spelled((name,))}: is no field; fields are {', '.join(_FIELDS)}")
    text = asked.get("text")
    if not isinstance(text, str):
        raise ValueError("text: should be a string")
    found = find(text, asked["classes"], asked["custom"])
    return [{"start": span.start, "end": span.end, "class": span.cls} for span in found]
