"""Sends pictures to publishers of its own, five times, and floods a decoder; prints what it saw as JSON.

Run by a test as a process of its own: the WebRTC library must not meet TensorFlow, which other tests load.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from types import SimpleNamespace

import anyio
import psutil
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import VideoStreamTrack

from streamer.capture.intake import Intake
from streamer.capture.state import SourceState
from streamer.config.tree import WebRtcConfig
from streamer.webrtc import decoding
from streamer.webrtc.decoding import MOST_WAITING, DecoderQueue
from streamer.webrtc.guest import Guest
from streamer.webrtc.whip import Publishers

JOINS = 5
WELCOME = Guest("127.0.0.1", anyio.sleep_forever)
IDR, LATER = b"\0\0\0\1\x65\x88", b"\0\0\0\1\x41\x9a"
KEY_VP8, LATER_VP8 = b"\x10\x02", b"\x11\x02"


class Observed(DecoderQueue):
    """Counts what a receiver's decoder was given by it."""

    taken = 0

    def get(self, block: bool = True, timeout: float | None = None) -> object:
        item = super().get(block, timeout)
        Observed.taken += item is not None
        return item


class Counting:
    """Counts what was left out."""

    def __init__(self) -> None:
        self.received_pictures = 0
        self.reasons: list[str] = []

    def received(self, camera: str) -> None:
        self.received_pictures += 1

    def dropped(self, camera: str, reason: str) -> None:
        self.reasons.append(reason)

    def clocked(self, camera: str, offset_s: float) -> None: ...

    def changed(self, camera: str, state: SourceState) -> None: ...


async def join(
    publishers: Publishers, intake: Intake, *, deleted: bool, until: Callable[[], object] = lambda: True
) -> None:
    """Sends until a picture came, and until something else is so; the end is heard of at the other side."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver(VideoStreamTrack(), direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    publisher, answer = await publishers.open("phone", peer.localDescription.sdp, WELCOME)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await intake.filled()
    while not until():
        await anyio.sleep(0.02)
    if deleted:
        publishers.close("phone", publisher.id)
        while peer.connectionState != "closed":
            await anyio.sleep(0.02)
    await peer.close()
    while publishers.count:
        await anyio.sleep(0.02)


def left_behind() -> tuple[int, int, int]:
    # The loop keeps the threads of its pool, in which the sender encodes.
    threads = [each for each in threading.enumerate() if not each.name.startswith("asyncio_")]
    return len(asyncio.all_tasks()), len(threads), psutil.Process().num_fds()


async def settled(like: tuple[int, int, int] | None = None) -> tuple[int, int, int]:
    """What is left after a second, or as soon as it is as it was."""
    for _ in range(50):
        await anyio.sleep(0.02)
        if left_behind() == like:
            break
    return left_behind()


async def joined() -> dict[str, object]:
    intake, observer = Intake("phone", 5), Counting()
    publishers = Publishers({"phone": SimpleNamespace(intake=intake)}, observer, WebRtcConfig())
    async with anyio.create_task_group() as tasks:
        await tasks.start(publishers.run)
        await join(publishers, intake, deleted=True, until=lambda: observer.reasons)
        first = await settled()
        for number in range(JOINS):
            await join(publishers, intake, deleted=bool(number % 2))
        last = await settled(first)
        tasks.cancel_scope.cancel()
    return {
        "first": first,
        "last": last,
        "received": observer.received_pictures,
        "reasons": observer.reasons,
        "decoded": Observed.taken,
    }


def flooded(mime_type: str, key: bytes, later: bytes) -> dict[str, object]:
    """A decoder that takes nothing, then all of it."""
    wanted, left_out = threading.Event(), []
    waiting = DecoderQueue(wanted, lambda: left_out.append(1))
    codec = SimpleNamespace(mimeType=mime_type)
    most = 0

    def put(data: bytes) -> None:
        nonlocal most
        waiting.put((codec, SimpleNamespace(data=data)))
        most = max(most, waiting.qsize())

    put(key)
    for _ in range(MOST_WAITING - 1):
        put(later)
    quiet = not wanted.is_set()
    for _ in range(100):
        put(later)
    asked, kept = wanted.is_set(), waiting.qsize()
    put(key)
    put(later)
    after = [waiting.get_nowait()[1].data for _ in range(waiting.qsize())]
    put(later)
    waiting.put(None)
    return {
        "quiet": quiet,
        "asked": asked,
        "most": most,
        "kept": kept,
        "left_out": len(left_out),
        "after": [data.hex() for data in after],
        "end": waiting.get_nowait() is None and not waiting.qsize(),
    }


if __name__ == "__main__":
    decoding.DecoderQueue = Observed  # type: ignore[misc]  # looked on, otherwise the same
    print(
        json.dumps(
            {
                "joined": asyncio.run(joined()),
                "video/H264": flooded("video/H264", IDR, LATER),
                "video/VP8": flooded("video/VP8", KEY_VP8, LATER_VP8),
            }
        )
    )
