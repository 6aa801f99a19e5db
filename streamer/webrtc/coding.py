"""Pictures of a camera into its feed, coded once for all: clean, or with their boxes drawn in."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from anyio import to_thread

from streamer.capture.gop import NotDecodable
from streamer.frame import PTS_CLOCK_HZ
from streamer.webrtc.across import AcrossStreams
from streamer.webrtc.encoder import SharedEncoder
from streamer.webrtc.feed import Unit
from streamer.webrtc.painter import Painter
from streamer.webrtc.stills import jpeg

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from streamer.capture.broadcast import PictureBroadcast
    from streamer.frame import Frame
    from streamer.webrtc.feed import Feed
    from streamer.webrtc.results import LiveResults, Result

LONGEST_WAIT_S: Final = 0.5
"""So long a picture waits for its boxes, however long they take."""
MARGIN: Final = 1.2
"""By so much longer than most boxes take."""
WAITING: Final = 20
"""Pictures that come while one waits for its boxes."""
MOST_JPEG_HZ: Final = 10
"""JPEG pictures cost ten times the bits of video."""


@dataclass(frozen=True, slots=True)
class Coded:
    """Where pictures come from, and where they go.

    Attributes:
        pictures: all decoded ones of a camera.
        feed: takes them coded.
    """

    pictures: PictureBroadcast
    feed: Feed


class Boxes(Protocol):
    """Results as they come; see ``ResultQueue``."""

    @property
    def next_pts(self) -> int | None: ...

    def expects(self, pts: int) -> bool: ...

    async def comes_within(self, patience_s: float) -> bool: ...

    async def take(self) -> Result: ...


async def code_clean(coded: Coded) -> None:
    """Codes every picture as it is, until the camera ends."""
    encoder = SharedEncoder()
    with coded.pictures.subscribed() as taker:
        while (frame := await taker.take()) is not None:
            await _code(encoder, coded.feed, frame, None)


async def code_annotated(coded: Coded, camera: str, results: LiveResults, scene: Mapping[str, Any]) -> None:
    """Codes every picture with the boxes that were found in it, until the camera ends.

    Into those between, which were not looked at, boxes are drawn where they should be by then.
    """
    encoder, painter = SharedEncoder(), Painter(scene)
    with coded.pictures.subscribed(WAITING) as taker, results.watched(camera) as found:
        latest: Result | None = None
        while (frame := await taker.take()) is not None:
            latest = await _boxes(found, frame, latest)
            await _code(encoder, coded.feed, frame, partial(painter.painted, frame, latest))


async def code_annotated_main(
    coded: Coded, camera: str, results: LiveResults, scene: Mapping[str, Any]
) -> None:
    """The same with pictures of the larger stream, and the boxes that were found in the smaller one's."""
    encoder, painter = SharedEncoder(), Painter(scene)
    with coded.pictures.subscribed(WAITING) as taker, results.watched(camera) as found:
        across, latest = AcrossStreams(found), None
        while (frame := await taker.take()) is not None:
            across.note(frame)
            latest = await _boxes(across, frame, latest)
            try:
                await _code(encoder, coded.feed, frame, partial(painter.painted, frame, latest))
            except NotDecodable:
                # It is decoded only here; the next key frame makes up for it.
                continue


async def code_pictures(coded: Coded, camera: str, results: LiveResults, scene: Mapping[str, Any]) -> None:
    """Makes JPEG pictures with their boxes drawn in, a few a second, until the camera ends."""
    painter = Painter(scene)
    due = 0.0
    with coded.pictures.subscribed(WAITING) as taker, results.watched(camera) as found:
        latest: Result | None = None
        while (frame := await taker.take()) is not None:
            if frame.pts < due:
                continue
            # From the time when it was due: 15 a second make 10 so, not 7.5.
            due = max(due, frame.pts - PTS_CLOCK_HZ / MOST_JPEG_HZ) + PTS_CLOCK_HZ / MOST_JPEG_HZ
            latest = await _boxes(found, frame, latest)
            data = await to_thread.run_sync(_jpeg, painter, frame, latest)
            coded.feed.push(Unit(frame.pts, True, data, ()))


async def _code(
    encoder: SharedEncoder, feed: Feed, frame: Frame, paint: Callable[[], NDArray[np.uint8]] | None
) -> None:
    keyframe, feed.keyframe_wanted = feed.keyframe_wanted, False
    bitrate = feed.bitrate

    def code() -> list[Unit]:
        image = None if paint is None else paint()
        return encoder.encode(frame, image, bitrate, keyframe=keyframe)

    for unit in await to_thread.run_sync(code):
        feed.push(unit)


async def _boxes(found: Boxes, frame: Frame, latest: Result | None) -> Result | None:
    """The boxes of this frame where it is looked at, else the newest older ones."""
    while True:
        if (at := found.next_pts) is not None:
            if at > frame.pts:
                return latest
            latest = await found.take()
            if at == frame.pts:
                return latest
        elif latest is None or not found.expects(frame.pts):
            return latest
        else:
            due = frame.decoded_at + min(latest.latency_s * MARGIN, LONGEST_WAIT_S)
            if not await found.comes_within(due - time.monotonic()):
                return latest


def _jpeg(painter: Painter, frame: Frame, boxes: Result | None) -> bytes:
    return jpeg(painter.painted(frame, boxes))
