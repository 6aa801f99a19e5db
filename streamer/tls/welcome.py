"""What a person is told at the start: where to go, and how to know that it is we."""

from __future__ import annotations

import io
from ipaddress import ip_address
from urllib.parse import urlsplit

import segno


def reachable(url: str, names: frozenset[str]) -> str:
    """The address for other devices, where we listen on all of them; the first of IPv4."""
    parts = urlsplit(url)
    if parts.hostname not in ("0.0.0.0", "::"):
        return url
    outside = sorted(name for name in names if _is_outside(name))
    host = outside[0] if outside else "localhost"
    return f"{parts.scheme}://{host}:{parts.port}"


def welcome(url: str, fingerprint: str) -> str:
    """The address, the fingerprint of the authority, and the address again for the camera of a phone."""
    drawn = io.StringIO()
    segno.make(url, micro=False).terminal(drawn, compact=True)
    return (
        f"open {url} on any device of this network\n"
        f"its certificate is signed here: believe {url}/ca.crt once on each device, if its SHA-256 is\n"
        f"{fingerprint}\n{drawn.getvalue()}"
    )


def _is_outside(name: str) -> bool:
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return address.version == 4 and not address.is_loopback
