"""Tries what a model could be: decodes what it answers to known pictures, compares it with the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from detectors.compiling.graph import compile_decode
from detectors.errors import DetectorError
from detectors.letterbox import fit
from detectors.overlap import overlaps
from detectors.pixels import BgrPixels
from detectors.recognising.trialpictures import KNOWN, dusk, oranges, probe
from detectors.session import Limits, SessionOptions, open_session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from detectors.compiling.alone import Alone
    from detectors.families.family import Head
    from detectors.letterbox import Letterbox
    from detectors.manifest import InputSpec, ModelManifest
    from detectors.recognising.trialpictures import ProbePicture
    from detectors.session import Found, Session

LIMITS: Final = Limits(min_confidence=0.15, iou=0.5, max_candidates=300)
LEVELS: Final = (0.15, 0.25, 0.35, 0.5)
"""Confidences of which the best counts: models differ in how sure they are."""
MATCH: Final = 0.5
"""IoU from which two boxes are of one object."""
NEGATIVE: Final = -0.1
"""No score is less, but for rounding; logits are."""
ALL: Final = Limits(min_confidence=-1e6, iou=1.0, max_candidates=300, multi_label=True)
ALIKE: Final = 0.5
"""A model tells its classes apart: in some cell the least likely is less than this share of the likeliest.
After a second sigmoid none is."""
SLACK: Final = 0.01
"""By which a score may pass 1 for rounding."""
OUTSIDE: Final = 0.5
"""Share of the input's side by which a box may leave it."""
TINY: Final = 1.0
"""Pixels: half of all boxes have longer sides, or they are in shares of the picture."""
FEW: Final = 20
"""Cells that may be alike by chance."""
UNLIKE: Final = np.sqrt([2.0, 3.0, 5.0, 7.0])
"""By these weights no two boxes come to the same number."""
CROWDS: Final = ((200, 0.25), (60, 0.8))
"""So many objects with this confidence, or with that, are in no picture of the trial."""
KEPT: Final = 20
"""Answers that are kept for the next family: of all pictures in the usual preparation, and of the first in as
many others as are tried."""
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

    def headed(self, head: Head) -> Reading:
        """The same, with another head."""
        return replace(self, head=head)

    def prepared(self, spec: InputSpec) -> Reading:
        """The same, of pictures prepared otherwise."""
        return replace(self, manifest=self.manifest.model_copy(update={"input": spec}))


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """How a reading did.

    Attributes:
        reading: that was tried.
        found: in each of the pictures, in pixels of the picture.
        agreement: with the truth, 0..1: the harmonic mean of recall and precision, each hit weighed by its
            overlap.
        wrong: why it cannot be this family; None where it can.
        ran: whether it could be read so at all.
        sure: how sure it is of what it knows, where that was asked.
    """

    reading: Reading
    found: tuple[Found, ...]
    agreement: float = 0.0
    wrong: str | None = None
    ran: bool = True
    sure: float | None = None

    def same(self, other: Trial) -> bool:
        """Whether two readings mean the same: they found the same, or read the same final boxes in the same
        form and with the same numbers, and differ only in how pictures are fitted in."""
        if not self.agreement or not other.agreement:
            return False
        mine, its = self.reading.head, other.reading.head
        if mine.numbering and mine == its:
            return True
        return len(self.found) == len(other.found) and all(
            np.array_equal(mine.boxes, its.boxes) and np.array_equal(mine.classes, its.classes)
            for mine, its in zip(self.found, other.found, strict=True)
        )

    def first(self) -> float:
        """Agreement on the first picture alone."""
        return 0.0 if self.wrong else _best_agreement(self.found[:1], self.reading.manifest.labels)


class Trials:
    """One model on the pictures of the trial; what it answers to one is computed once for all families."""

    def __init__(self, alone: Alone) -> None:
        self._alone = alone
        self._decodes: dict[tuple[str, Head], Session] = {}
        self._answers: dict[tuple[int, str], tuple[list[NDArray[Any]], Letterbox]] = {}

    def of(self, reading: Reading, pictures: Sequence[ProbePicture] | None = None) -> Trial:
        """How a reading does on these pictures; on all of the trial unless said."""
        spec = reading.manifest.input
        found: list[Found] = []
        wrong: list[str] = []
        try:
            decode = self._decode(reading)
            for picture in pictures or probe():
                outputs, box = self._answer(picture, spec)
                there = self._decoded(decode, outputs, LIMITS)
                wrong += [] if (said := impossible(there, spec.width, spec.height)) is None else [said]
                if not found:
                    wrong += self._doubtful(decode, outputs, reading.head)
                there = _finite(there)
                found.append(replace(there, boxes=box.inverse(there.boxes)))
        except DetectorError as error:
            return Trial(reading, (), wrong=str(error), ran=False)
        if wrong:
            return Trial(reading, tuple(found), wrong=wrong[0])
        return Trial(reading, tuple(found), _best_agreement(found, reading.manifest.labels))

    def asked(self, reading: Reading) -> Trial:
        """How a reading does in the street, and how sure it is."""
        trial = self.of(reading)
        return replace(trial, sure=self._certainty(trial))

    def _certainty(self, trial: Trial) -> float | None:
        """How sure a reading is of what it knows in the street and of oranges, 0..1, in that light, of day or
        dusk, in which it is less so; None where it knows no oranges."""
        labels = np.array(trial.reading.manifest.labels)
        if not any(set(picture.labels) & set(labels) for picture in oranges()):
            return None
        by_day, at_dusk = (self.of(trial.reading, pictures) for pictures in (oranges(), dusk()))
        if any(each.wrong is not None for each in (trial, by_day, at_dusk)):
            return 0.0
        return min(
            _sure((*probe(), *oranges()), (*trial.found, *by_day.found), labels),
            _sure(dusk(), at_dusk.found, labels),
        )

    def _answer(self, picture: ProbePicture, spec: InputSpec) -> tuple[list[NDArray[Any]], Letterbox]:
        key = (id(picture), spec.model_dump_json())
        if key not in self._answers:
            image, box = fit(BgrPixels(picture.image), spec)
            while len(self._answers) >= KEPT:
                del self._answers[next(iter(self._answers))]
            self._answers[key] = self._alone.run(pixels_of(image, spec)), box
        return self._answers[key]

    def _decode(self, reading: Reading) -> Session:
        """That of its family, which is the same however pictures are prepared."""
        key = (reading.family, reading.head)
        if key not in self._decodes:
            graph = compile_decode(self._alone.one, reading.family, reading.head)
            self._decodes[key] = open_session(graph.SerializeToString(), CPU)
        return self._decodes[key]

    def _doubtful(self, decode: Session, outputs: list[NDArray[Any]], head: Head) -> list[str]:
        """What is wrong with the scores of its cells, of which the least are never looked at: logits, or
        shares that went through a sigmoid once more."""
        if head.numbering:
            # A box is of one class, and its score is final.
            return []
        everything = self._decoded(decode, outputs, ALL)
        if not len(everything.scores):
            return []
        least = float(everything.scores.min())
        if least < NEGATIVE and head.suppress:
            return [f"scores down to {least:.3g}"]
        if head.classes == 1:
            return [f"no score below {least:.2g}"] if head.suppress and least > ALIKE else []
        # Of one cell its boxes are the same in every class.
        _, cells = np.unique(np.nan_to_num(everything.boxes).astype(np.float64) @ UNLIKE, return_inverse=True)
        likely, unlikely = np.zeros(cells.max() + 1), np.full(cells.max() + 1, np.inf)
        np.maximum.at(likely, cells.ravel(), everything.scores)
        np.minimum.at(unlikely, cells.ravel(), everything.scores)
        alike = (unlikely > ALIKE * likely).all() and likely.max() > LIMITS.min_confidence
        many = len(cells) >= FEW * head.classes
        return ["classes that are all as likely as one another"] if alike and many else []

    def _decoded(self, decode: Session, outputs: list[NDArray[Any]], limits: Limits) -> Found:
        names = (output.name for output in self._alone.one.graph.output)
        return decode.decode(dict(zip(names, outputs, strict=True)), limits)


def pixels_of(image: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.float32]:
    """What a model gets of a picture uint8 [h,w,3] BGR in its size: float32 [1,3,h,w]."""
    ordered = image[..., ::-1] if spec.channels == "rgb" else image
    pixels = (ordered - np.array(spec.mean, np.float32)) / np.array(spec.std, np.float32)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)


def _sure(pictures: Sequence[ProbePicture], found: Sequence[Found], labels: NDArray[np.str_]) -> float:
    """The mean score of what is there and was found there, 0 for what was not, each word counted alike."""
    sure: dict[str, list[float]] = {}
    for picture, there in zip(pictures, found, strict=True):
        names = labels[there.classes]
        for label, box in zip(picture.labels.tolist(), picture.boxes, strict=True):
            if label in labels:
                met = (names == label) & (overlaps(box[None], there.boxes)[0] >= MATCH)
                sure.setdefault(label, []).append(float(there.scores[met].max(initial=0)))
    return float(np.mean([np.mean(each) for each in sure.values()]))


def impossible(found: Found, width: int, height: int) -> str | None:
    """What no detector that is read rightly would say of one picture; None where all may be."""
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
    if far > OUTSIDE:
        return f"boxes {far:.1f} pictures away"
    if np.median(np.maximum(x2 - x1, y2 - y1)) <= TINY:
        return "boxes of less than a pixel"
    for crowd, confidence in CROWDS:
        sure = int((found.scores > confidence).sum())
        if sure > crowd:
            return f"{sure} objects in a street with a few people"
    return None


def _finite(found: Found) -> Found:
    """Without what is no number, so that the rest can be shown."""
    fine = np.isfinite(found.boxes).all(axis=1) & np.isfinite(found.scores)
    if fine.all():
        return found
    return replace(
        found,
        boxes=found.boxes[fine],
        scores=found.scores[fine],
        classes=found.classes[fine],
        picture=found.picture[fine],
    )


def _best_agreement(found: Sequence[Found], labels: tuple[str, ...]) -> float:
    return max(_agreement(found, np.array(labels), level) for level in LEVELS)


def _agreement(found: Sequence[Found], labels: NDArray[np.str_], level: float) -> float:
    """With the truth, of all that is at least so sure."""
    hits = truths = claims = 0.0
    for picture, there in zip(probe(), found, strict=False):
        sure = there.scores >= level
        names, boxes = labels[there.classes[sure]], there.boxes[sure]
        for label in KNOWN:
            # A model that does not know the word may have one of its own: then any box counts.
            mine = boxes[names == label] if label in labels else boxes
            truth = picture.boxes[picture.labels == label]
            best = overlaps(truth, mine).max(axis=1, initial=0)
            hits += float(best[best >= MATCH].sum())
            truths += len(truth)
            claims += len(mine)
    return 2 * hits / (truths + claims) if truths + claims else 0.0
