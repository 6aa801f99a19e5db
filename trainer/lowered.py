"""What the lower part of a network makes of pictures, for the upper one: computed once where that fits."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import tensorflow as tf

from trainer.backbones.prepared import prepared
from trainer.feeds import Feed
from trainer.workspace import room, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from trainer.feeds import PictureFeed

CHANGED: Final = 6
"""Changed by chance, a picture is kept as often as this, beside its views."""
MOST_BYTES: Final = 4 * 2**30
"""Of rows that are kept on the disk; beyond, they are computed again in each epoch."""
BATCH: Final = 32

Lower = Callable[["NDArray[Any]"], "NDArray[np.float32]"]
Check = Callable[[], None]


class Seen(Feed, Protocol):
    """A feed that shows each picture in several views."""

    def seen(self, rows: Iterable[int]) -> Iterator[NDArray[Any]]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """Rows that are computed whenever they are wanted."""

    pictures: PictureFeed
    lower: Lower

    def batch(self, rows: Iterable[int], seed: int) -> NDArray[Any]:
        return self.lower(self.pictures.batch(rows, seed))

    def plain(self, rows: Iterable[int]) -> NDArray[Any]:
        return _in_batches(self.lower, self.pictures.plain(rows))

    def seen(self, rows: Iterable[int]) -> Iterator[NDArray[Any]]:
        return (_in_batches(self.lower, view) for view in self.pictures.seen(rows))


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """Rows on the disk, float32 [n,d]: first of each view of the pictures, then of changed ones."""

    versions: tuple[NDArray[np.float32], ...]
    views: int

    def batch(self, rows: Iterable[int], seed: int) -> NDArray[Any]:
        rng = np.random.default_rng(seed)
        return np.stack([self.versions[rng.integers(len(self.versions))][row] for row in rows])

    def plain(self, rows: Iterable[int]) -> NDArray[Any]:
        return self.versions[0][list(rows)]

    def seen(self, rows: Iterable[int]) -> Iterator[NDArray[Any]]:
        chosen = list(rows)
        return (version[chosen] for version in self.versions[: self.views])


def lower_of(model: Any) -> Lower:
    """The lower part as a function of prepared pictures."""
    answer = tf.function(lambda x: tf.cast(model(x, training=False), tf.float32), reduce_retracing=True)
    return lambda pictures: np.asarray(answer(pictures))


def lowered(pictures: PictureFeed, model: Any, path: Path, seed: int, check: Check) -> Seen:
    """What the lower part makes of all pictures.

    Args:
        pictures: all of them.
        model: the lower part.
        path: of the files that they are kept in, a number each; those that are there are taken as they are.
        seed: of the changes.
        check: raises when the training is to end.

    Raises:
        TrainerError: the disk is full.
    """
    lower, rows = lower_of(model), range(len(pictures.pictures))
    views = len(pictures.views)
    count = views + (CHANGED if pictures.augment != "none" else 0)
    if 4 * count * len(rows) * int(model.output_shape[-1]) > MOST_BYTES:
        return Computed(pictures, lower)

    def batch(number: int, some: range) -> NDArray[Any]:
        if number < views:
            return prepared(
                pictures.views[number].of(pictures.pictures[some.start : some.stop]), pictures.input
            )
        return pictures.batch(some, (seed * 1_003 + number) * 1_000_003)

    files = [path.with_name(f"{path.stem}-{number}.npy") for number in range(count)]
    for number, file in enumerate(files):
        if not file.exists():
            with told(file):
                _store(file, (lower(batch(number, some)) for some in _parts(rows, check)), len(rows))
    return Stored(tuple(np.load(file, mmap_mode="r") for file in files), views)


def _store(file: Path, parts: Iterator[NDArray[np.float32]], count: int) -> None:
    """Write rows, whole or not at all."""
    beside = file.with_name(f".new-{file.name}")
    try:
        first = next(parts)
        rows = room(beside, (count, *first.shape[1:]), np.float32)
        done = 0
        for part in itertools.chain([first], parts):
            rows[done : done + len(part)] = part
            done += len(part)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _parts(rows: range, check: Check) -> Iterator[range]:
    for start in range(0, len(rows), BATCH):
        check()
        yield rows[start : start + BATCH]


def _in_batches(lower: Lower, pictures: NDArray[Any]) -> NDArray[np.float32]:
    parts = [lower(pictures[start : start + BATCH]) for start in range(0, len(pictures), BATCH)]
    return np.concatenate(parts)
