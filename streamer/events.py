"""When a followed object becomes an event, which picture of it is the best, and when it is over."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from detectors.detections import CLASS_NAME
from streamer.event import Box, Event, Parked, Phase, Ruling, new_id, snapshot_path
from streamer.rules.starting import Candidate, StartRules, Verdict
from streamer.tracking.tracks import NOTHING, ParkedTrack, Refined
from streamer.tracking.vote import Vote

if TYPE_CHECKING:
    from streamer.config.tree import EventConfig
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks

UNCONFIRMED: Final = -1
EDGE_PX: Final = 2.0
"""A box this near to the edge of the frame is cut by it."""
CUT: Final = 0.5
"""What a cut object's picture is worth."""
RECENT: Final = 250
"""Sightings that a track which is no event yet is judged by."""
LATE_S: Final = 1e-6
"""Rounding error of differences of media times."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One object in one frame; ``size`` is the frame's width and height."""

    track: int
    label: str
    confidence: float
    box: Box
    score: float
    time_s: float
    captured_at: datetime
    size: tuple[int, int]


@dataclass(slots=True)
class Following:
    """What is remembered of a track that is, or may become, an event.

    Attributes:
        first, last: its first and its last sighting.
        best: the sighting whose picture is kept.
        pictured_s: media time at which a picture was last published.
        confidence: the best so far.
        vote: on its label.
        label: as told last.
        confidences: of the latest sightings, until the event started.
        zones: entered so far.
        rules: what let it become an event.
        stationary: it does not move, as of now.
        refined: what classifiers say of it.
        id: of the event; None until it started.
    """

    first: Sighting
    last: Sighting
    best: Sighting
    pictured_s: float
    confidence: float
    vote: Vote
    label: str
    confidences: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    zones: tuple[str, ...] = ()
    rules: tuple[Ruling, ...] = ()
    stationary: bool = False
    refined: Refined = NOTHING
    id: str | None = None

    @property
    def track(self) -> int:
        return self.last.track

    @property
    def age_s(self) -> float:
        return self.last.time_s - self.first.time_s

    @property
    def box(self) -> Box:
        return self.last.box

    @property
    def size(self) -> tuple[int, int]:
        return self.last.size

    def lost(self, time_s: float) -> str:
        """Why it is over when nobody has seen it up to a media time."""
        unseen = f"not seen for {time_s - self.last.time_s:.1f} s"
        return f"left the picture, {unseen}" if at_edge(self.last.box, self.last.size) else unseen


class Gate(Protocol):
    """Says which tracks may become events, and where they have been."""

    def may_start(self, candidate: Candidate) -> Verdict: ...

    def zones_of(self, track: int) -> tuple[str, ...]: ...


class EventRules:
    """The events of one camera: one start, updates, one end each.

    It touches no clock: times are those of the frames.
    """

    def __init__(
        self,
        camera: str,
        config: EventConfig,
        new_id: Callable[[], str] = new_id,
        *,
        gate: Gate | None = None,
    ) -> None:
        """
        Args:
            camera: its name.
            config: when a track becomes an event, and how often it is updated.
            new_id: gives ids.
            gate: the rules of the camera's scene, where there are any.
        """
        self._camera = camera
        self._gate: Gate = gate or StartRules(config)
        self._config = config
        self._new_id = new_id
        self._followed: dict[int, Following] = {}

    def update(self, frame: Frame, tracks: Tracks) -> list[Event]:
        """What begins, changes and ends with this frame; ``tracks`` are of the same frame."""
        events = [self._see(sighting, tracks) for sighting in sightings(frame, tracks)]
        return [*filter(None, events), *self.expire(tracks, frame.captured_at)]

    def expire(self, tracks: Tracks, at: datetime) -> list[Event]:
        """The ends of the tracks given up, when no frame came.

        Args:
            tracks: what the tracker gave up.
            at: what time it is, UTC; nothing ends later, however fast the camera's clock may be.
        """
        followed = [self._followed.pop(track) for track in tracks.ended if track in self._followed]
        for each in followed:
            each.refined = tracks.refined.get(each.track, each.refined)
        return [
            replace(self._event(each, "end", at), reason=each.lost(tracks.time_s))
            for each in followed
            if each.id is not None
        ]

    def close(self, at: datetime) -> list[Event]:
        """The ends of all that is open: the camera's recording is over."""
        followed = list(self._followed.values())
        self._followed.clear()
        return self._ends(followed, at, "the source ended")

    def event_of(self, track: int) -> str | None:
        """The id of the event that a track is; None where it is none."""
        following = self._followed.get(track)
        return None if following is None else following.id

    def staying(self) -> frozenset[int]:
        """The tracks whose events a pause leaves open."""
        return frozenset(
            each.track for each in self._followed.values() if each.stationary and each.id is not None
        )

    def pause(self, at: datetime) -> list[Event]:
        """The ends of all that is open but what is parked: the process stops, and another may go on."""
        followed = [each for each in self._followed.values() if not each.stationary]
        self._followed.clear()
        return self._ends(followed, at, "Sightline stopped")

    def parked(self, tracks: Sequence[ParkedTrack], size: tuple[int, int]) -> tuple[Parked, ...]:
        """What a later process has to know to go on with the events of these objects.

        Args:
            tracks: what the tracker says is parked.
            size: width and height of the frame.
        """
        known = [(track, self._followed.get(track.track)) for track in tracks]
        return tuple(
            Parked(
                self._event(following, "update"),
                scaled(track.place, (1 / size[0], 1 / size[1])),
                following.last.captured_at,
                following.best.score,
                following.vote.sums,
            )
            for track, following in known
            if following is not None and following.id is not None
        )

    def recall(self, frame: Frame, known: Sequence[Parked]) -> list[ParkedTrack]:
        """Go on with the events of what an earlier process had parked.

        Args:
            frame: the first one; the time between is told by its capture time, as media time began anew.
            known: what was parked.

        Returns:
            The same for the tracker.
        """
        return [self._recall(frame, each) for each in known]

    def _recall(self, frame: Frame, parked: Parked) -> ParkedTrack:
        event = parked.event
        seen_s = frame.time_s - max((frame.captured_at - parked.seen_at).total_seconds(), 0.0)
        size = frame.width, frame.height
        last = Sighting(
            event.track, event.label, event.confidence, event.box, parked.score, seen_s, parked.seen_at, size
        )
        first = replace(last, captured_at=event.started_at)
        following = Following(first, last, last, seen_s, event.confidence, Vote(parked.votes), event.label)
        following.id, following.stationary = event.id, True
        following.zones, following.rules = event.zones, event.rules
        following.refined = Refined(event.sub_label, event.attributes)
        self._followed[event.track] = following
        place = scaled(parked.place, (frame.width, frame.height))
        return ParkedTrack(event.track, event.label, place, seen_s)

    def _see(self, sighting: Sighting, tracks: Tracks) -> Event | None:
        following = self._followed.get(sighting.track)
        if following is None:
            following = Following(
                sighting, sighting, sighting, sighting.time_s, sighting.confidence, Vote(), sighting.label
            )
            self._followed[sighting.track] = following
        following.last = sighting
        following.stationary = sighting.track in tracks.parked
        following.confidence = max(following.confidence, sighting.confidence)
        entered = self._gate.zones_of(sighting.track)
        if entered and entered != following.zones:
            following.zones = tuple(dict.fromkeys((*following.zones, *entered)))
        following.vote.add(sighting.label, sighting.confidence)
        told, following.refined = following.refined, tracks.refined.get(sighting.track, following.refined)
        if following.id is not None:
            return self._update(following, told)
        following.label = following.vote.winner()
        following.confidences.append(sighting.confidence)
        verdict = self._gate.may_start(following)
        return self._start(following, verdict) if verdict.kept else None

    def _is_better(self, following: Following) -> bool:
        waited_s = following.last.time_s - following.pictured_s
        return (
            waited_s >= self._config.update_every_s - LATE_S
            and following.last.score >= self._config.better * following.best.score
        )

    def _start(self, following: Following, verdict: Verdict) -> Event:
        following.id = self._new_id()
        following.rules = verdict.rulings
        following.confidences.clear()
        return self._pictured(following, "start")

    def _update(self, following: Following, refined: Refined) -> Event | None:
        """What changed; ``refined`` is what classifiers said of it before."""
        told, following.label = following.label, following.vote.revised(following.label)
        if self._is_better(following):
            return self._pictured(following, "update")
        changed = following.label != told or following.refined != refined
        return self._event(following, "update") if changed else None

    def _pictured(self, following: Following, phase: Phase) -> Event:
        following.best = following.last
        following.pictured_s = following.last.time_s
        return replace(self._event(following, phase), pictured=True)

    def _ends(self, followed: list[Following], at: datetime, reason: str) -> list[Event]:
        return [
            replace(self._event(each, "end", at), reason=reason) for each in followed if each.id is not None
        ]

    def _event(self, following: Following, phase: Phase, at: datetime | None = None) -> Event:
        assert following.id is not None
        started_at = following.first.captured_at
        return Event(
            id=following.id,
            camera=self._camera,
            phase=phase,
            label=following.vote.winner() if phase == "end" else following.label,
            track=following.first.track,
            confidence=following.confidence,
            box=following.best.box,
            started_at=started_at,
            ended_at=at and max(started_at, min(following.last.captured_at, at)),
            snapshot=snapshot_path(self._camera, started_at, following.id),
            sub_label=following.refined.sub_label,
            attributes=following.refined.attributes,
            zones=following.zones,
            rules=following.rules,
            stationary=following.stationary,
            pictured=False,
        )


def sightings(frame: Frame, tracks: Tracks) -> list[Sighting]:
    """The followed objects of a frame."""
    found = tracks.detections
    if not len(found):
        return []
    assert found.tracker_id is not None
    assert found.confidence is not None
    return [
        Sighting(
            track=track,
            label=label,
            confidence=confidence,
            box=(box[0], box[1], box[2], box[3]),
            score=picture_score(box, confidence, (frame.width, frame.height)),
            time_s=frame.time_s,
            captured_at=frame.captured_at,
            size=(frame.width, frame.height),
        )
        for track, label, confidence, box in zip(
            found.tracker_id.tolist(),
            np.asarray(found.data[CLASS_NAME]).tolist(),
            found.confidence.tolist(),
            found.xyxy.tolist(),
            strict=True,
        )
        if track != UNCONFIRMED
    ]


def scaled(box: Box, by: tuple[float, float]) -> Box:
    """A box with its x and its y coordinates multiplied."""
    return box[0] * by[0], box[1] * by[1], box[2] * by[0], box[3] * by[1]


def at_edge(box: Sequence[float], size: tuple[int, int]) -> bool:
    """Whether a box in pixels touches an edge of the picture of that size."""
    x1, y1, x2, y2 = box
    return x1 < EDGE_PX or y1 < EDGE_PX or x2 > size[0] - EDGE_PX or y2 > size[1] - EDGE_PX


def picture_score(box: list[float], confidence: float, size: tuple[int, int]) -> float:
    """How good a picture of the object is: sure, large (by its side, not its area), and not cut off.

    Args:
        box: x1, y1, x2, y2 in pixels of the frame.
        confidence: 0..1.
        size: width and height of the frame.
    """
    x1, y1, x2, y2 = box
    width, height = size
    cut = at_edge(box, size)
    side = math.sqrt(max((x2 - x1) * (y2 - y1) / (width * height), 0.0))
    return confidence * side * (CUT if cut else 1.0)
