"""The detectors of a configuration, loaded; what is wrong is told of the option that says it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from detectors.detector import load
from detectors.errors import DetectorError, ProviderMissing
from detectors.session import SessionOptions
from streamer.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.detector import Detector
    from detectors.manifest import ModelManifest
    from streamer.config.tree import DetectorConfig

log = logging.getLogger(__name__)

Place: TypeAlias = Callable[[tuple[str, ...], str], str]
"""The message about an option, by its keys and what is wrong with it: says where it stands."""

WRONG_MODEL: Final = "expected the name or path of a model, received"


def load_detector(
    name: str, config: DetectorConfig, place: Place | None, models: Path | None = None
) -> Detector:
    """Load the model of a detector, on what it is to run.

    Args:
        name: of the detector in the configuration.
        config: what to load.
        place: where its options stand; None when no file says them.
        models: folder of the store of models, if there is one.

    Raises:
        ConfigError: it cannot be loaded, and a file says so.
        DetectorError: the same where none does.
    """
    try:
        options = SessionOptions(config.provider, config.workers, config.max_batch, config.provider_options)
        detector = load(config.model, options, models=models)
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
