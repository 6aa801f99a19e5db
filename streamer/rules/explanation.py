"""Why objects were dropped or kept, gathered while a frame passes the rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.detections import CLASS_NAME
from streamer.event import Box, Decision, Outcome, Ruling
from streamer.rules.starting import LATE_S, Candidate, Verdict
from streamer.tracking.tracks import HITS, STAYED_S

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from supervision import Detections

    from streamer.config.tree import TrackerConfig
    from streamer.rules.seen import Seen
    from streamer.tracking.tracks import Tracks

NOT_FOLLOWED: Final = -1
PART: Final = Ruling("track", False, "a part or another name of what is followed", "an object of its own")


class Explanation:
    """The decisions of one camera; a track's is told when it changes, and when it ends."""

    def __init__(self, track: TrackerConfig | None) -> None:
        """
        Args:
            track: when objects are followed; None where they never are.
        """
        self._track = track
        self._decisions: list[Decision] = []
        self._waiting: dict[int, tuple[str, Ruling]] = {}
        self._outside: dict[int, dict[str, str]] = {}

    def take(self) -> list[Decision]:
        """What was decided since the last call."""
        decisions, self._decisions = self._decisions, []
        return decisions

    def dropped(self, found: Detections, row: int, ruling: Ruling) -> None:
        """A rule left out the object of a row."""
        self._decide("dropped", found, row, ruling)

    def followed(self, tracks: Tracks, least: float | NDArray[np.float64]) -> None:
        """The tracker left out what is less sure than ``least`` says, and waits for more of what is new."""
        found = tracks.detections
        if not len(found) or found.tracker_id is None or found.confidence is None:
            return
        limits = np.broadcast_to(least, len(found))
        for row in np.flatnonzero(found.tracker_id == NOT_FOLLOWED).tolist():
            confidence, limit = float(found.confidence[row]), float(limits[row])
            if confidence < limit:
                self._decide("dropped", found, row, Ruling("min_confidence", False, confidence, limit))
            elif self._track is not None:
                hits, stayed_s = int(found.data[HITS][row]), float(found.data[STAYED_S][row])
                if hits:
                    self._decide("waiting", found, row, unconfirmed(hits, stayed_s, self._track))
                else:
                    self._decide("dropped", found, row, PART)

    def at_zone(self, seen: Seen, number: int, zone: str, rulings: Sequence[Ruling]) -> None:
        """What a zone asks of the object at a row that stands in it; told when the answer changes."""
        against = next((each for each in rulings if not each.kept), None)
        outside = self._outside.setdefault(seen.tracks[number], {})
        if against is None:
            outside.pop(zone, None)
        elif outside.get(zone) != against.rule:
            outside[zone] = against.rule
            x1, y1, x2, y2 = seen.boxes[number].tolist()
            decision = Decision(
                "dropped", seen.labels[number], (against,), (x1, y1, x2, y2), seen.tracks[number]
            )
            self._decisions.append(decision)

    def judged(self, candidate: Candidate, verdict: Verdict, box: Box) -> None:
        """A track became an event, or did not yet."""
        track = candidate.track
        if verdict.kept:
            self._waiting.pop(track, None)
            self._decisions.append(Decision("started", candidate.label, verdict.rulings, box, track))
            return
        ruling = verdict.rulings[0]
        before = self._waiting.get(track)
        self._waiting[track] = candidate.label, ruling
        if before is None or before[1].rule != ruling.rule:
            self._decisions.append(Decision("waiting", candidate.label, (ruling,), box, track))

    def ended(self, tracks: Iterable[int]) -> None:
        """Tracks that are over, whether they became events or not."""
        for track in tracks:
            self._outside.pop(track, None)
            waiting = self._waiting.pop(track, None)
            if waiting is not None:
                label, ruling = waiting
                self._decisions.append(Decision("refused", label, (ruling,), None, track))

    def close(self) -> None:
        """All tracks are over."""
        self.ended(list(self._waiting))

    def _decide(self, outcome: Outcome, found: Detections, row: int, ruling: Ruling) -> None:
        x1, y1, x2, y2 = found.xyxy[row].tolist()
        label = str(found.data[CLASS_NAME][row])
        self._decisions.append(Decision(outcome, label, (ruling,), (x1, y1, x2, y2), None))


def unconfirmed(hits: int, stayed_s: float, track: TrackerConfig) -> Ruling:
    """Why an object that was seen so often, over so many seconds, is not followed yet."""
    if hits < track.confirm_hits:
        return Ruling("track.confirm_hits", False, float(hits), float(track.confirm_hits))
    if stayed_s < track.confirm_s - LATE_S:
        return Ruling("track.confirm_s", False, stayed_s, track.confirm_s)
    # It may be the parked one whose place it is at, or pass by.
    return Ruling("stationary", False, "at the place of a parked object", "gone or for a second there")
