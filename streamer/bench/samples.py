"""What a contestant measures in one turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Work:
    """Frames that were finished.

    Attributes:
        frames: how many.
        wall_s: how long it took.
        cpu_s: of all threads of the process.
    """

    frames: int
    wall_s: float
    cpu_s: float

    @property
    def fps(self) -> float:
        return self.frames / self.wall_s

    @property
    def cpu_per_frame_s(self) -> float:
        return self.cpu_s / self.frames

    @property
    def cores(self) -> float:
        """Busy on average."""
        return self.cpu_s / self.wall_s


@dataclass(frozen=True, slots=True)
class Parts:
    """CPU seconds of the parts that nobody gets around, each alone on one thread.

    Attributes:
        frames: pictures that went through all of them.
        decode_s: from the file to BGR.
        letterbox_s: from BGR to the size of the model's input.
        run_s: of the model as it came.
        run_wall_s: median wall time of one run.
        stray_s: CPU of other threads meanwhile; what it is more than nothing, the limit is too high by.
    """

    frames: int
    decode_s: float
    letterbox_s: float
    run_s: float
    run_wall_s: float
    stray_s: float

    @property
    def cpu_per_frame_s(self) -> float:
        return (self.decode_s + self.letterbox_s + self.run_s) / self.frames


@dataclass(frozen=True, slots=True)
class Watch:
    """What came of live cameras.

    Attributes:
        wall_s: how long they were watched.
        cpu_s: of all threads of the process.
        results: per camera.
        latencies_s: decoded to result, of every result.
    """

    wall_s: float
    cpu_s: float
    results: Sequence[int]
    latencies_s: Sequence[float]
