"""One run of a model: a batch of requests in, an outcome for each of them out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, Protocol, cast

import numpy as np

from detectors.errors import DetectorError, InferenceError
from detectors.session import Limits
from streamer.batching.queue import Job

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


class Inference(Generic[Job]):
    """Whatever a frame does to the model, the frames beside it get their results; used by several threads."""

    def __init__(self, name: str, run: Callable[[Sequence[Job]], Sequence[Outcome | None]]) -> None:
        """
        Args:
            name: of what runs, for what is told of failures.
            run: what each of a batch comes to.
        """
        self._name = name
        self._run = run

    def outcomes(self, requests: Sequence[Job]) -> list[Outcome | None]:
        """What each request settles of its frame, None while other crops are to come.

        A batch that fails is run again one by one.
        """
        try:
            return list(self._run(requests))
        except DetectorError as error:
            if len(requests) == 1:
                return [error]
        except Exception as error:  # whatever one frame does, its thread serves the next
            if len(requests) == 1:
                log.exception("%s: camera %s", self._name, requests[0].camera)
                return [InferenceError(f"{self._name}: {error}")]
        return [outcome for request in requests for outcome in self.outcomes([request])]


def detected(model: Model, config: DetectorConfig, requests: Sequence[Request]) -> list[Detections | None]:
    """What is in each frame, None while other crops of it are to come.

    Args:
        model: run once.
        config: its overlap limit, and whether a box may have several labels.
        requests: the batch.
    """
    prepared = [model.prepare(request.pixels()) for request in requests]
    lowest = min(request.min_confidence for request in requests)
    results = model.infer(prepared, Limits(lowest, config.iou, config.multi_label))
    return [
        request.concluded(
            found if request.min_confidence <= lowest else _confident(found, request.min_confidence)
        )
        for request, found in zip(requests, results, strict=True)
    ]


def _confident(found: Detections, min_confidence: float) -> Detections:
    confidence = np.zeros(0) if found.confidence is None else found.confidence
    return cast("Detections", found[confidence >= min_confidence])
