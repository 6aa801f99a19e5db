"""One classifier and one part of a camera's picture."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from streamer.classifying.objects import answer_of, pixels_of
from streamer.classifying.scene import RegionVote

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence
    from datetime import datetime

    from streamer.batching.classifying import ClassifierQueue, Shares
    from streamer.config.classifiers import ClassifierConfig
    from streamer.event import AttributeEvent
    from streamer.frame import Frame


class RegionClassifier:
    """Looks at a part of the picture again and again; see `RegionVote` for when a change is told.

    Attributes:
        name: of the part.
        vote: on what it is like.
    """

    def __init__(self, camera: str, config: ClassifierConfig, queue: ClassifierQueue) -> None:
        """
        Args:
            camera: its name.
            config: where to look, and how sure it has to be.
            queue: where the model runs.
        """
        assert config.region is not None, "it is of a region"
        self.name = config.key
        self.vote = RegionVote(camera, config.key, config.min_confidence)
        self._region: Sequence[float] = config.region
        self._queue = queue
        self._changes: list[AttributeEvent] = []

    def look(self, frame: Frame) -> list[asyncio.Future[Shares]]:
        """Send a crop, if it is time to; what comes of it is in `take` later."""
        if not self.vote.due(frame.time_s):
            return []
        self.vote.asked(frame.time_s)
        x1, y1, x2, y2 = self._region
        box = [x1 * frame.width, y1 * frame.height, x2 * frame.width, y2 * frame.height]
        future = self._queue.submit(frame, pixels_of(box, frame))
        future.add_done_callback(partial(self._answered, frame.captured_at))
        return [future]

    def take(self) -> list[AttributeEvent]:
        """What changed since the last time."""
        changes, self._changes = self._changes, []
        return changes

    def _answered(self, at: datetime, future: asyncio.Future[Shares]) -> None:
        said = answer_of(future, self._queue.name)
        if said is None:
            self.vote.failed()
        elif (change := self.vote.add(said, at)) is not None:
            self._changes.append(change)
