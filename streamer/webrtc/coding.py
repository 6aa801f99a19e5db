"""Pictures of a camera into its feed, coded once for all: clean, or with their boxes drawn in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio
from anyio import to_thread

from streamer.frame import PTS_CLOCK_HZ
from streamer.publish.annotate import Annotator
from streamer.webrtc.encoder import Coding, SharedEncoder, fps_of
from streamer.webrtc.feed import Unit
from streamer.webrtc.stills import jpeg

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from streamer.capture.broadcast import PictureBroadcast
    from streamer.capture.handover import Handover
    from streamer.frame import Frame
    from streamer.webrtc.feed import Feed
    from streamer.webrtc.results import LiveResults, Result, ResultQueue

FIRST_PICTURES: Final = 3
"""So many show how often they come."""
LONGEST_WAIT_S: Final = 0.3
"""So long a picture waits for its boxes."""
STALE_TICKS: Final = 2 * PTS_CLOCK_HZ
MOST_JPEG_HZ: Final = 10
"""JPEG pictures cost ten times the bits of video."""


@dataclass(frozen=True, slots=True)
class Coded:
    """Where pictures come from, where they go, and how many bits they may take.

    Attributes:
        pictures: all decoded ones of a camera.
        feed: takes them coded.
        bitrate: bits per second.
    """

    pictures: PictureBroadcast
    feed: Feed
    bitrate: int


async def code_clean(coded: Coded) -> None:
    """Codes every picture as it is, until the camera ends."""
    with coded.pictures.subscribed() as taker:
        first = await _first(taker)
        encoder = SharedEncoder(Coding(coded.bitrate, fps_of(first)))
        waiting = deque(first)
        while (frame := waiting.popleft() if waiting else await taker.take()) is not None:
            await _code(encoder, coded.feed, frame, None)


async def code_annotated(coded: Coded, camera: str, results: LiveResults) -> None:
    """Codes every picture with the boxes that were found in it, or the latest ones, until the camera ends."""
    artist = Annotator()
    with coded.pictures.subscribed() as taker, results.watched(camera) as found:
        first = await _first(taker)
        encoder = SharedEncoder(Coding(coded.bitrate, fps_of(first)))
        waiting = deque(first)
        latest: Result | None = None
        while (frame := waiting.popleft() if waiting else await taker.take()) is not None:
            latest = await _boxes(found, frame, latest)
            image = await to_thread.run_sync(_drawn, artist, frame, latest)
            await _code(encoder, coded.feed, frame, image)


async def code_pictures(coded: Coded, camera: str, results: LiveResults) -> None:
    """Makes JPEG pictures with their boxes drawn in, a few a second, until the camera ends."""
    artist = Annotator()
    due = 0.0
    with coded.pictures.subscribed() as taker, results.watched(camera) as found:
        latest: Result | None = None
        while (frame := await taker.take()) is not None:
            if frame.pts < due:
                continue
            # From the time when it was due: 15 a second make 10 so, not 7.5.
            due = max(due, frame.pts - PTS_CLOCK_HZ / MOST_JPEG_HZ) + PTS_CLOCK_HZ / MOST_JPEG_HZ
            latest = await _boxes(found, frame, latest)
            data = await to_thread.run_sync(_jpeg, artist, frame, latest)
            coded.feed.push(Unit(frame.pts, True, data, ()))


async def _first(taker: Handover[Frame]) -> list[Frame]:
    first: list[Frame] = []
    while len(first) < FIRST_PICTURES and (frame := await taker.take()) is not None:
        first.append(frame)
    return first


async def _code(encoder: SharedEncoder, feed: Feed, frame: Frame, image: NDArray[np.uint8] | None) -> None:
    keyframe, feed.keyframe_wanted = feed.keyframe_wanted, False
    for unit in await to_thread.run_sync(lambda: encoder.encode(frame, image, keyframe=keyframe)):
        feed.push(unit)


async def _boxes(found: ResultQueue, frame: Frame, latest: Result | None) -> Result | None:
    """The boxes of this frame where it is looked at, else the newest older ones."""
    with anyio.move_on_after(LONGEST_WAIT_S):
        while found.any or (latest is not None and found.expects(frame.pts)):
            latest = await found.take()
            if latest.frame.pts >= frame.pts:
                break
    return latest


def _drawn(artist: Annotator, frame: Frame, boxes: Result | None) -> NDArray[np.uint8]:
    if boxes is None or abs(frame.pts - boxes.frame.pts) > STALE_TICKS:
        return frame.image
    return artist.annotated(frame.image, boxes.detections)


def _jpeg(artist: Annotator, frame: Frame, boxes: Result | None) -> bytes:
    return jpeg(_drawn(artist, frame, boxes))
