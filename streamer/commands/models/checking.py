"""``sightline models check``: what a model makes of some pictures."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from streamer.commands.models.naming import add_model, add_statements, models_of, stated_by
from streamer.commands.parsers import Subparsers, share
from streamer.errors import ConfigError, SourceEnded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from detectors.classifier import Classifier
    from detectors.detector import Detector, Limits
    from streamer.capture.pictures import PictureFile

    Image: TypeAlias = NDArray[np.uint8]
    Look: TypeAlias = Callable[[Image], tuple[list[str], Image]]
    """Of a picture: a line for each thing that is found, and the picture with it drawn in."""

MIN_WIDTH: Final = 480
"""Pixels of a drawn picture, for what is written into it."""


def add_action(actions: Subparsers) -> None:
    parser = actions.add_parser("check", help="what a model finds in some pictures")
    add_model(parser)
    parser.add_argument("pictures", nargs="+", metavar="PICTURE", help="picture, folder or glob")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write annotated pictures")
    add_statements(parser)
    parser.add_argument("--min-confidence", type=share, metavar="0.25", help="else what the model says")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a line for each detection, or the answers of a classifier.

    Returns:
        0, or 1 when a picture could not be read.
    """
    from streamer.capture.pictures import read

    pictures = _pictures(options.pictures)
    look = looking(options.model, models_of(options), options.min_confidence, stated_by(options))
    failed = 0
    for picture in pictures:
        try:
            image = read(picture).image
        except SourceEnded as error:
            failed += 1
            print(error)
            continue
        lines, drawn = look(image)
        for line in lines or ["nothing"]:
            print(f"{picture.path}: {line}")
        if options.out is not None:
            _write(options.out / f"{picture.name}.jpg", drawn)
    return 1 if failed else 0


def looking(model: str, models: Path, min_confidence: float | None, stated: Mapping[str, Any]) -> Look:
    """What looks at pictures with a detector or a classifier, of which the user has ``stated`` this.

    Raises:
        ModelLoadError: the model cannot be used.
    """
    from detectors import classifier, detector
    from detectors.compiling.compilation import described
    from streamer.loading import remarks

    manifest = described(model, models, stated)
    print(f"{manifest.name}: {manifest.family}")
    for remark in remarks(manifest):
        print(f"  {remark}")
    if manifest.task == "classify":
        return partial(_classified, classifier.load(model, models=models, stated=stated))
    thresholds = manifest.thresholds
    least = thresholds.confidence if min_confidence is None else min_confidence
    limits = detector.Limits(least, thresholds.iou)
    return partial(_detected, detector.load(model, models=models, stated=stated), limits)


def _detected(detector: Detector, limits: Limits, image: Image) -> tuple[list[str], Image]:
    from streamer.publish.annotate import Annotator

    [found] = detector.infer([detector.prepare(image)], limits)
    assert found.confidence is not None
    lines = [
        f"{name} {confidence:.2f} at {','.join(f'{side:.0f}' for side in box)}"
        for name, confidence, box in zip(found.data["class_name"], found.confidence, found.xyxy, strict=True)
    ]
    return lines, Annotator().annotated(image, found)


def _classified(classifier: Classifier, image: Image) -> tuple[list[str], Image]:
    [answer] = classifier.answers(classifier.infer([classifier.prepare(image)]))
    ranked = sorted(zip(answer.probabilities, classifier.labels, strict=True), reverse=True)[:5]
    told = ", ".join(f"{label} {probability:.3f}" for probability, label in ranked)
    line = f"{answer.label or 'none of these'}: {told}"
    return [line], _headed(image, line)


def _headed(image: Image, line: str) -> Image:
    """A picture below a line of text, as large as suits both; a line that is too long for it breaks off."""
    import cv2

    height, width = image.shape[:2]
    scale = max(0.5, max(height, width) / 1000)
    font, thickness = cv2.FONT_HERSHEY_SIMPLEX, max(1, round(1.5 * scale))
    # A small picture gets a margin, so that the line has room.
    side = max(0, MIN_WIDTH - width)
    while len(line) > 1 and cv2.getTextSize(line, font, scale, thickness)[0][0] > width + side - 16 * scale:
        line = line.removesuffix(" ..")[:-1] + " .."
    top = round(44 * scale)
    drawn = cv2.copyMakeBorder(image, top, 0, 0, side, cv2.BORDER_CONSTANT, value=(32, 20, 12))
    place = round(8 * scale), round(30 * scale)
    cv2.putText(drawn, line, place, font, scale, (238, 211, 34), thickness, cv2.LINE_AA)
    return drawn.astype(image.dtype, copy=False)


def _pictures(arguments: Sequence[str]) -> list[PictureFile]:
    from streamer.capture.inputs import expand
    from streamer.capture.pictures import PictureFile

    inputs = expand(arguments)
    for each in inputs:
        if not isinstance(each, PictureFile):
            raise ConfigError(f"expected pictures, received {each.source}: sightline detect takes videos")
    return [each for each in inputs if isinstance(each, PictureFile)]


def _write(path: Path, image: Image) -> None:
    import cv2

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".jpg", image)[1].tobytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
