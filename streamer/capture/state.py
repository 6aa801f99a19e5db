"""What is known about a source, and who wants to know it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

SourcePhase = Literal["connecting", "live", "down", "ended"]
MainPhase = Literal["closed", "connecting", "live", "down", "ended"]
DropReason = Literal["rate", "busy", "error"]


@dataclass(frozen=True, slots=True)
class SourceState:
    """Where a source stands.

    Attributes:
        state: ``down`` stays until pictures come again, also while the source is tried anew.
        reason: why it is down, in plain words, without credentials; None otherwise.
        since: UTC.
    """

    state: SourcePhase
    reason: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class MainState:
    """Where the larger of a camera's two streams stands; ``closed`` while nobody needs it. Else as above."""

    state: MainPhase
    reason: str | None
    since: datetime


class CaptureObserver(Protocol):
    """Hears what happens in capture; called from decode threads, so it must be thread-safe."""

    def received(self, camera: str) -> None:
        """One picture of the stream came, decoded or skipped."""

    def dropped(self, camera: str, reason: DropReason) -> None:
        """A picture goes no further: not due (``rate``), replaced (``busy``), damaged (``error``)."""

    def changed(self, camera: str, state: SourceState) -> None:
        """The source is in another state."""


class StreamsObserver(CaptureObserver, Protocol):
    """The same for a camera with two streams."""

    def main_changed(self, camera: str, state: MainState) -> None:
        """Its larger stream is in another state."""
