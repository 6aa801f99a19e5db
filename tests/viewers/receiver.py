"""A viewer's end of a connection: aiortc, which offers to receive H.264 and hears what is told beside it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import anyio
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription


@dataclass(eq=False)
class Receiver:
    """One connection, from its offer to its end.

    Attributes:
        peer: it.
        timestamps: of the RTP packets that came.
        messages: what was told on the data channel.
    """

    peer: RTCPeerConnection
    timestamps: set[int] = field(default_factory=set)
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def track(self) -> Any:
        """The video that comes."""
        return self.peer.getReceivers()[0].track

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


AnyReceiver = TypeVar("AnyReceiver", bound=Receiver)


@asynccontextmanager
async def newcomer(
    kind: type[AnyReceiver], servers: Sequence[RTCIceServer] = ()
) -> AsyncIterator[AnyReceiver]:
    """One who has not come yet, and is gone after the block."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=list(servers)))
    try:
        yield kind(peer)
    finally:
        with anyio.CancelScope(shield=True):
            await peer.close()
