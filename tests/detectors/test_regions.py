"""Regions of a picture: tiles that cover it, and their place in pixels."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.regions import WHOLE, Region, lay_out, tiles

sides = st.integers(1, 4000)
counts = st.integers(1, 8)


@settings(deadline=None)
@given(counts, counts, st.floats(0, 0.5), sides, sides)
def test_tiles_cover_every_pixel_and_lie_in_the_picture(
    columns: int, rows: int, overlap: float, width: int, height: int
) -> None:
    layout = lay_out(tiles(columns, rows, overlap), width, height)
    assert len(layout.regions) == columns * rows
    for low, high, side in (("x1", "x2", width), ("y1", "y2", height)):
        spans = sorted((getattr(one, low), getattr(one, high)) for one in layout.regions)
        assert (spans[0][0], max(end for _, end in spans)) == (0, side)
        assert all(0 <= start < end <= side for start, end in spans)
        assert all(before[1] >= after[0] for before, after in pairwise(spans))


@settings(deadline=None)
@given(st.integers(2, 8), st.floats(0, 0.5))
def test_neighbours_have_the_share_in_common_that_was_asked_for(columns: int, overlap: float) -> None:
    first, second, *_ = tiles(columns, 1, overlap)
    width = first[2] - first[0]
    assert second[2] - second[0] == pytest.approx(width)
    assert first[2] - second[0] == pytest.approx(overlap * width)


def test_three_by_two() -> None:
    regions = lay_out(tiles(3, 2, 0.2), 1280, 720).regions
    assert regions[0] == Region(0, 0, 493, 400)
    assert regions[4] == Region(393, 320, 887, 720)


shares = st.floats(0, 1, allow_subnormal=False)


@settings(deadline=None)
@given(st.tuples(shares, shares, shares, shares), sides, sides)
def test_a_box_of_any_size_is_at_least_a_pixel(
    box: tuple[float, float, float, float], width: int, height: int
) -> None:
    x1, y1, x2, y2 = min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])
    [region] = lay_out([(x1, y1, x2, y2)], width, height).regions
    assert 0 <= region.x1 < region.x2 <= width
    assert 0 <= region.y1 < region.y2 <= height
    assert region.x1 <= x1 * width
    assert region.x2 >= x2 * width


def test_a_region_is_a_view_of_the_picture() -> None:
    image = np.zeros((10, 20, 3), np.uint8)
    part = Region(5, 2, 8, 4).of(image)
    part[:] = 7
    assert part.shape == (2, 3, 3)
    assert image.sum() == 7 * part.size
    [whole] = lay_out(WHOLE, 20, 10).regions
    assert whole.of(image).shape == image.shape
