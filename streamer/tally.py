"""The counts of one pass over files, where nobody scrapes metrics and every picture is a source."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamer.capture.state import SourceState


class Tally:
    """Hears what ``Metrics`` hears, and keeps only how many frames were dropped, by reason."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._dropped: Counter[str] = Counter()

    def lost_frames(self, reason: str) -> int:
        """Frames dropped for this reason."""
        with self._lock:
            return self._dropped[reason]

    def dropped(self, camera: str, reason: str) -> None:
        with self._lock:
            self._dropped[reason] += 1

    def received(self, camera: str) -> None: ...

    def changed(self, camera: str, state: SourceState) -> None: ...

    def observe_stage(self, camera: str, stage: str, seconds: float) -> None: ...

    def detected(self, camera: str, objects: int) -> None: ...

    def queue_depth(self, detector: str, frames: int) -> None: ...

    def batch(self, detector: str, frames: int, seconds: float) -> None: ...

    def stuck(self, detector: str, reason: str | None) -> None: ...
