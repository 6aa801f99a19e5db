"""What the store knows about an event, and how it hands events out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from streamer.event import Box, Event, Parked, Phase, Ruling, ZoneEvent


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event of the index.

    Attributes:
        snapshot: path below the data folder, without suffix; None when no picture is kept.
        human_label: what a person says the object is.
        bytes: size of the pictures and their sidecar.
        size: width and height of the pictures that the box lies in; None where an older version wrote it.
        Everything else as in ``streamer.event.Event``.
    """

    id: str
    camera: str
    label: str
    sub_label: str | None
    human_label: str | None
    track: int
    confidence: float
    box: Box
    zones: tuple[str, ...]
    rules: tuple[Ruling, ...]
    attributes: Mapping[str, str]
    stationary: bool
    started_at: datetime
    ended_at: datetime | None
    snapshot: str | None
    bytes: int
    size: tuple[int, int] | None = None

    @property
    def began_at(self) -> datetime:
        """By which it is old."""
        return self.started_at

    def ending(self) -> Event:
        """The event as it is told at its end."""
        return self.told("end")

    def told(self, phase: Phase) -> Event:
        """The event as it is told at that phase."""
        return Event(
            id=self.id,
            camera=self.camera,
            phase=phase,
            label=self.label,
            track=self.track,
            confidence=self.confidence,
            box=self.box,
            started_at=self.started_at,
            ended_at=self.ended_at,
            snapshot=self.snapshot,
            sub_label=self.sub_label,
            attributes=self.attributes,
            zones=self.zones,
            rules=self.rules,
            stationary=self.stationary,
            pictured=False,
        )


@dataclass(frozen=True, slots=True)
class Recovered:
    """What the last process had left open.

    Attributes:
        parked: by camera, the objects whose events go on.
        ended: the other events, ended where they were seen last.
        left: that the others left their zones, when they were seen last.
    """

    parked: Mapping[str, tuple[Parked, ...]]
    ended: tuple[StoredEvent, ...]
    left: tuple[ZoneEvent, ...] = ()

    def ended_as(self, told: Mapping[str, datetime], parked: tuple[StoredEvent, ...]) -> Recovered:
        """The same with events that ended when ``told`` says, ``parked`` among them."""
        going_on = {
            camera: tuple(each for each in of if each.event.id not in told)
            for camera, of in self.parked.items()
        }
        ended = tuple(replace(each, ended_at=told.get(each.id, each.ended_at)) for each in self.ended)
        return Recovered(going_on, (*ended, *parked), self.left)


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events, newest first, and the cursor of the page after them (None: there is none)."""

    items: tuple[StoredEvent, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class EventCount:
    """How many events of a label began at a camera within an interval that begins at ``begun`` (UTC)."""

    begun: datetime
    camera: str
    label: str
    number: int


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """An event, and when its last phase was told."""

    event: StoredEvent
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """Events in the order in which their last phases were told, and how many more there are before them."""

    events: tuple[ToldEvent, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Staying:
    """An object is in a zone."""

    zone: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Choices:
    """What there are events of, each in order."""

    cameras: tuple[str, ...]
    labels: tuple[str, ...]
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoreState:
    """Whether pictures are kept at present.

    Attributes:
        snapshots: ``paused`` while the disk takes no more.
        reason: why; None while writing.
        waiting_events, waiting_pictures: not yet on disk.
        replaced: pictures left out because a better one of the same event followed at once.
        left_out: pictures left out because the disk took no more.
    """

    snapshots: Literal["writing", "paused"]
    reason: str | None
    waiting_events: int
    waiting_pictures: int
    replaced: int
    left_out: int
