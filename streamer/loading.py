"""The detectors of a configuration, loaded; what is wrong is told of the option that says it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from detectors import classifier
from detectors.compiling.compilation import NOTHING
from detectors.detector import load
from detectors.errors import DetectorError, ProviderMissing
from detectors.session import SessionOptions
from streamer.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.classifier import Classifier
    from detectors.detector import Detector
    from detectors.manifest import ModelManifest
    from streamer.config.tree import DetectorConfig

log = logging.getLogger(__name__)

Place: TypeAlias = Callable[[tuple[str, ...], str], str]
"""The message about an option, by its keys and what is wrong with it: says where it stands."""

WRONG_MODEL: Final = "expected the name or path of a model, received"


def load_detector(
    name: str,
    config: DetectorConfig,
    place: Place | None,
    models: Path | None = None,
    stated: Mapping[str, Any] = NOTHING,
) -> Detector:
    """Load the model of a detector, on what it is to run.

    Args:
        name: of the detector in the configuration.
        config: what to load.
        place: where its options stand; None when no file says them.
        models: folder of the store of models, if there is one.
        stated: fields of the model's manifest that the user says besides.

    Raises:
        ConfigError: it cannot be loaded, and a file says so.
        DetectorError: the same where none does.
    """
    try:
        options = SessionOptions(config.provider, config.workers, config.max_batch, config.provider_options)
        detector = load(config.model, options, models=models, stated=stated)
    except DetectorError as error:
        if place is None:
            raise
        if isinstance(error, ProviderMissing):
            option, text = "provider", f"expected auto or cpu on this machine, received {error}"
        else:
            option, text = "model", f"{WRONG_MODEL} {error}"
        raise ConfigError(place(("detectors", name, option), text)) from error
    for said in remarks(detector.manifest):
        log.warning("%s: %s", detector.manifest.name, said)
    return detector


def remarks(manifest: ModelManifest) -> list[str]:
    """What a user should know of how a model is understood."""
    ignored = [f"ignored: {manifest.ignored}"] if manifest.ignored else []
    return ignored + ([f"assumed: {manifest.assumed}"] if manifest.assumed else [])


def load_classifier(model: str, path: tuple[str, ...], place: Place | None, models: Path) -> Classifier:
    """Load a classifier.

    Args:
        model: a path, or a name of the store.
        path: of the option that says it.
        place: where options stand; None when no file says them.
        models: folder of the store.

    Raises:
        ConfigError: it cannot be loaded, and a file says so.
        DetectorError: the same where none does.
    """
    try:
        loaded = classifier.load(model, models=models)
    except DetectorError as error:
        if place is None:
            raise
        raise ConfigError(
            place(path, f"expected the name or path of a classifier, received {error}")
        ) from error
    for said in remarks(loaded.manifest):
        log.warning("%s: %s", loaded.manifest.name, said)
    return loaded
