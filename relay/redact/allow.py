"""Values that are left alone: Allow, read from the entries of a list.

An entry is an exact value; `@domain` or `*.domain` for e-mail addresses; a CIDR for ip; `prefix*` for tokens. What none
of the forms fits is an exact value.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from relay.redact.classes import Class
from relay.redact.normal import domain, fold

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, repr=False)
class Allow:
    """A list of values to leave alone; it never prints them.

    domains    of e-mail addresses, lower case; `zones` with their leading dot
    prefixes   of tokens
    """

    exact: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    zones: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    prefixes: tuple[str, ...] = ()

    @classmethod
    def read(cls, entries: Iterable[str]) -> "Allow":
        """Give the list of these entries."""
        return NOTHING.joined(*map(_read, entries))

    def joined(self, *others: "Allow") -> "Allow":
        """Give one list that leaves alone what any of them does."""
        every = (self, *others)
        return Allow(
            exact=frozenset().union(*(each.exact for each in every)),
            domains=frozenset().union(*(each.domains for each in every)),
            zones=_once(zone for each in every for zone in each.zones),
            networks=tuple(dict.fromkeys(network for each in every for network in each.networks)),
            prefixes=_once(prefix for each in every for prefix in each.prefixes),
        )

    def __len__(self) -> int:
        """Give how many entries it has."""
        return len(self.exact) + len(self.domains) + len(self.zones) + len(self.networks) + len(self.prefixes)

    def covers(self, cls: Class, value: str) -> bool:
        """Tell whether a match of a class, as it stands in the text, is left alone."""
        value = fold(value)
        if value in self.exact:
            return True
        if cls is Class.EMAIL:
            host = domain(value)
            return host in self.domains or host.endswith(self.zones)
        if cls is Class.TOKEN:
            return value.startswith(self.prefixes)
        return cls is Class.IP and self._holds(value)

    def _holds(self, value: str) -> bool:
        try:
            address = ip_address(value)
        except ValueError:
            return False
        return any(address in network for network in self.networks)


NOTHING = Allow()


def is_too_wide(entry: str) -> bool:
    """Tell whether an entry is a form without content: it would turn a whole class off by a slip of the pen."""
    return entry in ("*", "@", "*.")


def _read(entry: str) -> Allow:
    if entry.startswith("@"):
        return Allow(domains=frozenset({entry[1:].lower()}))
    if entry.startswith("*."):
        return Allow(zones=(entry[1:].lower(),))
    if entry.endswith("*"):
        return Allow(prefixes=(entry[:-1],))
    if "/" in entry and (network := _network(entry)):
        return Allow(networks=(network,))
    return Allow(exact=frozenset({fold(entry)}))


def _network(entry: str) -> Network | None:
    try:
        return ip_network(entry, strict=False)
    except ValueError:
        return None


def _once(entries: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entries))
