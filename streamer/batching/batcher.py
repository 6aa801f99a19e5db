"""Runs one detector for many cameras: frames in, what is in them out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from detectors.regions import WHOLE, lay_out
from streamer.batching.inference import Model, detected
from streamer.batching.request import Request
from streamer.batching.runner import BatchObserver, Engine, Runner
from streamer.regions import Crops

if TYPE_CHECKING:
    from supervision import Detections

    from detectors.regions import Shares
    from streamer.batching.request import Outcome
    from streamer.config.tree import DetectorConfig
    from streamer.frame import Frame

__all__ = ["BatchObserver", "Batcher", "DetectingEngine"]

LONGEST_WINDOW: Final = 24
WINDOW_S: Final = 0.2
"""Small frames are in flight for as much work as is done in this time, ..."""
WINDOW_BYTES: Final = 128 * 2**20
"""... unless they would take more memory."""


class DetectingEngine(Model, Engine, Protocol):
    """What a batcher needs of a detector."""


class Batcher(Runner[DetectingEngine, Request]):
    """Runs one detector for many cameras; see `Runner`."""

    what: ClassVar[str] = "detector"

    def __init__(
        self,
        name: str,
        detector: DetectingEngine,
        config: DetectorConfig,
        observer: BatchObserver,
        *,
        quick: bool = False,
    ) -> None:
        """
        Args:
            name: of the detector in the configuration.
            detector: the model.
            config: how it is run: its limits, and how long a batch may be collected.
            observer: hears of depths, runs and hangs.
            quick: warm up without trying numbers of workers; the first result comes sooner.
        """
        super().__init__(name, detector, config.max_wait_ms / 1000, observer, quick=quick)
        self._config = config

    @property
    def detector(self) -> DetectingEngine:
        """The model that runs from the next batch on."""
        return self.model

    @property
    def series(self) -> str:
        return self.name

    def window(self, frame: Frame, crops: int = 1) -> int:
        """How many frames like this one a file should have in flight.

        Enough to keep every thread busy while half of them are followed; more of them, for longer bursts,
        as long as they are small and done soon. With ``crops`` of each, fewer frames do that.
        """
        policy = self._policy
        least = max(2, -(-2 * policy.workers * max(policy.buckets) // crops))
        soon = int(WINDOW_S * policy.workers / (policy.run_s[1] * crops))
        return max(least, min(LONGEST_WINDOW, soon, WINDOW_BYTES // (3 * frame.width * frame.height)))

    def submit(
        self, frame: Frame, min_confidence: float, regions: Sequence[Shares] = WHOLE
    ) -> asyncio.Future[Detections]:
        """Queue a frame; the result is its detections from ``min_confidence`` on, or an `InferenceError`.

        Each of several ``regions`` of it is a picture of its own to the detector, and to the metrics; the
        result comes once all of them are done.
        """
        future: asyncio.Future[Detections] = self._loop.create_future()
        if regions == WHOLE:
            self._put([Request(frame, min_confidence, future)])
        else:
            crops = Crops(lay_out(regions, frame.width, frame.height))
            self._put(
                [Request(frame, min_confidence, future, crops, number) for number in range(len(regions))]
            )
        return future

    def _infer(self, requests: Sequence[Request]) -> Sequence[Outcome | None]:
        return detected(self.model, self._config, requests)
