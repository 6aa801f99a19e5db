"""Makes a sender of aiortc send what was packetised for everybody.

aiortc encodes for each peer by itself. Its sender asks ``_next_encoded_frame`` for payloads; here that is
answered from the viewer's queue, so that a camera is coded and packetised once, whoever watches. What the
receiver reports is read on its way.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import anyio.lowlevel
from aiortc import MediaStreamTrack, rtcrtpsender
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpsender import RTCEncodedFrame
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpSrPacket,
    unpack_remb_fci,
)

from streamer.webrtc.rate import SentRate

if TYPE_CHECKING:
    from aiortc import RTCRtpSender

    from streamer.webrtc.feed import ViewerQueue

TIMESTAMPS: Final = 1 << 32
# Browsers ask for up to 1000 lost packets again, and wait for those for seconds; aiortc keeps 128 of them.
_module: Any = rtcrtpsender
_module.RTP_HISTORY_SIZE = 1024


class PassedOn(MediaStreamTrack):
    """Stands for the video in the session; it is never asked for a picture."""

    kind = "video"

    async def recv(self) -> Any:
        raise MediaStreamError


class UnitSender:
    """One viewer's sender.

    Attributes:
        origin: what is added to a pts, modulo 2**32, to get the RTP timestamp of its packets, which a
            browser tells as ``rtpTimestamp``; None until something was sent.
    """

    def __init__(
        self,
        sender: RTCRtpSender,
        queue: ViewerQueue,
        on_keyframe_wanted: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        """
        Args:
            sender: of a session, which has not begun to send.
            queue: what it sends.
            on_keyframe_wanted: called when the viewer says that it cannot go on (RTCP PLI, FIR).
            on_end: called when nothing comes any more.
        """
        self.origin: int | None = None
        self._sender: Any = sender
        self._queue = queue
        self._on_end = on_end
        self._last_pts: int | None = None
        self._sent = SentRate()
        self._handle_rtcp = sender._handle_rtcp_packet
        taken_over: Any = sender
        taken_over._next_encoded_frame = self._next
        taken_over._send_keyframe = on_keyframe_wanted
        taken_over._handle_rtcp_packet = self._hear

    async def _next(self, codec: Any) -> RTCEncodedFrame:
        if self.origin is None and self._last_pts is not None:
            sent: int = self._sender._RTCRtpSender__rtp_timestamp
            self.origin = (sent - self._last_pts) % TIMESTAMPS
        # Sending never waits: without this, what a newcomer is given to begin with would hold up the rest.
        await anyio.lowlevel.checkpoint()
        unit = await self._queue.take()
        while unit is not None and not unit.payloads:
            # Nothing that is sent has its time.
            unit = await self._queue.take()
        if unit is None:
            self._on_end()
            raise MediaStreamError
        self._last_pts = unit.pts
        self._sent.add(time.monotonic(), len(unit.data))
        # The sender makes no frame's time longer than 32 bits, but adds to what it is given.
        no_audio: Any = None
        return RTCEncodedFrame(list(unit.payloads), unit.pts % TIMESTAMPS, no_audio)

    async def _hear(self, packet: Any) -> None:
        rate = self._queue.rate
        if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            for report in packet.reports:
                if report.ssrc == self._sender._ssrc:
                    rate.lost(report.fraction_lost / 256)
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            self._hear_estimate(packet.fci)
            return
        await self._handle_rtcp(packet)

    def _hear_estimate(self, fci: bytes) -> None:
        try:
            bitrate, senders = unpack_remb_fci(fci)
        except (ValueError, struct.error):
            # Feedback of another kind, or cut off; raised further, it would end the connection.
            return
        if self._sender._ssrc in senders:
            self._queue.rate.estimated(bitrate, self._sent.bitrate(time.monotonic()))
