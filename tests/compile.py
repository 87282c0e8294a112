"""Compile relay anew where its sources changed, in place; any warning of Cython, mypyc or the C compiler is an error.

The build runs in a copy of the sources when nothing is to be rebuilt, so that a tree that is up to date is checked too.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Compile in a scratch copy, look for warnings, then bring the in-place build up to date."""
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch)
        shutil.copytree(ROOT / "relay", tree / "relay", ignore=shutil.ignore_patterns("*.c", "*.so", "__pycache__"))
        for name in ("setup.py", "pyproject.toml", "README.md"):
            shutil.copy(ROOT / name, tree / name)
        done = subprocess.run(
            [sys.executable, "setup.py", "-q", "build_ext", "-j", str(os.cpu_count() or 1), "--inplace"],
            cwd=tree,
            capture_output=True,
            text=True,
            check=False,
        )
    said = done.stdout + done.stderr
    if done.returncode or "warning:" in said.lower():
        sys.stderr.write(said)
        return 1
    return subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=ROOT, check=False
    ).returncode


if __name__ == "__main__":
    raise SystemExit(main())
