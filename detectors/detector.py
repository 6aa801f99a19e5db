"""The front door: a model by its name, pictures in, detections out."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors import store
from detectors.coco import COCO_LABELS
from detectors.detections import from_arrays
from detectors.errors import InferenceError
from detectors.letterbox import Letterbox, fit
from detectors.manifest import ModelManifest
from detectors.session import Limits, Session, SessionOptions, cores, open_session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from supervision import Detections

    from detectors.session import Found


@dataclass(frozen=True, slots=True)
class Policy:
    """How a detector is best driven, as measured.

    Attributes:
        workers: calls of ``infer`` that should run at the same time.
        buckets: batch sizes that are warm, ascending; a batch is filled up to the next one.
        provider: where it runs: cpu, cuda or tensorrt.
        run_s: seconds of one run by batch size.
    """

    workers: int
    buckets: tuple[int, ...]
    provider: str
    run_s: Mapping[int, float]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A picture ready for the model: uint8 height x width x 3 BGR, and where the original lies in it."""

    image: NDArray[np.uint8]
    letterbox: Letterbox


class Detector:
    """One model, loaded. ``prepare`` and ``infer`` may be called from several threads at once."""

    def __init__(
        self, manifest: ModelManifest, graph: bytes, session: Session, options: SessionOptions
    ) -> None:
        self.manifest = manifest
        self.labels = manifest.labels
        self.policy = Policy(options.workers or cores(), (1,), session.provider, {})
        self._names = np.array(manifest.labels)
        self._graph = graph
        self._session = session
        self._options = options

    def warm_up(self) -> Policy:
        """Run the model until it is warm, measure, and choose the policy."""
        image = np.zeros((1, self.manifest.input.height, self.manifest.input.width, 3), np.uint8)
        self._session.run(image, Limits())
        started = time.perf_counter()
        self._session.run(image, Limits())
        elapsed = time.perf_counter() - started
        self.policy = Policy(self.policy.workers, (1,), self._session.provider, {1: elapsed})
        return self.policy

    def prepare(self, image: NDArray[np.uint8]) -> Prepared:
        """Fit a picture, uint8 HxWx3 BGR, into the model's input."""
        return Prepared(*fit(image, self.manifest.input))

    def infer(self, prepared: Sequence[Prepared], limits: Limits) -> list[Detections]:
        """Detections of each picture, in order, boxes in its own pixels, best first.

        Raises:
            InferenceError: the run failed; no picture of the batch has a result.
        """
        results: list[Detections] = []
        for one in prepared:
            found = self._session.run(one.image[None], limits)
            results.append(self._of_picture(found, 0, one.letterbox))
        if len(results) != len(prepared):
            raise InferenceError("lost a picture")
        return results

    def rebuild(self) -> None:
        """A fresh session, after a run that never returned."""
        self._session = open_session(self._graph, self._options)

    def _of_picture(self, found: Found, number: int, letterbox: Letterbox) -> Detections:
        mine = np.flatnonzero(found.picture == number)
        mine = mine[np.argsort(-found.scores[mine], kind="stable")]
        boxes = letterbox.inverse(found.boxes[mine])
        # What lay wholly in the padding has no area left.
        inside = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        mine = mine[inside]
        return from_arrays(boxes[inside], found.scores[mine], found.classes[mine], self._names)


def load(model: str, options: SessionOptions = SessionOptions()) -> Detector:  # noqa: B008
    """Load a model by catalogue name, path, or path with a manifest beside it.

    Raises:
        ModelLoadError: there is no such model, or it cannot be used here.
    """
    from detectors.families import FAMILIES, recognise
    from detectors.graph import compile_graph
    from detectors.modelfile import parse, signature

    files = store.resolve(model)
    content = files.weights.read_bytes()
    parsed = parse(content, files.weights.parent)
    family, head = recognise(signature(parsed))
    spec = FAMILIES[family].input(head)
    if files.manifest:
        manifest = ModelManifest.model_validate_json(files.manifest.read_text())
    else:
        manifest = ModelManifest(
            name=files.name,
            sha256=hashlib.sha256(content).hexdigest(),
            family=family,
            input=spec,
            labels=head.labels or COCO_LABELS,
        )
    graph = compile_graph(parsed, family, head, manifest.input).SerializeToString()
    return Detector(manifest, graph, open_session(graph, options), options)
