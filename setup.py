"""The extension list of relay._core and the one table of its Cython directives.

RELAY_TRACE=1     line tracing for coverage, bounds checks back on
RELAY_ANNOTATE=1  writes the annotated HTML beside each .pyx
RELAY_SANITIZE=1  clang with AddressSanitizer and fuzzer coverage (see tests/fuzz)
"""

import os
from pathlib import Path

from Cython.Build import cythonize
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


def extensions() -> list[Extension]:
    """One extension per .pyx of relay/_core."""
    return [
        Extension(
            f"relay._core.{source.stem}",
            [source.as_posix()],
            extra_compile_args=FLAGS,
            extra_link_args=["-fsanitize=address,fuzzer-no-link"] if SANITIZE else [],
            define_macros=[("CYTHON_TRACE", "1")] if TRACE else [],
        )
        for source in sorted(Path("relay/_core").glob("*.pyx"))
    ]


setup(ext_modules=cythonize(extensions(), compiler_directives=DIRECTIVES, annotate=ANNOTATE))
