"""Addresses of machines: IPv4 and IPv6 (RFC 4291), MAC (IEEE 802) and UUID (RFC 9562)."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from random import Random

from .texts import Sample, sample

# Global, documentation, unique local and link-local networks: the prefixes that are in real use.
V6_PREFIXES = ("2001:db8", "2a02:8108", "2606:4700", "fd12:3456", "fe80:0", "2001:67c")
BEFORE_IP = ("", "", "", "from ", "host ", "ip=", "src=", "peer ")
LOOPBACK_BLOCKS = (0, 127, 255)


def samples(random: Random) -> Iterator[Sample]:
    """Give addresses of every written form."""
    for _ in range(220):
        yield sample("ip", _v4(random), random.choice(BEFORE_IP), random.choice(("", "", ":8080", "/24")))
    for _ in range(180):
        yield sample("ip", _v6(random), random.choice(BEFORE_IP))
    for _ in range(20):
        yield sample("ip", f"2001:db8::{random.randint(1, 9)}:{random.randint(1, 999)}", "http://[", "]:9000/metrics")
    for _ in range(240):
        yield sample("mac", _mac(random), random.choice(("", "", "MAC ", "ether ", "lladdr ")))
    for _ in range(280):
        yield sample("uuid", *_uuid(random))


def _v4(random: Random) -> str:
    first = random.choice([octet for octet in range(1, 255) if octet not in LOOPBACK_BLOCKS])
    return str(IPv4Address(first << 24 | random.getrandbits(24)))


def _v6(random: Random) -> str:
    groups = [f"{random.getrandbits(16):x}" for _ in range(6)]
    full = IPv6Address(f"{random.choice(V6_PREFIXES)}:{':'.join(groups)}")
    short = IPv6Address(f"{random.choice(V6_PREFIXES)}:0:0:0:0:{random.getrandbits(16):x}:{random.randint(1, 9999)}")
    forms = (
        str(full),
        full.exploded,
        str(full).upper(),
        str(short),
        f"fe80::1{random.getrandbits(12):x}:2ff:fe23:{random.getrandbits(16):x}%eth{random.randint(0, 3)}",
        f"::ffff:{_v4(random)}",
        f"64:ff9b::{_v4(random)}",
    )
    return random.choice(forms)


def _mac(random: Random) -> str:
    # A first octet of 02 to fe is neither all zeros nor a broadcast.
    octets = [f"{random.randrange(2, 255, 4):02x}", *(f"{random.getrandbits(8):02x}" for _ in range(7))]
    six = octets[:6]
    # The dotted form needs a letter to be told from a number.
    dotted = f"00{six[0]}.a{six[1]}{six[2][0]}.{six[3]}{six[4]}"
    forms = (":".join(six), ":".join(six), "-".join(six).upper(), ":".join(six).upper(), ":".join(octets), dotted)
    return random.choice(forms)


def _uuid(random: Random) -> tuple[str, str, str]:
    """Give a UUID of version 1, 4, 5, 7 or 8 in lower or upper case, with what stands before and after it."""
    digits = f"{random.getrandbits(128):032x}"
    digits = f"{digits[:12]}{random.choice('14578')}{digits[13:16]}{random.choice('89ab')}{digits[17:]}"
    written = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    around = (
        ("", ""),
        ("", ""),
        ("", ""),
        ("{", "}"),
        ("urn:uuid:", ""),
        ("req_", ""),
        ("/v1/orders/", "/items"),
        ("", ".pdf"),
    )
    return random.choice((written, written, written.upper())), *random.choice(around)
