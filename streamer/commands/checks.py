"""What has to be right for a configuration beside what it says itself: models, labels, addresses, files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from streamer.config.names import Findings, Problem, unknown_labels

if TYPE_CHECKING:
    from streamer.config.file import Check
    from streamer.config.tree import Config


class Labelled(Protocol):
    """What is known of a model without running it."""

    @property
    def labels(self) -> Sequence[str]: ...


def offline() -> list[Check]:
    """What can be judged without cameras, hardware, and the models themselves."""
    return [decoders, partial(labels, read=stated, missing=False)]


def starting() -> list[Check]:
    """What a service needs to start; files of cameras may come later."""
    return [decoders, partial(labels, read=stated, missing=True), classifiers, addresses, pem_files]


def thorough(folder: Path) -> list[Check]:
    """All that can be found out; ``folder`` is where the configuration lies."""
    from detectors.compiling.compilation import described

    models = partial(labels, read=described, missing=True, folder=folder)
    return [decoders, models, classifiers, addresses, pem_files, partial(recordings, folder)]


def decoders(config: Config) -> Findings:
    """A graphics card that is asked for where nothing is decoded."""
    from streamer.capture.streams import undecoded

    return Findings({name: undecoded(camera) for name, camera in config.cameras.items()})


def addresses(config: Config) -> Findings:
    """Addresses that no source can have, and decoders that this machine does not have."""
    from streamer.capture.streams import wrong_options

    return Findings({name: wrong_options(camera) for name, camera in config.cameras.items()})


def classifiers(config: Config) -> Findings:
    """Classifiers that are not there."""
    from detectors.errors import ModelLoadError
    from detectors.store import models_in, resolve

    wrong: dict[str, list[Problem]] = {name: [] for name in config.cameras}
    for name, camera in config.cameras.items():
        for number, each in enumerate(camera.classifiers):
            try:
                resolve(each.model, models_in(config.data))
            except ModelLoadError as error:
                text = f"expected the name or path of a classifier, received {error}"
                wrong[name].append(Problem(("classifiers", number, "model"), text))
    return Findings(wrong)


def pem_files(config: Config) -> Findings:
    """Keys and certificates that are not there, or are none."""
    from streamer.errors import WrongOption
    from streamer.kafka.client.tls import tls_context
    from streamer.tls.context import server_context

    wrong = []
    try:
        if config.kafka is not None and config.kafka.tls is not None:
            tls_context(config.kafka.tls)
    except WrongOption as error:
        wrong.append(Problem(error.path, error.text))
    tls = config.http.tls
    try:
        if tls is not None and tls.certificate is not None and tls.key is not None:
            server_context(tls.certificate, tls.key)
    except WrongOption as error:
        wrong.append(Problem(error.path, error.text))
    return Findings(rest=wrong)


def recordings(folder: Path, config: Config) -> Findings:
    """Files that are not there, with a hint at those that lie beside the configuration."""
    from streamer.capture.streams import missing_files

    return Findings({name: missing_files(camera, folder) for name, camera in config.cameras.items()})


def labels(
    config: Config, *, read: Callable[[str, Path], Labelled], missing: bool, folder: Path | None = None
) -> Findings:
    """Labels that the models of cameras do not know, and models that cannot be read.

    Args:
        config: names both.
        read: reads a model; ModelLoadError where it cannot.
        missing: whether to tell of models that cannot be read.
        folder: where else a person may look for them.
    """
    from detectors.errors import ModelLoadError
    from detectors.store import models_in
    from streamer.loading import WRONG_MODEL

    known: dict[str, Sequence[str]] = {}
    wrong: list[Problem] = []
    for name, detector in config.detectors.items():
        try:
            known[name] = read(detector.model, models_in(config.data)).labels
        except ModelLoadError as error:
            wrong.append(
                Problem(
                    ("detectors", name, "model"), f"{WRONG_MODEL} {error}{_beside(detector.model, folder)}"
                )
            )
    return Findings(_unknown(config, known), wrong if missing else ())


def _beside(model: str, folder: Path | None) -> str:
    if folder is None or Path(model).exists() or not (folder / model).is_file():
        return ""
    return f", but it is at {folder / model}: paths begin where the command is started"


def _unknown(config: Config, known: Mapping[str, Sequence[str]]) -> dict[str, list[Problem]]:
    return {
        name: list(unknown_labels(camera, config.detectors[camera.detector].model, known[camera.detector]))
        for name, camera in config.cameras.items()
        if known.get(camera.detector)
    }


class Stated:
    """The labels that a model's sidecar file names; none where there is none."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = labels


def stated(model: str, models: Path) -> Stated:
    """What a model's sidecar file says; the model itself is not read. ModelLoadError where there is none."""
    from detectors.errors import ModelLoadError, one_line
    from detectors.manifest import stated_in
    from detectors.store import resolve

    manifest = resolve(model, models).manifest
    try:
        return Stated(tuple(stated_in(manifest.read_bytes()).get("labels") or ()) if manifest else ())
    except OSError as error:
        raise ModelLoadError(f"{manifest}: {one_line(error)}") from error
