"""What is told beside the video of one camera: whose boxes are where, and in which picture."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

import anyio

from streamer.metrics.window import quantile
from streamer.webrtc.results import LATENCIES

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from streamer.config.tree import CameraConfig
    from streamer.frame import Frame
    from streamer.webrtc.moments import Moment
    from streamer.webrtc.results import Result, ResultQueue

MESSAGES_WAITING: Final = 16

MomentOf = Callable[["Frame"], Awaitable["Moment | None"]]
"""Of the picture in the stream that shows a frame's moment; None: none does. It may still have to come."""


class Results(Protocol):
    """Where results come from."""

    def watched(self, camera: str) -> AbstractContextManager[ResultQueue]: ...


def scene_of(camera: CameraConfig) -> dict[str, Any]:
    """What a viewer is told of a camera's scene: zones and lines, in shares of the picture."""
    return {
        "zones": [{"name": name, "points": zone.polygon} for name, zone in camera.zones.items()],
        "lines": [{"name": name, "points": (line.start, line.end)} for name, line in camera.lines.items()],
    }


class MessageQueue:
    """Messages for one viewer; one who is slow misses the oldest."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque(maxlen=MESSAGES_WAITING)
        self._changed = anyio.Event()

    def put(self, message: str) -> None:
        self._waiting.append(message)
        self._changed.set()

    async def take(self) -> str:
        while not self._waiting:
            self._changed = anyio.Event()
            await self._changed.wait()
        return self._waiting.popleft()


class Overlay:
    """The messages of one stream, written once for all its viewers.

    Attributes:
        head: what a viewer is told first of the camera and its scene.
        matched: results whose picture is in the stream.
        unmatched: results without one; a viewer isn't told of them.
    """

    def __init__(self, camera: str, head: dict[str, Any], moment_of: MomentOf) -> None:
        self.head = head
        self.matched = 0
        self.unmatched = 0
        self._camera = camera
        self._moment_of = moment_of
        self._late_s: deque[float] = deque(maxlen=LATENCIES)
        self._queues: list[MessageQueue] = []

    async def run(self, results: Results) -> None:
        """Tells results until cancelled."""
        with results.watched(self._camera) as queue:
            while True:
                result = await queue.take()
                if self._queues and (text := await self._told(result)) is not None:
                    for each in self._queues:
                        each.put(text)

    def rearrange(self, scene: Mapping[str, Any]) -> None:
        """Zones and lines have changed."""
        self.head.update(scene)
        message = json.dumps({"type": "scene", **scene}, separators=(",", ":"))
        for each in self._queues:
            each.put(message)

    @contextmanager
    def watched(self) -> Iterator[MessageQueue]:
        """The messages that come from now on, for as long as the block lasts."""
        queue = MessageQueue()
        self._queues.append(queue)
        try:
            yield queue
        finally:
            self._queues.remove(queue)

    async def _told(self, result: Result) -> str | None:
        frame = result.frame
        moment = await self._moment_of(frame)
        if moment is None:
            self.unmatched += 1
            return None
        self.matched += 1
        self._late_s.append(time.monotonic() - moment.came_at)
        late_s = quantile(sorted(self._late_s), 0.95) or 0.0
        message = {
            "type": "boxes",
            "pts": moment.pts,
            "width": frame.width,
            "height": frame.height,
            "matched": round(self.matched / (self.matched + self.unmatched), 3),
            "latency_ms": round(max(result.latency_s, late_s) * 1000),
            "objects": [found.model_dump(mode="json") for found in result.objects],
        }
        return json.dumps(message, separators=(",", ":"))
