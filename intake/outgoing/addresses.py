"""Where an outgoing request may go: what an address names, and which machines it may reach. Pure but for DNS.

Private, loopback, link-local and other special addresses are refused after the name was resolved, unless
they are listed; whoever connects must use the very address that was checked, since a name may resolve to
another one the next moment.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

LONGEST = 500
PORTS = {"http": 80, "https": 443}
# Prefixes that carry an IPv4 address in their last bits: what a gateway makes of it is that address.
NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Sequence[str]]


class Refused(Exception):
    """It may not be asked, or names nothing; the message is for an admin and tells no secret."""


@dataclass(frozen=True)
class Target:
    """An address taken apart. `path` may be a secret: a chat's incoming hook is known by it alone."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def shown(self) -> str:
        """What may be told of it: scheme, host and, where it is unusual, port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port != PORTS[self.scheme] else "")


@dataclass(frozen=True)
class Allowed:
    """What may be reached though it is not public: networks, and hosts by name."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    hosts: frozenset[str] = frozenset()


def allowed(words: Iterable[str]) -> Allowed:
    """From `10.1.0.0/16`, `::1` or `chat.internal`. Raises: ValueError naming the word that is neither."""
    networks, hosts = [], set()
    for word in words:
        try:
            networks.append(ip_network(word))
        except ValueError as error:
            if "/" in word or ":" in word or not word.replace("-", "").replace(".", "").isalnum():
                raise ValueError(f"{word!r} is no network, address or host name ({error})") from None
            hosts.add(word.lower().rstrip("."))
    return Allowed(tuple(networks), frozenset(hosts))


def read(url: str) -> Target:
    """Raises: Refused for what is no address of http or https, or carries a name and password."""
    if len(url) > LONGEST or not url.isascii() or any(sign <= " " or sign == "\x7f" for sign in url):
        raise Refused(f"An address has at most {LONGEST} plain characters and no blank.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused(f"This is no address: {error}.") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise Refused("An address begins with https:// or http:// and names a host.")
    if parts.username is not None or parts.password is not None:
        raise Refused("An address here carries no user name or password.")
    if port == 0:
        raise Refused("An address has no port 0.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.hostname.rstrip(".")
    return Target(parts.scheme, host, port or PORTS[parts.scheme], path)


def is_public(address: Address) -> bool:
    """Also of an IPv6 address that stands for an IPv4 one: what that is decides."""
    if isinstance(address, IPv6Address) and (inner := _inside(address)) is not None:
        return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _inside(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if any(address in network for network in NAT64):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def may_reach(host: str, address: Address, listed: Allowed) -> bool:
    if host.lower() in listed.hosts or any(address in network for network in listed.networks):
        return True
    return is_public(address)


def resolve(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked(target: Target, listed: Allowed, resolver: Resolver = resolve) -> list[str]:
    """The numeric addresses that may be connected to. Raises: Refused when none may, or none is known."""
    try:
        found = [ip_address(text) for text in resolver(target.host, target.port)]
    except (OSError, UnicodeError) as error:
        raise Refused(f"The name {target.host} was not found ({error}).") from None
    except ValueError:
        raise Refused(f"The name {target.host} leads to something that is no address.") from None
    good = [str(address) for address in found if may_reach(target.host, address, listed)]
    if not good:
        raise Refused(
            f"{target.host} is in a private or special network, which outgoing requests do not reach"
            " unless OUTGOING_ALLOWED lists it."
        )
    return good
