"""How right a classifier is on labelled pictures: a folder a class."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from detectors.errors import DetectorError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.classifier import Answer, Classifier

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})


def evaluate_pictures(classifier: Classifier, folder: Path) -> dict[str, Any]:
    """Accuracy of the most probable class, and what is taken for what.

    Args:
        classifier: to be judged.
        folder: with a folder for each class that is judged, named as the classifier calls it.

    Returns:
        ``{"accuracy", "balanced_accuracy", "pictures", "rejected", "unreadable", "ignored", "labels",
        "confusion", "per_class": {name: {"precision", "recall", "pictures"}}}``: of ``confusion`` the rows
        are what pictures are, the columns what they are taken for; ``rejected`` is the share that it
        calls none of these itself; a precision is None of what was never said.

    Raises:
        DetectorError: there is no such folder, or it has no picture of a class that the classifier knows.
    """
    pictures = _pictures(folder)
    known = [(path, label) for path, label in pictures if label in classifier.labels]
    if not known:
        there = ", ".join(sorted({label for _, label in pictures})[:6]) or "no folder with pictures"
        raise DetectorError(f"{folder}: expected folders named {', '.join(classifier.labels)}, found {there}")
    with ThreadPoolExecutor(classifier.policy.workers) as pool:
        answers = list(pool.map(lambda each: answer(classifier, each[0]), known))
    judged = [(label, said) for (_, label), said in zip(known, answers, strict=True) if said is not None]
    if not judged:
        raise DetectorError(f"{folder}: none of its {len(known)} pictures can be read")
    ignored = sorted({label for _, label in pictures if label not in classifier.labels})
    return {
        **_figures(classifier.labels, judged),
        "unreadable": [str(path) for (path, _), said in zip(known, answers, strict=True) if said is None],
        "ignored": ignored,
    }


def answer(classifier: Classifier, path: Path) -> Answer | None:
    """What a picture is of; None where it cannot be read."""
    image = read_picture(path)
    if image is None:
        return None
    return classifier.answers(classifier.infer([classifier.prepare(image)]))[0]


def read_picture(path: Path) -> NDArray[np.uint8] | None:
    """A picture, uint8 HxWx3 BGR; None where it cannot be read."""
    try:
        content = np.fromfile(path, np.uint8)
    except OSError:
        return None
    # Not cv2.imread, which says on standard error what it cannot read.
    image = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    return None if image is None else image.astype(np.uint8, copy=False)


def _pictures(folder: Path) -> list[tuple[Path, str]]:
    if not folder.is_dir():
        raise DetectorError(f"{folder}: no such folder")
    classes = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    return [
        (path, each.name)
        for each in classes
        for path in sorted(each.iterdir())
        if path.suffix.lower() in SUFFIXES
    ]


def _figures(labels: tuple[str, ...], judged: list[tuple[str, Answer]]) -> dict[str, Any]:
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    for label, said in judged:
        confusion[labels.index(label), int(np.argmax(said.probabilities))] += 1
    right, are, said_to_be = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    recalls = {n: float(right[n] / are[n]) for n in range(len(labels)) if are[n]}
    return {
        "accuracy": float(right.sum() / len(judged)),
        "balanced_accuracy": float(np.mean(list(recalls.values()))),
        "pictures": len(judged),
        "rejected": sum(said.label is None for _, said in judged) / len(judged),
        "labels": list(labels),
        "confusion": confusion.tolist(),
        "per_class": {
            labels[n]: {
                "precision": float(right[n] / said_to_be[n]) if said_to_be[n] else None,
                "recall": recall,
                "pictures": int(are[n]),
            }
            for n, recall in recalls.items()
        },
    }
