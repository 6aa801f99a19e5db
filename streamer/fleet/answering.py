"""What pictures that programs send are of, by classifiers of the store."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio
from anyio import to_thread

from detectors.classifier import Classifier, load
from detectors.store import ModelStore

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from detectors.classifier import Answer

KEPT: Final = 4
"""Models that stay loaded; the ones unused for longest go."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a model says of a picture.

    Attributes:
        model, version: which it was.
        labels: of its classes, in the order of the answer's probabilities.
        answer: what it says.
    """

    model: str
    version: str
    labels: tuple[str, ...]
    answer: Answer


class Answering:
    """Asks one classifier at a time: cameras go first. A version that is promoted answers from then on."""

    def __init__(self, models: Path) -> None:
        """
        Args:
            models: folder of the store; what lies elsewhere is not asked.
        """
        self._store = ModelStore(models)
        self._loaded: OrderedDict[str, Classifier] = OrderedDict()
        self._one_at_a_time = anyio.Lock()

    async def answer(self, model: str, image: NDArray[np.uint8]) -> Answered:
        """What a picture, uint8 HxWx3 BGR, is of.

        Raises:
            ModelLoadError: there is no such model in the store, or it is no classifier.
            InferenceError: it failed.
        """
        async with self._one_at_a_time:
            return await to_thread.run_sync(partial(self._answer, model, image))

    def _answer(self, model: str, image: NDArray[np.uint8]) -> Answered:
        files = self._store.find(model)
        exact = f"{files.name}@{files.version}"
        if exact not in self._loaded:
            self._loaded[exact] = load(exact, models=self._store.folder)
        self._loaded.move_to_end(exact)
        while len(self._loaded) > KEPT:
            self._loaded.popitem(last=False)
        classifier = self._loaded[exact]
        [answer] = classifier.answers(classifier.infer([classifier.prepare(image)]))
        return Answered(files.name, str(files.version), classifier.labels, answer)
