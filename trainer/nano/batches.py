"""Batches of augmented samples, made in a thread beside the training."""

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainer.nano.augment import Sample, mosaic, single
from trainer.nano.dataset import Flags, Floats, Image, Picture
from trainer.nano.grid import Grid, grid

Bytes = npt.NDArray[np.uint8]
# Batches made ahead of need; a change of phase comes that much later.
AHEAD = 3


@dataclass(frozen=True, slots=True)
class Batch:
    """`images` uint8 [B, S, S, 3]; objects padded to the most of a picture: `boxes` float32 [B, M, 4] xyxy,
    `classes` int32 [B, M], `valid` bool [B, M]; `weights` uint8 [B, A, C], see `loss.detection_loss`."""

    images: Image
    boxes: Floats
    classes: npt.NDArray[np.int32]
    valid: Flags
    weights: Bytes


@dataclass(frozen=True, slots=True)
class Phase:
    """What the pictures of a stretch of the training look like: input size, share of mosaics."""

    size: int
    mosaics: float


class Sampler:
    """Batch n depends on seed, n and phase alone, so a resumed training sees what it would have seen."""

    def __init__(
        self, sets: Sequence[Sequence[Picture]], shares: Sequence[float], size: int, seed: int = 0
    ) -> None:
        """Take `size` samples a batch; a picture comes from a set in proportion to the set's share."""
        self._sets = sets
        self._limits = np.cumsum(shares) / np.sum(shares)
        self._size = size
        self._seed = seed

    def batch(self, number: int, phase: Phase) -> Batch:
        rng = np.random.default_rng((self._seed, number))
        return collate([self._sample(rng, phase) for _ in range(self._size)], grid(phase.size))

    def _sample(self, rng: np.random.Generator, phase: Phase) -> Sample:
        if rng.random() < phase.mosaics:
            return mosaic([self._picture(rng) for _ in range(4)], phase.size, rng)
        return single(self._picture(rng), phase.size, rng)

    def _picture(self, rng: np.random.Generator) -> Picture:
        chosen = self._sets[int(np.searchsorted(self._limits, rng.random(), side="right"))]
        return chosen[int(rng.integers(len(chosen)))]


def batches(sampler: Sampler, phase: Callable[[], Phase], first: int) -> Iterator[Batch]:
    """Batch `first` and all that follow."""
    with ThreadPoolExecutor(1, "batches") as pool:
        coming = deque(pool.submit(sampler.batch, first + number, phase()) for number in range(AHEAD))
        for number in itertools.count(first + AHEAD):
            yield coming.popleft().result()
            coming.append(pool.submit(sampler.batch, number, phase()))


def collate(samples: Sequence[Sample], cells: Grid) -> Batch:
    """Samples of one size as one batch."""
    boxes = [np.concatenate([part.boxes[~part.ignored] for part in sample.parts]) for sample in samples]
    classes = [np.concatenate([part.classes[~part.ignored] for part in sample.parts]) for sample in samples]
    most = max(1, *(len(rows) for rows in boxes))
    batch = Batch(
        images=np.stack([sample.image for sample in samples]),
        boxes=np.zeros((len(samples), most, 4), np.float32),
        classes=np.zeros((len(samples), most), np.int32),
        valid=np.zeros((len(samples), most), np.bool_),
        weights=np.stack([weights(sample, cells) for sample in samples]),
    )
    for row, count in enumerate(map(len, boxes)):
        batch.boxes[row, :count] = boxes[row]
        batch.classes[row, :count] = classes[row]
        batch.valid[row, :count] = True
    return batch


def weights(sample: Sample, cells: Grid) -> Bytes:
    """uint8 [A, C]: 0 for classes without labels in the part, and in an ignored box for its class."""
    result = np.ones((len(cells.points), len(sample.parts[0].labelled)), np.uint8)
    for part in sample.parts:
        window = np.array([part.window.x1, part.window.y1, part.window.x2, part.window.y2], np.float32)
        if not part.labelled.all():
            result[np.ix_(_within(cells, window), ~part.labelled)] = 0
        for box, label in zip(part.boxes[part.ignored], part.classes[part.ignored], strict=True):
            result[_within(cells, box), label] = 0
    return result


def _within(cells: Grid, box: Floats) -> Flags:
    return np.asarray(((cells.points >= box[:2]) & (cells.points < box[2:])).all(axis=1), np.bool_)
