"""For which page a browser asks: ours, one that is allowed to, any other (RFC 6454, Fetch Metadata)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, TypeAlias

Page: TypeAlias = Literal["ours", "allowed", "foreign", "unsaid"]


def page_of(origin: str | None, site: str | None, host: str | None, allowed: Collection[str]) -> Page:
    """Whose page asks.

    Args:
        origin: the header ``Origin``; browsers send it with all that may change something, and to sockets.
        site: the header ``Sec-Fetch-Site``; newer browsers send it to https and localhost.
        host: the header ``Host``, as the browser meant it.
        allowed: origins of other pages that may ask.
    """
    if origin is not None and origin.lower() in allowed:
        return "allowed"
    if site in ("same-origin", "none"):
        return "ours"
    if origin is None:
        return "unsaid" if site is None else "foreign"
    # A proxy may speak https to the browser, and http to us: the scheme says nothing.
    _, _, place = origin.lower().partition("://")
    return "ours" if host and place == host.lower() else "foreign"
