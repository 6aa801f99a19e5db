"""What a sink is: a place that takes the results of every camera."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from streamer.event import Happening
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks

FileOf = Callable[["Frame"], "str | None"]
"""The path of the file a frame was read from; None where its record says none, as of most videos."""


class Sink(Protocol):
    """Takes results until its ``async with`` block is left; then everything it took is out."""

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        """The result of one frame; SinkUnavailable when a sink that must not lose anything cannot take it."""

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        """What happened without a frame: the camera is silent or down, or the service stops."""


class LossObserver(Protocol):
    """Counts what a sink could not deliver; called from any thread."""

    def lost(self, sink: str, reason: str) -> None: ...


def from_video(frame: Frame) -> None:
    """No frame was read from a picture file."""
