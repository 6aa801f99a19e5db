"""What the store knows about an event, and how it hands events out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from streamer.event import Box, Parked, Ruling


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event of the index.

    Attributes:
        snapshot: path below the data folder, without suffix; None when no picture is kept.
        human_label: what a person says the object is.
        bytes: size of the pictures and their sidecar.
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


@dataclass(frozen=True, slots=True)
class Recovered:
    """What the last process had left open.

    Attributes:
        parked: by camera, the objects whose events go on.
        ended: the other events, ended where they were seen last.
    """

    parked: Mapping[str, tuple[Parked, ...]]
    ended: tuple[StoredEvent, ...]


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events, newest first, and the cursor of the page after them (None: there is none)."""

    items: tuple[StoredEvent, ...]
    next: str | None


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
