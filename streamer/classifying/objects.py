"""One classifier and the followed objects of one camera."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.detections import CLASS_NAME
from detectors.errors import InferenceError
from streamer.classifying.vote import ObjectVote

if TYPE_CHECKING:
    import asyncio

    from streamer.batching.classifying import ClassifierQueue, Pixelbox, Shares
    from streamer.config.classifiers import ClassifierConfig
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks

log = logging.getLogger(__name__)

IN_FLIGHT: Final = 8
"""Crops of one camera that wait for one classifier at a time; those of other objects are taken later."""
LEAST_SIDE: Final = 8
"""Pixels of a box's shorter side below which nothing is seen in it."""
UNFOLLOWED: Final = -1


class ObjectClassifier:
    """Asks what the objects of a camera are; see `ObjectVote` for how often."""

    def __init__(self, config: ClassifierConfig, queue: ClassifierQueue) -> None:
        """
        Args:
            config: of which labels, and how sure it has to be.
            queue: where the model runs.
        """
        self.name = config.key
        self._config = config
        self._queue = queue
        self._model = queue.model
        self._votes: dict[int, ObjectVote] = {}
        self._waiting = 0

    def look(self, frame: Frame, tracks: Tracks) -> list[asyncio.Future[Shares]]:
        """Send crops of the objects that are worth it; what comes of them is in `told` later."""
        if self._queue.model is not self._model:
            self._model = self._queue.model
            for vote in self._votes.values():
                vote.restart()
        found = tracks.detections
        if found.tracker_id is None or not len(found):
            return []
        labels = np.asarray(found.data[CLASS_NAME]).tolist()
        sent = []
        for track, label, box in zip(found.tracker_id.tolist(), labels, found.xyxy.tolist(), strict=True):
            if track == UNFOLLOWED or (self._config.on and label not in self._config.on):
                continue
            future = self._ask(frame, track, pixels_of(box, frame))
            sent += [] if future is None else [future]
        return sent

    def told(self) -> dict[int, str]:
        """By track, what it is taken for."""
        return {track: vote.told for track, vote in self._votes.items() if vote.told is not None}

    def forget(self, ended: tuple[int, ...]) -> None:
        """These tracks never come back."""
        for track in ended:
            self._votes.pop(track, None)

    def _ask(self, frame: Frame, track: int, box: Pixelbox) -> asyncio.Future[Shares] | None:
        width, height = box[2] - box[0], box[3] - box[1]
        vote = self._votes.setdefault(track, ObjectVote(self._config.min_confidence))
        if self._waiting >= IN_FLIGHT or min(width, height) < LEAST_SIDE:
            return None
        if not vote.due(frame.time_s, width * height):
            return None
        vote.asked(frame.time_s, width * height)
        self._waiting += 1
        future = self._queue.submit(frame, box)
        future.add_done_callback(partial(self._answered, vote, (width * height) ** 0.5))
        return future

    def _answered(self, vote: ObjectVote, side: float, future: asyncio.Future[Shares]) -> None:
        self._waiting -= 1
        said = answer_of(future, self._queue.name)
        if said is None:
            vote.failed()
        else:
            vote.add(said, side)


def answer_of(future: asyncio.Future[Shares], name: str) -> Shares | None:
    """What a classifier said; None where it said nothing, which is told."""
    if future.cancelled():
        return None
    error = future.exception()
    if isinstance(error, InferenceError):
        log.warning("classifier %s: %s", name, error)
        return None
    return future.result()


def pixels_of(box: list[float], frame: Frame) -> Pixelbox:
    """A box in whole pixels inside the frame, as snapshots of events are cut."""
    x1 = min(max(int(box[0]), 0), frame.width - 1)
    y1 = min(max(int(box[1]), 0), frame.height - 1)
    x2 = min(max(round(box[2]), x1 + 1), frame.width)
    y2 = min(max(round(box[3]), y1 + 1), frame.height)
    return x1, y1, x2, y2
