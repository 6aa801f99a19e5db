"""Candidate against current model, on the same pictures; neither was trained on those it answers about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from detectors import classifier
from detectors.errors import DetectorError
from detectors.session import SessionOptions
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.store import ModelFiles
    from trainer.data.sample import Dataset
    from trainer.judging import Judgement
    from trainer.options import Gate

HELD: Final = "held_out.json"
"""What a version answered to each picture of its set while that was held out, by the picture's digest;
null to one that it has always been trained on."""
LEAST: Final = 30
"""Fewer pictures compare nothing."""
BATCH: Final = 32


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of a candidate with the current version.

    Attributes:
        current: version that serves; None where there is none.
        pictures: that both answered.
        candidate_accuracy, current_accuracy: on them.
        passed: whether the candidate may go live.
        said: in one sentence.
    """

    current: str | None
    pictures: int
    candidate_accuracy: float
    current_accuracy: float | None
    passed: bool
    said: str


def compare(
    dataset: Dataset, judgement: Judgement, current: ModelFiles | None, gate: Gate,
    read: Callable[[int], NDArray[np.uint8]],
) -> Comparison:  # fmt: skip
    """Whether the candidate is no worse than what serves.

    Args:
        dataset: of the candidate.
        judgement: its answers to held-out pictures.
        current: the version that serves.
        gate: by how much it may be worse.
        read: a picture by its number, uint8 HxWx3 BGR.

    Raises:
        TrainerError: the current model cannot be asked.
    """
    truth = np.array(dataset.classes)[judgement.rows]
    right = judgement.probabilities.argmax(axis=1) == truth
    if current is None:
        share = float(right.mean())
        return Comparison(
            None, len(right), share, None, True, "there is no other version: the first one serves"
        )
    theirs, remark = _answers(dataset, judgement.rows, current, read)
    there = np.array([answer is not None for answer in theirs])
    labels = np.array([dataset.labels[each] for each in truth])
    hits = np.array([answer == label for answer, label in zip(theirs, labels, strict=True)])
    ours, other = float(right[there].mean()), float(hits[there].mean())
    passed = ours >= other - gate.margin
    verdict = "no worse than" if passed else "worse than"
    said = f"{ours:.3f} is {verdict} {other:.3f} of version {current.version}"
    said += f" on the same {there.sum()} pictures{remark}"
    return Comparison(current.version, int(there.sum()), ours, other, passed, said)


def held_out(dataset: Dataset, judgement: Judgement) -> str:
    """The text of ``held_out.json``."""
    answers: dict[str, str | None] = {picture.digest: None for picture in dataset.pictures}
    best = judgement.probabilities.argmax(axis=1)
    answers |= {
        dataset.pictures[row].digest: dataset.labels[number]
        for row, number in zip(judgement.rows, best, strict=True)
    }
    return json.dumps({"answers": answers})


def _answers(
    dataset: Dataset, rows: NDArray[np.int64], current: ModelFiles, read: Callable[[int], NDArray[np.uint8]]
) -> tuple[list[str | None], str]:
    """What the current version says to each picture; None to those it has been trained on all the time."""
    known = _known(current.weights.parent)
    digests = [dataset.pictures[row].digest for row in rows]
    fresh = [number for number, digest in enumerate(digests) if digest not in known]
    answers = [known.get(digest) for digest in digests]
    for number, answer in zip(fresh, _asked(current, [int(rows[each]) for each in fresh], read), strict=True):
        answers[number] = answer
    if sum(answer is not None for answer in answers) >= min(LEAST, len(answers)):
        return answers, ""
    all_of_them = _asked(current, list(map(int, rows)), read)
    return list(all_of_them), ", most of which that version was trained on"


def _known(folder: Path) -> Mapping[str, str | None]:
    try:
        found: dict[str, str | None] = json.loads((folder / HELD).read_bytes())["answers"]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainerError(f"{folder / HELD}: damaged: {error}") from error
    return found


def _asked(
    current: ModelFiles, rows: list[int], read: Callable[[int], NDArray[np.uint8]]
) -> list[str | None]:
    """Its most probable label, whatever its confidence: rejection is another question."""
    if not rows:
        return []
    try:
        model = classifier.load(str(current.weights), SessionOptions(provider="cpu", workers=1))
        answers: list[Any] = []
        for start in range(0, len(rows), BATCH):
            prepared = [model.prepare(read(row)) for row in rows[start : start + BATCH]]
            answers += [model.labels[int(each.argmax())] for each in model.infer(prepared)]
    except DetectorError as error:
        raise TrainerError(f"{current.name}@{current.version} cannot be compared with: {error}") from error
    return answers
