"""Decides by a trial which family a model is of, and how its pictures are prepared: what its outputs would
mean must make sense on pictures we know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import cv2
import numpy as np

from detectors.errors import AmbiguousFamily, InferenceError, UnknownFamily, WrongSize
from detectors.families.variants import numberings, variants
from detectors.recognising.trial import Reading, Trial, Trials
from detectors.recognising.trialpictures import KNOWN, probe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from detectors.compiling.alone import Alone
    from detectors.manifest import InputSpec, Triple
    from detectors.recognising.preparing import Preparation

CLEAR: Final = 0.1
"""By which the best reading must be better than the next."""
BETTER: Final = 0.04
"""By which a model must be surer of what it knows in another preparation than in the usual one."""
GUESS: Final = 0.15
"""By which it must find more in another preparation where it knows no oranges: the street
tells by how much pixels are scaled, but hardly the order of their colours."""
LEAST: Final = 0.3
"""Agreement below which a model has not really found anything."""
CLOSE: Final = 0.02
"""Share by which the numbers of two preparations may differ and still be the same one."""
WHITE: Final = 255.0
SCALES: Final[tuple[tuple[str, Triple, Triple], ...]] = (
    ("from 0 to 1", (0.0,) * 3, (WHITE,) * 3),
    ("from 0 to 255", (0.0,) * 3, (1.0,) * 3),
    ("from -1 to 1", (WHITE / 2,) * 3, (WHITE / 2,) * 3),
    ("with ImageNet's mean and deviation", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    ("less Caffe's mean", (122.68, 116.779, 103.939), (1.0,) * 3),
)
"""Ways in which detectors want their pixels, mean and deviation of red, green and blue."""

WORDS: Final[Mapping[str, str]] = {
    "xyxy": "x1, y1, x2, y2",
    "yxyx": "y1, x1, y2, x2",
    "cxcywh": "centre and size",
    "xywh": "first corner and size",
    "zero": "numbered from 0 on",
    "one": "numbered from 1 on",
    "coco": "numbered as COCO's annotations are",
    "coco-zero": "numbered as COCO's annotations are, less one",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a model beforehand.

    Attributes:
        family: whether somebody said it: then no trial has to confirm it.
        preparation: whether it is stated how pictures are prepared; else a trial may find another way.
        takes_bytes: whether its input takes whole numbers: only pixels from 0 to 255 make sense then.
        told: how its metadata says that its pictures are prepared.
    """

    family: bool = False
    preparation: bool = False
    takes_bytes: bool = False
    told: Preparation | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The reading that is used, and what of it nobody stated, for people."""

    reading: Reading
    said: str


def decided(alone: Alone, readings: Sequence[Reading], known: Known) -> Decision:
    """The reading that a trial confirms.

    Args:
        alone: the model.
        readings: those that fit its outputs' shapes, at least one.
        known: of it.

    Raises:
        UnknownFamily: none of them makes sense.
        AmbiguousFamily: several do, and none is clearly better; or the only one finds nothing of what it
            knows.
    """
    trials = Trials(alone)
    usual = [trials.asked(reading) for reading in readings]
    tried = [_prepared(trials, each, known) for each in usual]
    if all(each.agreement < LEAST for each in tried):
        tried = [_varied(trials, each, known) for each in tried]
    possible = sorted((each for each in tried if each.wrong is None), key=lambda each: -each.agreement)
    readable = tuple(each for each in tried if each.ran)
    if not possible and not (known.family and readable):
        reasons = "; ".join(f"not {each.reading.family}: {each.wrong}" for each in tried)
        raise UnknownFamily(f"its outputs make no sense: {reasons}", readable)
    possible = _distinct(possible or [*readable])
    first = possible[0]
    if len(possible) > 1:
        if first.agreement < LEAST or first.agreement - possible[1].agreement < CLEAR:
            told = ", ".join(f"{each.reading.family} ({each.agreement:.2f})" for each in possible)
            raise AmbiguousFamily(
                f"its outputs fit several families, and a trial does not tell which: {told}; "
                "say it in its manifest",
                tuple(possible),
            )
    elif not known.family and first.agreement < LEAST and set(KNOWN) & set(first.reading.manifest.labels):
        raise AmbiguousFamily(
            f"its outputs have the shapes of {first.reading.family}, but read so it finds next to nothing of "
            f"the people and cars in the trial's pictures ({first.agreement:.2f} of 1), however they are "
            "prepared; if it is right all the same, say the family in its manifest",
            tuple(possible),
        )
    [before] = [each for each in usual if each.reading.family == first.reading.family]
    chosen = _numbered(trials, first, before, known)
    said = (_meant(chosen, before), "" if known.preparation else _said(chosen, before))
    return Decision(chosen.reading, "; ".join(text for text in said if text))


def _varied(trials: Trials, plain: Trial, known: Known) -> Trial:
    """The trial of a reading, or of that variant of its head which finds most, where that is clearly more."""
    heads = variants(plain.reading.head)
    found = [_prepared(trials, trials.asked(plain.reading.headed(head)), known) for head in heads]
    most = max((each.agreement for each in found if each.wrong is None), default=0.0)
    alike = [each for each in found if each.wrong is None and each.agreement > most - CLEAR]
    best = max(alike, key=lambda each: (each.sure or 0.0, each.agreement), default=plain)
    # Of words that nobody knows any box counts, and some may lie right by chance.
    least = LEAST if set(KNOWN) & set(plain.reading.manifest.labels) else LEAST + GUESS
    return best if best.agreement >= max(least, plain.agreement + CLEAR) else plain


def _numbered(trials: Trials, chosen: Trial, usual: Trial, known: Known) -> Trial:
    """The same reading, with its classes numbered as makes it surest of what it knows: people and cars have
    the same numbers among those of COCO's annotations and without their gaps."""
    readings = [chosen.reading.headed(head) for head in numberings(chosen.reading.head)]
    if not known.preparation:
        # By the wrong numbers an orange is something else, whose colour said nothing.
        readings += [each.prepared(_turned(each.manifest.input)) for each in readings]
    sensible = (each for each in map(trials.asked, readings) if each.wrong is None)
    best = max(sensible, key=lambda each: each.sure or 0.0, default=chosen)
    if (best.sure or 0.0) < (chosen.sure or 0.0) + BETTER:
        return chosen
    # What it was sure of was something else: its preparation may look different now.
    plain = usual.reading.headed(best.reading.head)
    return _prepared(trials, trials.asked(plain), known)


def _distinct(possible: list[Trial]) -> list[Trial]:
    """Those of them, best first, that do not find the same as one before them."""
    kept: list[Trial] = []
    for each in possible:
        if not any(each.same(other) for other in kept):
            kept.append(each)
    return kept


def sample(alone: Alone) -> dict[str, NDArray[np.generic]]:
    """What a model answers to a picture, by the names of its outputs; pixels are from 0 to 1, or to 255
    where it says nothing of those.

    Raises:
        WrongSize: it does not run.
    """
    height, width = (dim.dim_value for dim in alone.one.graph.input[0].type.tensor_type.shape.dim[2:])
    picture = cv2.resize(probe()[0].image, (width, height)).astype(np.float32)
    pixels = np.ascontiguousarray(picture.transpose(2, 0, 1)[None])
    try:
        outputs = alone.run(pixels / np.float32(WHITE))
        if any(np.count_nonzero(output) <= output.size / 2 for output in outputs) or not _says(outputs):
            outputs = max(outputs, alone.run(pixels), key=_says)
    except InferenceError as error:
        raise WrongSize(f"does not run: {error}") from error
    return dict(zip((output.name for output in alone.one.graph.output), outputs, strict=True))


def _says(outputs: list[NDArray[np.generic]]) -> int:
    """How much a model says: a list in which it found nothing is empty, or filled up with one number, mostly
    zeros."""
    return sum(int(np.count_nonzero(each)) for each in outputs if each.size and (each != each.flat[0]).any())


def _prepared(trials: Trials, usual: Trial, known: Known) -> Trial:
    """The trial of a reading whose pictures are prepared as usual for its family, or of one that is clearly
    better prepared otherwise."""
    if known.preparation:
        return usual
    least = max(LEAST, usual.first() + (GUESS if usual.sure is None else -GUESS))
    quick = [trials.of(usual.reading.prepared(spec), probe()[:1]) for spec in others(usual, known)]
    hopeful = [each for each in quick if each.wrong is None and each.agreement >= least]
    whole = [trials.of(each.reading) for each in hopeful]
    whole = [each for each in whole if each.wrong is None and each.agreement >= LEAST]
    if usual.sure is None:
        return _guess(whole, usual)
    asked = [trials.asked(each.reading) for each in whole]
    best = max(asked, key=lambda each: each.sure or 0.0, default=usual)
    return best if (best.sure or 0.0) >= usual.sure + BETTER else usual


def _guess(others: Sequence[Trial], usual: Trial) -> Trial:
    """Of a model that knows no oranges: another order of colours has to be better by as much
    as another preparation."""
    order = usual.reading.manifest.input.channels

    def worth(each: Trial) -> float:
        return each.agreement - (GUESS if each.reading.manifest.input.channels != order else 0)

    best = max(others, key=worth, default=usual)
    return best if best.agreement >= usual.agreement + GUESS else usual


def others(usual: Trial, known: Known) -> list[InputSpec]:
    """Inputs that differ from the usual one in the order of channels or the scale."""
    spec = usual.reading.manifest.input
    scales = SCALES[1:2] if known.takes_bytes else SCALES
    orders: tuple[Literal["rgb", "bgr"], ...] = ("rgb", "bgr")
    ways = [
        spec.model_copy(
            update={"channels": order, "mean": mean[::step], "std": std[::step]},
        )
        for _, mean, std in scales
        for order, step in zip(orders, (1, -1), strict=True)
    ]
    return [way for way in ways if not _alike(way, spec)]


def _turned(spec: InputSpec) -> InputSpec:
    """The same with its channels in the other order."""
    order = "bgr" if spec.channels == "rgb" else "rgb"
    return spec.model_copy(update={"channels": order, "mean": spec.mean[::-1], "std": spec.std[::-1]})


def worded(spec: InputSpec) -> str:
    """How pixels are prepared, in a few words."""
    step = 1 if spec.channels == "rgb" else -1
    for words, mean, std in SCALES:
        plain = spec.model_copy(update={"mean": mean[::step], "std": std[::step]})
        if _alike(plain, spec):
            return f"{spec.channels.upper()} {words}"
    figures = "/".join(f"{value:g}" for value in (*dict.fromkeys(spec.mean), *dict.fromkeys(spec.std)))
    return f"{spec.channels.upper()}, mean and std {figures}"


def _alike(one: InputSpec, other: InputSpec) -> bool:
    first, second = (np.array([*each.mean, *each.std]) for each in (one, other))
    return one.channels == other.channels and np.allclose(first, second, rtol=CLOSE, atol=1)


def _meant(chosen: Trial, usual: Trial) -> str:
    """What of its outputs a trial showed to be otherwise than in other models of its family."""
    head, before = chosen.reading.head, usual.reading.head
    said = []
    if head.form != before.form:
        said.append(f"boxes: {WORDS[head.form]}")
    if head.numbering != before.numbering:
        said.append(f"classes: {WORDS[head.numbering]}")
    return f"{', '.join(said)}, as a trial shows" if said else ""


def _said(chosen: Trial, before: Trial) -> str:
    """How pictures are prepared, and why; ``before`` is how that was usual."""
    family, spec = chosen.reading.family, chosen.reading.manifest.input
    was = before.reading.manifest.input
    if spec != was:
        asked = (chosen, before) if chosen.sure is not None and before.sure is not None else ()
        told = [each.sure for each in asked] or [each.agreement for each in (chosen, before)]
        return (
            f"pictures: {worded(spec)}, as a trial shows ({told[0]:.2f}; {told[1]:.2f} {worded(was)}, "
            f"as is usual for {family})"
        )
    if chosen.wrong is not None:
        return f"that it is {family}, as was said: in a trial it makes no sense ({chosen.wrong})"
    if chosen.agreement >= LEAST:
        return f"pictures: {worded(spec)}, as is usual for {family}; a trial agrees ({chosen.agreement:.2f})"
    return (
        f"pictures: {worded(spec)}, as is usual for {family}; a trial does not confirm it "
        f"({chosen.agreement:.2f}): look at what it finds in yours (sightline models check)"
    )
