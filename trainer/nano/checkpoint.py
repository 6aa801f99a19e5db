"""A training's state in one file, which is whole at any moment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trainer.errors import TrainerError

Arrays = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Steps done, seconds spent; the network's arrays by name as trained and as averaged, the optimizer's."""

    step: int
    spent_s: float
    weights: Arrays
    averaged: Arrays
    optimizer: Arrays


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write the state beside the old one, then put it in its place."""
    arrays = {"step": np.int64(checkpoint.step), "spent_s": np.float64(checkpoint.spent_s)}
    for group in ("weights", "averaged", "optimizer"):
        arrays |= {f"{group}:{name}": array for name, array in getattr(checkpoint, group).items()}
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def load(path: Path) -> Checkpoint:
    """Read a state.

    Raises:
        TrainerError: There is none, or it is damaged.
    """
    groups: dict[str, dict[str, npt.NDArray[np.float32]]] = {"weights": {}, "averaged": {}, "optimizer": {}}
    try:
        with np.load(path, allow_pickle=False) as file:
            for key in file.files:
                group, _, name = key.partition(":")
                if name:
                    groups[group][name] = file[key]
            return Checkpoint(int(file["step"]), float(file["spent_s"]), **groups)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise TrainerError(f"{path}: not the state of a training: {error}") from error
