"""Divides pictures so that groups stay whole and every part has its share of each class."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def folds(classes: Sequence[int], groups: Sequence[int], count: int, seed: int) -> NDArray[np.int64]:
    """The fold, 0..count-1, of each picture: groups whole, classes as even as groups allow.

    Args:
        classes: number of each picture's class.
        groups: of each picture.
        count: of the folds.
        seed: another one divides otherwise.
    """
    return shares(classes, groups, [1 / count] * count, seed)


def shares(
    classes: Sequence[int], groups: Sequence[int], wanted: Sequence[float], seed: int
) -> NDArray[np.int64]:
    """The part of each picture, when part ``i`` is to have ``wanted[i]`` of each class (they sum to 1)."""
    kinds = np.asarray(classes, np.int64)
    of_group = _contents(kinds, groups)
    totals = np.bincount(kinds)
    targets = np.outer(wanted, totals)
    filled = np.zeros_like(targets)
    order = np.random.default_rng(seed).permutation(len(of_group))
    names = list(of_group)
    # The largest first: small groups even out what they leave.
    chosen = sorted((names[number] for number in order), key=lambda name: -of_group[name].sum())
    part_of: dict[int, int] = {}
    for name in chosen:
        part = _neediest(of_group[name], targets, filled, totals)
        filled[part] += of_group[name]
        part_of[name] = part
    return np.array([part_of[group] for group in groups], np.int64)


def _neediest(
    content: NDArray[Any], targets: NDArray[Any], filled: NDArray[Any], totals: NDArray[Any]
) -> int:
    """The part that lacks most of what a group holds, rare classes weighing as much as common ones."""
    weight = content / np.maximum(totals, 1)
    # Relative to its target: a small part fills as evenly as a large one.
    lacking = (targets - filled) / np.maximum(targets, 1e-9)
    need = (lacking * weight).sum(axis=1)
    return int(np.argmax(np.round(need, 9)))


def _contents(kinds: NDArray[np.int64], groups: Sequence[int]) -> dict[int, NDArray[Any]]:
    """How many pictures of each class every group holds."""
    width = int(kinds.max()) + 1
    content: dict[int, NDArray[Any]] = defaultdict(lambda: np.zeros(width))
    for kind, group in zip(kinds, groups, strict=True):
        content[group][kind] += 1
    return dict(content)
