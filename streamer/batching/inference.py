"""One run of a detector: a batch of requests in, an outcome for each of them out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from detectors.errors import DetectorError, InferenceError
from detectors.session import Limits

if TYPE_CHECKING:
    from supervision import Detections

    from detectors.detector import Prepared
    from detectors.pixels import Pixels
    from streamer.batching.request import Outcome, Request
    from streamer.config.tree import DetectorConfig

log = logging.getLogger(__name__)


class Model(Protocol):
    """What a run needs of a detector."""

    def prepare(self, picture: Pixels) -> Prepared: ...

    def infer(self, prepared: Sequence[Prepared], limits: Limits) -> list[Detections]: ...


class Inference:
    """Whatever a frame does to the model, the frames beside it get their results; used by several threads."""

    def __init__(self, name: str, model: Model, config: DetectorConfig) -> None:
        """
        Args:
            name: of the detector in the configuration, for what is told of failures.
            model: run once for each batch.
            config: its overlap limit, and whether a box may have several labels.
        """
        self._name = name
        self._model = model
        self._config = config

    def outcomes(self, requests: Sequence[Request]) -> list[Outcome | None]:
        """What each request settles of its frame, None while other crops are to come.

        A batch that fails is run again one by one.
        """
        try:
            found = self._infer(requests)
            return [request.concluded(one) for request, one in zip(requests, found, strict=True)]
        except DetectorError as error:
            if len(requests) == 1:
                return [error]
        except Exception as error:  # whatever one frame does, its thread serves the next
            if len(requests) == 1:
                log.exception("detector %s: camera %s", self._name, requests[0].frame.camera)
                return [InferenceError(f"detector {self._name}: {error}")]
        return [outcome for request in requests for outcome in self.outcomes([request])]

    def _infer(self, requests: Sequence[Request]) -> list[Detections]:
        prepared = [self._model.prepare(request.pixels()) for request in requests]
        lowest = min(request.min_confidence for request in requests)
        results = self._model.infer(prepared, Limits(lowest, self._config.iou, self._config.multi_label))
        return [
            found if request.min_confidence <= lowest else _confident(found, request.min_confidence)
            for request, found in zip(requests, results, strict=True)
        ]


def _confident(found: Detections, min_confidence: float) -> Detections:
    confidence = np.zeros(0) if found.confidence is None else found.confidence
    return cast("Detections", found[confidence >= min_confidence])
