"""A camera with rules that is shown boxes, and tells what happened; no detector is needed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from objects.scenes import BEGIN, HEIGHT, WIDTH, Seen, detections
from supervision import Detections

from detectors.detections import CLASS_NAME
from detectors.pixels import BgrPixels
from streamer.config.file import validated
from streamer.config.tree import Config
from streamer.event import Box, Counts, Decision, Event, Happening, LineCrossing, ZoneEvent
from streamer.frame import PTS_CLOCK_HZ, Frame
from streamer.judge import Judge
from streamer.pipeline import confident
from streamer.tracking.tracker import Tracker

BLANK = np.zeros((HEIGHT, WIDTH, 3), np.uint8)


def on(x: float, y: float, width: float = 0.06, height: float = 0.25) -> Box:
    """A box that stands with its feet at x, y; all of it in shares of the picture."""
    return ((x - width / 2) * WIDTH, (y - height) * HEIGHT, (x + width / 2) * WIDTH, y * HEIGHT)


def at(time_s: float) -> datetime:
    return BEGIN + timedelta(seconds=time_s)


def frame(time_s: float, image: np.ndarray = BLANK, began_s: float = 0.0) -> Frame:
    """The frame of a media time, which is 0 so long after ``BEGIN``."""
    pts, captured_at = round(time_s * PTS_CLOCK_HZ), at(began_s + time_s)
    return Frame("yard", round(time_s * 100), pts, captured_at, 0.0, BgrPixels(image))


def configured(**options: Any) -> Config:
    """A configuration whose one camera, yard, has these options."""
    return validated({"cameras": {"yard": {"source": "sim://street", **options}}})


@dataclass
class Camera:
    """A tracker between the rules for boxes and the rules for tracks.

    Attributes:
        told: everything that happened, in order.
        published: labels, confidences and tracks of each frame as sinks see them.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    explain: bool = False
    told: list[Happening] = field(default_factory=list)
    published: list[list[tuple[str, float, int]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        options = {"detect": {"min_confidence": 0.25}, **self.options}
        camera = configured(**options).cameras["yard"]
        self.tracker = Tracker(camera.track.starting_from(camera.detect.min_confidence))
        self.judge = Judge("yard", camera, explain=self.explain)

    def see(self, time_s: float, *seen: Seen) -> list[Happening]:
        return self.show(frame(time_s), detections(seen))

    def show(self, shown: Frame, found: Detections) -> list[Happening]:
        tracks = self.tracker.update(shown.time_s, self.judge.select(shown, found))
        told = self.judge.update(shown, tracks)
        visible = confident(tracks, self.judge.least(tracks.detections)).detections
        names, ids = np.asarray(visible.data[CLASS_NAME]).tolist(), visible.tracker_id.tolist()
        self.published.append(list(zip(names, visible.confidence.tolist(), ids, strict=True)))
        self.told += told
        return told

    def watch(
        self, seconds: float, scene: Callable[[float], Sequence[Seen]], rate: float = 5.0
    ) -> list[Happening]:
        """Show what the scene has at each moment, then close."""
        for k in range(round(seconds * rate) + 1):
            self.see(k / rate, *scene(k / rate))
        return self.close(seconds)

    def silence(self, time_s: float) -> list[Happening]:
        told = self.judge.expire(self.tracker.expire(time_s), at(time_s))
        self.told += told
        return told

    def close(self, time_s: float) -> list[Happening]:
        told = self.judge.close(at(time_s))
        self.told += told
        return told

    @property
    def events(self) -> list[Event]:
        return [each for each in self.told if isinstance(each, Event)]

    @property
    def zones(self) -> list[ZoneEvent]:
        return [each for each in self.told if isinstance(each, ZoneEvent)]

    @property
    def crossings(self) -> list[LineCrossing]:
        return [each for each in self.told if isinstance(each, LineCrossing)]

    @property
    def counts(self) -> list[Counts]:
        return [each for each in self.told if isinstance(each, Counts)]

    @property
    def decisions(self) -> list[Decision]:
        return [each for each in self.told if isinstance(each, Decision)]


def started(camera: Camera) -> list[str]:
    """The labels of the events that began."""
    return [event.label for event in camera.events if event.phase == "start"]


def walking(x: float, speed: float, y: float = 0.6, **seen: Any) -> Callable[[float], list[Seen]]:
    """Someone who walks along the picture, ``speed`` shares of its width a second."""
    return lambda time_s: [Seen(on(x + speed * time_s, y), **seen)]
