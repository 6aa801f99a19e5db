"""What objects look like: the colours of their upper and their lower half."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from streamer.tracking.association import Mask
from streamer.tracking.motion import Columns

if TYPE_CHECKING:
    from detectors.pixels import Pixels

WIDTH: Final = 320
"""Of the picture that is looked at: colours need no detail, and a large one costs."""
ROWS: Final = (np.arange(3, 22) + 0.5) / 24
COLUMNS: Final = (np.arange(2, 10) + 0.5) / 12
"""Where a box is looked at, in its height and width: not at head, feet, and background beside it."""
UPPER: Final = 9
"""Of the rows."""
LIGHT_BINS: Final = 6
TINT_BINS: Final = 6
"""Along each of the two axes of colour in CIE L*a*b*; the outermost take what is more colourful."""
TINT_STEP: Final = 8
HALF: Final = TINT_BINS**2 + LIGHT_BINS
SIZE: Final = 2 * HALF

NEWEST: Final = 0.2
"""Share of the newest sighting in what an object looks like."""


def nothing(count: int) -> Columns:
    """The looks of objects that were not looked at."""
    return np.zeros((count, SIZE))


def prepare() -> None:
    """Lets OpenCV make its tables for colours, which takes a tenth of a second, before a picture waits."""
    cv2.cvtColor(np.zeros((1, 1, 3), np.uint8), cv2.COLOR_BGR2LAB)


def looks(picture: Pixels, boxes: Columns) -> Columns:
    """[N,84], the square roots of histograms, of length 1; boxes [N,4] in pixels of the picture."""
    width = min(WIDTH, picture.width)
    small = np.empty((max(round(picture.height * width / picture.width), 1), width, 3), np.uint8)
    picture.scale_into(small)
    scale = np.tile((width / picture.width, small.shape[0] / picture.height), 2)
    corners, extent = boxes[:, :2] * scale[:2], (boxes[:, 2:] - boxes[:, :2]) * scale[:2]
    rows = np.clip(corners[:, 1:] + extent[:, 1:] * ROWS, 0, small.shape[0] - 1).astype(np.intp)
    columns = np.clip(corners[:, :1] + extent[:, :1] * COLUMNS, 0, width - 1).astype(np.intp)
    samples = small[rows[:, :, None], columns[:, None]]
    lab = cv2.cvtColor(samples.reshape(-1, len(COLUMNS), 3), cv2.COLOR_BGR2LAB).reshape(samples.shape)
    return _histograms(lab.astype(np.intp))


def seen(those: Columns) -> Mask:
    """Which of these looks [N,84] are of something that was looked at; bool [N]."""
    return np.asarray(those[:, :HALF].any(axis=1))


def difference(first: Columns, second: Columns) -> Columns:
    """[N,M] of looks [N,84] and [M,84]: 0 the same colours, 1 none in common, NaN not looked at."""
    known = seen(first)[:, None] & seen(second)[None]
    return np.where(known, 1 - first @ second.T, np.nan)


def blended(before: Columns, now: Columns) -> Columns:
    """What objects [N,84] look like after they were looked at again."""
    mixed = np.where(seen(before)[:, None], before + NEWEST * (now - before), now)
    return np.asarray(mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-9))


def _histograms(lab: np.ndarray) -> Columns:
    """Of int [N, rows, columns, 3] CIE L*a*b* as OpenCV scales it to bytes."""
    count = len(lab)
    light = np.minimum(lab[..., 0] * LIGHT_BINS // 256, LIGHT_BINS - 1)
    tint = np.clip((lab[..., 1:] - 128) // TINT_STEP + TINT_BINS // 2, 0, TINT_BINS - 1)
    lower = (np.arange(len(ROWS)) >= UPPER)[None, :, None]
    begin = np.arange(count)[:, None, None] * SIZE + lower * HALF
    bins = (begin + tint[..., 0] * TINT_BINS + tint[..., 1], begin + TINT_BINS**2 + light)
    sums = sum(np.bincount(each.ravel(), minlength=count * SIZE) for each in bins)
    each_half = np.repeat((UPPER, len(ROWS) - UPPER), HALF) * len(COLUMNS) * 4
    return np.asarray(np.sqrt(np.asarray(sums).reshape(count, SIZE) / each_half))
