"""The front door of classifiers: a model by its name, pictures in, answers out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.compiling.compilation import NOTHING
from detectors.detector import USUAL, checked
from detectors.letterbox import fit
from detectors.loaded import LoadedModel, opened
from detectors.policy import Policy, measured
from detectors.session import SessionOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.pixels import Pixels

__all__ = ["Answer", "Classifier", "load"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a picture is of.

    Attributes:
        label: the most probable class; None where the model is less sure than its manifest asks for.
        confidence: of the most probable class, 0..1.
        probabilities: of every class, in the order of the labels.
    """

    label: str | None
    confidence: float
    probabilities: tuple[float, ...]


class Classifier(LoadedModel):
    """One model, loaded. ``prepare`` and ``infer`` may be called from several threads at once."""

    def warm_up(self, *, quick: bool = False) -> Policy:
        """Run the model until it is warm, measure, and choose the policy.

        Args:
            quick: only time one run and keep the usual number of workers, for a program that ends soon.

        Raises:
            InferenceError: the model does not run at all.
        """
        run = self._session.probabilities
        self.policy = measured(self._session, self._size, self._options, quick=quick, run=run)
        return self.policy

    def prepare(self, picture: NDArray[np.uint8] | Pixels) -> NDArray[np.uint8]:
        """A picture, uint8 HxWx3 BGR or one still to be converted, in the size of the model's input.

        Raises:
            InferenceError: it is no such picture.
        """
        return fit(checked(picture), self.manifest.input)[0]

    def infer(self, prepared: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Probabilities of each prepared picture, float32 [n,classes].

        Raises:
            InferenceError: the run failed; no picture of the batch has a result, each may have one alone.
        """
        largest = self.policy.buckets[-1]
        rows = [np.zeros((0, len(self.labels)), np.float32)]
        for start in range(0, len(prepared), largest):
            batch = prepared[start : start + largest]
            rows.append(self._session.probabilities(self._filled(batch))[: len(batch)])
        return np.concatenate(rows)

    def answers(self, probabilities: NDArray[np.float32]) -> list[Answer]:
        """What rows of probabilities say."""
        least = self.manifest.thresholds.confidence
        answers = []
        for row in probabilities:
            best = int(row.argmax())
            label = self.labels[best] if row[best] >= least else None
            answers.append(Answer(label, float(row[best]), tuple(map(float, row))))
        return answers


def load(
    model: str,
    options: SessionOptions = USUAL,
    cache: Path | None = None,
    models: Path | None = None,
    stated: Mapping[str, Any] = NOTHING,
) -> Classifier:
    """Load a classifier, see ``store.resolve``.

    Args:
        model: its name or path.
        options: how to run it.
        cache: folder of compiled graphs; the user's own when None.
        models: folder of the store, if there is one.
        stated: fields of its manifest that win over those of its sidecar.

    Raises:
        ModelLoadError: there is no such model, it cannot be used, or it is no classifier.
        ProviderMissing: it cannot run where it was asked for.
    """
    return Classifier(*opened("classify", model, options, cache, models, stated), options)
