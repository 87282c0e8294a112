"""A TCP relay that notes which requests pass and how they are answered: evidence of what a closed client really sends.

Bytes pass unchanged. A request line or status line ends in a bare CR LF, which JSON and SSE contents never hold, so
both are found by pattern in the bytes of a connection.
"""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_REQUEST = re.compile(rb"([A-Z]+) (/\S*) HTTP/1\.1\r\n")
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n")


@dataclass
class Wiretap:
    """Where to connect, and what passed."""

    url: str
    _connections: list[tuple[bytearray, bytearray]] = field(default_factory=list)

    def exchanges(self) -> list[tuple[str, str, int | None]]:
        """Give method, target and status of every request; None is a request without an answer."""
        found: list[tuple[str, str, int | None]] = []
        for sent, received in self._connections:
            statuses = [int(status) for status in _STATUS.findall(bytes(received))]
            for number, (method, target) in enumerate(_REQUEST.findall(bytes(sent))):
                status = statuses[number] if number < len(statuses) else None
                found.append((method.decode(), target.decode(), status))
        return found

    def sent(self) -> bytes:
        """Give everything that the client sent, connection after connection."""
        return b"".join(bytes(sent) for sent, _ in self._connections)

    def received(self) -> bytes:
        """Give everything that the client got, likewise."""
        return b"".join(bytes(received) for _, received in self._connections)


@contextmanager
def tapped(url: str) -> Iterator[Wiretap]:
    """Listen on a free port and pass every connection on to `url`."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tap = Wiretap(f"http://127.0.0.1:{listener.getsockname()[1]}")
        accepting = threading.Thread(target=_accept, args=(listener, (host, int(port)), tap))
        accepting.start()
        try:
            yield tap
        finally:
            listener.shutdown(socket.SHUT_RDWR)  # a close alone would leave accept() waiting
            accepting.join()


def _accept(listener: socket.socket, target: tuple[str, int], tap: Wiretap) -> None:
    threads: list[threading.Thread] = []
    sockets: list[socket.socket] = []
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            break
        far = socket.create_connection(target)
        notes = (bytearray(), bytearray())
        tap._connections.append(notes)
        copies = [threading.Thread(target=_pass, args=it) for it in ((near, far, notes[0]), (far, near, notes[1]))]
        sockets += (near, far)
        threads += copies
        for copy in copies:
            copy.start()
    for thread in threads:
        thread.join()
    for end in sockets:
        end.close()


def _pass(source: socket.socket, sink: socket.socket, notes: bytearray) -> None:
    """Copy until either side is done, then end both; a reset is an end like any other."""
    with suppress(OSError):
        while data := source.recv(1 << 16):
            notes += data
            sink.sendall(data)
    for end in (sink, source):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
