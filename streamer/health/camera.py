"""When a camera's trouble, and its end, is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from streamer.event import CameraEvent

if TYPE_CHECKING:
    from datetime import datetime

    from streamer.capture.state import SourceState
    from streamer.event import CameraState
    from streamer.health.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Condition:
    """How a camera does.

    Attributes:
        state: what a person would call it.
        reason: why, None where it is up.
        since: UTC, when the state began.
        began: monotonic seconds, the same moment as far as it is known here; holding is measured from it.
    """

    state: CameraState
    reason: str | None
    since: datetime
    began: float


class CameraHealth:
    """One camera: tells a state once it has lasted for ``hold_s``, and each state once.

    At the start a camera counts as up, unless an earlier process told of trouble. One that flaps faster than
    ``hold_s`` says nothing, and what was told last stands. A camera without pictures is down, whatever its
    last pictures were worth; while it connects for the first time, and after the end of a recording, nothing
    is known.
    """

    def __init__(self, camera: str, hold_s: float) -> None:
        """
        Args:
            camera: its name.
            hold_s: how long a state has to last before it is told, 0 to tell it at once.
        """
        self._camera = camera
        self._hold_s = hold_s
        self._source: SourceState | None = None
        self._picture: Verdict | None = None
        self._condition: Condition | None = None
        self._told: CameraState = "up"

    def recall(self, told: CameraState) -> None:
        """What an earlier process told last."""
        self._told = told

    def connected(self, source: SourceState, now: float) -> list[CameraEvent]:
        """The source is in this state since ``now``; what was due before it is told."""
        due = self.update(now)
        self._source = source
        return due + self._changed(now)

    def looked(self, picture: Verdict, now: float) -> list[CameraEvent]:
        """The pictures are worth that since ``now``; what was due before is told."""
        due = self.update(now)
        self._picture = picture
        return due + self._changed(now)

    def update(self, now: float) -> list[CameraEvent]:
        """What is to be told as of ``now`` (monotonic seconds): one event or none."""
        condition = self._condition
        if condition is None or condition.state == self._told or now - condition.began < self._hold_s:
            return []
        self._told = condition.state
        return [CameraEvent(self._camera, condition.state, condition.reason, condition.since)]

    def _changed(self, now: float) -> list[CameraEvent]:
        found, before = self._found(now), self._condition
        if found is not None and before is not None and found.state == before.state:
            # It goes on, maybe for another reason.
            found = Condition(found.state, found.reason, before.since, before.began)
        self._condition = found
        return self.update(now)

    def _found(self, now: float) -> Condition | None:
        source, picture = self._source, self._picture
        if source is None or source.state in ("connecting", "ended"):
            return None
        if source.state == "down":
            return Condition("down", source.reason, source.since, now)
        if picture is None and self._told not in ("up", "down"):
            # What was wrong with its pictures may still be.
            return None
        if picture is None:
            return Condition("up", None, source.since, now)
        state: CameraState = "up" if picture.state == "fine" else picture.state
        # What its pictures showed before they stopped has begun anew.
        return Condition(state, picture.reason, max(picture.since, source.since), now)
