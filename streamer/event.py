"""An event: one object from its confirmed appearance to its disappearance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Phase = Literal["start", "update", "end"]
Box = tuple[float, float, float, float]


def snapshot_path(camera: str, started_at: datetime, event: str) -> str:
    """Where an event's pictures lie below the data folder, without suffix; a folder per camera and day."""
    return f"snapshots/{camera}/{started_at.astimezone(UTC):%Y-%m-%d}/{event}"


@dataclass(frozen=True, slots=True)
class Event:
    """The state of an event at one of its phases.

    Attributes:
        id: UUIDv7, stable over all phases.
        camera: name of the camera.
        phase: ``start`` once, ``update`` when a better picture was seen, ``end`` once.
        label: class name of the object.
        track: id of the track that the event follows.
        confidence: best confidence so far, 0..1.
        box: x1, y1, x2, y2 in source pixels; at ``start`` and ``update`` in the frame it is
            published with, at ``end`` in the frame of the best picture.
        started_at, ended_at: UTC, capture times of the object's first and last sighting.
        snapshot: path of the best picture below the data folder, without suffix; it holds
            ``<snapshot>.jpg`` (full frame), ``<snapshot>.crop.jpg`` and ``<snapshot>.json``.
        sub_label, attributes: what a classifier adds.
        zones: zones entered so far.
    """

    id: str
    camera: str
    phase: Phase
    label: str
    track: int
    confidence: float
    box: Box
    started_at: datetime
    ended_at: datetime | None = None
    snapshot: str | None = None
    sub_label: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    zones: tuple[str, ...] = ()
