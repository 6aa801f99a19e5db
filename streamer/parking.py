"""Hands what is parked at a camera from one process to the next."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from streamer.event import Event, ZoneEvent
from streamer.rules.zones import left

if TYPE_CHECKING:
    from datetime import datetime

    from streamer.event import Happening, Parked
    from streamer.frame import Frame
    from streamer.tracking.tracker import Tracker
    from streamer.tracking.tracks import ParkedTrack, Tracks

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
        self._seen_s: dict[int, float] = {}
        self._told: tuple[Parked, ...] | None = None

    @property
    def left(self) -> tuple[Parked, ...]:
        """What is parked, as the store was told last."""
        return self._known.parked if self._told is None else self._told

    def begin(self, frame: Frame) -> None:
        """Before the first frame is followed."""
        tracks = self._rules.recall(frame, self._known.parked)
        self._tracker.recall(tracks)
        self._told = self._known.parked
        self._seen_s = {each.track: each.seen_s for each in tracks}

    def overdue(self, now: datetime) -> list[Happening]:
        """The ends of what was parked for too long ago, while no first frame comes; ``now`` is UTC."""
        gone = [each for each in self._known.parked if self._known.is_over(each, now)]
        kept = tuple(each for each in self._known.parked if each not in gone)
        self._known = replace(self._known, parked=kept)
        return [end for each in gone for end in _ends(each)]

    def look(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        """After a frame: ``tracks`` and ``happenings`` are what came of it."""
        parked = frozenset(tracks.parked)
        if parked != self._seen_s.keys() or self._is_late(tracks) or _concern(happenings, parked):
            self.tell(frame)

    def tell(self, frame: Frame) -> None:
        """Tell the store now; ``frame`` is the last one."""
        tracks = self._tracker.parked()
        self._seen_s = {each.track: each.seen_s for each in tracks}
        self._told = self._rules.parked(tracks, (frame.width, frame.height))
        self._keeper.park(frame.camera, self._told)

    def end(self, camera: str) -> list[Happening]:
        """Nothing is parked there any more; the ends of what no frame was there to find again."""
        unseen = self._known.parked if self._told is None else ()
        self._told = ()
        self._keeper.park(camera, ())
        return [end for each in unseen for end in _ends(each)]

    def _is_late(self, tracks: Tracks) -> bool:
        """Whether something is seen that the store was told of as seen too long ago."""
        late = [each for each, seen_s in self._seen_s.items() if tracks.time_s - seen_s >= REFRESH_S]
        ids = tracks.detections.tracker_id
        return bool(late) and ids is not None and not frozenset(late).isdisjoint(ids.tolist())


def _concern(happenings: Sequence[Happening], parked: Container[int]) -> bool:
    """Whether anything was told of what is parked, which must not be told again."""
    return any(isinstance(each, Event | ZoneEvent) and each.track in parked for each in happenings)


def _ends(parked: Parked) -> list[Happening]:
    """What is told of an object that is not found again."""
    end = replace(parked.event, phase="end", ended_at=parked.seen_at)
    return [*(left(parked, stay) for stay in parked.stays), end]
