"""The latest pictures of a stream, and which of them shows the moment of another stream's picture."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

import anyio

from streamer.capture.handover import Handover
from streamer.capture.wakeup import Wakeup
from streamer.frame import Frame

Box: TypeAlias = tuple[float, float, float, float]

NEAR_S: Final = 0.1
"""The furthest that two pictures of one moment are apart: half a picture's time at 5 a second."""
KEPT_S: Final = 3.0
"""A result is this much later than its picture at most, or it is not waited for."""
SAME_SHAPE: Final = 0.02
"""So much may width by height of two streams differ: sizes are rounded to whole blocks."""
PATIENCE_S: Final = 0.5
"""How long the larger picture of a moment may come after the smaller one."""


def later_s(frame: Frame, picture: Frame) -> float:
    """Seconds from the moment that a frame shows to that of a picture of another stream of its camera.

    Exact where both times come from the camera's clock. Otherwise both are compared by their arrival: the
    camera's clock and ours differ by what the network takes, and often by more.
    """
    if frame.clock == picture.clock == "camera":
        return (picture.captured_at - frame.captured_at).total_seconds()
    return picture.decoded_at - frame.decoded_at


def apart_s(frame: Frame, picture: Frame) -> float:
    """Seconds between the moments that two streams of one camera show; see ``later_s``."""
    return abs(later_s(frame, picture))


def mapped(box: Box, frame: Frame, other: Frame) -> Box:
    """A box of one frame in the pixels of another that shows the same, by shares of width and height."""
    across, down = other.width / frame.width, other.height / frame.height
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down


def are_of_different_shape(sub: Frame, main: Frame) -> bool:
    return abs(sub.width * main.height / (sub.height * main.width) - 1) > SAME_SHAPE


def shapes(sub: Frame, main: Frame) -> str:
    """What is said of two streams of different shape."""
    return (
        f"main is {main.width}x{main.height} and sub {sub.width}x{sub.height}, of another shape:"
        " boxes are mapped by shares of the picture"
    )


class RecentPictures(Handover[Frame]):
    """Where a stream's pictures wait to be asked for; nothing takes them, the oldest make room."""

    def __init__(self, later: Callable[[Frame, Frame], float] = later_s) -> None:
        """
        Args:
            later: seconds from the moment of another stream's frame to that of a picture.
        """
        super().__init__(1)
        self._later_s = later
        self._recent: deque[Frame] = deque()
        self._lock = threading.Lock()
        self._awaited: Wakeup | None = None

    def put(self, item: Frame, *, wait_until: threading.Event | None) -> bool:
        """Called by the decode thread; never waits."""
        with self._lock:
            self._recent.append(item)
            while item.decoded_at - self._recent[0].decoded_at > KEPT_S:
                self._recent.popleft()
            awaited, self._awaited = self._awaited, None
        if awaited is not None:
            awaited.set()
        return False

    def clear(self) -> None:
        """Forgets all pictures."""
        with self._lock:
            self._recent.clear()

    @property
    def any(self) -> bool:
        """Whether there are pictures at all."""
        return bool(self._recent)

    def nearest(self, frame: Frame) -> Frame | None:
        """The picture nearest to the moment of a frame; None when none is within ``NEAR_S``."""
        with self._lock:
            recent = list(self._recent)
        if not recent:
            return None
        apart, found = min(
            ((abs(self._later_s(frame, item)), item) for item in recent), key=lambda each: each[0]
        )
        return found if apart <= NEAR_S else None

    async def near(self, frame: Frame) -> Frame | None:
        """The same, once no nearer one can come; for one task."""
        with anyio.move_on_after(PATIENCE_S):
            while not self._reached(frame):
                await self._next()
        return self.nearest(frame)

    def _reached(self, frame: Frame) -> bool:
        with self._lock:
            self._awaited = Wakeup()
            return bool(self._recent) and self._later_s(frame, self._recent[-1]) >= 0

    async def _next(self) -> None:
        awaited = self._awaited
        if awaited is not None:
            await awaited.wait()
