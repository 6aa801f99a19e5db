"""Small worlds with a known truth, as a detector would report them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from supervision import Detections

from detectors.detections import from_arrays
from detectors.pixels import BgrPixels
from streamer.event import Box
from streamer.frame import PTS_CLOCK_HZ, Frame

LABELS = np.array(["person", "car", "dog", "truck", "chair"])
BEGIN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
WIDTH, HEIGHT = 1280, 720


@dataclass(frozen=True)
class Seen:
    """One detection."""

    box: Box
    confidence: float = 0.9
    label: str = "person"


def detections(seen: Sequence[Seen]) -> Detections:
    known = LABELS.tolist()
    return from_arrays(
        np.array([each.box for each in seen], np.float32).reshape(-1, 4),
        np.array([each.confidence for each in seen], np.float32),
        np.array([known.index(each.label) for each in seen], np.int64),
        LABELS,
    )


def frame(time_s: float, camera: str = "yard", began_s: float = 0.0) -> Frame:
    """The frame of a media time, which is 0 so long after ``BEGIN``; its picture is black."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    at = BEGIN + timedelta(seconds=began_s + time_s)
    return Frame(camera, round(time_s * 100), round(time_s * PTS_CLOCK_HZ), at, 0.0, BgrPixels(image))


def standing(x: float, y: float = 300.0, width: float = 80.0, height: float = 200.0) -> Box:
    """A box around a centre."""
    return (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


@dataclass(frozen=True)
class Walker:
    """A person who walks along the x axis at a constant speed, detected with some noise."""

    x: float
    speed: float
    y: float = 300.0
    height: float = 200.0

    def at(self, time_s: float, rng: np.random.Generator) -> Seen:
        shake = rng.normal(0.0, 0.03 * self.height, 2)
        stretch = np.exp(rng.normal(0.0, 0.03, 2))
        x = self.x + self.speed * time_s + shake[0]
        box = standing(x, self.y + shake[1], 0.4 * self.height * stretch[0], self.height * stretch[1])
        return Seen(box, float(rng.uniform(0.7, 0.95)))
