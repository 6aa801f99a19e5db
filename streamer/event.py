"""What happens at a camera: objects that come and go, zones entered and left, lines crossed, trouble."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from uuid_utils import uuid7

Phase = Literal["start", "update", "end"]
Box = tuple[float, float, float, float]
ZoneChange = Literal["entered", "loitering", "left"]
Direction = Literal["in", "out"]
CameraState = Literal["up", "down", "covered", "frozen", "unfocused"]
Outcome = Literal["dropped", "waiting", "refused", "started"]


def new_id() -> str:
    """A UUIDv7 (RFC 9562), which sorts by the time of its making."""
    return str(uuid7())


def snapshot_path(camera: str, started_at: datetime, event: str) -> str:
    """Where an event's pictures lie below the data folder, without suffix; a folder per camera and day."""
    return f"snapshots/{camera}/{started_at.astimezone(UTC):%Y-%m-%d}/{event}"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one rule said of one object.

    Attributes:
        rule: its name in the configuration, such as ``min_area``.
        kept: whether it lets the object pass.
        value, limit: what the object has and what the rule asks for; None where there is no such thing.
    """

    rule: str
    kept: bool
    value: float | str | None
    limit: float | str | None

    def __str__(self) -> str:
        """``min_area: 0.002, expected at least 0.01``, or ``min_area: 0.02 (at least 0.01)``."""
        value = _shown(self.value)
        asked = f"{_bound(self.rule)}{_shown(self.limit)}"
        if self.kept:
            return f"{self.rule}: {value}" if value == asked else f"{self.rule}: {value} ({asked})"
        expected = f"expected {asked}"
        return f"{self.rule}: {expected}" if self.value is None else f"{self.rule}: {value}, {expected}"


def _shown(value: float | str | None) -> str:
    return value if isinstance(value, str) else "nothing" if value is None else f"{value:.3g}"


def _bound(rule: str) -> str:
    name = rule.rpartition(".")[2]
    if name in {"masks", "labels", "required_zones", "stationary", "track"}:
        return ""
    return "at most " if name.startswith("max_") else "at least "


@dataclass(frozen=True, slots=True)
class Event:
    """The state of an event at one of its phases.

    Attributes:
        id: UUIDv7, stable over all phases.
        camera: name of the camera.
        phase: ``start`` once, ``update`` when a better picture was seen or what it is taken for changed,
            ``end`` once.
        label: class name of the object, voted over the track: it may change from phase to phase
            within a group of labels, and at ``end`` it is final.
        track: id of the track that the event follows.
        confidence: best confidence so far, 0..1.
        box: x1, y1, x2, y2 in source pixels, in the frame of the best picture so far; where ``pictured``
            that is the frame it is published with.
        started_at, ended_at: UTC, capture times of the object's first and last sighting.
        snapshot: path of the best picture below the data folder, without suffix; it holds
            ``<snapshot>.jpg`` (full frame), ``<snapshot>.crop.jpg`` and ``<snapshot>.json``.
        sub_label, attributes: what a classifier adds.
        zones: zones entered so far.
        rules: what let it become an event.
        reason: why it ended, one line for a person; None before, and where nobody knows.
        stationary: the object does not move; it stays in view, or is remembered where it was.
        pictured: the frame it is published with shows it better than all before.
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
    rules: tuple[Ruling, ...] = ()
    reason: str | None = None
    stationary: bool = False
    pictured: bool = True


@dataclass(frozen=True, slots=True)
class ZoneStay:
    """A stay in a zone that is not over, as of the object's last sighting.

    Attributes:
        zone: its name.
        label: class name of the object when it entered.
        since: UTC, capture time of the first frame inside.
        seconds: spent inside so far.
        loitered: whether ``loitering`` was told.
    """

    zone: str
    label: str
    since: datetime
    seconds: float
    loitered: bool


@dataclass(frozen=True, slots=True)
class Parked:
    """What is kept of a parked object, so that a later process continues its event.

    Attributes:
        event: its event as last told.
        place: x1, y1, x2, y2 in shares of the picture.
        seen_at: UTC, capture time of its last sighting.
        score: how good the kept picture is, see ``picture_score``.
        votes: what it was taken for so far, by label: summed confidences.
        stays: in the zones that it stands in.
    """

    event: Event
    place: Box
    seen_at: datetime
    score: float
    votes: Mapping[str, float]
    stays: tuple[ZoneStay, ...] = ()


@dataclass(frozen=True, slots=True)
class ZoneEvent:
    """An object enters a zone, loiters in it, or leaves it.

    Attributes:
        camera, zone: their names.
        change: what happened; ``loitering`` at most once per stay.
        label: class name of the object.
        track: id of the object's track.
        event: id of the object's event; None where it is none (yet).
        at: UTC, capture time of the frame since which it is so, without the zone's inertia.
        seconds: spent inside during this stay so far.
        id: UUIDv7, of this change alone.
        rules: what of the zone let it in, when it enters.
    """

    camera: str
    zone: str
    change: ZoneChange
    label: str
    track: int
    event: str | None
    at: datetime
    seconds: float
    id: str = field(default_factory=new_id, compare=False)
    rules: tuple[Ruling, ...] = ()


@dataclass(frozen=True, slots=True)
class LineCrossing:
    """An object crosses a line.

    Attributes:
        direction: ``in`` from the left of the line's arrow to its right, ``out`` the other way.
        at: UTC, capture time of the frame in which it was first seen on the other side.
        (others as above)
    """

    camera: str
    line: str
    direction: Direction
    label: str
    track: int
    event: str | None
    at: datetime
    id: str = field(default_factory=new_id, compare=False)


@dataclass(frozen=True, slots=True)
class ZoneTotal:
    """One zone and label over an interval.

    Attributes:
        entered, left: how often, within the interval.
        occupancy: objects inside at its end.
        seconds: spent inside within the interval, summed over objects.
    """

    zone: str
    label: str
    entered: int
    left: int
    occupancy: int
    seconds: float


@dataclass(frozen=True, slots=True)
class LineTotal:
    """Crossings of one line by one label over an interval."""

    line: str
    label: str
    crossed_in: int
    crossed_out: int


@dataclass(frozen=True, slots=True)
class Counts:
    """The totals of one camera over an interval, from ``since`` to ``until`` (UTC, capture times).

    Attributes:
        id: UUIDv7.
    """

    camera: str
    since: datetime
    until: datetime
    zones: tuple[ZoneTotal, ...]
    lines: tuple[LineTotal, ...]
    id: str = field(default_factory=new_id, compare=False)


@dataclass(frozen=True, slots=True)
class CameraEvent:
    """A camera's state changed, and stayed so for long enough to be told.

    Attributes:
        state: ``up`` ends every trouble; ``down`` gives no pictures; the others give useless ones.
        reason: one line for a person; None where it is up.
        since: UTC, when the state began, not when it was told.
        id: UUIDv7, of this change alone.
    """

    camera: str
    state: CameraState
    reason: str | None
    since: datetime
    id: str = field(default_factory=new_id, compare=False)


@dataclass(frozen=True, slots=True)
class AttributeEvent:
    """What a classifier says of a part of a camera's picture changed, such as a gate that opens.

    Attributes:
        attribute: name of the part.
        value: what it is like from now on; ``before`` what it was, None where nothing was told yet.
        confidence: of the look that made it sure, 0..1.
        since: UTC, capture time of the first look that said so, not when it was told.
        id: UUIDv7, of this change alone.
    """

    camera: str
    attribute: str
    value: str
    before: str | None
    confidence: float
    since: datetime
    id: str = field(default_factory=new_id, compare=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """Why an object was, or was not, followed or made an event; only told to who asks.

    Attributes:
        outcome: a box was ``dropped``; a track is ``waiting`` to become an event, was ``refused`` to the
            end, or ``started`` one.
        label: class name of the object.
        rulings: what decided it; all that let it pass, or the one that did not.
        box: x1, y1, x2, y2 in source pixels; None of a track that ended.
        track: id of the object's track; None where it has none.
    """

    outcome: Outcome
    label: str
    rulings: tuple[Ruling, ...]
    box: Box | None
    track: int | None


Happening: TypeAlias = Event | ZoneEvent | LineCrossing | Counts | CameraEvent | AttributeEvent | Decision
"""Whatever is told to sinks beside the detections."""
