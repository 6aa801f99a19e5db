"""A record on its way to a topic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

Kind = Literal["event", "counts", "detections", "frame"]
Headers: TypeAlias = tuple[tuple[str, bytes], ...]

LASTING: Final = frozenset[Kind]({"event", "counts"})
"""What is never left out for want of room."""

OVERHEAD_BYTES: Final = 64
"""What a message costs beside its bytes; a guess that bounds many small ones."""


@dataclass(frozen=True, slots=True)
class ObjectPhase:
    """Which phase of which object's event a message tells.

    Attributes:
        ended_at: UTC; None before its end.
        seen_at: UTC, capture time of the frame it is told with.
    """

    event: str
    ended_at: datetime | None
    seen_at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """One record of a topic; its bytes never change, however often it is sent.

    Attributes:
        id: UUIDv7, its CloudEvents id.
        kind: decides what becomes of it when there is no room.
        topic: name.
        key: the camera's name.
        value: the record.
        headers: names and values.
        made_at: monotonic seconds.
        phase: of an object's event; None of every other message.
    """

    id: str
    kind: Kind
    topic: str
    key: bytes
    value: bytes
    headers: Headers
    made_at: float
    phase: ObjectPhase | None = None

    @property
    def lasting(self) -> bool:
        """Whether it is on disk before anybody sees it, and never left out."""
        return self.kind in LASTING

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.value) + len(self.key) + len(self.topic) + headers + OVERHEAD_BYTES


@dataclass(frozen=True, slots=True, eq=False)
class Queued:
    """A message and its number in the spool; None where it is only in memory."""

    message: Message
    number: int | None = None
