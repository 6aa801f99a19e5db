"""What a proxy in front says of a request, where it may be believed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network

FORWARDING: Final = frozenset({"forwarded", "via", "x-real-ip"})
PREFIX: Final = "x-forwarded-"
HOST: Final = re.compile(r"([\w.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(:\d{1,5})?", re.ASCII)
PATH: Final = re.compile(r"(/[\w.~-]+)+", re.ASCII)
LOCALHOST: Final = "localhost"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from.

    Attributes:
        client: the address of who asks; None where it is unknown.
        scheme: that the browser speaks, ``https`` or ``http``; None where nobody says.
        host: that the browser asked for; None as above.
        path: under which the service is seen from outside; None as above.
        forwarded: whether it came through a proxy.
    """

    client: str | None
    scheme: str | None = None
    host: str | None = None
    path: str | None = None
    forwarded: bool = False


def is_forwarding(name: str) -> bool:
    """Whether a header (in lower case) is one that only a proxy says."""
    return name.startswith(PREFIX) or name in FORWARDING


def origin_of(peer: str | None, headers: Mapping[str, Sequence[str]], trusted: Collection[Network]) -> Origin:
    """Where a request comes from.

    Args:
        peer: the address at the other end of the connection.
        headers: those that proxies say, by names in lower case.
        trusted: whose word counts.
    """
    forwarded = bool(headers)
    if not is_trusted(peer, trusted):
        return Origin(peer, forwarded=forwarded)
    return Origin(
        _client(peer, ",".join(headers.get("x-forwarded-for", ())), trusted),
        _fitting(headers, "x-forwarded-proto", re.compile("https?|wss?")),
        _fitting(headers, "x-forwarded-host", HOST),
        _fitting(headers, "x-forwarded-prefix", PATH),
        forwarded,
    )


def is_trusted(peer: str | None, trusted: Collection[Network]) -> bool:
    address = address_of(peer)
    return address is not None and any(address in network for network in trusted)


def address_of(text: str | None) -> IPv4Address | IPv6Address | None:
    """The address; that of IPv4 where it is mapped to IPv6."""
    try:
        address = ip_address((text or "").strip().strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def network_of(text: str | None) -> str:
    """What counts as one who asks: an address, or the network that one gets with IPv6."""
    found = address_of(text)
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)


def is_loopback(text: str | None) -> bool:
    address = address_of(text)
    return address is not None and address.is_loopback


def is_ours(host: str | None) -> bool:
    """Whether a browser that asked for this ``Host`` was not led here by another name (DNS rebinding)."""
    match = HOST.fullmatch(host or "")
    name = match[1].lower() if match else ""
    return address_of(name) is not None or name == LOCALHOST or name.endswith(f".{LOCALHOST}")


def _client(peer: str | None, said: str, trusted: Collection[Network]) -> str | None:
    """The last one on the way that nobody of ours vouches for."""
    client = peer
    for each in reversed(said.split(",")):
        if (address := address_of(each)) is None:
            break
        client = str(address)
        if not is_trusted(client, trusted):
            break
    return client


def _fitting(headers: Mapping[str, Sequence[str]], name: str, pattern: re.Pattern[str]) -> str | None:
    """What the nearest proxy says, the last of a list, if it is what it should be."""
    said = ",".join(headers.get(name, ())).rpartition(",")[2].strip().rstrip("/")
    return said if pattern.fullmatch(said) else None
