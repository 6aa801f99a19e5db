"""All that stands in front of the HTTP application, in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamer.api.access import Gate
from streamer.api.cors import Cors
from streamer.api.headers import SecureHeaders
from streamer.api.offers import PORTS
from streamer.api.proxied import Proxied
from streamer.api.readable import Readable

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from streamer.access.doorkeeper import Doorkeeper
    from streamer.config.tree import HttpConfig


def behind_front(app: ASGIApp, doorkeeper: Doorkeeper, config: HttpConfig) -> ASGIApp:
    """The application as it may be reached from outside."""
    guarded: ASGIApp = Gate(app, doorkeeper, config)
    if config.origins:
        # Before the gate: a page has to be able to read why it is refused.
        guarded = Cors(
            guarded,
            allow_origins=config.origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE", "OPTIONS"],
            allow_headers=["Authorization", "Content-Type", "If-Match"],
            expose_headers=["Accept-Patch", "ETag", "Link", "Location", "Retry-After", PORTS],
        )
    return Proxied(SecureHeaders(Readable(guarded), config.origins), config)
