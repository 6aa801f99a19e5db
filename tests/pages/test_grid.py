"""The grid has as many columns as show the tiles largest, in any window."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamer.pages.grid import arrangements

TILE = 16 / 9


def tile_width(width: float, height: float, columns: int, rows: int) -> float:
    return min(width / columns, height / rows * TILE)


@given(count=st.integers(1, 64), width=st.integers(200, 4000), height=st.integers(200, 3000))
def test_no_other_number_of_columns_is_better(count: int, width: int, height: int) -> None:
    fitting = [each for each in arrangements(count) if width * each.shape[1] >= height * each.shape[0]]
    chosen = fitting[-1]
    best = max(tile_width(width, height, each, -(-count // each)) for each in range(1, count + 1))
    assert chosen.columns * chosen.rows >= count
    assert tile_width(width, height, chosen.columns, chosen.rows) >= best * (1 - 1e-9)
