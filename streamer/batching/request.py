"""A picture on its way through a detector, and what becomes of its frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from detectors.errors import DetectorError
from detectors.pixels import BgrPixels
from streamer.regions import Crops, crop

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from supervision import Detections

    from detectors.pixels import Pixels
    from streamer.frame import Frame

    Outcome: TypeAlias = Any | DetectorError
    """What settles a future, or the error that does."""


class Waiting(Protocol):
    """What waits in a queue for a thread: its future is resolved exactly once."""

    @property
    def camera(self) -> str: ...

    @property
    def future(self) -> asyncio.Future[Any]: ...


@dataclass(slots=True, eq=False)
class Request:
    """A frame, or a crop of it, on its way through the detector.

    Attributes:
        frame: from any camera.
        min_confidence: from which on its objects are wanted.
        future: of the frame, resolved exactly once: with the last of its crops, or the first that fails.
        crops: of the frame, this one and the others; None where it is looked at as a whole.
        number: of this crop.
    """

    frame: Frame
    min_confidence: float
    future: asyncio.Future[Detections]
    crops: Crops | None = None
    number: int = 0

    @property
    def camera(self) -> str:
        return self.frame.camera

    def pixels(self) -> Pixels:
        """What the model looks at."""
        if self.crops is None:
            return self.frame.pixels
        return BgrPixels(crop(self.frame, self.crops.layout.regions[self.number]))

    def concluded(self, found: Detections) -> Detections | None:
        """What is in the frame, given what was found here; None while other crops are to come."""
        return found if self.crops is None else self.crops.add(self.number, found)


def resolve(done: Sequence[tuple[Waiting, Outcome]]) -> None:
    """Settle frames; called in the event loop. One that was settled or given up before stays as it is."""
    for request, outcome in done:
        if request.future.done():
            continue
        if isinstance(outcome, DetectorError):
            request.future.set_exception(outcome)
        else:
            request.future.set_result(outcome)
