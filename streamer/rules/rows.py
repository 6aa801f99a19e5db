"""A row of arrays for each track, given again once the track has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

FIRST: Final = 32
"""Rows before the arrays have to grow; more than most scenes have objects."""


class Rows:
    """Which row a track's columns are in."""

    def __init__(self, grow: Callable[[int], None], clear: Callable[[int], None]) -> None:
        """
        Args:
            grow: makes room for so many rows.
            clear: empties a row for a new track.
        """
        self._grow = grow
        self._clear = clear
        self._rows: dict[int, int] = {}
        self._free: list[int] = []
        self._count = 0

    def of(self, tracks: Sequence[int]) -> list[int]:
        """The row of each track; a new one gets a row of its own."""
        rows = self._rows
        return [rows[track] if track in rows else self._give(track) for track in tracks]

    def take(self, track: int) -> int | None:
        """The row of a track that ended; None where it had none."""
        row = self._rows.pop(track, None)
        if row is not None:
            self._free.append(row)
        return row

    def tracks(self) -> list[int]:
        return list(self._rows)

    def _give(self, track: int) -> int:
        if not self._free:
            more = self._count or FIRST
            self._free = list(range(self._count + more - 1, self._count - 1, -1))
            self._count += more
            self._grow(self._count)
        row = self._rows[track] = self._free.pop()
        self._clear(row)
        return row
