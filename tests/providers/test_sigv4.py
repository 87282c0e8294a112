"""Signature Version 4: what botocore signs, for any request, and never a secret in sight."""

import hmac
import string
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from unittest.mock import patch
from urllib.parse import quote

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from relay.providers.sigv4 import Signer

_START = datetime(2026, 1, 1, tzinfo=UTC)
_MODELS = (
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc~d_e.f",
    "a model/ü*%:@",
)


def theirs(
    keys: tuple[str, str, str], host: str, region: str, path: str, content: bytes, now: datetime
) -> dict[str, str]:
    """The header fields that botocore adds."""
    request = AWSRequest("POST", f"https://{host}{path}", {"content-type": "application/json"}, content)
    signer = auth.SigV4Auth(Credentials(keys[0], keys[1], keys[2] or None), "bedrock", region)
    with patch.object(auth, "get_current_datetime", lambda: now.replace(tzinfo=None)):
        signer.add_auth(request)
    return {name.lower(): value for name, value in request.headers.items() if name.lower() != "content-type"}


def ours(signer: Signer, path: str, content: bytes, now: datetime) -> dict[str, str]:
    lines = signer.fields(path, sha256(content).hexdigest(), now.timestamp()).decode().split("\r\n")
    assert lines.pop() == ""
    return dict(line.split(": ", 1) for line in lines)  # type: ignore[misc]


def test_a_thousand_random_requests_are_signed_as_botocore_signs_them() -> None:
    random = Random(5)

    def word(size: int) -> str:
        return "".join(random.choices(string.ascii_letters + string.digits + "+/=", k=size))

    for number in range(100):
        keys = (f"AKIA{number}", word(40), word(random.choice((0, 300))))
        region = random.choice(("us-east-1", "eu-central-1", "ap-southeast-2"))
        host = random.choice((f"bedrock-runtime.{region}.amazonaws.com", "127.0.0.1:8081"))
        signer = Signer(*keys, host, region)
        for _ in range(10):  # of one signer, on days that come and go
            path = f"/model/{quote(random.choice(_MODELS) + word(3), safe='')}/{random.choice(('invoke', 'converse'))}"
            content, now = random.randbytes(random.randrange(200)), _START + timedelta(hours=random.randrange(72))
            assert ours(signer, path, content, now) == theirs(keys, host, region, path, content, now)


def test_a_key_is_derived_once_a_day() -> None:
    signer = Signer("AKIA", "secret", "", "h", "us-east-1")
    with patch("relay.providers.sigv4.hmac.digest", wraps=hmac.digest) as derive:
        signatures = {signer.fields("/", "", second) for second in (0, 1, 86_399)}
        assert (len(signatures), derive.call_count) == (3, 4 + 3)
        signer.fields("/", "", 86_400)
        assert derive.call_count == 4 + 3 + 4 + 1


def test_nothing_shows_a_secret() -> None:
    signer = Signer("AKIA", "the-secret-key", "the-token", "h", "us-east-1")
    assert "the-" not in repr(signer)
    assert b"the-secret-key" not in signer.fields("/", "", 0)
