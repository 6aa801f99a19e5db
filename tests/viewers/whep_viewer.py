"""A plain viewer: aiortc and an HTTP client, which know nothing of the service but its address."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
import httpx
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription

PATIENCE_S: Final = 60.0
SDP: Final = {"Content-Type": "application/sdp"}
TRICKLE: Final = {"Content-Type": "application/trickle-ice-sdpfrag"}
MODULO: Final = 1 << 32


@dataclass(eq=False)
class WhepViewer:
    """One viewer, from its offer to its end.

    Attributes:
        timestamps: of the RTP packets that came.
        messages: what was told on the data channel.
        frames: pictures that were decoded.
        answer: to the offer.
    """

    peer: RTCPeerConnection
    timestamps: set[int] = field(default_factory=set)
    messages: list[dict[str, Any]] = field(default_factory=list)
    frames: int = 0
    answer: httpx.Response | None = None
    track: Any = None

    async def offer(self) -> str:
        """A session description that wants video and what is told of it."""
        transceiver = self.peer.addTransceiver("video", direction="recvonly")
        codecs = RTCRtpReceiver.getCapabilities("video").codecs
        transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType == "video/H264"])
        channel = self.peer.createDataChannel("detections", ordered=False, maxRetransmits=0)
        channel.on("message", lambda text: self.messages.append(json.loads(text)))
        receiver: Any = transceiver.receiver
        handle = receiver._handle_rtp_packet

        async def noted(packet: Any, arrival_time_ms: int) -> None:
            self.timestamps.add(packet.timestamp)
            await handle(packet, arrival_time_ms=arrival_time_ms)

        receiver._handle_rtp_packet = noted
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return str(self.peer.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        await self.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        self.track = self.peer.getReceivers()[0].track

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


@asynccontextmanager
async def viewer() -> AsyncIterator[WhepViewer]:
    """One who has not come yet."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        yield WhepViewer(peer)
    finally:
        with anyio.CancelScope(shield=True):
            await peer.close()


async def offer_text() -> str:
    """An offer of somebody who does not come."""
    async with viewer() as nobody:
        return await nobody.offer()
