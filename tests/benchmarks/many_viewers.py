"""Viewers that receive and do not decode, all in one process: a part of viewers.py.

python tests/benchmarks/many_viewers.py [--boxes] URL...

Each line of standard input says how many are to watch, by turns at the addresses; answered with the packets
and the pictures that came so far, once all of them receive. Ends with its input.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from itertools import cycle
from typing import ClassVar
from urllib.parse import urljoin

import aiortc.rtcrtpreceiver
import httpx
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RtpPacket


class Undecoded:
    """A decoder that leaves it at receiving."""

    def decode(self, encoded_frame: object) -> list[object]:
        return []


class Counted(StreamStatistics):
    """Counts pictures that came, be it in part."""

    streams: ClassVar[list[Counted]] = []

    def __init__(self, clockrate: int) -> None:
        super().__init__(clockrate)
        self.pictures = 0
        self._newest: int | None = None
        self.streams.append(self)

    def add(self, packet: RtpPacket) -> None:
        super().add(packet)
        if self._newest is None or 0 < (packet.timestamp - self._newest) % (1 << 32) < 1 << 31:
            self._newest = packet.timestamp
            self.pictures += 1


class Viewer:
    """One connection."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._location = ""

    async def watch(self, url: str, *, boxes: bool) -> None:
        """Until the first packets are there."""
        self._peer.addTransceiver("video", direction="recvonly")
        if boxes:
            self._peer.createDataChannel("detections", ordered=False, maxRetransmits=0)
        await self._peer.setLocalDescription(await self._peer.createOffer())
        answer = await self._http.post(
            url,
            content=self._peer.localDescription.sdp,
            headers={"Content-Type": "application/sdp"},
        )
        answer.raise_for_status()
        self._location = urljoin(url, answer.headers["Location"]) if "Location" in answer.headers else ""
        await self._peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        while not await self.packets():
            await asyncio.sleep(0.05)

    async def packets(self) -> int:
        report = await self._peer.getStats()
        return sum(each.packetsReceived for each in report.values() if each.type == "inbound-rtp")

    async def leave(self) -> None:
        if self._location:
            await self._http.delete(self._location)
        await self._peer.close()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("urls", nargs="+")
    parser.add_argument("--boxes", action="store_true")
    options = parser.parse_args()
    aiortc.rtcrtpreceiver.get_decoder = lambda codec: Undecoded()
    aiortc.rtcrtpreceiver.StreamStatistics = Counted
    urls = cycle(options.urls)
    viewers: list[Viewer] = []
    async with httpx.AsyncClient(timeout=30) as http:
        while line := await asyncio.to_thread(sys.stdin.readline):
            while len(viewers) < int(line):
                viewers.append(Viewer(http))
                await asyncio.wait_for(viewers[-1].watch(next(urls), boxes=options.boxes), 30)
            packets = sum(each.packets_received for each in Counted.streams)
            print(packets, sum(each.pictures for each in Counted.streams), flush=True)
        await asyncio.gather(*(each.leave() for each in viewers))


if __name__ == "__main__":
    asyncio.run(main())
