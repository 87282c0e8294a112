"""Class email (contract, 5.1).

Readings taken where the contract leaves room:
- The 64 characters of a local part are counted after the leading `. % + ' -` of its run are gone.
- `%3A` ends the run to its right in either spelling, and so does it before a real `@`.
- Labels are whole runs of their kind. Hyphens at the end of a run are no part of its label and end the domain, as does
  a run that is too long.
- The `@` of an authority is the first one within 256 characters of `scheme://`; white space, quotes and `/ ? # < >` end
  an authority, and in its user what no URL holds: a backtick, `|`, what is neither ASCII nor a letter of a label
  (`https://x.cn、邮箱bob@x.cn`). Without a bound the rule would look further back than R12 allows.
- Of the run before `@` 320 characters are looked at, of a label's run 64 (CJK: 31), of a domain 254: D is 320.
"""

import re
from collections.abc import Iterator

from tests.reference.redaction.model import Candidate
from tests.reference.redaction.tables import DOMAINS
from tests.reference.redaction.view import LABEL_LETTER, LETTER, LITERAL, View

_LOCAL = re.compile(rf"[0-9A-Za-z_.%+'{LITERAL}-]*\Z")
_LOCAL_RUN = 320
_SHAPE = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.%+'-]{0,63}")
_AT = re.compile(r"@|%40")
_COLON = re.compile(r"%3A", re.IGNORECASE)
_PLUS = re.compile(r"%2B", re.IGNORECASE)
_AUTHORITY = re.compile(
    rf"""[{LETTER}][0-9A-Za-z+.{LITERAL}-]*://"""
    rf"""(?:(?![\s/?#@'"<>|`:])[\x00-\x7f{LABEL_LETTER}{LITERAL}])*(?::[^\s/?#@'"<>]*)?\Z"""
)
_AUTHORITY_SIZE = 256
_RUN = re.compile(
    rf"(?P<letters>[0-9A-Za-z{LABEL_LETTER}{LITERAL}-]{{1,64}})"
    r"|(?P<cjk>[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{1,31})"
)
_LONGEST = {"letters": 63, "cjk": 30}


def emails(view: View) -> Iterator[Candidate]:
    """Every address of a view."""
    for at in _AT.finditer(view.chars):
        start = _local_start(view.chars, at.start(), encoded=at[0] == "%40")
        end = _domain_end(view.chars, at.end())
        if start is not None and end is not None and not _is_repository(view.chars, start, at.start(), end):
            yield Candidate(start, end, "email")


def _local_start(chars: str, at: int, encoded: bool) -> int | None:
    if _AUTHORITY.search(chars, max(0, at - _AUTHORITY_SIZE), at):
        return None
    run = _LOCAL.search(chars, max(0, at - _LOCAL_RUN), at)
    assert run is not None
    local = _COLON.split(run[0])[-1].lstrip(".%+'-")
    if not _is_local(local) or (encoded and "%" in _PLUS.sub("", local)):
        return None
    return at - len(local)


def _is_local(local: str) -> bool:
    return bool(_SHAPE.fullmatch(local)) and local[-1] not in ".'" and ".." not in local and "''" not in local


def _domain_end(chars: str, start: int) -> int | None:
    labels = _labels(chars, start)
    while len(labels) >= 2:
        if _is_top(labels[-1][0]):
            return labels[-1][1]
        labels.pop()
    return None


def _labels(chars: str, start: int) -> list[tuple[str, int]]:
    """The labels from `start` on with their ends, at most ten and 253 characters."""
    labels: list[tuple[str, int]] = []
    place = start
    while len(labels) < 10 and (run := _RUN.match(chars, place, start + 254)):
        label = run[0].rstrip("-")
        if not _is_label(label, run.lastgroup or "") or place + len(label) - start > 253:
            break
        labels.append((label, place + len(label)))
        if not chars.startswith(".", labels[-1][1]):
            break
        place = labels[-1][1] + 1
    return labels


def _is_label(label: str, kind: str) -> bool:
    return 1 <= len(label) <= _LONGEST[kind] and label[0] != "-" and LITERAL not in label


def _is_top(label: str) -> bool:
    lower = label.lower()
    return lower in DOMAINS or (lower.startswith("xn--") and len(lower) > 4)


def _is_repository(chars: str, start: int, at: int, end: int) -> bool:
    return chars[start:at] in {"git", "hg", "svn"} and chars[end : end + 1] in {":", "/"}
