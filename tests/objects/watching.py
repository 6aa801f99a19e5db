"""A camera's tracker and rules, as the pipeline puts them together, without pictures or a detector."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import count

from scenes import BEGIN, HEIGHT, WIDTH, Seen, detections, frame

from streamer.config.tree import EventConfig, StationaryConfig, TrackerConfig
from streamer.event import Event, Parked
from streamer.events import EventRules
from streamer.tracking.tracker import Tracker


class Camera:
    """Event ids count from 1; everything told is in ``told``.

    Its media time begins at 0 ``began_s`` seconds after ``BEGIN``.
    """

    def __init__(
        self,
        stationary: StationaryConfig | None = None,
        *,
        name: str = "yard",
        ids: Iterator[int] | None = None,
        began_s: float = 0.0,
        known: Iterable[Parked] = (),
    ) -> None:
        self.name = name
        self.ids = ids or count(1)
        self.began_s = began_s
        self.tracker = Tracker(TrackerConfig(high_confidence=0.5), stationary or StationaryConfig())
        self.rules = EventRules(name, EventConfig(), lambda: f"{name}-{next(self.ids)}")
        self.known: tuple[Parked, ...] | None = tuple(known)
        self.told: list[Event] = []
        self.time_s = 0.0
        self.tracks: list[int] = []

    def see(self, time_s: float, *seen: Seen) -> list[int]:
        """The tracks of these detections."""
        picture = frame(time_s, self.name, self.began_s)
        if self.known is not None:
            self.tracker.recall(self.rules.recall(picture, self.known))
            self.known = None
        tracks = self.tracker.update(time_s, detections(seen))
        self.told += self.rules.update(picture, tracks)
        self.time_s = time_s
        self.tracks = [int(each) for each in tracks.detections.tracker_id]
        return self.tracks

    def watch(self, until_s: float, *seen: Seen, rate: float = 5.0) -> list[int]:
        """The same detections from now on; the tracks of the last frame."""
        begin, steps = self.time_s, round((until_s - self.time_s) * rate)
        for step in range(1, steps + 1):
            self.see(begin + step / rate, *seen)
        return self.tracks

    def silence(self, time_s: float) -> None:
        """No frame came until then, as the pipeline finds out each second."""
        at = BEGIN + timedelta(seconds=self.began_s + time_s)
        self.told += self.rules.expire(self.tracker.expire(time_s), at)

    def parked(self) -> tuple[Parked, ...]:
        return self.rules.parked(self.tracker.parked(), (WIDTH, HEIGHT))

    def stop(self) -> tuple[Parked, ...]:
        """What the next process is told."""
        parked = self.parked()
        self.told += self.rules.pause(BEGIN + timedelta(seconds=self.began_s + self.time_s))
        return parked

    @property
    def phases(self) -> list[tuple[str, str]]:
        return [(event.id, event.phase) for event in self.told]
