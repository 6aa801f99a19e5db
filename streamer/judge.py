"""All rules of one camera together: which boxes are followed, and what is told of the objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from streamer.event import Counts, Event, Happening
from streamer.events import EventRules
from streamer.rules.boxes import BoxRules
from streamer.rules.explanation import Explanation
from streamer.rules.scene import Move, SceneRules

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from supervision import Detections

    from streamer.config.tree import CameraConfig
    from streamer.event import Parked
    from streamer.frame import Frame
    from streamer.tracking.tracks import ParkedTrack, Tracks


class Judge:
    """What the rules of one camera make of each frame. It touches no clock: times are those of the frames."""

    def __init__(
        self, name: str, camera: CameraConfig, *, follows: bool = True, explain: bool = False
    ) -> None:
        """
        Args:
            name: of the camera.
            camera: its rules; ``detect.min_confidence`` is what is published.
            follows: whether objects are followed; else every box stands alone, in no zone.
            explain: also tell a `Decision` for each object that is dropped or kept.
        """
        if not follows:
            camera = camera.model_copy(update={"zones": {}, "lines": {}})
        self._explanation = Explanation(camera.track if follows else None) if explain else None
        self._boxes = BoxRules(camera)
        self._scene = SceneRules(name, camera, self._explanation)
        self._events = EventRules(name, camera.events, gate=self._scene)
        self._recalled: list[Move] = []

    @property
    def lowest(self) -> float:
        """The least confidence of anything that is published."""
        return self._boxes.lowest

    def select(self, frame: Frame, found: Detections) -> Detections:
        """What may be followed of what was found in a frame."""
        return self._boxes.select(found, (frame.width, frame.height), self._explanation)

    def least(self, found: Detections) -> float | NDArray[np.float64]:
        """The least confidence with which each of these objects [N] is published, or that of all."""
        return self._boxes.least(found)

    def update(self, frame: Frame, tracks: Tracks) -> list[Happening]:
        """What happens with this frame; ``tracks`` are of the same frame."""
        moves = [*self._recalled, *self._scene.update(frame, tracks)]
        self._recalled = []
        before = self._event_ids(moves)
        events = self._events.update(frame, tracks)
        counts = self._scene.count(moves, tracks.time_s, frame.captured_at)
        self._forget(tracks)
        decisions: list[Happening] = []
        if self._explanation is not None:
            self._explanation.followed(tracks, self._boxes.least(tracks.detections))
            decisions += self._explanation.take()
        return [*decisions, *self._in_order(events, moves, before, counts)]

    def expire(self, tracks: Tracks, at: datetime) -> list[Happening]:
        """What ends when no frame came; see `EventRules.expire`."""
        moves = self._scene.expire(tracks.ended)
        before = self._event_ids(moves)
        events = self._events.expire(tracks, at)
        counts = self._scene.count(moves, tracks.time_s, at)
        self._forget(tracks)
        decisions = self._explanation.take() if self._explanation is not None else []
        return [*decisions, *self._in_order(events, moves, before, counts)]

    def close(self, at: datetime) -> list[Happening]:
        """The ends of all that is open: the camera's recording is over."""
        return self._end(self._events.close, self._scene.close(), at)

    def pause(self, at: datetime) -> list[Happening]:
        """The ends of all that is open but the events and stays of what is parked; see `EventRules.pause`."""
        return self._end(self._events.pause, self._scene.close(self._events.staying()), at)

    def parked(self, tracks: Sequence[ParkedTrack], size: tuple[int, int]) -> tuple[Parked, ...]:
        """What a later process has to know; see `EventRules.parked`."""
        return tuple(
            replace(each, stays=self._scene.stays(each.event.track))
            for each in self._events.parked(tracks, size)
        )

    def recall(self, frame: Frame, known: Sequence[Parked]) -> list[ParkedTrack]:
        """Go on with what an earlier process had parked; see `EventRules.recall`."""
        tracks = self._events.recall(frame, known)
        for each, track in zip(known, tracks, strict=True):
            self._recalled += self._scene.recall(each, track.seen_s, frame.time_s)
        return tracks

    def _end(
        self, end: Callable[[datetime], list[Event]], moves: Sequence[Move], at: datetime
    ) -> list[Happening]:
        before = self._event_ids(moves)
        events = end(at)
        counts = self._scene.last_count(moves, at)
        decisions: list[Happening] = []
        if self._explanation is not None:
            self._explanation.close()
            decisions += self._explanation.take()
        return [*decisions, *self._in_order(events, moves, before, counts)]

    def _forget(self, tracks: Tracks) -> None:
        if tracks.ended:
            self._scene.forget(tracks.ended)
            if self._explanation is not None:
                self._explanation.ended(tracks.ended)

    def _event_ids(self, moves: Sequence[Move]) -> dict[int, str | None]:
        """The events of tracks that may end with this frame."""
        return {move.track: self._events.event_of(move.track) for move in moves}

    def _in_order(
        self,
        events: Sequence[Event],
        moves: Sequence[Move],
        before: dict[int, str | None],
        counts: Counts | None,
    ) -> list[Happening]:
        """Events begin before their objects move, and end after."""
        if not moves and counts is None:
            return [*events]
        told: list[Happening] = [event for event in events if event.phase != "end"]
        told += [
            replace(move, event=self._events.event_of(move.track) or before[move.track]) for move in moves
        ]
        told += [event for event in events if event.phase == "end"]
        return told if counts is None else [*told, counts]
