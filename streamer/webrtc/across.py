"""What was found in the pictures of one stream, for those of another that shows the same."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from streamer.capture.pairing import NEAR_S
from streamer.frame import PTS_CLOCK_HZ

if TYPE_CHECKING:
    from streamer.frame import Frame
    from streamer.webrtc.results import Result, ResultQueue

PICTURES: Final = 256
"""Whose times are kept, to find the one that shows a result's moment: 8 s at 30 a second."""


class AcrossStreams:
    """Results whose times are those of the other stream's pictures; boxes stay in the pixels of their own."""

    def __init__(self, found: ResultQueue) -> None:
        self._found = found
        self._pictures: deque[Frame] = deque(maxlen=PICTURES)
        self._ahead = 0

    def note(self, picture: Frame) -> None:
        """The other stream's next picture; it is not looked into."""
        self._pictures.append(picture)

    @property
    def next_pts(self) -> int | None:
        """Of the next result; None while there is none."""
        frame = self._found.next_frame
        return None if frame is None else self._pts_of(frame)

    def expects(self, pts: int) -> bool:
        """Whether a result for a picture at this time may still come."""
        return self._found.expects(pts - self._ahead)

    async def comes_within(self, patience_s: float) -> bool:
        """Waits until there is one to be taken; False when none came for so long."""
        return await self._found.comes_within(patience_s)

    async def take(self) -> Result:
        result = await self._found.take()
        pts = self._pts_of(result.frame)
        self._ahead = pts - result.frame.pts
        return replace(result, frame=replace(result.frame, pts=pts))

    def _pts_of(self, frame: Frame) -> int:
        """That of the picture of the same moment, or where such a picture would be."""
        nearest = min(self._pictures, key=lambda picture: abs(_later_s(frame, picture)))
        later_s = _later_s(frame, nearest)
        shows_it = abs(later_s) <= min(NEAR_S, self._half_a_picture_s())
        return nearest.pts if shows_it else nearest.pts + round(later_s * PTS_CLOCK_HZ)

    def _half_a_picture_s(self) -> float:
        if len(self._pictures) < 2:
            return NEAR_S
        span = self._pictures[-1].pts - self._pictures[0].pts
        return span / PTS_CLOCK_HZ / (len(self._pictures) - 1) * 0.55


def _later_s(frame: Frame, picture: Frame) -> float:
    """By how much the frame shows a later moment; see ``later_s``."""
    if frame.clock == picture.clock == "camera":
        return (frame.captured_at - picture.captured_at).total_seconds()
    return frame.decoded_at - picture.decoded_at
