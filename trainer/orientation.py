"""Whether pictures have an up: told by the pictures alone, before anything is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trainer.backbones.viewed import View
from trainer.data.split import folds
from trainer.features import fitted_picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trainer.backbones.backbone import Backbone
    from trainer.data.sample import Dataset

LOOKED_AT: Final = 200
"""Pictures at most."""
FOLDS: Final = 3
BATCH: Final = 16
RIDGE: Final = 0.003
UP: Final = 0.75
"""Share of pictures of which it is told whether they stand on their head, from which on there is an up."""
UPSIDE_DOWN: Final = View(upside_down=True, mirrored=True)


def has_up(dataset: Dataset, backbone: Backbone) -> bool:
    """Whether features tell pictures from the same pictures turned by half a turn, out of fold.

    Concrete, leaves on the ground, cells under a microscope lie any way; people and cars do not.
    """
    chosen = np.linspace(0, len(dataset.pictures) - 1, min(LOOKED_AT, len(dataset.pictures))).astype(int)
    groups = [dataset.groups[row] for row in chosen]
    plain, turned = [], []
    for start in range(0, len(chosen), BATCH):
        batch = [dataset.pictures[row] for row in chosen[start : start + BATCH]]
        images = np.stack([fitted_picture(each, backbone.input) for each in batch])
        plain.append(backbone.features(images))
        turned.append(backbone.features(np.ascontiguousarray(UPSIDE_DOWN.of(images))))
    return told_apart(np.concatenate(plain), np.concatenate(turned), groups) >= UP


def told_apart(plain: NDArray[np.float32], turned: NDArray[np.float32], groups: list[int]) -> float:
    """Share of rows [n,d] of which a linear model, trained on other groups, knows where they are from."""
    parts = folds([0] * len(plain), groups, min(FOLDS, len(set(groups))), 0)
    right = 0
    for part in range(parts.max() + 1):
        train, held = parts != part, parts == part
        rows = np.concatenate([plain[train], turned[train]]).astype(np.float64)
        mean, scale = rows.mean(axis=0), (rows.std(axis=0) + 1e-3) * np.sqrt(rows.shape[1])
        weights = _ridge((rows - mean) / scale, np.repeat([1.0, -1.0], train.sum()))
        right += int(((plain[held] - mean) / scale @ weights > 0).sum())
        right += int(((turned[held] - mean) / scale @ weights < 0).sum())
    return right / (2 * len(plain))


def _ridge(rows: NDArray[Any], wanted: NDArray[Any]) -> NDArray[Any]:
    inner = rows @ rows.T + RIDGE * len(rows) * np.eye(len(rows))
    weights: NDArray[Any] = rows.T @ np.linalg.solve(inner, wanted)
    return weights
