"""The totals of one camera's zones and lines, interval by interval of media time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from streamer.event import Counts, LineCrossing, LineTotal, ZoneEvent, ZoneTotal
from streamer.rules.zones import Presence

LATE_S: Final = 1e-6
"""Rounding error of differences of media times."""
NOBODY: Final = Presence()

Present = Callable[[], Mapping[tuple[str, str], Presence]]
"""Who is where now, by zone and label, and the seconds since the last call."""


class Totals:
    """Counts what happens and tells it each ``interval_s``, and once more at the end."""

    def __init__(self, camera: str, interval_s: float, present: Present) -> None:
        self._camera = camera
        self._interval_s = interval_s
        self._present = present
        self._due_s: float | None = None
        self._since: datetime | None = None
        self._zones: Counter[tuple[str, str, str]] = Counter()
        self._lines: Counter[tuple[str, str, str]] = Counter()

    def add(self, happened: Iterable[ZoneEvent | LineCrossing]) -> None:
        for each in happened:
            if isinstance(each, ZoneEvent):
                self._zones[each.zone, each.label, each.change] += 1
            else:
                self._lines[each.line, each.label, each.direction] += 1

    def update(self, time_s: float, at: datetime) -> Counts | None:
        """The totals of an interval that is over at ``time_s`` (media time) and ``at`` (UTC)."""
        if self._due_s is None or self._since is None:
            self._due_s, self._since = time_s + self._interval_s, at
            return None
        if time_s < self._due_s - LATE_S:
            return None
        # On a regular grid, until the camera was silent for longer than an interval.
        self._due_s += self._interval_s
        if self._due_s <= time_s:
            self._due_s = time_s + self._interval_s
        return self._told(self._since, at)

    def close(self, at: datetime) -> Counts | None:
        """The totals of the interval that was not over yet; None where nothing was ever seen."""
        return None if self._since is None else self._told(self._since, at)

    def _told(self, since: datetime, at: datetime) -> Counts:
        until = max(since, at)
        present, zones, lines = self._present(), self._zones, self._lines
        self._since, self._zones, self._lines = until, Counter(), Counter()
        return Counts(
            camera=self._camera,
            since=since,
            until=until,
            zones=tuple(
                ZoneTotal(
                    zone=zone,
                    label=label,
                    entered=zones[zone, label, "entered"],
                    left=zones[zone, label, "left"],
                    occupancy=present.get((zone, label), NOBODY).occupancy,
                    seconds=present.get((zone, label), NOBODY).seconds,
                )
                for zone, label in sorted({*present, *(key[:2] for key in zones)})
            ),
            lines=tuple(
                LineTotal(line, label, lines[line, label, "in"], lines[line, label, "out"])
                for line, label in sorted({key[:2] for key in lines})
            ),
        )
