"""What is compiled, and how: relay._core by Cython, and the rooms that every call goes through by mypyc.

The rooms stay plain typed Python; compiled they take half the instructions. Both are built in place by `make venv`.

RELAY_TRACE=1     _core with line tracing for coverage, bounds checks back on; rooms as Python
RELAY_ANNOTATE=1  writes the annotated HTML beside each .pyx
RELAY_SANITIZE=1  _core by clang with AddressSanitizer and fuzzer coverage (see tests/fuzz); rooms as Python
"""

import os
import runpy
from pathlib import Path

from Cython.Build import cythonize
from mypyc.build import mypycify
from setuptools import Extension, setup

TRACE = os.environ.get("RELAY_TRACE") == "1"
SANITIZE = os.environ.get("RELAY_SANITIZE") == "1"
ANNOTATE = os.environ.get("RELAY_ANNOTATE") == "1"

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": TRACE,
    "wraparound": TRACE,
    "cdivision": True,
    "initializedcheck": TRACE,
    "freethreading_compatible": True,
    "linetrace": TRACE,
}

WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wno-unused-parameter", "-Wno-missing-field-initializers"]
FLAGS = ["-O1", "-g", "-fsanitize=address,fuzzer-no-link"] if SANITIZE else ["-O2", *WARNINGS]

ROOMS = [
    "relay/call.py",
    "relay/catalog.py",
    "relay/clock.py",
    "relay/outbox.py",
    "relay/forward.py",
    "relay/price.py",
    "relay/gateway.py",
    "relay/dialects/check.py",
    "relay/dialects/extensions.py",
    "relay/dialects/messages.py",
    "relay/dialects/reasoning.py",
    "relay/dialects/signatures.py",
    "relay/downstream/accounts.py",
    "relay/downstream/admission.py",
    "relay/downstream/decode.py",
    "relay/downstream/identity.py",
    "relay/downstream/ingress.py",
    "relay/downstream/reply.py",
    "relay/downstream/windows.py",
    "relay/ledger/__init__.py",
    "relay/ledger/books.py",
    "relay/ledger/daily.py",
    "relay/ledger/money.py",
    "relay/ledger/record.py",
    "relay/ledger/ring.py",
    "relay/prepare/__init__.py",
    "relay/prepare/blocks.py",
    "relay/prepare/cache_control.py",
    "relay/prepare/history.py",
    "relay/prepare/limits.py",
    "relay/prepare/prompt.py",
    "relay/prepare/reasoning.py",
    "relay/prepare/signatures.py",
    "relay/providers/request.py",
    "relay/redact/coverage.py",
    "relay/redact/documents.py",
    "relay/redact/placeholders.py",
    "relay/redact/prompt.py",
    "relay/redact/redaction.py",
    "relay/route/__init__.py",
    "relay/route/ask.py",
    "relay/route/explanation.py",
    "relay/route/health.py",
    "relay/route/names.py",
    "relay/route/order.py",
    "relay/route/plan.py",
    "relay/route/rules.py",
    "relay/route/figures.py",
    "relay/route/wanted.py",
    "relay/upstream/connection.py",
    "relay/upstream/exchange.py",
    "relay/upstream/pool.py",
    "relay/upstream/pools.py",
    "relay/upstream/upstream.py",
]


def core() -> list[Extension]:
    """One extension per .pyx of relay/_core, after the tables that some of them include."""
    for writer in ("tables", "families"):
        runpy.run_path(f"relay/redact/{writer}.py", run_name="__main__")
    extensions = [
        Extension(
            f"relay._core.{source.stem}",
            [source.as_posix()],
            extra_compile_args=FLAGS,
            extra_link_args=["-fsanitize=address,fuzzer-no-link"] if SANITIZE else [],
            define_macros=[("CYTHON_TRACE", "1")] if TRACE else [],
        )
        for source in sorted(Path("relay/_core").glob("*.pyx"))
    ]
    return list(cythonize(extensions, compiler_directives=DIRECTIVES, annotate=ANNOTATE))


def rooms() -> list[Extension]:
    """The rooms as one shared library, and a small module for each."""
    return [] if TRACE or SANITIZE else mypycify(ROOMS, group_name="relay_rooms")


setup(ext_modules=core() + rooms())
