"""What the request path loads: heavy libraries stay out of it, and out of `relay serve` as far as they can."""

import subprocess
import sys

FORBIDDEN = ("rich", "numpy", "redis", "asyncpg", "opentelemetry", "jinja2", "anthropic", "openai", "structlog")
REQUEST_PATH = (
    "relay._core",
    "relay.call",
    "relay.catalog",
    "relay.dialects.messages",
    "relay.providers",
    "relay.route",
    "relay.prepare",
    "relay.upstream",
    "relay.ledger",
)


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_the_worker_loads_no_library_that_it_does_not_need() -> None:
    assert loaded_by("import relay.run.worker") & set(FORBIDDEN) == set()


def test_the_request_path_needs_neither_the_config_libraries_nor_aiohttp() -> None:
    loaded = loaded_by("; ".join(f"import {name}" for name in REQUEST_PATH))
    assert loaded & {"pydantic", "yaml", "click", "aiohttp", *FORBIDDEN} == set()
