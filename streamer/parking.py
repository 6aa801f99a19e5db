"""Hands what is parked at a camera from one process to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from streamer.event import Event, Parked
    from streamer.frame import Frame
    from streamer.tracking.tracker import Tracker
    from streamer.tracking.tracks import ParkedTrack

REFRESH_S: Final = 10.0
"""So much may be missing, after a crash, of the time at which a parked object was last seen."""


class ParkedRules(Protocol):
    """What makes events of tracks, and goes on with those of parked objects."""

    def parked(self, tracks: Sequence[ParkedTrack], size: tuple[int, int]) -> tuple[Parked, ...]: ...

    def recall(self, frame: Frame, known: Sequence[Parked]) -> list[ParkedTrack]: ...


class ParkedKeeper(Protocol):
    def park(self, camera: str, parked: Sequence[Parked]) -> None: ...


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier process had parked at a camera, and for how long it is remembered, in seconds."""

    parked: tuple[Parked, ...]
    keep_s: float

    def is_over(self, parked: Parked, now: datetime) -> bool:
        return (now - parked.seen_at).total_seconds() > self.keep_s


NOTHING: Final = Known((), 0.0)


class Parking:
    """One camera's parked objects, told to a store whenever they change, and now and then."""

    def __init__(
        self, tracker: Tracker, rules: ParkedRules, keeper: ParkedKeeper, known: Known = NOTHING
    ) -> None:
        """
        Args:
            tracker, rules: of the camera.
            keeper: takes what is parked.
            known: what an earlier process had parked here.
        """
        self._tracker = tracker
        self._rules = rules
        self._keeper = keeper
        self._known = known
        self._told = frozenset(each.event.track for each in known.parked)
        self._told_s: float | None = None

    def begin(self, frame: Frame) -> None:
        """Before the first frame is followed."""
        self._told_s = frame.time_s
        self._tracker.recall(self._rules.recall(frame, self._known.parked))

    def overdue(self, now: datetime) -> list[Event]:
        """The ends of what was parked for too long ago, while no first frame comes; ``now`` is UTC."""
        gone = [each for each in self._known.parked if self._known.is_over(each, now)]
        kept = tuple(each for each in self._known.parked if each not in gone)
        self._known = replace(self._known, parked=kept)
        return [replace(each.event, phase="end", ended_at=each.seen_at) for each in gone]

    def look(self, frame: Frame, parked: Sequence[int]) -> None:
        """After a frame: ``parked`` are the ids of the tracks that are."""
        waited_s = frame.time_s - (self._told_s or 0.0)
        if self._told == frozenset(parked) and (not parked or waited_s < REFRESH_S):
            return
        self._told, self._told_s = frozenset(parked), frame.time_s
        self.tell(frame)

    def tell(self, frame: Frame) -> None:
        """Tell the store now; ``frame`` is the last one."""
        parked = self._rules.parked(self._tracker.parked(), (frame.width, frame.height))
        self._keeper.park(frame.camera, parked)
