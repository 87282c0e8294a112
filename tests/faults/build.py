"""A build of relay whose redactor can be made to fail at any of its calls; the sources of relay stay as they are.

The tree is copied. Every function of the redactor that can raise gets a line at its start that counts, and raises when
the count is reached (fault.pyx): in _core those that say `except …`, give an object, or are methods of Python; under
relay/redact all. A `noexcept` function cannot fail, so it has no line; what it calls cannot fail either.
Only what was changed of _core is compiled, without optimisation; its rest is the build that is there. The rooms that
mypyc compiles run as Python, or nobody would see their lines.
"""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
CORE = Path("relay/_core")
ENGINE = """
assigned buffer channel codes credentials custom document email families json_channel look matcher network
numbers phone private_keys replacer rewriter ruleset secrets triggers window
""".split()  # noqa: SIM905
"""The modules of _core that are the redactor and can raise; `buffer` holds what waits in it."""

_SIGNATURE = re.compile(r"^( *)(?:cdef|cpdef|def) (?!class )(?:[\w\[\]* ]*[ *])?(\w+)\(", re.MULTILINE)
_NEVER = """
__dealloc__ fault words tellable report counts forget clear take_back
""".split()  # noqa: SIM905
"""Functions without a fault: what it raised would be lost in the first; the others keep faults in, or run when the
answer is over."""
_COMPILE = """
import runpy, sys
from Cython.Build import cythonize
from setuptools import Extension, setup
names = sys.argv[1:]
files = [Extension(f"relay._core.{each}", [f"relay/_core/{each}.pyx"], extra_compile_args=["-O0"]) for each in names]
directives = dict(language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False)
setup(
    script_args=["-q", "build_ext", "--inplace", "-j", "2"],
    ext_modules=cythonize(files, compiler_directives=directives | {"freethreading_compatible": True}, quiet=True),
)
"""


def build(tree: Path) -> int:
    """Make the build in `tree`, which is to be on PYTHONPATH; give how many functions can be made to fail.

    raises   CalledProcessError when it does not compile, with what the compiler said
    """
    shutil.copytree(ROOT / "relay", tree / "relay", ignore=_left_out)
    for name in ("fault.pyx", "fault.pxd"):
        shutil.copy(HERE / name, tree / CORE)
    count = sum(_insert(tree / CORE / f"{name}.pyx", with_faults_in_cython) for name in ENGINE)
    for source in sorted((tree / "relay" / "redact").glob("*.py")):
        count += _insert(source, with_faults_in_python)
    for name in ENGINE:
        for library in (tree / CORE).glob(f"{name}.*.so"):
            library.unlink()
    subprocess.run([sys.executable, "-c", _COMPILE, "fault", *ENGINE], cwd=tree, check=True, capture_output=True)
    return count


def _left_out(folder: str, names: list[str]) -> set[str]:
    """Give what is not copied: caches, what Cython wrote, and what mypyc compiled."""
    patterns = ["*.c", "__pycache__"] if Path(folder) == ROOT / CORE else ["*.c", "*.so", "__pycache__"]
    return shutil.ignore_patterns(*patterns)(folder, names)


def _insert(source: Path, with_faults: Callable[[str, str], tuple[str, int]]) -> int:
    """Write a source anew; give how many functions of it can fail now."""
    written, count = with_faults(source.read_text(), source.stem)
    source.write_text(written)
    return count


def with_faults_in_cython(text: str, module: str) -> tuple[str, int]:
    """Give the source with a line at the start of every function that can raise, and how many there are."""
    parts, at, count = [], 0, 0
    for found in _SIGNATURE.finditer(text):
        end = _signature_end(text, found.end())
        if end < 0 or found[2] in _NEVER or " noexcept" in text[found.end() : end]:
            continue
        parts += [text[at:end], f'\n{found[1]}    fail_if_due(b"{module}.{found[2]}")']
        at = end
        count += 1
    return "from relay._core.fault cimport fail_if_due\n" * bool(count) + "".join([*parts, text[at:]]), count


def _signature_end(text: str, start: int) -> int:
    """Give where a signature's line ends whose parenthesis opened before `start`; -1 when it is no definition."""
    depth, at = 1, start
    while depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    line = text.find("\n", at)
    return line if text[at:line].split("#")[0].rstrip().endswith(":") else -1


def with_faults_in_python(text: str, module: str) -> tuple[str, int]:
    """The same of a module in Python."""
    tree = ast.parse(text)
    lines = text.split("\n")
    places = sorted(_bodies(tree, module))
    for line, column, name in reversed(places):
        lines.insert(line - 1, f'{" " * column}_enter(b"{name}")')
    if places:
        lines.insert(tree.body[1].lineno - 1, "from relay._core.fault import enter as _enter")
    return "\n".join(lines), len(places)


def _bodies(tree: ast.AST, name: str) -> Iterator[tuple[int, int, str]]:
    """Give line, column and name of the first statement of each function."""
    for node in ast.iter_child_nodes(tree):
        inner = f"{name}.{node.name}" if isinstance(node, ast.FunctionDef | ast.ClassDef) else name
        if isinstance(node, ast.FunctionDef) and node.name not in _NEVER:
            first = _first(node)
            if first.lineno > node.lineno:
                yield first.lineno, first.col_offset, inner
        yield from _bodies(node, inner)


def _first(function: ast.FunctionDef) -> ast.stmt:
    """Give the statement that a function begins with; where all of it is a `try`, the edge, the first in there."""
    body = function.body[1:] if ast.get_docstring(function) and len(function.body) > 1 else function.body
    return body[0].body[0] if isinstance(body[0], ast.Try) else body[0]
