"""Decides by a trial which family a model is of: what its outputs would mean must make sense on pictures we
know."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from supervision import box_iou_batch

from detectors.batchaxis import single
from detectors.errors import AmbiguousFamily, DetectorError, InferenceError, ModelLoadError, UnknownFamily
from detectors.graph import compile_graph
from detectors.letterbox import fit
from detectors.pixels import BgrPixels
from detectors.session import Limits, SessionOptions, open_session, raw_outputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx
    from numpy.typing import NDArray

    from detectors.families.family import Head
    from detectors.manifest import ModelManifest
    from detectors.session import Found

PROBE: Final = Path(__file__).parent / "probe"
"""Pictures of the simulated street with the truth about them; ``truth.json`` says how each was made."""
KNOWN: Final = ("person", "car")
"""What is in them, by the names that COCO gives."""
LIMITS: Final = Limits(min_confidence=0.15, iou=0.5, max_candidates=300)
LEVELS: Final = (0.15, 0.25, 0.35, 0.5)
"""Confidences of which the best counts: models differ in how sure they are."""
MATCH: Final = 0.5
"""IoU from which two boxes are of one object."""
SLACK: Final = 0.01
"""By which a score may pass 1 for rounding."""
OUTSIDE: Final = 0.5
"""Share of the input's side by which a box may leave it."""
CLEAR: Final = 0.1
"""By which the best reading must be better than the next."""
LEAST: Final = 0.3
"""Agreement below which a model has not really found anything."""
CPU: Final = SessionOptions(provider="cpu", workers=1)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a model would be.

    Attributes:
        family: of which.
        head: that the family sees in it.
        manifest: as it would be.
    """

    family: str
    head: Head
    manifest: ModelManifest


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """How a reading did.

    Attributes:
        reading: that was tried.
        found: in each of the pictures, in pixels of the picture.
        agreement: with the truth, 0..1: the harmonic mean of recall and precision, each hit weighed by its
            overlap.
        wrong: why it cannot be this family; None where it can.
    """

    reading: Reading
    found: tuple[Found, ...]
    agreement: float = 0.0
    wrong: str | None = None


def decided(model: onnx.ModelProto, readings: Sequence[Reading]) -> Reading:
    """The reading that a trial confirms.

    Args:
        model: with one input, from ``modelfile.with_input``.
        readings: those that fit its outputs' shapes, at least one.

    Raises:
        UnknownFamily: none of them makes sense.
        AmbiguousFamily: several do, and none is clearly better.
    """
    alone = single(model)
    trials = [_tried(alone, reading) for reading in readings]
    possible = sorted((each for each in trials if each.wrong is None), key=lambda each: -each.agreement)
    if not possible:
        reasons = "; ".join(f"not {each.reading.family}: {each.wrong}" for each in trials)
        raise UnknownFamily(f"its outputs make no sense: {reasons}")
    if len(possible) == 1:
        return possible[0].reading
    first, second = possible[:2]
    if first.agreement >= LEAST and first.agreement - second.agreement >= CLEAR:
        return first.reading
    told = ", ".join(f"{each.reading.family} ({each.agreement:.2f})" for each in possible)
    raise AmbiguousFamily(
        f"its outputs fit several families, and a trial does not tell which: {told}; say it in its manifest",
        tuple(possible),
    )


def sample(model: onnx.ModelProto) -> dict[str, NDArray[np.generic]]:
    """What a model answers to a picture, by the names of its outputs; pixels are from 0 to 1.

    Raises:
        ModelLoadError: it does not run.
    """
    height, width = (dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim[2:])
    picture = cv2.resize(probe()[0].image, (width, height)).astype(np.float32) / np.float32(255)
    try:
        outputs = raw_outputs(single(model).SerializeToString(), picture.transpose(2, 0, 1)[None])
    except InferenceError as error:
        raise ModelLoadError(f"does not run: {error}") from error
    return dict(zip((output.name for output in model.graph.output), outputs, strict=True))


def _tried(model: onnx.ModelProto, reading: Reading) -> Trial:
    spec = reading.manifest.input
    try:
        session = open_session(
            compile_graph(model, reading.family, reading.head, spec).SerializeToString(), CPU
        )
        found = []
        for picture in probe():
            image, box = fit(BgrPixels(picture.image), spec)
            there = session.run(image[None], LIMITS)
            wrong = _impossible(there, spec.width, spec.height)
            if wrong is not None:
                return Trial(reading, (), wrong=wrong)
            found.append(type(there)(box.inverse(there.boxes), there.scores, there.classes, there.picture))
    except DetectorError as error:
        return Trial(reading, (), wrong=str(error))
    labels = np.array(reading.manifest.labels)
    return Trial(reading, tuple(found), max(_agreement(found, labels, level) for level in LEVELS))


def _impossible(found: Found, width: int, height: int) -> str | None:
    """What no detector of this family would say."""
    if not len(found.scores):
        return None
    if not np.isfinite(found.boxes).all() or not np.isfinite(found.scores).all():
        return "numbers that are none"
    if found.scores.max() > 1 + SLACK:
        return f"scores up to {found.scores.max():.3g}"
    x1, y1, x2, y2 = found.boxes.T
    if (x2 <= x1).any() or (y2 <= y1).any():
        return "boxes without an area"
    far = max((-x1).max() / width, (-y1).max() / height, x2.max() / width - 1, y2.max() / height - 1)
    return f"boxes {far:.1f} pictures away" if far > OUTSIDE else None


def _agreement(found: Sequence[Found], labels: NDArray[np.str_], level: float) -> float:
    """With the truth, of all that is at least so sure."""
    hits = truths = claims = 0.0
    for picture, there in zip(probe(), found, strict=True):
        sure = there.scores >= level
        names, boxes = labels[there.classes[sure]], there.boxes[sure]
        for label in KNOWN:
            # A model that does not know the word may have one of its own: then any box counts.
            mine = boxes[names == label] if label in labels else boxes
            truth = picture.boxes[picture.labels == label]
            overlaps = box_iou_batch(truth, mine) if len(mine) else np.zeros((len(truth), 0))
            best = overlaps.max(axis=1, initial=0)
            hits += float(best[best >= MATCH].sum())
            truths += len(truth)
            claims += len(mine)
    return 2 * hits / (truths + claims) if truths + claims else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class ProbePicture:
    """A picture, uint8 HxWx3 BGR, and what is in it: boxes [n,4] xyxy and labels [n]."""

    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    labels: NDArray[np.str_]


@cache
def probe() -> tuple[ProbePicture, ...]:
    """The pictures of the trial."""
    told = json.loads((PROBE / "truth.json").read_text())
    return tuple(
        ProbePicture(
            np.asarray(cv2.imread(str(PROBE / name)), np.uint8),
            np.array([each["box"] for each in about["objects"]], np.float32),
            np.array([each["label"] for each in about["objects"]]),
        )
        for name, about in told.items()
    )
