"""What tools write: diffs, lock files, stack traces, tables and LaTeX, drawn anew each time, without personal data."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from random import Random

from .texts import Piece

NAMES = ("parser", "stream", "ledger", "router", "window", "matrix", "cache", "reader", "planner", "codec")


def texts(random: Random) -> Iterator[tuple[Piece, ...]]:
    """Give thirty of each kind."""
    for _ in range(30):
        yield from ((write(random),) for write in WRITERS)


def _name(random: Random) -> str:
    return f"{random.choice(NAMES)}_{random.choice(NAMES)}"


def _version(random: Random) -> str:
    return f"{random.randint(0, 9)}.{random.randint(0, 40)}.{random.randint(0, 20)}"


def _diff(random: Random) -> str:
    name, line, (old, new) = _name(random), random.randint(1, 900), (random.randbytes(4).hex() for _ in range(2))
    return f"""diff --git a/src/{name}.py b/src/{name}.py
index {old}..{new} 100644
--- a/src/{name}.py
+++ b/src/{name}.py
@@ -{line},7 +{line},8 @@ class {name.title()}:
     @property
-    def size(self): return {random.randint(1, 10**9)}
+    def size(self): return 0x{random.randbytes(8).hex()}
"""


def _npm_lock(random: Random) -> str:
    name, version = random.choice(NAMES), _version(random)
    return f"""    "node_modules/{name}": {{
      "version": "{version}",
      "resolved": "https://packages.example/{name}/-/{name}-{version}.tgz",
      "integrity": "sha512-{b64encode(random.randbytes(64)).decode()}",
      "engines": {{ "node": ">=18" }}
    }},
"""


def _cargo_lock(random: Random) -> str:
    name = random.choice(NAMES)
    return f'[[package]]\nname = "{name}"\nversion = "{_version(random)}"\nchecksum = "{random.randbytes(32).hex()}"\n'


def _go_sum(random: Random) -> str:
    modules = (f"example.com/{_name(random)} v{_version(random)}" for _ in range(2))
    return "".join(f"{module}/go.mod h1:{b64encode(random.randbytes(32)).decode()}\n" for module in modules)


def _pip_lock(random: Random) -> str:
    hashes = " \\\n    ".join(f"--hash=sha256:{random.randbytes(32).hex()}" for _ in range(3))
    return f"{random.choice(NAMES)}=={_version(random)} \\\n    {hashes}\n"


def _python_trace(random: Random) -> str:
    return f"""Traceback (most recent call last):
  File "/srv/app/{_name(random)}.py", line {random.randint(1, 2000)}, in read
    raise ValueError(size)
ValueError: {random.randint(10**6, 10**9)} at <Frame object at 0x7f{random.randbytes(5).hex()}>
"""


def _java_trace(random: Random) -> str:
    name, line = random.choice(NAMES), random.randint(1, 900)
    return f"""Exception in thread "main" java.lang.IllegalStateException: {random.getrandbits(31)}
\tat org.sample.{name}.Main$1.run(Main.java:{line})
\tat java.base/java.lang.Thread.run(Thread.java:{line + 7})
"""


def _native_trace(random: Random) -> str:
    frames = ("std::vector<int>::at", "boost::asio::detail::run", "app::Codec::read")
    lines = (
        f"in {frame} (this=0x7ffd{random.randbytes(4).hex()}) at {_name(random)}.cc:{depth}"
        for depth, frame in enumerate(frames)
    )
    return "".join(f"#{depth}  0x{random.randbytes(6).hex():0>16} {line}\n" for depth, line in enumerate(lines))


def _latex(random: Random) -> str:
    name, top, bottom = random.choice(NAMES), random.randint(1, 10**6), random.randint(2, 10**6)
    return f"""\\begin{{equation}}\\label{{eq:{name}}}
  x_{{{random.randint(1, 9)}}} = \\frac{{{top}}}{{{bottom}}} \\cdot 10^{{-{random.randint(1, 30)}}}
\\end{{equation}}
see \\cite{{{name}2024}}, p.~{random.randint(1, 400)}--{random.randint(401, 900)}.
"""


def _table(random: Random) -> str:
    rows = (
        f"{step},{random.uniform(-99, 99):.6f},{random.randint(0, 10**7)},{random.random():.3e}" for step in range(8)
    )
    return "step,loss,samples,rate\n" + "\n".join(rows) + "\n"


def _hex_dump(random: Random) -> str:
    rows = (f"{row * 16:08x}  {random.randbytes(8).hex(' ')}  {random.randbytes(8).hex(' ')}" for row in range(6))
    return "\n".join(rows) + "\n"


def _metrics(random: Random) -> str:
    day, milliseconds = random.randint(10, 28), random.randint(1_600_000_000_000, 1_790_000_000_000)
    count = f'http_requests_total{{code="200",le="0.005"}} {random.getrandbits(30)}'
    return f"2026-03-{day}T09:26:{day}.{random.randint(100, 999)}Z DEBUG {count} {milliseconds}\n"


WRITERS: tuple[Callable[[Random], str], ...] = (
    _diff,
    _npm_lock,
    _cargo_lock,
    _go_sum,
    _pip_lock,
    _python_trace,
    _java_trace,
    _native_trace,
    _latex,
    _table,
    _hex_dump,
    _metrics,
)
