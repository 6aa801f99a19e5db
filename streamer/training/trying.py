"""Lets a classifier of the store answer to one picture; every call blocks."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from detectors.classifier import Classifier

LOADED: Final = 2
"""Models that stay loaded for the next picture."""
MOST_PIXELS: Final = 40_000_000


class NoPicture(ValueError):
    """What came is no picture that can be read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a picture is of.

    Attributes:
        label: None where the model is less sure than it has to be.
        confidence: of the most probable class.
        probabilities: of each class, the most probable first.
    """

    label: str | None
    confidence: float
    probabilities: tuple[tuple[str, float], ...]


class Trying:
    """Loads the versions that somebody tries, and keeps the last few."""

    def __init__(self, models: Path) -> None:
        """
        Args:
            models: folder of the store.
        """
        self._models = models
        self._loaded: OrderedDict[str, Classifier] = OrderedDict()
        self._one_at_a_time = Lock()

    def answer(self, model: str, content: bytes) -> Answer:
        """What ``NAME@VERSION`` says of a picture, JPEG or PNG.

        Raises:
            NoPicture: it cannot be read.
            DetectorError: there is no such classifier, or it fails.
        """
        image = _decoded(content)
        with self._one_at_a_time:
            classifier = self._classifier(model)
            rows = classifier.infer([classifier.prepare(image)])
            [found] = classifier.answers(rows)
        said = sorted(zip(classifier.labels, found.probabilities, strict=True), key=lambda each: -each[1])
        return Answer(found.label, found.confidence, tuple(said))

    def _classifier(self, model: str) -> Classifier:
        # The runtime of models takes a moment to import.
        from detectors.classifier import load

        if model not in self._loaded:
            self._loaded[model] = load(model, models=self._models)
        self._loaded.move_to_end(model)
        while len(self._loaded) > LOADED:
            self._loaded.popitem(last=False)
        return self._loaded[model]


def _decoded(content: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    except cv2.error:
        # More pixels than OpenCV takes.
        image = None
    if image is None or image.shape[0] * image.shape[1] > MOST_PIXELS:
        raise NoPicture("expected a picture, as JPEG or PNG")
    return np.asarray(image, np.uint8)
