"""Sequences in the file format of the MOTChallenge: detections in, tracks out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.detections import from_arrays
from streamer.config.tree import TrackerConfig
from streamer.errors import ConfigError
from streamer.tracking.objects import UNCONFIRMED
from streamer.tracking.tracker import Tracker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streamer.tracking.tracks import Tracks

FORMAT: Final = "frame, id, x, y, width, height, confidence"
LABELS: Final = np.array(["object"])
LAST_FRAME: Final = 10_000_000
"""Four days; a greater number is a slip that would keep the tracker busy with empty frames."""


@dataclass(frozen=True, slots=True)
class DetectionRows:
    """Detections of a sequence.

    Attributes:
        frames: int [N], from 1.
        boxes: float32 [N,4] x1, y1, x2, y2.
        confidences: float32 [N].
    """

    frames: NDArray[np.int64]
    boxes: NDArray[np.float32]
    confidences: NDArray[np.float32]


def read(path: Path) -> DetectionRows:
    """The detections of a file; ConfigError names the first line that is wrong."""
    try:
        text = path.read_text(encoding="ascii")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: expected text of {FORMAT}, received other bytes") from error
    rows = [
        _numbers(line, f"{path}:{number}") for number, line in enumerate(text.splitlines(), 1) if line.strip()
    ]
    table = np.array(rows, np.float64).reshape(-1, 6)
    return DetectionRows(
        frames=table[:, 0].astype(np.int64),
        boxes=np.concatenate((table[:, 1:3], table[:, 1:3] + table[:, 3:5]), axis=1).astype(np.float32),
        confidences=table[:, 5].astype(np.float32),
    )


def follow(rows: DetectionRows, fps: float, every: int = 1) -> Iterator[tuple[int, Tracks]]:
    """Every ``every``-th frame from 1 to the last one, with its tracks."""
    tracker = Tracker(TrackerConfig())
    for frame in range(1, int(rows.frames.max(initial=0)) + 1, every):
        here = rows.frames == frame
        found = from_arrays(
            rows.boxes[here], rows.confidences[here], np.zeros(int(here.sum()), np.int64), LABELS
        )
        yield frame, tracker.update((frame - 1) / fps, found)


def result_lines(frame: int, tracks: Tracks) -> Iterator[str]:
    """The followed objects of a frame, a line each."""
    found = tracks.detections
    assert found.tracker_id is not None
    assert found.confidence is not None
    for track, confidence, (x1, y1, x2, y2) in zip(
        found.tracker_id, found.confidence, found.xyxy, strict=True
    ):
        if track != UNCONFIRMED:
            yield f"{frame},{track},{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},{confidence:.4f},-1,-1,-1"


def _numbers(line: str, place: str) -> tuple[float, ...]:
    """Frame, x, y, width, height, confidence of one line."""
    fields = line.split(",")
    try:
        frame, _, x, y, width, height, confidence = map(float, fields[:7])
    except ValueError as error:
        raise ConfigError(f"{place}: expected {FORMAT}, received {line.strip()[:80]!r}") from error
    if not 1 <= frame <= LAST_FRAME or not frame.is_integer():
        expected = f"a frame number from 1 to {LAST_FRAME}"
        raise ConfigError(f"{place}: expected {expected}, received {fields[0].strip()}")
    if not all(map(math.isfinite, (x, y, width, height, confidence))) or width <= 0 or height <= 0:
        raise ConfigError(f"{place}: expected a box of positive size, received {line.strip()[:80]!r}")
    return frame, x, y, width, height, confidence
