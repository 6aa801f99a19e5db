"""Near-duplicates: the same scene again, recoded, scaled, brightened, or a frame later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from trainer.data.sample import Likeness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

MAX_BITS: Final = 8
"""Of 64 bits of structure, as many may differ."""
MAX_SHADE: Final = 14.0
"""Mean difference of the thumbnails, 0..255, beyond which two pictures are not alike."""
CHUNK: Final = 1024


def likeness(image: NDArray[np.uint8]) -> Likeness:
    """Of a picture uint8 HxWx3 BGR: signs of its 64 lowest frequencies (pHash), and its colours."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:8, :8].ravel()
    bits = low > np.median(low[1:])
    structure = int.from_bytes(np.packbits(bits).tobytes(), "big")
    return Likeness(structure, cv2.resize(image, (8, 8), interpolation=cv2.INTER_AREA).ravel())


def alike(pictures: Sequence[Likeness]) -> Iterator[tuple[int, int]]:
    """Pairs of near-duplicates, the smaller number first."""
    if not pictures:
        return
    hashes = np.array([picture.structure for picture in pictures], np.uint64)
    thumbnails = np.stack([picture.thumbnail for picture in pictures]).astype(np.int16)
    for start in range(0, len(pictures), CHUNK):
        block = hashes[start : start + CHUNK, None]
        near = np.bitwise_count(block ^ hashes[None, start:]) <= MAX_BITS
        for row, column in np.argwhere(near):
            first, second = start + int(row), start + int(column)
            if first < second and _shade(thumbnails[first], thumbnails[second]) <= MAX_SHADE:
                yield first, second


def joined(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """The group of each of ``count`` things, when the things of each pair belong together."""
    parent = list(range(count))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for first, second in pairs:
        a, b = root(first), root(second)
        parent[max(a, b)] = min(a, b)
    return [root(one) for one in range(count)]


def _shade(first: NDArray[Any], second: NDArray[Any]) -> float:
    return float(np.abs(first - second).mean())
