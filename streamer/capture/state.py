"""What is known about a source, and who wants to know it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

SourcePhase = Literal["connecting", "live", "down", "ended"]
DropReason = Literal["rate", "busy", "damaged"]


@dataclass(frozen=True, slots=True)
class SourceState:
    """Where a source stands.

    Attributes:
        state: ``down`` stays until pictures come again, also while the source is tried anew.
        reason: why it is down, in plain words, without credentials; None otherwise.
        since: UTC.
        decoder: where its pictures are decoded: ``cpu``, ``cuda`` or ``qsv``; None where it isn't live, or
            nothing is decoded.
    """

    state: SourcePhase
    reason: str | None
    since: datetime
    decoder: str | None = None


class CaptureObserver(Protocol):
    """Hears what happens in capture; called from decode threads, so it must be thread-safe."""

    def received(self, camera: str) -> None:
        """One picture of the stream came, decoded or skipped."""

    def dropped(self, camera: str, reason: DropReason) -> None:
        """A picture goes no further: not due (``rate``), replaced (``busy``), or not to be believed since
        a loss (``damaged``)."""

    def clocked(self, camera: str, offset_s: float) -> None:
        """By how much the camera's clock is ahead of ours, as of a picture; not told by a camera without."""

    def changed(self, camera: str, state: SourceState) -> None:
        """The source is in another state."""
