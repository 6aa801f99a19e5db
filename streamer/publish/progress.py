"""The progress of one pass over files, on standard error, and what was found in the end."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich import progress
from rich.console import Console

from detectors.detections import CLASS_NAME
from streamer.publish.terminal import logging_above

if TYPE_CHECKING:
    from streamer.event import Happening
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks


class Progress:
    """A sink that counts; on a terminal it shows a bar with the time that is left."""

    def __init__(self, detector: str) -> None:
        """``detector`` says which model finds the objects, and where it runs."""
        self.frames = 0
        self.interrupted = False
        self._detector = detector
        self._console = Console(stderr=True)
        self._bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[fps]:.0f}/s"),
            progress.TimeRemainingColumn(),
            console=self._console,
            disable=not sys.stderr.isatty(),
        )
        self._shown = ExitStack()
        self._task: progress.TaskID | None = None
        self._total: Callable[[], int | None] = lambda: None
        self._labels: Counter[str] = Counter()
        self._tracks: set[tuple[str, int]] = set()
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        self._shown.enter_context(self._bar)
        self._shown.enter_context(logging_above())
        self._began = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shown.close()
        if error is None and self.frames:
            summary = self._summary(time.monotonic() - self._began)
            self._console.print(summary, highlight=False, soft_wrap=True)

    def begin(self, name: str, total: Callable[[], int | None]) -> None:
        """The next input; ``total`` is asked for its number of frames once it plays."""
        self._total = total
        self._task = self._bar.add_task(name, total=None, fps=0.0)

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        self.frames += 1
        found = tracks.detections
        self._labels.update(str(name) for name in found.data.get(CLASS_NAME, ()))
        if found.tracker_id is not None:
            self._tracks.update((frame.camera, int(track)) for track in found.tracker_id if track >= 0)
        if self._task is not None and not self._bar.disable:
            fps = self.frames / max(time.monotonic() - self._began, 1e-3)
            self._bar.update(self._task, advance=1, total=self._total(), fps=fps)

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        """Only frames count."""

    def _summary(self, seconds: float) -> str:
        found = ", ".join(f"{count} {label}" for label, count in self._labels.most_common(8)) or "nothing"
        followed = f"; {len(self._tracks)} followed" if self._tracks else ""
        frames = f"{self.frames} frame{'s' if self.frames != 1 else ''}"
        rate = f"{self.frames / max(seconds, 1e-3):.0f}/s"
        so_far = "interrupted after " if self.interrupted else ""
        return f"{so_far}{frames} in {seconds:.1f} s ({rate}, {self._detector}): {found}{followed}"
