"""Who asks, and what of it they may see."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus
from typing import Annotated, Protocol

from fastapi import Depends, HTTPException, Request

from streamer.access.proxies import network_of
from streamer.access.visitor import Visitor
from streamer.api.access import is_let_in, visitor_of
from streamer.webrtc.guest import Guest


def asker(request: Request) -> Visitor:
    """Who asks for what only those see who said who they are."""
    visitor = visitor_of(request)
    if visitor is None:
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "expected somebody who is let in")
    return visitor


Asker = Annotated[Visitor, Depends(asker)]


def guest(request: Request) -> Guest:
    """Who asks for a connection that outlives the request."""
    return Guest(network_of(request.client.host if request.client else None), is_let_in(request))


AsGuest = Annotated[Guest, Depends(guest)]


class Named(Protocol):
    """Where the names of cameras are known."""

    async def cameras(self) -> Collection[str]:
        """The names of all cameras that there are events of."""


async def seen(
    asked: Collection[str], visitor: Visitor, running: Collection[str], archive: Named
) -> frozenset[str] | None:
    """The cameras that are meant; None for all.

    Args:
        asked: names; none of them stands for all that the visitor may see.
        visitor: who asks.
        running: the names of those that are there now.
        archive: knows those that are gone, too.

    Raises:
        HTTPException: there is none of this name for this visitor (404).
    """
    if not asked:
        return visitor.cameras
    known = set(filter(visitor.may_see, running))
    if not known.issuperset(asked):
        known.update(filter(visitor.may_see, await archive.cameras()))
    if not known.issuperset(asked):
        expected = ", ".join(sorted(known)) or "none"
        raise HTTPException(HTTPStatus.NOT_FOUND, f"query camera: expected one of {expected}")
    return frozenset(asked)
