"""What redaction meets, for the benches: corpus(), chat, code, JSON and logs in turn, one personal value in 3.5 KB.

The text between the values is this repository's own and that of the quality set's tools, so it is the same for one
commit. Files are taken as they are: the few example values in them come on top.
"""

import json
import sys
from itertools import cycle
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.quality import artefacts
from tests.quality.quality_set import build

ROOT = Path(__file__).resolve().parents[1]
BLOCK = 3500
BLOCKS = 360
LONGEST_VALUE = 300  # with its frame; a key file of 2 KB would be a corpus of its own
SEED = 14


def chat() -> str:
    """What people and models write: documents, and the docstrings at the heads of modules."""
    documents = [(ROOT / name).read_text() for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    modules = [path.read_text() for path in sorted((ROOT / "relay").rglob("*.py"))]
    heads = [text.split('"""')[1] for text in modules if text.startswith('"""')]
    return "\n\n".join((*documents, *heads))


def code() -> str:
    """Python, C and Cython."""
    patterns = ("relay/**/*.py", "relay/_core/*.pyx", "bench/native/*.[ch]")
    paths = sorted(path for pattern in patterns for path in ROOT.glob(pattern))
    return "\n".join(path.read_text() for path in paths)


def documents() -> str:
    """JSON as tools and models exchange it: the files of the repository read by a tool, a result each."""
    paths = sorted((ROOT / "relay").rglob("*.py"))
    results = [
        {"type": "tool_result", "id": n, "path": str(path.relative_to(ROOT)), "content": path.read_text()[-2000:]}
        for n, path in enumerate(paths)
    ]
    return "\n".join(json.dumps(result) for result in results)


def logs() -> str:
    """What tools print: diffs, lock files, stack traces, tables."""
    return "\n".join(pieces[0] for pieces in artefacts.texts(Random(SEED)))


def values() -> list[str]:
    """Personal values in the words around them, in a drawn order."""
    texts = [one.text for one in build() if len(one.spans) == 1 and len(one.text) <= LONGEST_VALUE]
    Random(SEED).shuffle(texts)
    return texts


def corpus() -> str:
    """Blocks of each kind in turn, with a value behind each."""
    kinds = [_Endless(text) for text in (chat(), code(), documents(), logs())]
    blocks = zip(range(BLOCKS), cycle(kinds), cycle(values()), strict=False)
    return "".join(f"{kind.take(BLOCK - len(value))}\n{value}\n" for _, kind, value in blocks)


class _Endless:
    """A text that begins again when it ends."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def take(self, size: int) -> str:
        start = self._at
        self._at = (start + size) % len(self._text)
        return (self._text[start : start + size] + self._text)[:size]
