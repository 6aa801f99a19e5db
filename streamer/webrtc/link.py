"""A connection to one browser, from its offer to its end, whichever way the video goes."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import anyio
from aiortc import RTCIceCandidate, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError

from streamer.webrtc.offer import MOST_CANDIDATES, UNREADABLE, Fragment, UnfitOffer
from streamer.webrtc.refusals import OtherSession, RestartRefused

if TYPE_CHECKING:
    from streamer.webrtc.guest import Guest

log = logging.getLogger(__name__)

CONNECT_S: Final = 15.0
"""So long a browser may take to connect."""
UNANSWERABLE: Final = (*UNREADABLE, RuntimeError, InvalidAccessError, InvalidStateError, OperationError)
"""What aiortc raises for an offer that it reads but has no answer to."""


class Offered(Protocol):
    """What a browser offers; see ``Offer``."""

    @property
    def sdp(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def candidates(self) -> tuple[RTCIceCandidate, ...]: ...


def _nothing() -> None:
    """Most answers need no preparation."""


class Link:
    """One connection.

    Attributes:
        id: names it in its address; not to be guessed.
        tag: of its state, for the conditions of requests (RFC 9725, section 4.3.1).
        peer: aiortc's.
    """

    def __init__(self, camera: str, guest: Guest, offer: Offered, peer: RTCPeerConnection) -> None:
        self.id = secrets.token_urlsafe(16)
        self.tag = secrets.token_urlsafe(8)
        self.peer = peer
        self._camera = camera
        self._guest = guest
        self._offer = offer
        self._candidates = 0
        self._coming, self._come = anyio.create_memory_object_stream[RTCIceCandidate](MOST_CANDIDATES)
        self._ended = anyio.Event()
        self._connected = anyio.Event()
        peer.on("connectionstatechange", self._state_changed)

    @property
    def ended(self) -> bool:
        """Whether the browser has gone."""
        return self._ended.is_set()

    async def answer(self, prepare: Callable[[], None] = _nothing) -> str:
        """Takes the offer and gives the answer to it.

        Args:
            prepare: called between both.

        Raises:
            UnfitOffer: it cannot be answered.
            PortsTaken: there is no port for it.
        """
        try:
            await self.peer.setRemoteDescription(RTCSessionDescription(self._offer.sdp, "offer"))
            prepare()
            await self.peer.setLocalDescription(await self.peer.createAnswer())
        except UNANSWERABLE as error:
            log.debug("%s: an offer was not answered", self._camera, exc_info=error)
            raise UnfitOffer("expected an offer of WebRTC that can be answered, received another") from None
        self._take(self._offer.candidates)
        return str(self.peer.localDescription.sdp)

    async def run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Works from when the browser is connected until it goes, says that it does, or does not come.

        It also ends once the browser is let in no more.
        """
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._reach_out)
            tasks.start_soon(self._shut_out)
            with anyio.move_on_after(CONNECT_S):
                await self._connected.wait()
            if self._connected.is_set():
                tasks.start_soon(work)
                await self._ended.wait()
            tasks.cancel_scope.cancel()

    async def close(self) -> None:
        """Lets go of everything; a link may be closed at any time, and again."""
        self.leave()
        self._coming.close()
        self._come.close()
        with anyio.CancelScope(shield=True):
            await self.peer.close()

    def leave(self) -> None:
        """The browser says that it goes."""
        self._ended.set()
        self._connected.set()

    def add(self, fragment: str, tag: str | None = None) -> None:
        """More addresses of the browser.

        Args:
            fragment: of a session description, with the addresses.
            tag: of the link that they are meant for; any unless said.

        Raises:
            OtherSession: it has another tag.
            MalformedOffer: it is no fragment of a session description.
            UnfitOffer: these are too many addresses.
            RestartRefused: it asks for ICE to begin anew, which a connection of aiortc cannot.
        """
        if tag is not None and tag != self.tag:
            raise OtherSession("expected the tag of this session (If-Match), received another")
        parsed = Fragment.parse(fragment)
        if parsed.username not in (None, self._offer.username):
            raise RestartRefused("ICE cannot begin anew in this session: post an offer for a new one")
        if self._candidates + len(parsed.candidates) > MOST_CANDIDATES:
            raise UnfitOffer(f"expected at most {MOST_CANDIDATES} candidates in one session")
        self._take(parsed.candidates)

    def _take(self, candidates: Sequence[RTCIceCandidate]) -> None:
        self._candidates += len(candidates)
        for candidate in candidates:
            self._coming.send_nowait(candidate)

    async def _shut_out(self) -> None:
        await self._guest.until_shut_out()
        self.leave()

    async def _reach_out(self) -> None:
        """A name among the addresses takes its time to be found; the others do not wait for it."""
        async with anyio.create_task_group() as tasks:
            async for candidate in self._come:
                tasks.start_soon(self._try, candidate)

    async def _try(self, candidate: RTCIceCandidate) -> None:
        try:
            await self.peer.addIceCandidate(candidate)
        except (OSError, *UNREADABLE) as error:
            # Names are asked for by multicast, which a machine may not have.
            log.debug("%s: an address of a browser cannot be used", self._camera, exc_info=error)

    def _state_changed(self) -> None:
        state = self.peer.connectionState
        if state == "connected":
            self._connected.set()
        elif state in ("failed", "closed"):
            self.leave()
