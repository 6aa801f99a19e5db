"""Runs one classifier for many cameras: crops in, probabilities of its classes out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from detectors.pixels import BgrPixels
from streamer.batching.runner import Engine, Runner

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from detectors.pixels import Pixels
    from streamer.batching.request import Outcome
    from streamer.frame import Frame

Pixelbox = tuple[int, int, int, int]


class ClassifyingEngine(Engine, Protocol):
    """What a queue of crops needs of a classifier."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    def prepare(self, picture: Pixels) -> NDArray[np.uint8]: ...

    def infer(self, prepared: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """What a classifier says of one crop.

    Attributes:
        labels: of the model that said it; another one may run by now.
        probabilities: float32 [classes], in their order.
        least: confidence below which that model knows no answer.
    """

    labels: tuple[str, ...]
    probabilities: NDArray[np.float32]
    least: float


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A part of a frame on its way through a classifier.

    Attributes:
        frame: from any camera.
        box: x1, y1, x2, y2 in whole pixels inside the frame.
        future: resolved exactly once.
    """

    frame: Frame
    box: Pixelbox
    future: asyncio.Future[Shares]

    @property
    def camera(self) -> str:
        return self.frame.camera

    def pixels(self) -> Pixels:
        """What the model looks at; a view of the frame, not a copy."""
        x1, y1, x2, y2 = self.box
        return BgrPixels(self.frame.image[y1:y2, x1:x2])


class ClassifierQueue(Runner[ClassifyingEngine, Crop]):
    """Runs one classifier for many cameras; see `Runner`.

    Its bound is the number of crops that cameras have in flight, see `streamer.classifying`.
    """

    what: ClassVar[str] = "classifier"

    def submit(self, frame: Frame, box: Pixelbox) -> asyncio.Future[Shares]:
        """Queue a crop; the result is what the classifier says of it, or an `InferenceError`."""
        future: asyncio.Future[Any] = self._loop.create_future()
        self._put([Crop(frame, box, future)])
        return future

    def _infer(self, requests: Sequence[Crop]) -> Sequence[Outcome | None]:
        model = self.model
        rows = model.infer([model.prepare(request.pixels()) for request in requests])
        least = model.manifest.thresholds.confidence
        return [Shares(model.labels, row, least) for row in rows]
