"""Pictures and features of a training and of its validation set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trainer.data.collection import collect, listing
from trainer.errors import DatasetError
from trainer.features import FeatureCache, features, fitted_picture
from trainer.workspace import room, told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from trainer.backbones.backbone import Backbone
    from trainer.data.sample import Dataset, Examined
    from trainer.options import TrainOptions

CACHE = "features"


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What is trained on.

    Attributes:
        features: float32 [n,d] of all pictures.
        pictures: uint8 [n,h,w,3] fitted to the backbone, where phase 2 is wanted.
        watched_features, watched_pictures, watched_truth: of a validation set of its own.
    """

    dataset: Dataset
    backbone: Backbone
    features: NDArray[np.float32]
    pictures: NDArray[np.uint8] | None = None
    watched_features: NDArray[np.float32] | None = None
    watched_pictures: NDArray[np.uint8] | None = None
    watched_truth: NDArray[np.int64] | None = None


def gathered(
    dataset: Dataset, backbone: Backbone, options: TrainOptions, told_of: Callable[[int, int], None]
) -> Material:
    """All that both phases need.

    Raises:
        TrainerError: the disk is full, or the validation set does not fit.
    """
    cache = (
        FeatureCache(options.data / "training" / CACHE, backbone.key)
        if options.machine.reuse_features
        else None
    )
    rows = features(dataset.pictures, backbone, cache, told_of)
    pictures = (
        _pictures(dataset.pictures, backbone, options.workspace / "pictures")
        if options.tuning.epochs
        else None
    )
    if options.division.validation is None:
        return Material(dataset, backbone, rows, pictures)
    watched = _validation(options.division.validation, dataset)
    truth = np.array([dataset.labels.index(each.sample.label) for each in watched], np.int64)
    others = _pictures(watched, backbone, options.workspace / "validation") if options.tuning.epochs else None
    return Material(
        dataset, backbone, rows, pictures, features(watched, backbone, cache, lambda *_: None), others, truth
    )


def _validation(path: Path, dataset: Dataset) -> tuple[Examined, ...]:
    """Pictures to watch; those that are trained on would tell nothing."""
    other = collect(listing(path))
    unknown = sorted(set(other.labels) - set(dataset.labels))
    if unknown:
        raise DatasetError(f"{path}: classes that are not trained: {', '.join(unknown)}")
    trained = {each.digest for each in dataset.pictures}
    watched = tuple(each for each in other.pictures if each.digest not in trained)
    if not watched:
        raise DatasetError(f"{path}: no pictures to validate on that are not trained on, too")
    return watched


def _pictures(pictures: Sequence[Examined], backbone: Backbone, path: Path) -> NDArray[np.uint8]:
    """Fitted to the backbone, in a file, so that more fit than memory holds."""
    shape = (len(pictures), backbone.input.height, backbone.input.width, 3)
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        stored = room(path.with_suffix(".npy"), shape, np.uint8)
        for number, each in enumerate(pictures):
            stored[number] = fitted_picture(each, backbone.input)
    return stored
