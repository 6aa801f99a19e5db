"""The rules of one camera that follow objects: zones, lines, totals, and what may become an event."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from streamer.event import Counts, LineCrossing, ZoneEvent
from streamer.rules.lines import Lines
from streamer.rules.seen import seen_in
from streamer.rules.starting import Candidate, StartRules, Verdict
from streamer.rules.totals import Totals
from streamer.rules.zones import Zones

Move: TypeAlias = ZoneEvent | LineCrossing
"""What an object does at a zone or a line."""

if TYPE_CHECKING:
    from streamer.config.tree import CameraConfig
    from streamer.event import Parked, ZoneStay
    from streamer.frame import Frame
    from streamer.rules.explanation import Explanation
    from streamer.tracking.tracks import Tracks


class SceneRules:
    """What the tracks of one camera do in its scene; without zones and lines it costs nothing."""

    def __init__(self, name: str, camera: CameraConfig, explanation: Explanation | None = None) -> None:
        self._zones = Zones(name, camera.zones, explanation)
        self._lines = Lines(name, camera.lines)
        self._has_zones, self._has_lines = bool(camera.zones), bool(camera.lines)
        self._counts = self._has_zones or self._has_lines
        self._totals = Totals(name, camera.counts.interval, self._zones.totals)
        self._starts = StartRules(camera.events, camera.filters, self._zones, camera.zones)
        self._explanation = explanation

    def zones_of(self, track: int) -> tuple[str, ...]:
        """The zones that a track has entered so far; until it is forgotten."""
        return self._zones.visited(track)

    def may_start(self, candidate: Candidate) -> Verdict:
        """Whether a track may become an event."""
        verdict = self._starts.may_start(candidate)
        if self._explanation is not None:
            self._explanation.judged(candidate, verdict, candidate.box)
        return verdict

    def update(self, frame: Frame, tracks: Tracks) -> list[Move]:
        """What happens at zones and lines with this frame; ``tracks`` are of the same frame."""
        if not self._counts:
            return []
        happened: list[Move] = []
        seen = seen_in(frame, tracks)
        if self._has_zones:
            happened += self._zones.update(seen)
        if self._has_lines:
            happened += self._lines.update(seen)
        return [*happened, *self.expire(tracks.ended)]

    def expire(self, ended: Sequence[int]) -> list[Move]:
        """What tracks that ended leave behind."""
        if not (self._counts and ended):
            return []
        return [*self._lines.end(ended), *self._zones.end(ended)]

    def close(self, staying: Container[int] = ()) -> list[Move]:
        """What is left when all tracks are over; those that stay remain in their zones."""
        return [*self._lines.close(), *self._zones.close(staying)]

    def stays(self, track: int) -> tuple[ZoneStay, ...]:
        """The zones that a track is in now."""
        return self._zones.stays(track)

    def recall(self, parked: Parked, seen_s: float, now_s: float) -> list[Move]:
        """Go on with the stays of what an earlier process had parked; see `Zones.recall`."""
        return [*self._zones.recall(parked, seen_s, now_s)]

    def forget(self, ended: Iterable[int]) -> None:
        """Nobody asks any more about tracks that ended."""
        self._zones.forget(ended)

    def count(self, happened: Iterable[Move], time_s: float, at: datetime) -> Counts | None:
        """Add what happened to the totals, and tell them when their interval is over."""
        if not self._counts:
            return None
        self._totals.add(happened)
        return self._totals.update(time_s, at)

    def last_count(self, happened: Iterable[Move], at: datetime) -> Counts | None:
        """The totals of the interval that the end cuts short."""
        self._totals.add(happened)
        return self._totals.close(at) if self._counts else None
