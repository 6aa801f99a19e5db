"""Which objects and frames of a camera are worth a picture to label; touches no clock and no picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.detections import CLASS_NAME
from streamer.event import Event
from streamer.storage.labels import NOTHING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streamer.config.collect import CollectConfig
    from streamer.event import Box, Happening
    from streamer.frame import Frame
    from streamer.storage.snapshots import Kind
    from streamer.tracking.tracks import Tracks

FIRST_S: Final = 0.7
"""An object is looked at again so long after its event began, then after ever longer pauses."""
LONGER: Final = 1.5
NEAR: Final = 0.1
"""An object is near the threshold when its confidence differs by so much at most."""
NEAR_EVERY_S: Final = 10.0
"""Such an object is taken no more often than this."""


@dataclass(frozen=True, slots=True)
class Pick:
    """An object, or a whole frame, that may be kept.

    Attributes:
        event: its event; None where it has none.
        box: in pixels of the frame.
    """

    kind: Kind
    event: str | None
    label: str
    confidence: float
    box: Box


@dataclass(slots=True)
class Followed:
    """The object of an event, when it is looked at next, and the pause before that."""

    event: str
    next_s: float
    pause_s: float


class Picking:
    """What is picked of one camera's frames."""

    def __init__(self, config: CollectConfig, chance: Callable[[], float]) -> None:
        """
        Args:
            config: what is wanted.
            chance: a number from 0 to below 1, another one each time.
        """
        self._config = config
        self._chance = chance
        self._followed: dict[int, Followed] = {}
        self._near_s = -NEAR_EVERY_S

    def choose(
        self,
        frame: Frame,
        tracks: Tracks,
        happenings: Sequence[Happening],
        least: float | NDArray[np.float64],
    ) -> list[Pick]:
        """What to take of this frame.

        Args:
            frame: in which the objects were found.
            tracks: all of them, also what is not published.
            happenings: what came of it.
            least: confidence with which each of the objects [N], or any, is published.
        """
        self._heed(happenings, tracks.time_s)
        found = tracks.detections
        if not len(found) or found.confidence is None:
            return self._at_random(frame)
        thresholds = np.broadcast_to(np.asarray(least, np.float64), len(found))
        picks = (
            [] if found.confidence.size and (found.confidence >= thresholds).any() else self._at_random(frame)
        )
        return [*picks, *self._diverse(tracks), *self._near(tracks, thresholds)]

    def _heed(self, happenings: Sequence[Happening], now_s: float) -> None:
        for each in happenings:
            if not isinstance(each, Event):
                continue
            if each.phase == "end":
                self._followed.pop(each.track, None)
            elif each.phase == "start" and self._config.per_event:
                self._followed[each.track] = Followed(each.id, now_s + FIRST_S, FIRST_S)

    def _diverse(self, tracks: Tracks) -> list[Pick]:
        picks = []
        for place, track in enumerate(_ids(tracks)):
            followed = self._followed.get(track)
            if followed is None or tracks.time_s < followed.next_s:
                continue
            followed.pause_s *= LONGER
            followed.next_s = tracks.time_s + followed.pause_s
            picks.append(_pick("diverse", followed.event, tracks, place))
        return picks

    def _near(self, tracks: Tracks, thresholds: NDArray[np.float64]) -> list[Pick]:
        confidence = tracks.detections.confidence
        if (
            not self._config.near_threshold
            or tracks.time_s - self._near_s < NEAR_EVERY_S
            or confidence is None
        ):
            return []
        distances = np.abs(confidence - thresholds)
        # What is an event reaches those who label as such.
        distances[[track in self._followed for track in _ids(tracks)]] = np.inf
        nearest = int(distances.argmin())
        if distances[nearest] > NEAR:
            return []
        self._near_s = tracks.time_s
        return [_pick("near", None, tracks, nearest)]

    def _at_random(self, frame: Frame) -> list[Pick]:
        if self._chance() >= self._config.random:
            return []
        return [Pick("random", None, NOTHING, 0.0, (0.0, 0.0, float(frame.width), float(frame.height)))]


def _ids(tracks: Tracks) -> list[int]:
    ids = tracks.detections.tracker_id
    return [-1] * len(tracks.detections) if ids is None else [int(each) for each in ids.tolist()]


def _pick(kind: Kind, event: str | None, tracks: Tracks, place: int) -> Pick:
    found = tracks.detections
    assert found.confidence is not None
    x1, y1, x2, y2 = map(float, found.xyxy[place].tolist())
    label = str(np.asarray(found.data[CLASS_NAME])[place])
    return Pick(kind, event, label, float(found.confidence[place]), (x1, y1, x2, y2))
