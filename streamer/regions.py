"""The crops of a frame that a detector looks at, and what is found in all of them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.merging import merged
from detectors.regions import WHOLE, Layout, Region, Shares, tiles
from streamer.config.scene import TilesConfig

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from supervision import Detections

    from streamer.config.scene import Regions
    from streamer.frame import Frame


def boxes_of(regions: Regions) -> tuple[Shares, ...]:
    """The configured regions as shares of the picture."""
    if regions == "full":
        return WHOLE
    if isinstance(regions, TilesConfig):
        return tiles(*regions.tiles, regions.overlap) + (WHOLE if regions.whole else ())
    return regions


def crop(frame: Frame, region: Region) -> NDArray[np.uint8]:
    """A part of the picture, uint8 HxWx3 BGR; a view, not a copy."""
    return region.of(frame.image)


class Crops:
    """The crops of one frame, and what was found in them so far.

    Several threads may add to it at once: each writes a place of its own, and whoever comes last sees all.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._found: list[Detections | None] = [None] * len(layout.regions)

    def add(self, number: int, found: Detections) -> Detections | None:
        """Take what was found in a crop, in its own pixels; adding it again changes nothing.

        Returns:
            What is in the whole frame, in its pixels, once every crop was added; else None.
        """
        self._found[number] = found
        complete = [one for one in self._found if one is not None]
        return merged(complete, self.layout) if len(complete) == len(self._found) else None
