"""The compiled provider and load generator, straight at one another, and what the generator notices."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from loadlib.gateways import BUILDERS, Place, free_port, launch, new_key
from loadlib.native import Client, Counted, Load, Window, compile_native, start_provider
from loadlib.processes import Tree, cpu_ns, resident_bytes, usable_cores

CORE = usable_cores().load


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tree, int]]:
    compile_native()
    port = free_port()
    tree = start_provider(port, CORE, tmp_path_factory.mktemp("load") / "provider.log")
    try:
        _wait_for(port)
        yield tree, port
    finally:
        tree.end()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            probe.settimeout(1.0)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise AssertionError("the provider does not listen")


def run(load: Load, port: int, seconds: float = 0.3, spread_s: float = 0.0, key: str = "sk-test") -> Counted:
    client = Client(load, Window.ahead(seconds, lead_s=0.1 + spread_s, spread_s=spread_s), port, key, CORE)
    return client.result()


def texts(port: int, script: str, key: str = "sk-test") -> list[str]:
    """The texts of an answer, in order, without their stamps."""
    content = {
        "model": f"bench/{script}",
        "max_tokens": 9,
        "stream": not script.startswith("u"),
        "messages": [{"role": "user", "content": "#gggggg"}],
    }
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/v1/messages", json.dumps(content), {"x-api-key": key})
    answer = connection.getresponse().read().decode()
    connection.close()
    found = (json.loads(text) for text in re.findall(r'"text": ?("[^"]*")', answer))
    return [re.sub(r"[|][g-v]{26}|\^[g-v]{11}", "", text) for text in found]


@pytest.mark.parametrize(
    ("load", "events_per_read"),
    [
        (Load("u", connections=16), 1),
        (Load("s10x20", connections=16), 10),
        (Load("s200x20", connections=4), 200),
        (Load("s20x20", connections=2, body_bytes=1 << 20), 20),
        (Load("s20x20", connections=4, mode="rate", rate=50, body_bytes=1 << 20), 20),
    ],
    ids=lambda value: value.model if isinstance(value, Load) else "",
)
def test_calls_are_answered_whole(provider: tuple[Tree, int], load: Load, events_per_read: int) -> None:
    seen = run(load, provider[1])

    assert seen.errors == 0, seen.first_fault
    assert seen.calls > 5
    assert seen.events == seen.reads * events_per_read
    assert 0 < seen.duration.p50 <= seen.duration.max


def test_paced_streams_keep_their_rate_and_are_timed(provider: tuple[Tree, int]) -> None:
    seen = run(Load(connections=40, mode="once", pace=50), provider[1], seconds=0.5, spread_s=0.2)

    assert seen.errors == 0, seen.first_fault
    assert seen.events == pytest.approx(40 * 50 * 0.5, rel=0.2)
    assert seen.lateness.count == seen.events
    assert 0 < seen.lateness.p50 <= seen.lateness.p99 <= seen.lateness.max * 1.02
    assert seen.first_byte.count == 40


VALUES = ["jane.doe@example.org", "4111 1111 1111 1111", "+49 30 901820", "DE89 3704 0044 0532 0130 00", "203.0.113.7"]


@pytest.mark.parametrize("script", ["s100x20v", "p100@1000v"])
def test_a_hundred_deltas_hold_five_values_and_none_holds_one_whole(provider: tuple[Tree, int], script: str) -> None:
    deltas = texts(provider[1], script)

    spoken = "".join(deltas)
    assert [spoken.count(value) for value in VALUES] == [1] * 5
    assert not any(value in delta for value in VALUES for delta in deltas)
    assert not any(value in "".join(texts(provider[1], script.rstrip("v"))) for value in VALUES)


def test_a_unary_answer_holds_one_value(provider: tuple[Tree, int]) -> None:
    assert [value for value in VALUES if value in texts(provider[1], "uv")[0]] == VALUES[:1]


@pytest.mark.slow
@pytest.mark.parametrize("translates", [False, True])
def test_relay_redacts_where_the_run_says_so_and_every_stamp_comes_through(
    provider: tuple[Tree, int], tmp_path: Path, translates: bool
) -> None:
    place = Place(tmp_path, provider[1], new_key(), redacts=True, translates=translates)
    running = launch(BUILDERS["relay"](place), place.key, usable_cores().gateway)
    port = running.gateway.port
    try:
        spoken = "".join(texts(port, "s100x20v", place.key))
        loads = (Load("u", 4, has_values=True), Load("s200x20", 4, has_values=True))
        paced = Load(connections=20, mode="once", pace=200, has_values=True)
        seen = [run(load, port, key=place.key) for load in loads]
        seen.append(run(paced, port, seconds=0.5, spread_s=0.2, key=place.key))
    finally:
        running.tree.end()

    assert not [value for value in VALUES if value in spoken]
    assert [spoken.count(f"[{name}]") for name in ("EMAIL", "CREDIT_CARD", "PHONE", "IBAN", "IP")] == [1] * 5
    assert [(counted.errors, counted.first_fault) for counted in seen] == [(0, "")] * 3
    assert min(counted.events for counted in seen) > 0


def test_cpu_and_memory_of_a_tree_are_read(provider: tuple[Tree, int]) -> None:
    pids = provider[0].pids
    before = cpu_ns(pids)

    run(Load("u", connections=16), provider[1])

    assert cpu_ns(pids) > before
    assert 100_000 < resident_bytes(pids) < 100_000_000


def test_an_unknown_script_is_a_status_fault(provider: tuple[Tree, int]) -> None:
    def rename(request: bytes) -> bytes:
        return request.replace(b"bench/u", b"bench/x")

    with Between(provider[1], change_request=rename) as port:
        assert run(Load("u"), port).faults.keys() == {"status"}


CHANGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a number left out": (lambda answer: answer.replace(b"ggggh of", b"ggggi of"), "lost"),
    "a number twice": (lambda answer: answer.replace(b"ggggh of", b"ggggg of"), "lost"),
    "an event left out": (lambda answer: answer.replace(b'text":"^', b'text":"-', 1), "lost"),
    "an event of another call": (lambda answer: answer.replace(b'text":"^gggg', b'text":"^ghhg'), "crossed"),
    "no message_stop": (lambda answer: answer.replace(b"message_stop", b"message_step"), "truncated"),
    "cut": (lambda answer: answer[:-300], "truncated"),
    "a wrong chunk": (lambda answer: answer.replace(b"\r\n\r\n", b"\r\n\r\nxy", 1), "malformed"),
    "no framing": (lambda answer: answer.replace(b"transfer-encoding", b"transfer-encodung"), "malformed"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_broken_stream_is_noticed(provider: tuple[Tree, int], name: str) -> None:
    change, fault = CHANGES[name]

    with Between(provider[1], change_answer=change) as port:
        seen = run(Load("s3x20"), port, seconds=0.1)

    assert seen.calls == 0
    assert seen.faults.keys() == {fault}


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_stream_cut_anywhere_is_whole(provider: tuple[Tree, int], size: int) -> None:
    with Between(provider[1], piece=size) as port:
        seen = run(Load("s3x20"), port)

    assert seen.errors == 0, seen.first_fault
    assert seen.calls > 0


class Between:
    """A man in the middle, one call at a time: changes requests and answers, and sends answers in pieces."""

    def __init__(
        self,
        upstream: int,
        change_request: Callable[[bytes], bytes] = bytes,
        change_answer: Callable[[bytes], bytes] = bytes,
        piece: int = 1 << 20,
    ) -> None:
        self._upstream, self._piece = upstream, piece
        self._change_request, self._change_answer = change_request, change_answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> int:
        self._thread.start()
        port: int = self._listener.getsockname()[1]
        return port

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # shut down by __exit__
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._answer_once(connection)

    def _answer_once(self, connection: socket.socket) -> None:
        request = connection.recv(1 << 16)
        if not request:
            return
        with socket.create_connection(("127.0.0.1", self._upstream)) as onward:
            onward.sendall(self._change_request(request))
            answer = b""
            while not answer.endswith((b"0\r\n\r\n", b"}")):
                answer += onward.recv(1 << 16)
        # Calls beyond the first would need a parser here, so each connection serves one.
        changed = self._change_answer(answer).replace(b"\r\n", b"\r\nconnection: close\r\n", 1)
        for start in range(0, len(changed), self._piece):
            connection.sendall(changed[start : start + self._piece])
