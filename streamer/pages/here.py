"""Who looks at a page, from where, and by which clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streamer.access.visitor import ANYBODY, Visitor
from streamer.api.access import session_of

if TYPE_CHECKING:
    from fastapi import Request

ZONE_COOKIE: Final = "sightline-zone"
PATH_LEGAL: Final = "/:@!$&'()*+,;=%"
"""Percent-encoding leaves these as they are (RFC 3986)."""


@dataclass(frozen=True, slots=True)
class Here:
    """One look at one page.

    Attributes:
        origin: scheme, host and port, as their browser knows us.
        base: what every address begins with: empty, or the sub-path that a proxy serves us under.
        visitor: who looks.
        zone: their time zone; that of this machine until their browser has told.
        has_session: whether they signed in here, and can sign out.
        device: what their device is called, as far as it says: ``phone`` or ``computer``.
    """

    origin: str
    base: str
    visitor: Visitor
    zone: tzinfo | None
    has_session: bool = False
    device: str = "computer"

    @classmethod
    def of(cls, request: Request) -> Here:
        base = quote(request.scope.get("root_path", ""), safe=PATH_LEGAL).rstrip("/")
        visitor = request.scope.get("state", {}).get("visitor", ANYBODY)
        zone = _zone(request.cookies.get(ZONE_COOKIE, ""))
        device = "phone" if "Mobi" in request.headers.get("user-agent", "") else "computer"
        origin = f"{request.url.scheme}://{request.url.netloc}"
        return cls(origin, base, visitor, zone, session_of(request.scope) is not None, device)

    def at(self, path: str) -> str:
        """The address of a path of ours."""
        return self.base + path

    def local(self, moment: datetime) -> datetime:
        """A moment by the clock of who looks."""
        return moment.astimezone(self.zone)

    @property
    def offset_min(self) -> int:
        """By how much their clock is ahead of UTC now."""
        ahead = self.now().utcoffset()
        assert ahead is not None
        return round(ahead.total_seconds() / 60)

    def now(self) -> datetime:
        return self.local(datetime.now(UTC))


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(unquote(name)) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # An invented name, or a machine without the names of time zones.
        return None
