"""Who crosses which line: once for each way across, however much a box shakes on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streamer.config.scene import LineConfig
from streamer.event import Direction, LineCrossing
from streamer.rules.geometry import Floats, Mask, Segments
from streamer.rules.labels import PerLabel, applies
from streamer.rules.rows import Rows
from streamer.rules.seen import Seen

Sides = NDArray[np.int8]

MARGIN: Final = 0.2
"""So far beyond a line, in sizes of the box (the mean of its sides), an object is clear of it.

The foot of a box shakes by some 0.05 of its size from frame to frame, and people shift their weight.
"""
HELD_S: Final = 0.2
"""For so long it has to stay there: two sightings at five a second."""
LATE_S: Final = 1e-6
"""Rounding error of differences of media times."""


@dataclass(slots=True, eq=False)
class Columns:
    """What is known of R tracks and L lines.

    Attributes:
        home: [R,L] the side, -1 left of the arrow or 1, on which the object is at home.
        side: [R,L] the side on which it was last seen; 0 before it was.
        net: [R,L] how often it passed between the line's ends since it left home; to the left counts less.
        since_s, since_at: [R,L] of the first sighting on the other side; NaN and None at home.
        clear: [R,L] whether it was last seen clear of the line.
        feet: [R,2] where it was last seen, in shares of the picture.
        labels: [R] of the latest sighting.
    """

    home: Sides
    side: Sides
    net: Sides
    since_s: Floats
    since_at: NDArray[np.object_]
    clear: Mask
    feet: Floats
    labels: NDArray[np.object_]


def columns(rows: int, lines: int) -> Columns:
    shape = rows, lines
    return Columns(
        home=np.zeros(shape, np.int8),
        side=np.zeros(shape, np.int8),
        net=np.zeros(shape, np.int8),
        since_s=np.full(shape, np.nan),
        since_at=np.full(shape, None, np.object_),
        clear=np.zeros(shape, np.bool_),
        feet=np.zeros((rows, 2)),
        labels=np.full(rows, None, np.object_),
    )


class Lines:
    """The lines of one camera. It touches no clock: times are those of the frames.

    The path of an object's feet is followed from sighting to sighting, so that a crossing between two of
    them counts. It is told once the object has been on the other side for ``HELD_S`` and is ``MARGIN``
    beyond; from then on it is at home there.
    """

    def __init__(self, camera: str, lines: Mapping[str, LineConfig]) -> None:
        self._camera = camera
        self._names = list(lines)
        self._lines = list(lines.values())
        self._segments = Segments(self._lines)
        self._counted = PerLabel(self._counted_of)
        self._columns = columns(0, len(self._lines))
        self._rows = Rows(self._grow, self._clear)

    def update(self, seen: Seen) -> list[LineCrossing]:
        """The crossings that are certain with this frame.

        A thing that stands crosses nothing, whatever is seen of it; where it came from is kept.
        """
        known = self._rows.tracks()
        waits = seen.stands & np.isin(seen.tracks, known)
        if waits.any():
            seen = seen.take(~waits)
        if not seen.tracks:
            return []
        rows = np.array(self._rows.of(seen.tracks))
        state, now = self._columns, seen.time_s
        distances = self._segments.distances(seen.feet, seen.size)
        side = np.where(distances < 0, -1, 1).astype(np.int8)
        self._walk(rows, seen, side)
        home, since = state.home[rows], state.since_s[rows]
        other = side != home
        clear = np.abs(distances) > MARGIN * _sizes(seen)[:, None]
        fresh = other & np.isnan(since)
        if fresh.any():
            numbers, lines = np.nonzero(fresh)
            state.since_at[rows[numbers], lines] = seen.at
        since[fresh] = now
        since[~other] = np.nan
        state.since_s[rows], state.clear[rows], state.labels[rows] = since, clear, seen.labels
        returned = clear & ~other
        state.net[rows] *= ~returned
        told = clear & (now - since >= HELD_S - LATE_S)
        crossings = (
            self._settle(seen.tracks[number], int(rows[number]), line)
            for number, line in np.argwhere(told).tolist()
        )
        return [crossing for crossing in crossings if crossing is not None]

    def end(self, tracks: Iterable[int]) -> list[LineCrossing]:
        """What ended while it was clear on the other side has crossed."""
        told = []
        for track in tracks:
            row = self._rows.take(track)
            if row is None:
                continue
            state = self._columns
            for line in np.flatnonzero(state.clear[row] & ~np.isnan(state.since_s[row])).tolist():
                crossing = self._settle(track, row, line)
                if crossing is not None:
                    told.append(crossing)
        return told

    def close(self) -> list[LineCrossing]:
        """All tracks are over."""
        return self.end(self._rows.tracks())

    def _walk(self, rows: NDArray[np.intp], seen: Seen, side: Sides) -> None:
        """Follow the objects to where they are now, and note what they passed on the way."""
        state = self._columns
        before = state.side[rows]
        new = before == 0
        if new.any():
            state.home[rows] = np.where(new, side, state.home[rows])
        passed = (side != before) & ~new
        if passed.any():
            hit = passed & self._segments.between(state.feet[rows], seen.feet)
            state.net[rows] += hit * side
        state.side[rows], state.feet[rows] = side, seen.feet

    def _settle(self, track: int, row: int, line: int) -> LineCrossing | None:
        """The object is at home on the other side now; None where it came there round the line's end."""
        state = self._columns
        side, net, at = int(state.side[row, line]), int(state.net[row, line]), state.since_at[row, line]
        state.home[row, line], state.net[row, line], state.since_s[row, line] = side, 0, np.nan
        label = state.labels[row]
        if net == 0 or not self._counted.of([label])[0, line]:
            return None
        direction: Direction = "in" if side > 0 else "out"
        return LineCrossing(self._camera, self._names[line], direction, label, track, None, at)

    def _counted_of(self, label: str) -> Mask:
        return np.array([applies(line.labels, label) for line in self._lines], np.bool_)

    def _grow(self, rows: int) -> None:
        old, self._columns = self._columns, columns(rows, len(self._lines))
        for name in ("home", "side", "net", "since_s", "since_at", "clear", "feet", "labels"):
            getattr(self._columns, name)[: len(old.labels)] = getattr(old, name)

    def _clear(self, row: int) -> None:
        state = self._columns
        state.side[row], state.net[row], state.since_s[row], state.clear[row] = 0, 0, np.nan, False


def _sizes(seen: Seen) -> Floats:
    """[N] geometric mean of width and height in pixels."""
    extent = np.maximum(seen.boxes[:, 2:] - seen.boxes[:, :2], 1.0)
    return np.asarray(np.sqrt(extent[:, 0] * extent[:, 1]), np.float64)
