"""What the heads of all families share: outputs that say something, and what they mean in plain loops.

All of them are of 64x64 pictures. Each decode follows the upstream code that its family's file names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from oracle import Decoded

if TYPE_CHECKING:
    from numpy.typing import NDArray

Outputs = Mapping[str, "NDArray[np.float32]"]

SIDE = 64
"""Of the pictures that the heads made here are of."""
WIDTH = HEIGHT = SIDE
"""Of those whose heads are decoded."""
STRIDES = (8, 16, 32)
CLASSES = 3
LABELS = ("ant", "bee", "cow")
NAMES = (("names", str(dict(enumerate(LABELS)))),)


@dataclass(frozen=True)
class Kind:
    """One way in which a family's models answer.

    Attributes:
        make: random outputs, each [1,...], of pictures in which much is seen.
        decode: what they mean.
        metadata: of the file.
        family: to which it belongs; that of its name without.
        batched: whether outputs have a batch axis.
    """

    make: Callable[[np.random.Generator], Outputs]
    decode: Callable[[Outputs], Decoded]
    metadata: tuple[tuple[str, str], ...] = NAMES
    family: str = ""
    batched: bool = True


def between(rng: np.random.Generator, low: float, high: float, *shape: int) -> NDArray[np.float32]:
    return rng.uniform(low, high, shape).astype(np.float32)


def sigmoid(value: NDArray[np.float32]) -> NDArray[np.float32]:
    return 1 / (1 + np.exp(-value))


def softmax(values: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(values - values.max())
    return raised / raised.sum()


def centred(x: float, y: float, w: float, h: float) -> tuple[float, float, float, float]:
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def pixels(box: Sequence[float]) -> tuple[float, ...]:
    """A box in shares of the picture."""
    return box[0] * WIDTH, box[1] * HEIGHT, box[2] * WIDTH, box[3] * HEIGHT


def places(stride: int) -> Iterator[tuple[int, int]]:
    """Row and column of each cell."""
    for row in range(-(-HEIGHT // stride)):
        for column in range(-(-WIDTH // stride)):
            yield row, column


def decoded(
    cells: list[tuple[tuple[float, ...], NDArray[np.float32]]], gate: list[float] | None = None
) -> Decoded:
    """Of boxes and their scores."""
    boxes = np.array([box for box, _ in cells], np.float32)
    scores = np.array([score for _, score in cells], np.float32)
    return Decoded(boxes, scores, scores.max(axis=1) if gate is None else np.array(gate, np.float32))


def corners(rng: np.random.Generator, count: int, size: float = SIDE) -> NDArray[np.float32]:
    """Boxes xyxy [count,4] within a picture of this size."""
    middle, half = between(rng, 0.2, 0.8, count, 2), between(rng, 0.05, 0.2, count, 2)
    return np.concatenate([middle - half, middle + half], axis=1) * np.float32(size)


def numbers(rng: np.random.Generator, count: int, first: int = 0) -> NDArray[np.float32]:
    return rng.integers(first, first + CLASSES, count).astype(np.float32)
