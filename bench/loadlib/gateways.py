"""What stands between the load generator and the provider: relay, and the anchors it is compared with.

A gateway is a name, a port and a command with its environment; BUILDERS makes them from where the provider listens. A
further one (a reference lane, another product) is one more function and one more row.
"""

import http.client
import json
import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from loadlib.processes import Tree

ROOT = Path(__file__).parents[2]
READY_S = 20.0
MOST_STREAMS = 20_000
CLASSES = ("email", "phone", "ip", "uuid", "token", "credit_card", "iban", "ssn", "mac")


@dataclass(frozen=True, slots=True)
class Place:
    """What a gateway has to know.

    directory   of its own
    redacts     relay finds all nine classes in both directions
    translates  relay speaks Chat Completions to the provider
    """

    directory: Path
    provider_port: int
    key: str
    redacts: bool = False
    translates: bool = False


@dataclass(frozen=True, slots=True)
class Gateway:
    """How to start one gateway."""

    name: str
    port: int
    argv: Sequence[str]
    env: Mapping[str, str]
    directory: Path


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that serves."""

    gateway: Gateway
    tree: Tree


def free_port() -> int:
    """Gives a TCP port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def new_key() -> str:
    """Gives a client key of relay's form."""
    return f"sk-relay-bench-{secrets.token_hex(24)}"


def relay(place: Place) -> Gateway:
    """relay as the run wants it."""
    return _relay(place, "relay")


def unredacted(place: Place) -> Gateway:
    """relay without redaction, whatever the run wants: what redaction is measured against."""
    return _relay(replace(place, redacts=False), "unredacted")


def untranslated(place: Place) -> Gateway:
    """relay that speaks Messages to the provider, whatever the run wants: what translation is measured against."""
    return _relay(replace(place, translates=False), "untranslated")


def _relay(place: Place, name: str) -> Gateway:
    """relay, with one wildcard model that hands the script's name to the provider; logs go to the bench's log file."""
    port, ops_port = free_port(), free_port()
    config = {
        "listen": f"127.0.0.1:{port}",
        "ops": {"listen": f"127.0.0.1:{ops_port}"},
        "keys": [{"name": "bench", "secret": {"env": "RELAY_BENCH_KEY"}}],
        "providers": {
            "bench": {
                "dialect": "chat" if place.translates else "messages",
                "base_url": f"http://127.0.0.1:{place.provider_port}{'/v1' if place.translates else ''}",
                "credential": {"env": "RELAY_BENCH_CREDENTIAL"},
            }
        },
        "models": {"bench/*": [{"provider": "bench", "model": "*", "price": {"prompt": 3.0, "completion": 15.0}}]},
        "limits": {"concurrency": MOST_STREAMS},
        "pool": {"max": MOST_STREAMS},
        "redact": dict.fromkeys(CLASSES, True) if place.redacts else {},
    }
    path = place.directory / f"{name}.yaml"
    path.write_text(json.dumps(config, indent=2))  # JSON is YAML
    path.chmod(0o600)
    env = os.environ | {"RELAY_BENCH_KEY": place.key, "RELAY_BENCH_CREDENTIAL": "sk-bench", "PYTHONPATH": str(ROOT)}
    return Gateway(name, port, [sys.executable, "-m", "relay", "serve", "-c", str(path)], env, place.directory)


def aiohttp(place: Place) -> Gateway:
    """The plain aiohttp passthrough."""
    port, script = free_port(), Path(__file__).with_name("anchor_aiohttp.py")
    argv = [sys.executable, str(script), str(port), f"http://127.0.0.1:{place.provider_port}"]
    return Gateway("aiohttp", port, argv, os.environ, place.directory)


NGINX_CONFIG = """
{user}daemon off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
events {{ worker_connections 32768; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    client_max_body_size 64m;
    keepalive_timeout 600s;
    keepalive_requests 1000000000;
    upstream provider {{
        server 127.0.0.1:{provider_port};
        keepalive 16384;
        keepalive_timeout 600s;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_buffer_size 64k;
            proxy_buffers 8 64k;
            proxy_busy_buffers_size 128k;
            client_body_buffer_size 4m;
        }}
    }}
}}
"""


def nginx(place: Place) -> Gateway:
    """nginx with `proxy_buffering off` and kept-alive connections to the provider.

    Its buffers hold a whole burst and a whole request. With those that it comes with it would pass on a burst in pages
    (fewer events per read than the others) and write every long request to the disk: no anchor, a straw man.
    """
    port, path = free_port(), place.directory / "nginx.conf"
    # Started as root nginx would change its user, who may not write the directory of a bench.
    user = "user root;\n" if os.geteuid() == 0 else ""
    path.write_text(
        NGINX_CONFIG.format(user=user, directory=place.directory, port=port, provider_port=place.provider_port)
    )
    argv = [nginx_program() or "nginx", "-c", str(path), "-e", f"{place.directory}/start.log"]
    return Gateway("nginx", port, argv, os.environ, place.directory)


def nginx_program() -> str | None:
    """Gives the path of nginx, which distributions put where users do not look; None when it is not installed."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


BUILDERS: Mapping[str, Callable[[Place], Gateway]] = {
    "relay": relay,
    "unredacted": unredacted,
    "untranslated": untranslated,
    "aiohttp": aiohttp,
    "nginx": nginx,
}
"""Name → how it is made, in the order in which they are measured."""


def is_installed(name: str) -> bool:
    """True when the gateway can be started here; only nginx may be missing."""
    return name != "nginx" or nginx_program() is not None


def launch(gateway: Gateway, key: str, core: int) -> Running:
    """Starts a gateway and waits until a call through it succeeds. Raises RuntimeError with the end of its log."""
    log = gateway.directory / f"{gateway.name}.log"
    with ExitStack() as undo:
        tree = Tree(gateway.argv, core, gateway.env, log)
        undo.callback(tree.end)
        answer = _first_answer(gateway, tree, key)
        if answer == "200":
            undo.pop_all()
            return Running(gateway, tree)
    words = log.read_text(errors="replace")[-2000:]
    raise RuntimeError(f"{gateway.name} does not serve (last answer: {answer}); its log ends with:\n{words}")


def _first_answer(gateway: Gateway, tree: Tree, key: str) -> str:
    deadline, answer = time.monotonic() + READY_S, "none"
    while answer != "200" and tree.is_alive() and time.monotonic() < deadline:
        time.sleep(0.05)
        answer = _call(gateway.port, key)
    return answer


def _call(port: int, key: str) -> str:
    """Makes one unary call; gives the status, or what went wrong."""
    content = json.dumps({"model": "bench/u", "max_tokens": 16, "messages": [{"role": "user", "content": "#aaaaaa"}]})
    fields = {"x-api-key": key, "content-type": "application/json", "anthropic-version": "2023-06-01"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
    try:
        connection.request("POST", "/v1/messages", content, fields)
        response = connection.getresponse()
        text = response.read(500)
        return str(response.status) if response.status == 200 else f"{response.status} {text!r}"
    except (OSError, http.client.HTTPException) as cause:
        return repr(cause)
    finally:
        connection.close()
