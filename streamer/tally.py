"""The counts of one pass over files, where nobody scrapes metrics and every picture is a source."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamer.capture.state import MainState, SourceState


class Tally:
    """Hears what ``Metrics`` hears, and keeps only how many frames came, and how many were lost."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._received = 0
        self._dropped = 0

    @property
    def received_frames(self) -> int:
        return self._received

    @property
    def dropped_frames(self) -> int:
        return self._dropped

    def received(self, camera: str) -> None:
        with self._lock:
            self._received += 1

    def dropped(self, camera: str, reason: str) -> None:
        with self._lock:
            self._dropped += 1

    def changed(self, camera: str, state: SourceState) -> None: ...

    def clocked(self, camera: str, offset_s: float) -> None: ...

    def main_changed(self, camera: str, state: MainState) -> None: ...

    def observe_stage(self, camera: str, stage: str, seconds: float) -> None: ...

    def detected(self, camera: str, objects: int) -> None: ...

    def queue_depth(self, detector: str, frames: int) -> None: ...

    def batch(self, detector: str, frames: int, seconds: float) -> None: ...

    def stuck(self, part: str, reason: str | None) -> None: ...
