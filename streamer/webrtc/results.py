"""What was found, for those who watch: a sink whose results go to the viewers of each camera."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio

from streamer.messages.detections import DetectedObject, detected_objects
from streamer.metrics.window import quantile

if TYPE_CHECKING:
    from supervision import Detections

    from streamer.event import Happening
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks

RESULTS_WAITING: Final = 16
LATENCIES: Final = 50


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What was found in one frame.

    Attributes:
        frame: in which.
        detections: what is drawn into it.
        objects: the same as on the wire, boxes in the frame's pixels.
        latency_s: from when the frame was decoded until now; the 95th percentile of the latest results.
    """

    frame: Frame
    detections: Detections
    objects: tuple[DetectedObject, ...]
    latency_s: float


class ResultQueue:
    """The results of one camera as they come; one who is slow misses the oldest."""

    def __init__(self) -> None:
        self._waiting: deque[Result] = deque(maxlen=RESULTS_WAITING)
        self._changed = anyio.Event()
        self._last_pts = self._spacing = 0

    def put(self, result: Result) -> None:
        self._spacing = result.frame.pts - self._last_pts
        self._last_pts = result.frame.pts
        self._waiting.append(result)
        self._changed.set()

    @property
    def next_pts(self) -> int | None:
        """Of the frame whose result is the next to be taken; None while there is none."""
        return self._waiting[0].frame.pts if self._waiting else None

    @property
    def next_frame(self) -> Frame | None:
        """The same frame."""
        return self._waiting[0].frame if self._waiting else None

    def expects(self, pts: int) -> bool:
        """Whether a result for a picture at this time may still come, as often as they came so far."""
        return pts > self._last_pts + self._spacing * 7 // 8

    async def comes_within(self, patience_s: float) -> bool:
        """Waits until there is one to be taken; False when none came for so long."""
        with anyio.move_on_after(patience_s):
            while not self._waiting:
                self._changed = anyio.Event()
                await self._changed.wait()
        return bool(self._waiting)

    async def take(self) -> Result:
        while not self._waiting:
            self._changed = anyio.Event()
            await self._changed.wait()
        return self._waiting.popleft()


class LiveResults:
    """A sink that does nothing for cameras that nobody watches."""

    def __init__(self) -> None:
        self._queues: dict[str, list[ResultQueue]] = {}
        self._latencies: dict[str, deque[float]] = {}

    @contextmanager
    def watched(self, camera: str) -> Iterator[ResultQueue]:
        """The results that come from now on, for as long as the block lasts."""
        queue = ResultQueue()
        queues = self._queues.setdefault(camera, [])
        queues.append(queue)
        try:
            yield queue
        finally:
            queues.remove(queue)

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        latencies = self._latencies.setdefault(frame.camera, deque(maxlen=LATENCIES))
        latencies.append(time.monotonic() - frame.decoded_at)
        if queues := self._queues.get(frame.camera):
            result = Result(
                frame,
                tracks.detections,
                detected_objects(tracks.detections),
                quantile(sorted(latencies), 0.95) or 0.0,
            )
            for queue in queues:
                queue.put(result)

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        """Boxes are those of frames."""
