"""Secrets: API keys, assigned secrets, passwords, headers, URL credentials, JSON Web Tokens and private keys.

A value without a shape of its own stands behind a word that says what it is, and is strong enough that a reader would
call it a secret: both are drawn that way, not filtered.
"""

import json
import string
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from random import Random

from .shapes import SHAPES, draw
from .texts import Sample, block, sample

MARKS = "!*+^~"
BEFORE_KEY = ("", "", "", "my key is ", "export API_KEY=", "key: ", "use ")
SECRET_LINES = (
    ("API_KEY=", ""),
    ("export SERVICE_API_KEY='", "'"),
    ('  "client_secret": "', '",'),
    ("aws_secret_access_key = ", ""),
    ('signing_secret: "', '"'),
    ('auth_token := "', '"'),
    ('const apiKey = "', '";'),
    ("ENCRYPTION_KEY: ", ""),
    ("deploy --api-key ", " --region eu-west-1"),
    ("access_token: '", "'"),
)
PASSWORD_LINES = (
    ("password=", ""),
    ("DB_PASSWORD=", ""),
    ('"password": "', '",'),
    ("  password: ", ""),
    ("my password is ", ""),
    ("Passwort: ", ""),
    ("contraseña: ", ""),
    ("passwd = '", "'"),
    ("docker run -e MYSQL_ROOT_PASSWORD=", " mysql:8"),
)
URLS = (
    ("postgres://app:", "@db.internal:5432/shop"),
    ("https://deploy:", "@git.example.com/team/site.git"),
    ("redis://default:", "@cache:6379/0"),
    ("DATABASE_URL=mysql+pymysql://root:", "@mysql/crm?charset=utf8mb4"),
    ("amqp://guest-a:", "@broker.internal:5672/%2F"),
)
KEY_KINDS = ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY")


def samples(random: Random) -> Iterator[Sample]:
    """Give secrets of every kind."""
    for shapes in SHAPES.values():
        for place in range(6):
            yield sample("token", draw(shapes[place % len(shapes)], random), random.choice(BEFORE_KEY))
    for before, after in SECRET_LINES * 8:
        yield block("token", strong(random, 32), before, after)
    for before, after in PASSWORD_LINES * 8:
        yield block("token", password(random), before, after)
    for before, after in URLS * 10:
        yield sample("token", password(random), before, after)
    for _ in range(30):
        yield from _headers(random)
        yield sample("token", _jwt(random), random.choice(("", "jwt=", "id token ")))
        yield block("token", _private_key("\n", random))
        yield block("token", _private_key("\\n", random), '"private_key": "', '\\n",')


def strong(random: Random, size: int) -> str:
    """Draw letters and digits of which three at least are digits."""
    characters = [*random.choices(string.ascii_letters, k=size - 3), *random.choices(string.digits, k=3)]
    random.shuffle(characters)
    return "".join(characters)


def password(random: Random) -> str:
    """Draw a password of all four kinds of characters; letters at both ends, so that prose cannot blur them."""
    inner = strong(random, random.randint(8, 14))
    return (
        f"{random.choice(string.ascii_uppercase)}{inner}{random.choice(MARKS)}{random.choice(string.ascii_lowercase)}"
    )


def _headers(random: Random) -> Iterator[Sample]:
    basic = b64encode(f"robot:{strong(random, 18)}".encode()).decode()
    yield block("token", strong(random, 40), "Authorization: Bearer ")
    yield block("token", strong(random, 40), 'curl -H "Authorization: Bearer ', '" https://api.example.com/v1/items')
    yield block("token", basic, "Authorization: Basic ")
    yield block("token", password(random), "curl -u robot:", " https://api.example.com/v1/items")


def _jwt(random: Random) -> str:
    header = {"alg": random.choice(("HS256", "RS256", "ES256")), "typ": "JWT"}
    claims = {"sub": str(random.getrandbits(40)), "iat": random.randint(1_600_000_000, 1_790_000_000), "scope": "read"}
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), random.randbytes(32))
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def _private_key(line_end: str, random: Random) -> str:
    """Write a key file with random bytes for its body: PEM's frame and line length (RFC 7468)."""
    kind = random.choice(KEY_KINDS)
    body = b64encode(random.randbytes(48 * random.randint(4, 24) + 16)).decode()
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return line_end.join((f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"))
