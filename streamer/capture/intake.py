"""Pictures of a camera that nobody can call: a browser brings them, and until one does the camera waits."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import anyio

from streamer.capture.camera_clock import CaptureTime
from streamer.capture.pixels import BgrConverter, VideoPixels
from streamer.capture.reader import Pace, Picture
from streamer.errors import SourceUnavailable
from streamer.frame import PTS_CLOCK_HZ

if TYPE_CHECKING:
    from datetime import datetime

    from av import VideoFrame

MOST_WAITING: Final = 4
"""Pictures that the decode thread has not come to yet; it only looks at which are due."""


@dataclass(frozen=True, slots=True, eq=False)
class Brought:
    """A picture as it came.

    Attributes:
        pts: the sender's own, ticks of 90 kHz.
        frame: as its decoder left it.
        keyframe: it, or one that was left out right before it, builds on no other.
        at_s: when it came, seconds since 1970.
        came_at: the same, monotonic seconds.
    """

    pts: int
    frame: VideoFrame
    keyframe: bool
    at_s: float
    came_at: float

    @classmethod
    def now(cls, frame: VideoFrame) -> Brought:
        """A frame that has a pts and a time base."""
        assert frame.pts is not None
        assert frame.time_base is not None
        ticks = round(frame.pts * frame.time_base * PTS_CLOCK_HZ)
        return cls(ticks, frame, bool(frame.key_frame), time.time(), time.monotonic())


class Delivery:
    """What one browser brings, from its first picture to its end: bounded, and the newest ones win."""

    def __init__(self) -> None:
        self._pictures: deque[Brought] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._interrupted = False

    @property
    def waits(self) -> bool:
        """Whether there is a picture to take."""
        return bool(self._pictures)

    @property
    def ended(self) -> bool:
        return self._ended

    def put(self, brought: Brought) -> bool:
        """Never waits; says whether an older picture lost its place."""
        with self._changed:
            if self._ended:
                return False
            replaced = len(self._pictures) >= MOST_WAITING
            self._pictures.append(brought)
            if replaced:
                left_out = self._pictures.popleft()
                if left_out.keyframe:
                    # Its sender makes another one only when asked: what comes after it is whole again.
                    self._pictures[0] = replace(self._pictures[0], keyframe=True)
            self._changed.notify_all()
            return replaced

    def end(self) -> None:
        """Nothing comes any more, and what waits is not looked at."""
        with self._changed:
            self._ended = True
            self._pictures.clear()
            self._changed.notify_all()

    def interrupt(self) -> None:
        """A thread that waits in ``take`` returns, once."""
        with self._changed:
            self._interrupted = True
            self._changed.notify_all()

    def take(self, timeout_s: float) -> Brought | None:
        """The next picture; None at the end, when it was interrupted, or when none came in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._pictures or self._ended or self._interrupted, timeout_s)
            self._interrupted = False
            return self._pictures.popleft() if self._pictures else None


class Intake:
    """Where the pictures of one camera come in; used by the event loop, read by the decode thread."""

    def __init__(self, camera: str, timeout_s: float) -> None:
        """
        Args:
            camera: its name.
            timeout_s: how long nothing may come from a browser before the camera is down.
        """
        self._camera = camera
        self._timeout_s = timeout_s
        self._delivery = Delivery()
        self._came: anyio.Event | None = None
        self._delivery.end()

    def begin(self) -> Delivery:
        """A browser begins; one before it is at its end."""
        self._delivery.end()
        self._delivery = Delivery()
        return self._delivery

    def put(self, delivery: Delivery, frame: VideoFrame) -> bool:
        """A picture came; says whether an older one lost its place."""
        replaced = delivery.put(Brought.now(frame))
        if self._came is not None and delivery is self._delivery:
            self._came.set()
            self._came = None
        return replaced

    async def filled(self) -> None:
        """Waits until there is a picture to take."""
        while not self._delivery.waits:
            self._came = self._came or anyio.Event()
            await self._came.wait()

    def open(self) -> BroughtReader:
        """Reads what the browser brings whose turn it is.

        Raises:
            SourceUnavailable: there is none.
        """
        if self._delivery.ended:
            raise SourceUnavailable(f"waiting for a browser: open /send/{self._camera}")
        return BroughtReader(self._camera, self._delivery, self._timeout_s)

    def interrupt(self) -> None:
        """A reader that waits for a picture looks whether it still should."""
        self._delivery.interrupt()


class BroughtReader:
    """The pictures of one delivery; see ``Reader``. Each was decoded where it came in."""

    def __init__(self, camera: str, delivery: Delivery, timeout_s: float) -> None:
        self.intra_only = True
        self.pace: Pace = "source"
        self.codec: str | None = None
        self.frames_total: int | None = None
        self.began_at: datetime | None = None
        self.leavable = False
        self.decoder: str | None = "cpu"
        self._camera = camera
        self._delivery = delivery
        self._timeout_s = timeout_s
        self._to_bgr = BgrConverter()
        self._brought: Brought | None = None

    def units(self) -> Iterator[int | None]:
        while True:
            self._brought = self._delivery.take(self._timeout_s)
            if self._brought is None:
                break
            yield self._brought.pts
        if self._delivery.ended:
            raise SourceUnavailable(f"the browser left: open /send/{self._camera}")
        raise SourceUnavailable(f"nothing came from the browser for {self._timeout_s:g} s")

    def decode(self, pts: int) -> Sequence[Brought]:
        return [self._current()]

    def leave(self, pts: int) -> None:
        """Every picture stands alone by now."""

    def flush(self) -> Sequence[Brought]:
        return []

    def picture(self, decoded: Brought, pts: int) -> Picture:
        taken = self.taken()
        return Picture(pts, taken.at, decoded.came_at, VideoPixels(decoded.frame, self._to_bgr))

    def taken(self) -> CaptureTime:
        return CaptureTime(self._current().at_s, "host")

    @property
    def keyframe(self) -> bool:
        return self._current().keyframe

    @property
    def damaged(self) -> bool:
        return bool(self._current().frame.is_corrupt)

    def annex_b(self) -> bytes:
        return b""

    def close(self) -> None:
        """The delivery is its browser's."""

    def _current(self) -> Brought:
        assert self._brought is not None, "no picture was taken yet"
        return self._brought
