"""How alike pictures look: a perceptual hash of each, and groups of those that are nearly the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Look: TypeAlias = int
"""64 bits as a signed number, as SQL keeps it."""

SIDE: Final = 8
ALIKE_BITS: Final = 10
"""Pictures whose hashes differ in at most so many of 64 bits are nearly the same."""


def look_of(image: NDArray[np.uint8]) -> Look:
    """The difference hash of a picture: whether each of 8x8 places is brighter than the one to its right.

    Args:
        image: uint8 HxW or HxWx3.
    """
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(gray, (SIDE + 1, SIDE), interpolation=cv2.INTER_AREA).astype(np.int16)
    bits = np.packbits((small[:, :-1] > small[:, 1:]).ravel())
    return int(bits.view(">i8")[0])


def look_at(jpeg: bytes) -> Look | None:
    """The same of a JPEG; None of what is none."""
    if not jpeg:
        return None
    gray = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_2)
    return None if gray is None else look_of(np.asarray(gray, np.uint8))


def distance(one: Look, other: Look) -> int:
    """In how many bits two hashes differ, 0..64."""
    return ((one ^ other) & (2**64 - 1)).bit_count()


def clusters(looks: Sequence[Look]) -> list[int]:
    """The number of each hash's group, from 0; a group is what is alike to the first of it."""
    values = np.array(looks, np.int64).view(np.uint64)
    leaders = np.zeros(len(values), np.uint64)
    numbers: list[int] = []
    count = 0
    for value in values:
        near = np.flatnonzero(np.bitwise_count(leaders[:count] ^ value) <= ALIKE_BITS)
        if len(near):
            numbers.append(int(near[0]))
            continue
        leaders[count] = value
        numbers.append(count)
        count += 1
    return numbers
