"""Footage whose every picture carries its number as a barcode."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rtsp.barcode import CELL, row
from rtsp.clips import Clip
from system.footage import film

BITS = 16
STREET = "sim://street?seed=5&size=640x360&fps=15&people=4"


def _number(image: NDArray[np.uint8], index: int) -> None:
    image[:CELL, : CELL * BITS] = np.frombuffer(row(index, BITS), np.uint8)[None, :, None]


def numbered_street(folder: Path) -> Clip:
    """Four seconds of a street with people, pictures 0 to 59."""
    video = film(folder / "numbered.mp4", 4, STREET, mark=_number)
    return Clip(width=640, height=360, fps=15, gop=15, seconds=4, video=video)
