"""The front door: a model by its name, pictures in, detections out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from detectors.compiling.compilation import NOTHING
from detectors.detections import from_arrays
from detectors.errors import InferenceError
from detectors.letterbox import Letterbox, fit
from detectors.loaded import LoadedModel, opened
from detectors.pixels import BgrPixels, Pixels
from detectors.policy import Policy, measured
from detectors.session import Limits, Session, SessionOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from supervision import Detections

    from detectors.compiling.compiled import CompiledModel
    from detectors.session import Found

__all__ = ["Detector", "Limits", "Policy", "Prepared", "SessionOptions", "load"]

USUAL: Final = SessionOptions()


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A picture ready for the model: uint8 height x width x 3 BGR, and where the original lies in it."""

    image: NDArray[np.uint8]
    letterbox: Letterbox


class Detector(LoadedModel):
    """One model, loaded. ``prepare`` and ``infer`` may be called from several threads at once."""

    def __init__(self, model: CompiledModel, session: Session, options: SessionOptions) -> None:
        super().__init__(model, session, options)
        self._names = np.array(model.manifest.labels)

    def warm_up(self, *, quick: bool = False) -> Policy:
        """Run the model until it is warm, measure, and choose the policy.

        Args:
            quick: only time one run and keep the usual number of workers, for a program that ends soon.

        Raises:
            InferenceError: the model does not run at all.
        """
        self.policy = measured(self._session, self._size, self._options, quick=quick)
        return self.policy

    def prepare(self, picture: NDArray[np.uint8] | Pixels) -> Prepared:
        """Fit a picture, an array uint8 HxWx3 BGR or one still to be converted, into the model's input.

        Raises:
            InferenceError: it is no such picture.
        """
        return Prepared(*fit(checked(picture), self.manifest.input))

    def infer(self, prepared: Sequence[Prepared], limits: Limits) -> list[Detections]:
        """Detections of each picture, in order; boxes in the picture's own pixels, best first.

        Raises:
            InferenceError: the run failed; no picture of the batch has a result, each may have one alone.
        """
        largest = self.policy.buckets[-1]
        results: list[Detections] = []
        for start in range(0, len(prepared), largest):
            batch = prepared[start : start + largest]
            found = self._session.run(self._filled([one.image for one in batch]), limits)
            results += [self._of(found, number, one.letterbox) for number, one in enumerate(batch)]
        return results

    def _of(self, found: Found, number: int, letterbox: Letterbox) -> Detections:
        """What was found in one picture of the batch."""
        mine = np.argsort(-found.scores, kind="stable")
        mine = mine[found.picture[mine] == number]
        boxes = letterbox.inverse(found.boxes[mine])
        # What lay wholly in the padding has no area left.
        inside = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        if not inside.all():
            mine, boxes = mine[inside], boxes[inside]
        return from_arrays(boxes, found.scores[mine], found.classes[mine], self._names)


def checked(picture: NDArray[np.uint8] | Pixels) -> Pixels:
    """A picture whose shape and type are right.

    Raises:
        InferenceError: they are not.
    """
    if not isinstance(picture, np.ndarray):
        return picture
    if picture.ndim != 3 or picture.shape[2] != 3 or not picture.size or picture.dtype != np.uint8:
        raise InferenceError(f"expected a picture uint8 HxWx3, received {picture.dtype} {picture.shape}")
    return BgrPixels(picture)


def load(
    model: str,
    options: SessionOptions = USUAL,
    cache: Path | None = None,
    models: Path | None = None,
    stated: Mapping[str, Any] = NOTHING,
) -> Detector:
    """Load a model, see ``store.resolve``.

    Args:
        model: its name or path.
        options: how to run it.
        cache: folder of compiled graphs; the user's own when None.
        models: folder of the store, if there is one.
        stated: fields of its manifest that win over those of its sidecar.

    Raises:
        ModelLoadError: there is no such model, or it cannot be used.
        ProviderMissing: it cannot run where it was asked for.
    """
    return Detector(*opened("detect", model, options, cache, models, stated), options)
