"""A wheel installs into an empty environment and serves: extensions, types and data are inside."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("relay", "setup.py", "pyproject.toml", "README.md")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def run(*words: str | Path, cwd: Path | None = None) -> None:
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("*.so", "*.c", "__pycache__"))
        else:
            shutil.copy(source, tree / name)
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tree / "dist", tree)
    (built,) = (tree / "dist").glob("*.whl")
    return built


def test_the_wheel_holds_extensions_types_and_stubs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"relay/py.typed", "relay/_core/pipeline.pyi", "relay/_core/sse.pyi", "relay/data/prices.json"} <= names
    extensions = {name.partition(".")[0] for name in names if name.endswith(".so")}
    assert {f"relay/_core/{path.stem}" for path in (ROOT / "relay" / "_core").glob("*.pyx")} <= extensions
    assert {"relay_rooms__mypyc", "relay/gateway", "relay/upstream/connection"} <= extensions
    assert not [name for name in names if name.startswith("tests")]


def test_it_serves_from_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", wheel)
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    relay = subprocess.Popen(
        [tmp_path / "env" / "bin" / "relay", "serve", "--listen", "127.0.0.1:0"],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert relay.stdout is not None
        url = relay.stdout.readline().split()[-1]
        with urllib.request.urlopen(f"{url}/health", timeout=10) as answer:
            assert answer.status == 200
    finally:
        relay.terminate()
        started = time.monotonic()
        assert relay.wait(timeout=20) == 0
        assert time.monotonic() - started < 15
        assert relay.stdout is not None
        relay.stdout.close()
