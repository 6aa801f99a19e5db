"""The loop of one camera: frames in, detections, tracks and events out."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

import anyio

from detectors.detections import with_labels
from detectors.errors import InferenceError
from streamer.frame import Frame
from streamer.regions import boxes_of

if TYPE_CHECKING:
    import asyncio

    import numpy as np
    from numpy.typing import NDArray
    from supervision import Detections

    from detectors.manifest import ModelManifest
    from detectors.pixels import Pixels
    from streamer.batching.batcher import Batcher
    from streamer.config.tree import DetectConfig
    from streamer.event import Happening
    from streamer.judge import Judge
    from streamer.parking import Parking
    from streamer.tracking.tracks import Tracks

log = logging.getLogger(__name__)

WEAK_CONFIDENCE: Final = 0.1
"""Least confidence that continues a track; ByteTrack's second association (Zhang et al., ECCV 2022)."""

SILENT_S: Final = 1.0
"""Without a frame for so long, tracks grow old by the clock instead."""


Window: TypeAlias = Callable[[Frame], int]
"""How many frames like this one may be in flight."""


class FrameSource(Protocol):
    name: str

    def frames(self) -> AsyncIterator[Frame]: ...


class Publisher(Protocol):
    """Where results go. It never raises for a sink that is down: that is the sink's to retry."""

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None: ...

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        """Take what happens without a frame: the camera is silent, or the service stops."""


class PipelineObserver(Protocol):
    def observe_stage(self, camera: str, stage: str, seconds: float) -> None: ...

    def detected(self, camera: str, objects: int) -> None: ...

    def dropped(self, camera: str, reason: str) -> None: ...


class Following(Protocol):
    """What follows objects; the tracker, or nothing that does."""

    def update(self, time_s: float, detections: Detections, picture: Pixels) -> Tracks: ...

    def expire(self, time_s: float) -> Tracks: ...


class Collecting(Protocol):
    """What takes pictures to be labelled."""

    def look(
        self,
        frame: Frame,
        tracks: Tracks,
        happenings: Sequence[Happening],
        least: float | NDArray[np.float64],
    ) -> None:
        """After a frame: all that was found, and the confidence with which it is published."""


@dataclass(frozen=True, slots=True)
class Stages:
    """The parts that one camera's frames pass, in this order.

    Attributes:
        batcher: the queue of the camera's detector.
        tracker: follows the objects.
        rules: of the camera: which boxes are followed, and what is told of them; None where there are none.
        publisher: takes the results.
        observer: counts and measures.
        parking: keeps what is parked for the next process; None where nothing is kept.
        collector: takes pictures to be labelled; None where none are wanted.
    """

    batcher: Batcher
    tracker: Following
    rules: Judge | None
    publisher: Publisher
    observer: PipelineObserver
    parking: Parking | None = None
    collector: Collecting | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """A frame in flight."""

    frame: Frame
    at: float
    future: asyncio.Future[Detections]


def one_at_a_time(frame: Frame) -> int:
    """The window of a live camera: only the newest frame is worth detecting."""
    return 1


class Pipeline:
    """One camera, from its frames to its events."""

    def __init__(
        self, source: FrameSource, detect: DetectConfig, stages: Stages, window: Window = one_at_a_time
    ) -> None:
        """
        Args:
            source: where the frames come from.
            detect: labels and least confidence of what is published, None also publishes
                what only continues a track; and the regions that are looked at.
            stages: the parts that the frames pass.
            window: of a file, see `Batcher.window`.
        """
        self._source = source
        self._detect = detect
        self._regions = boxes_of(detect.regions)
        self._least = WEAK_CONFIDENCE if detect.min_confidence is None else detect.min_confidence
        self._stages = stages
        self._window = window
        self._last: Frame | None = None
        self._last_at = 0.0
        self._finished = False

    async def run(self) -> None:
        """Follow the source to its end, then end the events that are still open."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch_silence)
            try:
                async with aclosing(self._detected()) as detected:
                    async for frame, found in detected:
                        await self._follow(frame, found)
                self._finished = True
            finally:
                tasks.cancel_scope.cancel()
                with anyio.CancelScope(shield=True):
                    await self._close()

    def leave_nothing(self) -> None:
        """When it stops, what is parked ends, too: nobody goes on with it."""
        self._finished = True

    async def _detected(self) -> AsyncGenerator[tuple[Frame, Detections], None]:
        """Frames with their detections, in order.

        They come in bursts, half of what is in flight at a time: a run of a model drives everything else
        out of the CPU's caches, and bringing this code back costs more than running it.
        """
        pending: deque[Pending] = deque()
        try:
            async for frame in self._source.frames():
                pending.append(self._submit(frame))
                if len(pending) < self._window(frame):
                    continue
                for detected in await self._oldest(pending, (len(pending) + 1) // 2):
                    yield detected
            for detected in await self._oldest(pending, len(pending)):
                yield detected
        finally:
            for left in pending:
                left.future.cancel()

    async def _oldest(self, pending: deque[Pending], count: int) -> list[tuple[Frame, Detections]]:
        """Waits for the oldest ``count`` results and takes them out; a frame that failed has none."""
        oldest = [pending[number] for number in range(count)]
        # The newest first: it is done last, so the task is woken once.
        outcomes = [await outcome(each) for each in reversed(oldest)]
        for _ in oldest:
            pending.popleft()
        results = zip(oldest, map(self._result, oldest, reversed(outcomes)), strict=True)
        return [(each.frame, found) for each, found in results if found is not None]

    def _lowest(self) -> float:
        """Weak detections continue a track, though they are not published."""
        rules = self._stages.rules
        return min(WEAK_CONFIDENCE, self._least, rules.lowest if rules else 1.0)

    def _submit(self, frame: Frame) -> Pending:
        now = time.monotonic()
        self._stages.observer.observe_stage(frame.camera, "decode_wait", now - frame.decoded_at)
        return Pending(frame, now, self._stages.batcher.submit(frame, self._lowest(), self._regions))

    def _result(self, pending: Pending, outcome: Detections | InferenceError) -> Detections | None:
        frame = pending.frame
        if isinstance(outcome, InferenceError):
            log.warning("camera %s: frame %d: %s", frame.camera, frame.sequence, outcome)
            self._stages.observer.dropped(frame.camera, "error")
            return None
        self._stages.observer.observe_stage(frame.camera, "inference", time.monotonic() - pending.at)
        return outcome

    async def _follow(self, frame: Frame, found: Detections) -> None:
        stages, rules, began = self._stages, self._stages.rules, time.monotonic()
        if stages.parking is not None and self._last is None:
            stages.parking.begin(frame)
        wanted = rules.select(frame, found) if rules else with_labels(found, self._detect.labels)
        tracks = stages.tracker.update(frame.time_s, wanted, frame.pixels)
        happenings = rules.update(frame, tracks) if rules else []
        self._last, self._last_at = frame, began
        followed = time.monotonic()
        least = rules.least(tracks.detections) if rules else self._least
        shown = confident(tracks, least)
        await stages.publisher.publish(frame, shown, happenings)
        if stages.parking is not None:
            stages.parking.look(frame, tracks, happenings)
        if stages.collector is not None:
            stages.collector.look(frame, tracks, happenings, least)
        done = time.monotonic()
        stages.observer.detected(frame.camera, len(shown.detections))
        stages.observer.observe_stage(frame.camera, "tracking", followed - began)
        stages.observer.observe_stage(frame.camera, "publish", done - followed)
        stages.observer.observe_stage(frame.camera, "total", done - frame.decoded_at)

    async def _watch_silence(self) -> None:
        while True:
            await anyio.sleep(SILENT_S)
            if self._last is None and self._stages.parking is not None:
                await self._conclude(self._stages.parking.overdue(datetime.now(UTC)))
            silence_s = time.monotonic() - self._last_at
            if self._last is None or self._stages.rules is None or silence_s < SILENT_S:
                continue
            tracks = self._stages.tracker.expire(self._last.time_s + silence_s)
            at = self._last.captured_at + timedelta(seconds=silence_s)
            await self._conclude(self._stages.rules.expire(tracks, at))

    async def _close(self) -> None:
        rules, parking, last = self._stages.rules, self._stages.parking, self._last
        if rules is None:
            return
        if parking is not None and self._finished:
            await self._conclude(parking.end(self._source.name))
        if last is None:
            return
        if parking is None or self._finished:
            await self._conclude(rules.close(last.captured_at))
            return
        # The service stops, and the next process goes on with what is parked.
        parking.tell(last)
        await self._conclude(rules.pause(last.captured_at))

    async def _conclude(self, happenings: Sequence[Happening]) -> None:
        if happenings:
            await self._stages.publisher.conclude(self._source.name, happenings)


def wanted(detect: DetectConfig, manifest: ModelManifest) -> DetectConfig:
    """What is published of a camera: from the model's own threshold on, unless another is configured."""
    if detect.min_confidence is not None:
        return detect
    return detect.model_copy(update={"min_confidence": manifest.thresholds.confidence})


async def outcome(pending: Pending) -> Detections | InferenceError:
    """What became of a frame."""
    try:
        return await pending.future
    except InferenceError as error:
        return error


def confident(tracks: Tracks, least: float | NDArray[np.float64]) -> Tracks:
    """The same moment without what was found with less confidence, than all need or than each [N] does."""
    confidence = tracks.detections.confidence
    if confidence is None or (enough := confidence >= least).all():
        return tracks
    kept = tracks.detections[enough]
    return replace(tracks, detections=cast("Detections", kept))
