"""The classifier of the model store that suggests what unlabelled pictures are."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from detectors.errors import DetectorError
from detectors.store import MANIFEST, POINTER, ModelStore
from streamer.storage.impressions import Suggestion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from detectors.classifier import Classifier

log = logging.getLogger(__name__)

CLASSIFIES: Final = "classify"


class StoreClassifier:
    """The one that was promoted last, of those that know some class that people label pictures as.

    It is loaded when there is something to suggest, and again when another one takes its place; one that
    cannot be loaded suggests nothing.
    """

    def __init__(self, models: Path, classes: Callable[[], Collection[str]]) -> None:
        """
        Args:
            models: folder of the store.
            classes: that people label pictures as; may block.
        """
        self._store = ModelStore(models)
        self._classes = classes
        self._loaded: Classifier | None = None
        self._key: str | None = None
        self._refused: str | None = None

    def model(self) -> str | None:
        found = [
            (pointer.stat().st_mtime_ns, pointer.parent.name)
            for pointer in self._store.folder.glob(f"*/{POINTER}")
        ]
        classes = frozenset(self._classes()) if found else frozenset()
        for _, name in sorted(found, reverse=True):
            key = f"{name}@{self._store.serving(name)}"
            if key == self._refused or classes.isdisjoint(self._labels(key)):
                continue
            if key == self._key or self._load(key):
                return key
        return None

    def suggest(self, pictures: Sequence[NDArray[np.uint8]]) -> list[Suggestion]:
        model = self._loaded
        if model is None:
            return []
        answers = model.answers(model.infer([model.prepare(each) for each in pictures]))
        return [Suggestion(each.label, each.confidence, _margin(each.probabilities)) for each in answers]

    def _labels(self, key: str) -> list[str]:
        """The classes of a classifier; none where it is something else, or cannot be read."""
        name, _, version = key.partition("@")
        try:
            manifest = json.loads((self._store.folder / name / version / MANIFEST).read_bytes())
        except (OSError, ValueError):
            return []
        return list(manifest.get("labels", ())) if manifest.get("task") == CLASSIFIES else []

    def _load(self, key: str) -> bool:
        # The runtime of models takes a moment to import, and may never be needed here.
        from detectors import classifier

        try:
            self._loaded = classifier.load(key, models=self._store.folder)
        except DetectorError as error:
            log.warning("%s suggests nothing: %s", key, error)
            self._refused = key
            return False
        self._key = key
        return True


def _margin(probabilities: Sequence[float]) -> float:
    """By how much the best class is ahead of the next one."""
    best, *others = sorted(probabilities, reverse=True)
    return best - others[0] if others else best
