"""What a classifier says of a part of the picture: a gate is open or closed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from streamer.event import AttributeEvent

if TYPE_CHECKING:
    from streamer.batching.classifying import Shares

EVERY_S: Final = 1.0
"""It is looked at so often."""
HOLD: Final = 3
"""Looks one after the other that have to agree before a change is told."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a part of a camera's picture is like.

    Attributes:
        value: the class.
        since: UTC, capture time of the first look that said so.
        confidence: of the last look that said so, 0..1.
    """

    value: str
    since: datetime
    confidence: float


class RegionVote:
    """What one part of a camera's picture is like; it touches no clock.

    Attributes:
        attribute: as told last; None before anything was.
    """

    def __init__(self, camera: str, name: str, least: float) -> None:
        """
        Args:
            camera: its name.
            name: of the part.
            least: probability from which on a look says anything, 0..1.
        """
        self.attribute: Attribute | None = None
        self._camera = camera
        self._name = name
        self._least = least
        self._asked_s: float | None = None
        self._waiting = False
        self._next: tuple[str, datetime] = ("", datetime.max)
        self._agreed = 0

    def due(self, now_s: float) -> bool:
        """Whether to look again, at that media time."""
        return not self._waiting and (self._asked_s is None or now_s - self._asked_s >= EVERY_S)

    def asked(self, now_s: float) -> None:
        """A look is on its way."""
        self._waiting, self._asked_s = True, now_s

    def failed(self) -> None:
        """It came to nothing."""
        self._waiting = False

    def add(self, said: Shares, at: datetime) -> AttributeEvent | None:
        """What a look at ``at`` (UTC) said; the change, once enough looks agree."""
        self._waiting = False
        best = int(said.probabilities.argmax())
        confidence, label = float(said.probabilities[best]), said.labels[best]
        if confidence < max(self._least, said.least):
            self._agreed = 0
            return None
        told = self.attribute
        if told is not None and label == told.value:
            self.attribute, self._agreed = replace(told, confidence=confidence), 0
            return None
        if self._agreed == 0 or label != self._next[0]:
            self._next, self._agreed = (label, at), 0
        self._agreed += 1
        if self._agreed < HOLD:
            return None
        self.attribute, self._agreed = Attribute(*self._next, confidence), 0
        before = None if told is None else told.value
        return AttributeEvent(self._camera, self._name, label, before, confidence, self._next[1])
