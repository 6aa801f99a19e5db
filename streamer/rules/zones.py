"""Who is in which zone: by time, so that a flicker at the border changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from streamer.config.scene import ZoneConfig
from streamer.event import Parked, Ruling, ZoneChange, ZoneEvent, ZoneStay
from streamer.rules.geometry import Floats, Mask, Polygons
from streamer.rules.rows import Rows
from streamer.rules.seen import Seen
from streamer.rules.zone_filters import ZoneFilters

if TYPE_CHECKING:
    from streamer.rules.explanation import Explanation

LATE_S: Final = 1e-6
"""Rounding error of differences of media times."""


@dataclass(slots=True)
class Stay:
    """A track's present stay in a zone.

    Attributes:
        label: of the object when it entered; the stay's events keep it.
        entered_s, entered_at: time of the first frame inside; the former may lie before media time began.
        counted_s: media time up to which its seconds are in a total, or in none of this process.
    """

    label: str
    entered_s: float
    entered_at: datetime
    counted_s: float

    def count(self, upto_s: float) -> float:
        """The seconds up to then that are in no total yet; they are from now on."""
        seconds = max(upto_s - self.counted_s, 0.0)
        self.counted_s += seconds
        return seconds


@dataclass(frozen=True, slots=True)
class Presence:
    """Objects inside a zone now, and the seconds spent there since the last total."""

    occupancy: int = 0
    seconds: float = 0.0


@dataclass(slots=True, eq=False)
class Columns:
    """What is known of R tracks and Z zones.

    Attributes:
        inside: [R,Z] whether the track is in the zone, inertia considered.
        since_s, since_at: [R,Z] time of the first sighting that says otherwise; NaN and None where none does.
        loiters_s: [R,Z] media time from which on it loiters; infinite while it is not in, and once told.
        last_s, last_at: [R] of the latest sighting.
    """

    inside: Mask
    since_s: Floats
    since_at: NDArray[np.object_]
    loiters_s: Floats
    last_s: Floats
    last_at: NDArray[np.object_]


def columns(rows: int, zones: int) -> Columns:
    shape = rows, zones
    return Columns(
        inside=np.zeros(shape, np.bool_),
        since_s=np.full(shape, np.nan),
        since_at=np.full(shape, None, np.object_),
        loiters_s=np.full(shape, np.inf),
        last_s=np.zeros(rows),
        last_at=np.full(rows, None, np.object_),
    )


class Zones:
    """The zones of one camera. It touches no clock: times are those of the frames."""

    def __init__(
        self, camera: str, zones: Mapping[str, ZoneConfig], explanation: Explanation | None = None
    ) -> None:
        self._camera = camera
        self._names = list(zones)
        self._zones = list(zones.values())
        self._polygons = Polygons([zone.polygon for zone in self._zones])
        self._inertia_s = np.array([zone.inertia for zone in self._zones])
        self._filters = ZoneFilters(zones)
        self._explanation = explanation
        self._columns = columns(0, len(self._zones))
        self._rows = Rows(self._grow, self._clear)
        self._stays: dict[tuple[int, int], Stay] = {}
        self._seconds: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._visited: dict[int, dict[str, tuple[Ruling, ...]]] = {}

    def visited(self, track: int) -> tuple[str, ...]:
        """The zones that a track has entered so far, in that order; until it is forgotten."""
        return tuple(self._visited.get(track, ()))

    def let_in(self, track: int, zone: str) -> tuple[Ruling, ...]:
        """What let a track into a zone that it has entered."""
        return self._visited[track][zone]

    def update(self, seen: Seen) -> list[ZoneEvent]:
        """Who enters, loiters and leaves with this frame."""
        if not seen.tracks:
            return []
        rows = np.array(self._rows.of(seen.tracks))
        state, now = self._columns, seen.time_s
        state.last_s[rows], state.last_at[rows] = now, seen.at
        there, inside, since = self._there(seen), state.inside[rows], state.since_s[rows]
        differs = there != inside
        fresh = differs & np.isnan(since)
        if fresh.any():
            numbers, zones = np.nonzero(fresh)
            state.since_at[rows[numbers], zones] = seen.at
        since[fresh] = now
        since[~differs] = np.nan
        # Compared with NaN, nothing is true.
        turned = now - since >= self._inertia_s - LATE_S
        state.since_s[rows] = since
        late = there & inside & (state.loiters_s[rows] <= now + LATE_S)
        told = [self._loiter(seen, number, zone) for number, zone in np.argwhere(late).tolist()]
        for number, zone in np.argwhere(turned).tolist():
            track, row = seen.tracks[number], int(rows[number])
            if there[number, zone]:
                said = self._filters.rulings(seen, number, zone)
                told.append(self._enter(track, seen.labels[number], row, zone, said))
            else:
                told.append(self._leave(track, row, zone))
        return told

    def end(self, tracks: Iterable[int]) -> list[ZoneEvent]:
        """Tracks that ended leave when they were last seen."""
        told = []
        for track in tracks:
            row = self._rows.take(track)
            self._filters.forget(track)
            if row is None:
                continue
            state = self._columns
            for zone in np.flatnonzero(state.inside[row]).tolist():
                if np.isnan(state.since_s[row, zone]):
                    state.since_s[row, zone] = state.last_s[row]
                    state.since_at[row, zone] = state.last_at[row]
                told.append(self._leave(track, row, zone))
        return told

    def close(self, staying: Container[int] = ()) -> list[ZoneEvent]:
        """All tracks are over but those that stay: a later process goes on with them."""
        return self.end([track for track in self._rows.tracks() if track not in staying])

    def stays(self, track: int) -> tuple[ZoneStay, ...]:
        """The zones that a track is in, as of when it was last seen."""
        return tuple(
            self._stay(track, zone, stay) for (each, zone), stay in self._stays.items() if each == track
        )

    def recall(self, parked: Parked, seen_s: float, now_s: float) -> list[ZoneEvent]:
        """Go on with the stays of what an earlier process had parked; before the first frame.

        Args:
            parked: what it was.
            seen_s: media time at which it was last seen; may be below 0.
            now_s: of the first frame; what was before is in no total of this process.

        Returns:
            That it left the zones that are no more.
        """
        track = parked.event.track
        kept = [stay for stay in parked.stays if stay.zone in self._names]
        for stay in kept:
            zone, entered_s = self._names.index(stay.zone), seen_s - stay.seconds
            (row,) = self._rows.of([track])
            state = self._columns
            state.inside[row, zone] = True
            state.loiters_s[row, zone] = np.inf if stay.loitered else entered_s + self._zones[zone].loiter
            state.last_s[row], state.last_at[row] = seen_s, parked.seen_at
            self._stays[track, zone] = Stay(stay.label, entered_s, stay.since, now_s)
        return [left(parked, stay) for stay in parked.stays if stay not in kept]

    def forget(self, tracks: Iterable[int]) -> None:
        """Nobody asks any more where these were."""
        for track in tracks:
            self._visited.pop(track, None)

    def totals(self) -> dict[tuple[str, str], Presence]:
        """By zone and label, since the last call; only what was seen is counted, never what comes after."""
        occupancy: defaultdict[tuple[str, str], int] = defaultdict(int)
        for (track, zone), stay in self._stays.items():
            key = self._names[zone], stay.label
            occupancy[key] += 1
            (row,) = self._rows.of([track])
            since_s = self._columns.since_s[row, zone]
            upto_s = float(self._columns.last_s[row] if np.isnan(since_s) else since_s)
            self._seconds[key] += stay.count(upto_s)
        seconds, self._seconds = self._seconds, defaultdict(float)
        return {key: Presence(occupancy[key], seconds[key]) for key in sorted({*occupancy, *seconds})}

    def _there(self, seen: Seen) -> Mask:
        """[N,Z] whether an object's feet are in the zone, and the zone counts it."""
        within = self._polygons.contain(seen.feet)
        there = within & self._filters.passes(seen)
        if self._explanation is not None:
            for number, zone in np.argwhere(within).tolist():
                said = self._filters.rulings(seen, number, zone)
                self._explanation.at_zone(seen, number, self._names[zone], said)
        return np.asarray(there)

    def _enter(self, track: int, label: str, row: int, zone: int, said: tuple[Ruling, ...]) -> ZoneEvent:
        since_s, at = self._turn(row, zone)
        self._columns.inside[row, zone] = True
        self._columns.loiters_s[row, zone] = since_s + self._zones[zone].loiter
        self._stays[track, zone] = Stay(label, since_s, at, since_s)
        self._visited.setdefault(track, {}).setdefault(self._names[zone], said)
        return replace(self._event(track, zone, "entered", at, since_s), rules=said)

    def _loiter(self, seen: Seen, number: int, zone: int) -> ZoneEvent:
        (row,) = self._rows.of([seen.tracks[number]])
        self._columns.loiters_s[row, zone] = np.inf
        return self._event(seen.tracks[number], zone, "loitering", seen.at, seen.time_s)

    def _leave(self, track: int, row: int, zone: int) -> ZoneEvent:
        since_s, at = self._turn(row, zone)
        self._columns.inside[row, zone] = False
        self._columns.loiters_s[row, zone] = np.inf
        event = self._event(track, zone, "left", at, since_s)
        stay = self._stays.pop((track, zone))
        self._seconds[event.zone, stay.label] += stay.count(since_s)
        return event

    def _stay(self, track: int, zone: int, stay: Stay) -> ZoneStay:
        (row,) = self._rows.of([track])
        seconds = float(self._columns.last_s[row]) - stay.entered_s
        loitered = bool(np.isinf(self._columns.loiters_s[row, zone]))
        return ZoneStay(self._names[zone], stay.label, stay.entered_at, seconds, loitered)

    def _turn(self, row: int, zone: int) -> tuple[float, datetime]:
        """Since when it is so, media time and UTC; then there is nothing left to wait for."""
        state = self._columns
        since_s, at = float(state.since_s[row, zone]), state.since_at[row, zone]
        state.since_s[row, zone] = np.nan
        return since_s, at

    def _event(self, track: int, zone: int, change: ZoneChange, at: datetime, time_s: float) -> ZoneEvent:
        stay = self._stays[track, zone]
        seconds = time_s - stay.entered_s
        return ZoneEvent(self._camera, self._names[zone], change, stay.label, track, None, at, seconds)

    def _grow(self, rows: int) -> None:
        old, self._columns = self._columns, columns(rows, len(self._zones))
        for name in ("inside", "since_s", "since_at", "loiters_s", "last_s", "last_at"):
            getattr(self._columns, name)[: len(old.last_s)] = getattr(old, name)

    def _clear(self, row: int) -> None:
        state = self._columns
        state.inside[row], state.since_s[row], state.loiters_s[row] = False, np.nan, np.inf


def left(parked: Parked, stay: ZoneStay) -> ZoneEvent:
    """The end of a stay of what was parked and is found no more: when it was last seen."""
    event = parked.event
    return ZoneEvent(
        event.camera, stay.zone, "left", stay.label, event.track, event.id, parked.seen_at, stay.seconds
    )
