"""A server of access tokens on loopback, for the libraries of clouds: what Google's and Azure's machines answer.

with token_server() as server: server.account(path)   # writes a key of Google whose tokens come from here
server.fails, server.lasts_s, server.given, server.asked
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ACCOUNT = "relay@project.iam.example"


class TokenServer:
    """Gives `token-001`, `token-002` …, valid for `lasts_s`; `asked`: their scopes; `go.clear()` holds answers back."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.lasts_s = 3600
        self.fails = False
        self.given: list[str] = []
        self.asked: list[str] = []
        self.go = threading.Event()
        self.go.set()
        self.url = ""

    def account(self, path: Path) -> Path:
        """Write the key file of a service account."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        said = {
            "type": "service_account",
            "client_email": ACCOUNT,
            "private_key_id": "1",
            "private_key": pem.decode(),
            "token_uri": f"{self.url}/token",
        }
        path.write_text(json.dumps(said))
        path.chmod(0o600)
        return path

    def token(self, scope: str) -> dict[str, object]:
        """Give the next answer."""
        self.go.wait(10)
        self.asked.append(scope)
        self.given.append(f"token-{len(self.given) + 1:03}")
        ends = {"expires_in": self.lasts_s, "expires_on": int(time.time()) + self.lasts_s}
        return {"access_token": self.given[-1], "token_type": "Bearer", "resource": scope, **ends}


@contextmanager
def token_server() -> Iterator[TokenServer]:
    """Run one."""
    held = TokenServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"])).decode()
            claims = jwt.decode(
                parse_qs(content)["assertion"][0],
                held.key.public_key(),
                algorithms=["RS256"],
                audience="https://oauth2.googleapis.com/token",
            )
            assert claims["iss"] == ACCOUNT
            self._answer(claims["scope"])

        def do_GET(self) -> None:
            self._answer(parse_qs(urlsplit(self.path).query)["resource"][0])

        def _answer(self, scope: str) -> None:
            said = {"error": "invalid_grant", "error_description": "who is that?"} if held.fails else held.token(scope)
            content = json.dumps(said).encode()
            self.send_response(400 if held.fails else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        held.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield held
        finally:
            server.shutdown()
            thread.join()
