"""Which pictures of a street with lost packets are visibly wrong: measured against the same coded cleanly."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.faults import DamagedUnit
from streamer.capture.lossy import LossyStreetReader
from streamer.capture.pixels import BgrConverter
from streamer.capture.street.options import StreetOptions
from streamer.frame import PTS_CLOCK_HZ

VISIBLE_LEVELS = 20
"""A pixel this far from the clean picture, after fine grain is smoothed away, is seen to be wrong."""

VISIBLE_SHARE = 0.001
"""A picture with more wrong pixels than this is seen to be wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrived:
    """A picture at the end of the way.

    Attributes:
        index: of the picture in the street.
        image: uint8 [H, W, 3] BGR; None where nothing could be decoded.
        wrong: share of the pixels that are visibly wrong, 0..1; 1 where there is no picture.
        noticed: whether the reader said that packets were lost since the unit before.
        keyframe: whether it is coded as a key frame.
    """

    index: int
    image: NDArray[np.uint8] | None
    wrong: float
    noticed: bool
    keyframe: bool

    @property
    def visibly_damaged(self) -> bool:
        return self.wrong > VISIBLE_SHARE


def arrivals(options: StreetOptions, pictures: int) -> Iterator[Arrived]:
    """What arrives of the first pictures of a street; those of which nothing arrives are left out."""
    assert options.loss > 0
    clean = _decoded(replace(options, loss=0.0))
    wanted, image, _ = next(clean)
    for index, damaged, reader in _decoded(options):
        if index >= pictures:
            return
        while wanted < index:
            wanted, image, _ = next(clean)
        assert image is not None
        yield Arrived(index, damaged, _wrong(damaged, image), reader.damaged, reader.keyframe)


def _decoded(options: StreetOptions) -> Iterator[tuple[int, NDArray[np.uint8] | None, LossyStreetReader]]:
    reader, to_bgr = LossyStreetReader(options, 5.0), BgrConverter()
    for pts in reader.units():
        assert pts is not None
        index = round(pts * options.fps / PTS_CLOCK_HZ)
        try:
            frames = reader.decode(pts)
        except DamagedUnit:
            frames = []
        yield index, to_bgr(frames[-1]) if frames else None, reader


def _wrong(image: NDArray[np.uint8] | None, clean: NDArray[np.uint8]) -> float:
    if image is None:
        return 1.0
    smooth, other = (cv2.blur(picture, (5, 5)) for picture in (image, clean))
    return float((cv2.absdiff(smooth, other).max(axis=2) > VISIBLE_LEVELS).mean())
