"""How many tiles stand beside each other, so that they are as large as the window lets them be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TILE: Final = (16, 9)
PHONE_PX: Final = 640


@dataclass(frozen=True, slots=True)
class Arrangement:
    """So many columns and rows, from a shape of the window on: ``width / height`` in whole numbers."""

    columns: int
    rows: int
    shape: tuple[int, int]


def arrangements(count: int) -> list[Arrangement]:
    """Every arrangement of so many tiles that is the best one for some window, for narrow windows first.

    With ``r`` rows and ``c`` columns a tile is ``min(width / c, height / r * 16 / 9)`` wide. Going from
    ``r + 1`` rows to ``r`` pays once ``width / c`` exceeds ``height / (r + 1) * 16 / 9``.
    """
    rows_of = {-(-count // rows): rows for rows in range(count, 0, -1)}
    found: list[Arrangement] = []
    for columns, rows in sorted(rows_of.items()):
        shape = (TILE[0] * columns, TILE[1] * found[-1].rows) if found else (0, 1)
        found.append(Arrangement(columns, rows, shape))
    return found


def rules(count: int) -> str:
    """The style sheet of a grid of so many tiles."""
    lines = []
    for each in arrangements(count):
        wide, high = each.shape
        body = f".tiles {{ --columns: {each.columns}; --rows: {each.rows}; }}"
        lines.append(f"@container stage (min-aspect-ratio: {wide} / {high}) {{ {body} }}")
    return "\n".join(lines)
