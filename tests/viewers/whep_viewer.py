"""A plain viewer: aiortc and an HTTP client, which know nothing of the service but its address."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

import anyio
import httpx
from aiortc import RTCIceServer
from viewers.receiver import Receiver, newcomer

PATIENCE_S: Final = 60.0
SDP: Final = {"Content-Type": "application/sdp"}
TRICKLE: Final = {"Content-Type": "application/trickle-ice-sdpfrag"}
MODULO: Final = 1 << 32


@dataclass(eq=False)
class WhepViewer(Receiver):
    """One viewer, from its offer to its end.

    Attributes:
        frames: pictures that were decoded.
        answer: to the offer.
    """

    frames: int = 0
    answer: httpx.Response | None = None

    async def join(self, http: httpx.AsyncClient, camera: str) -> str:
        """Posts an offer and takes the answer; the address of the session."""
        self.answer = await http.post(f"/whep/{camera}", content=await self.offer(), headers=SDP)
        assert self.answer.status_code == 201, self.answer.text
        await self.accept(self.answer.text)
        return self.answer.headers["Location"]

    async def watch(self, frames: int) -> None:
        """Takes so many pictures."""
        with anyio.fail_after(PATIENCE_S):
            for _ in range(frames):
                await self.track.recv()
                self.frames += 1

    async def told_of_pictures(self) -> list[dict[str, Any]]:
        """Waits for boxes of a picture that was sent: messages whose moment is that of a packet."""
        with anyio.fail_after(PATIENCE_S):
            while not (found := self._matched()):
                await self.track.recv()
                self.frames += 1
        return found

    def _matched(self) -> list[dict[str, Any]]:
        origins = [message["origin"] for message in self.messages if message["type"] == "stream"]
        boxes = [message for message in self.messages if message["type"] == "boxes"]
        return [each for each in boxes if origins and (each["pts"] + origins[0]) % MODULO in self.timestamps]


def viewer(servers: Sequence[RTCIceServer] = ()) -> AbstractAsyncContextManager[WhepViewer]:
    """One who has not come yet, and may ask servers for ICE."""
    return newcomer(WhepViewer, servers)


async def offer_text() -> str:
    """An offer of somebody who does not come."""
    async with viewer() as nobody:
        return await nobody.offer()
