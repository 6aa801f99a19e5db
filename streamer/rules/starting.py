"""Whether a track may become an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final, Protocol

from streamer.event import Ruling
from streamer.rules.labels import filter_of
from streamer.rules.rulings import measured, rulings

if TYPE_CHECKING:
    from streamer.config.scene import FilterConfig, ZoneConfig
    from streamer.config.tree import EventConfig
    from streamer.event import Box

LATE_S: Final = 1e-6
"""Rounding error of differences of media times."""


class Candidate(Protocol):
    """A track that is no event yet.

    Attributes:
        track: its id.
        label: class name of the object.
        age_s: between its first and its latest sighting.
        confidences: of the latest sightings, at least one.
        box: the latest one, x1, y1, x2, y2 in source pixels.
        size: width and height of the picture that it is in.
    """

    @property
    def track(self) -> int: ...
    @property
    def label(self) -> str: ...
    @property
    def age_s(self) -> float: ...
    @property
    def confidences(self) -> Sequence[float]: ...
    @property
    def box(self) -> Box: ...
    @property
    def size(self) -> tuple[int, int]: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a track may become an event: all rules that let it, or the first that does not."""

    kept: bool
    rulings: tuple[Ruling, ...]


class Visits(Protocol):
    """Where tracks have been, and what let them in there."""

    def visited(self, track: int) -> tuple[str, ...]: ...
    def let_in(self, track: int, zone: str) -> tuple[Ruling, ...]: ...


class Nowhere:
    """The visits where there are no zones."""

    def visited(self, track: int) -> tuple[str, ...]:
        return ()

    def let_in(self, track: int, zone: str) -> tuple[Ruling, ...]:
        return ()


NOWHERE: Final = Nowhere()


class StartRules:
    """Seen often enough, for long enough, surely enough, and where it matters."""

    def __init__(
        self,
        events: EventConfig,
        filters: Mapping[str, FilterConfig] | None = None,
        visits: Visits = NOWHERE,
        zones: Mapping[str, ZoneConfig] | None = None,
    ) -> None:
        """
        Args:
            events: what every track has to keep.
            filters: what differs for a label.
            visits: the zones that tracks have entered so far.
            zones: what there is to enter.
        """
        self._events = events
        self._filters = filters or {}
        self._zones = zones or {}
        self._visits = visits

    def zones_of(self, track: int) -> tuple[str, ...]:
        """The zones that a track has entered so far."""
        return self._visits.visited(track)

    def may_start(self, candidate: Candidate) -> Verdict:
        """What the rules say of a track as of its latest sighting."""
        events, rule = self._events, filter_of(self._filters, candidate.label)
        hits = len(candidate.confidences)
        if hits < events.confirm_hits:
            return refused("confirm_hits", hits, events.confirm_hits)
        age_s = candidate.age_s
        if age_s < events.confirm_s - LATE_S:
            return refused("confirm_s", age_s, events.confirm_s)
        threshold = events.threshold if rule.threshold is None else rule.threshold
        confidence = median(candidate.confidences)
        if confidence < threshold:
            return refused("threshold", confidence, threshold)
        required = events.required_zones if rule.required_zones is None else rule.required_zones
        entered = self.zones_of(candidate.track)
        met = next((zone for zone in entered if zone in required), None)
        if required and met is None:
            never_in = f"in {' and '.join(entered)}" if entered else "in no zone"
            where = " or ".join(self._described(zone, candidate.label) for zone in required)
            return Verdict(False, (Ruling("required_zones", False, never_in, f"in {where}"),))
        latest = measured(candidate.box, candidate.size, candidate.confidences[-1])
        kept = [
            Ruling("confirm_hits", True, float(hits), float(events.confirm_hits)),
            Ruling("confirm_s", True, age_s, events.confirm_s),
            Ruling("threshold", True, confidence, threshold),
            *rulings(rule, latest),
        ]
        if met is not None:
            kept += self._visits.let_in(candidate.track, met)
            kept.append(Ruling("required_zones", True, f"in {met}", f"in {' or '.join(required)}"))
        return Verdict(True, tuple(kept))

    def _described(self, zone: str, label: str) -> str:
        """The zone, and whom it counts where that is not this label."""
        counted = self._zones[zone].labels if zone in self._zones else ()
        return f"{zone} (counts only {', '.join(counted)})" if counted and label not in counted else zone


def refused(rule: str, value: float, limit: float) -> Verdict:
    return Verdict(False, (Ruling(rule, False, float(value), float(limit)),))
