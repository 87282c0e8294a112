"""Values that look like personal data and are none.

They are one character off, exempt by the contract, or say by the words before them that they are something else.
"""

import string
from collections.abc import Iterator
from random import Random

from stdnum import luhn

from .numbers import CARD_GROUPS, grouped
from .texts import Piece

FIXED = (
    "Projects Apollonia and Apollo 11 are not ours, Blue Heron is a bird.",
    "EMP-12345 is too short and TEMP-file not a number; INV-2025-117 has no letters.",
    "The server listens on 127.0.0.1:8080 and on [::1]:8080; bind to 0.0.0.0 to open it.",
    "netmask 255.255.255.0 broadcast 255.255.255.255",
    "link/ether 00:00:00:00:00:00 brd ff:ff:ff:ff:ff:ff",
    "Use std::vec::Vec or a::b::c, never dead::beef.",
    "x[::2], y[1::3] and z[::-1] are slices.",
    "The nil UUID is 00000000-0000-0000-0000-000000000000.",
    "git clone git@github.com:python/cpython.git && cd cpython",
    "git remote add up ssh://git@git.example.com/team/site.git",
    "npm install left-pad@1.3.0 @types/node@20.11.5 vite@5.0.0-beta.3",
    "background: url(logo@2x.png); /* and logo@3x.png */",
    "scores = q@k.transpose(-2, -1) / math.sqrt(d)",
    "Tag me as @ada or @grace on the board.",
    "Write to user@localhost or to root@ for local mail.",
    "Set password=${DB_PASSWORD} and api_key=$API_KEY in the environment.",
    'api_key = os.environ["SERVICE_API_KEY"]',
    "client_secret: YOUR_CLIENT_SECRET_HERE",
    'token = "<your-token>"  # replace me',
    "export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
    "GITHUB_TOKEN=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "password: changeme",
    "Your password must have at least 12 characters and a digit.",
    "max_tokens=4096, token_count=128, tokenizer='cl100k_base'",
    "postgres://user:password@localhost:5432/app is the default.",
    "mysql://root:${MYSQL_ROOT_PASSWORD}@db/app",
    "-----BEGIN PRIVATE KEY----- is how such a file starts.",
    "from transformers import hf_hub_download_with_retries_and_progress",
    "def test_secret_is_not_logged(password_field, reset_token): ...",
    "Authorization: Bearer <token>",
    "Authorization: Bearer ${ACCESS_TOKEN}",
    "Water is CAS 7732-18-5, ethanol is 64-17-5.",
    "Open 09:00-17:30, closed 12:00-13:00.",
    "The ratio is 3.14159265358979 to 1, at 48.137154, 11.576124.",
    "Pi has the digits 14159265358979323846264338327950288.",
    "rgb(255, 255, 255) #ffffff #0a0a0a00",
    "See RFC 9112 section 6.3.1.2 and ISO 8601-1:2019.",
    "chr1:155,205,634-155,214,653 on GRCh38",
    "Sizes are 1024 2048 4096 8192 16384 32768 65536.",
)


def texts(random: Random) -> Iterator[tuple[Piece, ...]]:
    """Give each near miss once, and forty of each kind that is drawn."""
    yield from ((text,) for text in FIXED)
    for _ in range(40):
        yield from ((written,) for written in (*_numbers(random), *_versions(random), *_identifiers(random)))


def _digits(count: int, random: Random) -> str:
    return random.choice("123456789") + "".join(random.choices(string.digits, k=count - 1))


def _numbers(random: Random) -> Iterator[str]:
    payload = "4" + _digits(14, random)
    wrong = payload + str((int(luhn.calc_check_digit(payload)) + random.randint(1, 9)) % 10)
    imei = "35" + _digits(12, random)
    yield f"Reference {grouped(wrong, CARD_GROUPS[16], random.choice(('', ' ', '-')))} was not found."
    yield f"The device has IMEI {imei}{luhn.calc_check_digit(imei)}."
    yield f"Order #{_digits(10, random)} ships 2027-0{random.randint(1, 9)}-1{random.randint(0, 9)}."
    yield f"Invoice {_digits(10, random)} of {random.randint(1, 9)}00.00 is paid."
    yield f"ITIN 9{_digits(2, random)}-7{random.randint(0, 9)}-{_digits(4, random)}, area 000-12-{_digits(4, random)}."
    yield f"created_at={random.randint(1_600_000_000, 1_790_000_000)} updated_ns=1{_digits(18, random)}"
    yield f"GB00{_digits(18, random)} and ZZ{_digits(20, random)} are no accounts."
    yield f"rows {_digits(6, random)}-{_digits(6, random)}, {_digits(9, random)} bytes in {random.random():.6f} s"


def _versions(random: Random) -> Iterator[str]:
    four = ".".join(str(random.randint(1, 250)) for _ in range(4))
    yield f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{four} Safari/537.36"
    yield f"Upgrade to version {four}, it fixes the crash."
    yield f"requires package=={four}; python_version >= '3.11'"
    yield f"firmware: {four}"
    yield f"1.{four}.7 is an object identifier, {four}.2.1 as well."
    yield f"v{four}-rc{random.randint(1, 9)} tagged"


def _identifiers(random: Random) -> Iterator[str]:
    digest, commit, pairs = (random.randbytes(size) for size in (32, 20, 20))
    yield f"sha256:{digest.hex()}  image.tar"
    yield f"commit {commit.hex()} (HEAD -> main)"
    yield f"MD5 (a.iso) = {digest[:16].hex()}"
    yield f"Fingerprint={pairs.hex(':').upper()}"
    yield f"trace_id={digest[:16].hex()} span_id={digest[16:24].hex()} flags=01"
    yield f"msg_01{_letters(22, random)} toolu_01{_letters(22, random)} pk_live_{_letters(24, random)}"
    yield f'<input name="csrf_token" value="{digest[:20].hex()}">'


def _letters(count: int, random: Random) -> str:
    return "".join(random.choices(string.ascii_letters + string.digits, k=count))
