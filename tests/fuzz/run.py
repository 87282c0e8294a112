"""Run the fuzz targets: `python -m tests.fuzz.run [--seconds 600] [target …]`, what `make fuzz` calls.

1. Copies the tree to build/fuzz/tree and compiles `relay._core` there by clang with AddressSanitizer and fuzzer
   coverage (RELAY_SANITIZE=1; a gcc build would give the fuzzer no coverage). The normal build stays as it is.
2. Proves the set-up by two planted bugs, each of which must be found within a minute, from the seeds alone: an overflow
   (tests/fuzz/planted), and a leak at a cut in the redactor itself (LEAK, in the copied tree only). Then the leak is
   mended, and the input that showed it must hold: what is fuzzed from here on is the code as it is.
3. Runs each target for `--seconds` and prints executions, and edges at the start and at the end. Coverage comes from
   instrumented C alone, so edges that grow are edges of `_core`. What is found is written to build/fuzz/findings.

Needs clang and its runtime (Debian 12: `apt-get install clang libclang-rt-14-dev`) and atheris, which pip fetches into
build/fuzz/packages when it is not installed. CPython itself has no sanitizer, so its runtime is preloaded: atheris
ships one that holds libFuzzer too (asan_with_fuzzer.so). PYTHONMALLOC=malloc shows it the ends of bytes objects.
"""

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path("tests/fuzz")
BUILD = ROOT / "build" / "fuzz"
TREE = BUILD / "tree"
PACKAGES = BUILD / "packages"
PLANTED = "tests/fuzz/planted/planted.pyx"
PLANTED_SECONDS = 60
LEAK = ("relay/_core/email.pyx", "0 < size <= LOCAL_MOST and", "0 < size <= 16 and")
"""A file, code in it, and what stands there instead: of a longer local part the beginning goes out at a cut."""
FLAGS = "-O1 -g -fsanitize=address,fuzzer-no-link"
TARGETS = sorted(path.stem.removeprefix("fuzz_") for path in Path(__file__).parent.glob("fuzz_*.py"))
SEEDS = {dialect: [f"tests/golden/{dialect}"] for dialect in ("chat", "gemini", "responses")}
SEEDS |= {"sse": ["tests/golden/messages"], "pipeline": ["tests/golden/messages"]}
SEEDS |= {encoder: ["tests/golden/ingress"] for encoder in ("chat_encoder", "responses_encoder")}
WORDS = {"rewriter": "redaction.dict", "custom": "redaction.dict"}


class Failed(Exception):
    """A step failed without which the whole run is worthless."""


@dataclass(frozen=True)
class Outcome:
    """What libFuzzer said of one target.

    edges     covered at the start and at the end
    seconds   that it took, Python's own start included
    """

    executions: int
    edges: tuple[int, int]
    failed: bool
    seconds: float
    log: str


def main() -> int:
    """Build, prove, fuzz; give the exit status."""
    arguments = parse_arguments()
    try:
        prepare()
        prove_overflow()
        prove_leak()
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    sound = [report(target, fuzz(target, arguments.seconds)) for target in arguments.targets or TARGETS]
    return 0 if all(sound) else 1


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="time for each target")
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], help="default: all")
    return parser.parse_args()


def prepare() -> None:
    """Copy the tree and compile it for the fuzzer."""
    if shutil.which("clang") is None:
        raise Failed("clang is missing: apt-get install clang libclang-rt-14-dev")
    install_atheris()
    shutil.rmtree(TREE, ignore_errors=True)
    ignored = shutil.ignore_patterns("*.so", "*.c", "*.html", "__pycache__", "build")
    for folder in ("relay", "tests"):
        shutil.copytree(ROOT / folder, TREE / folder, ignore=ignored)
    for file in ("setup.py", "pyproject.toml", "README.md"):
        if (ROOT / file).exists():
            shutil.copy(ROOT / file, TREE)
    plant_leak()
    print("building relay._core with clang, AddressSanitizer and fuzzer coverage", flush=True)
    build_core()
    build([sys.executable, "-m", "Cython.Build.Cythonize", "-i", PLANTED], CFLAGS=FLAGS, LDFLAGS=FLAGS)


def install_atheris() -> None:
    """Fetch atheris into the build directory unless it can be imported already."""
    if importlib.util.find_spec("atheris") is None and not (PACKAGES / "atheris").exists():
        run([sys.executable, "-m", "pip", "install", "--quiet", "--target", str(PACKAGES), "atheris>=3,<4"], ROOT)


def plant_leak() -> None:
    """Put the leak into the copied tree."""
    path, sound, leaking = LEAK
    source = (TREE / path).read_text()
    if source.count(sound) != 1:
        raise Failed(f"{path}: {sound!r} is not there once, so no leak can be planted")
    (TREE / path).write_text(source.replace(sound, leaking))


def build_core() -> None:
    """Compile what has changed of relay._core."""
    build([sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"], RELAY_SANITIZE="1")


def build(command: list[str], **environment: str) -> None:
    """Compile extensions of the copied tree by clang."""
    run(command, TREE, CC="clang", **environment)


def run(command: list[str], folder: Path, **environment: str) -> None:
    """Run a build step; its output is shown when it fails."""
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"{' '.join(command)} failed\n{done.stdout[-4000:]}{done.stderr[-4000:]}")


def prove_overflow() -> None:
    """Fail unless the planted overflow is found, by coverage."""
    found = find_planted("overflow", HERE / "planted" / "planted_target.py", "planted")
    if "heap-buffer-overflow" not in found.log:
        raise Failed(f"what was found is not the planted overflow\n{found.log[-3000:]}")


def prove_leak() -> None:
    """Fail unless the planted leak is found, by the target that is to find such; then mend it."""
    find_planted("leak", HERE / "fuzz_rewriter.py", "rewriter")
    shutil.copyfile(ROOT / LEAK[0], TREE / LEAK[0])
    build_core()
    found = next((BUILD / "findings" / "leak").iterdir())
    again = start(HERE / "fuzz_rewriter.py", [str(found)], PLANTED_SECONDS)
    if again.failed:
        raise Failed(f"what was found is not the planted leak alone, see {found}\n{again.log[-3000:]}")


def find_planted(bug: str, script: Path, seeds: str) -> Outcome:
    """Fail unless a script that has a bug fails within a minute, from the seeds alone."""
    for folder in ("corpus", "findings"):
        shutil.rmtree(BUILD / folder / bug, ignore_errors=True)
    outcome = execute(script, bug, PLANTED_SECONDS, seeds)
    if not outcome.failed or not any((BUILD / "findings" / bug).iterdir()):
        raise Failed(f"the planted {bug} was not found: this set-up proves nothing\n{outcome.log[-3000:]}")
    print(
        f"planted    {bug} found in {outcome.seconds:.0f} s by {outcome.executions:,} executions,"
        f" edges {outcome.edges[0]} → {outcome.edges[1]}",
        flush=True,
    )
    return outcome


def fuzz(target: str, seconds: int) -> Outcome:
    """Run one target on a growing copy of its corpus."""
    return execute(HERE / f"fuzz_{target}.py", target, seconds, target)


def execute(script: Path, name: str, seconds: int, target: str) -> Outcome:
    """Fuzz by one script, with the seeds and words of a target; corpus and findings are kept under `name`."""
    corpus, findings = BUILD / "corpus" / name, BUILD / "findings" / name
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    seeds = [path for path in (f"tests/fuzz/corpus/{target}", *SEEDS.get(target, [])) if (TREE / path).exists()]
    words = TREE / HERE / WORDS.get(target, "messages.dict")
    options = [
        f"-max_total_time={seconds}",
        "-timeout=20",
        "-rss_limit_mb=3000",
        "-max_len=4096",
        "-print_final_stats=1",
    ]
    options += [f"-artifact_prefix={findings}/", f"-dict={words}"]
    return start(script, [*options, str(corpus), *seeds], seconds)


def start(script: Path, arguments: list[str], seconds: int) -> Outcome:
    """Run one script under libFuzzer and read what it says."""
    module = ".".join(script.with_suffix("").parts)
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=TREE,
        env=fuzzing_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=seconds + 300,
        check=False,
    )
    return read_log(done.stdout, done.returncode != 0, time.monotonic() - begun)


def fuzzing_environment() -> dict[str, str]:
    """The environment in which instrumented extensions load and reports are complete."""
    spec = importlib.util.find_spec("atheris")
    packages = Path(spec.origin).parents[1] if spec and spec.origin else PACKAGES
    return os.environ | {
        "LD_PRELOAD": str(packages / "asan_with_fuzzer.so"),
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:quarantine_size_mb=64",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": os.pathsep.join([str(TREE), str(packages)]),
    }


def read_log(log: str, failed: bool, seconds: float) -> Outcome:
    """Take executions and edges from libFuzzer's own lines."""
    edges = [int(count) for count in re.findall(r"cov: (\d+)", log)] or [0]
    executions = [
        int(count) for count in re.findall(r"^(?:#|stat::number_of_executed_units: +)(\d+)", log, re.MULTILINE)
    ]
    return Outcome(max(executions, default=0), (edges[0], edges[-1]), failed, seconds, log)


def report(target: str, outcome: Outcome) -> bool:
    """Print one line for a target, and the end of its log when it found something; tell whether all is well."""
    first, last = outcome.edges
    rate = outcome.executions / outcome.seconds
    print(f"{target:10} {outcome.executions:>12,} executions, {rate:,.0f}/s, edges {first} → {last}", flush=True)
    if outcome.failed:
        print(f"{target} found something, see {BUILD / 'findings' / target}\n{outcome.log[-4000:]}", file=sys.stderr)
    if last == 0:
        print(f"{target} covered no edge: _core is not instrumented", file=sys.stderr)
    return not outcome.failed and last > 0


if __name__ == "__main__":
    sys.exit(main())
