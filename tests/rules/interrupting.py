"""A camera over several processes: what is told of it, and what one process leaves to the next."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import anyio
from scenery import Seen, at, configured, detections, frame, on

from streamer.event import Counts, Event, Happening, Parked, ZoneEvent
from streamer.frame import Frame
from streamer.judge import Judge
from streamer.metrics.metrics import Metrics
from streamer.parking import Known, Parking
from streamer.publish.meter import Meter
from streamer.status import Status
from streamer.tracking.tracker import Tracker


def parked_at(x: float) -> Seen:
    """A car whose feet are there, in shares of the picture."""
    return Seen(on(x, 0.6, 0.2, 0.2), label="car")


@dataclass
class Keeper:
    """A store that takes everything at once, and knows which events ended."""

    parked: tuple[Parked, ...] = ()
    ended: set[str] = field(default_factory=set)

    def park(self, camera: str, parked: Sequence[Parked]) -> None:
        self.parked = tuple(parked)

    def recovered(self) -> tuple[Parked, ...]:
        return tuple(each for each in self.parked if each.event.id not in self.ended)


class Process:
    """One process of the service, as the pipeline puts it together."""

    def __init__(self, options: Mapping[str, Any], keeper: Keeper, began_s: float) -> None:
        camera = configured(detect={"min_confidence": 0.25}, **options).cameras["yard"]
        self.keeper, self.began_s, self.time_s = keeper, began_s, 0.0
        self.known = keeper.recovered()
        self.told: list[Happening] = []
        self.last: Frame | None = None
        self.tracker = Tracker(camera.track.starting_from(0.25), camera.stationary)
        self.judge = Judge("yard", camera)
        known = Known(self.known, camera.stationary.keep)
        self.parking = Parking(self.tracker, self.judge, keeper, known)

    @property
    def now(self) -> datetime:
        return at(self.began_s + self.time_s)

    def see(self, *seen: Seen) -> None:
        shown = frame(self.time_s, began_s=self.began_s)
        if self.last is None:
            self.parking.begin(shown)
        self.last = shown
        tracks = self.tracker.update(shown.time_s, self.judge.select(shown, detections(seen)))
        told = self.judge.update(shown, tracks)
        self._tell(told)
        self.parking.look(shown, tracks, told)

    def silence(self) -> None:
        """No frame came until now."""
        if self.last is None:
            self._tell(self.parking.overdue(self.now))
        else:
            self._tell(self.judge.expire(self.tracker.expire(self.time_s), self.now))

    def stop(self) -> None:
        if self.last is not None:
            self.parking.tell(self.last)
            self._tell(self.judge.pause(self.last.captured_at))

    def finish(self) -> None:
        """The recording is over."""
        self._tell(self.judge.close(self.now))

    def _tell(self, told: Sequence[Happening]) -> None:
        self.told += told
        self.keeper.ended |= {each.id for each in told if isinstance(each, Event) and each.phase == "end"}

    def occupancy(self) -> Counter[tuple[str, str]]:
        """By zone and label, as the metrics have it after all that was told."""
        metrics = Metrics(Status([]), ["yard"])
        meter = Meter(metrics)
        meter.recall(self.known)
        anyio.run(meter.conclude, "yard", self.told)
        samples = [sample for metric in metrics.registry.collect() for sample in metric.samples]
        gauge = {
            (sample.labels["zone"], sample.labels["label"]): round(sample.value)
            for sample in samples
            if sample.name == "sightline_zone_occupancy"
        }
        assert all(count >= 0 for count in gauge.values())
        return Counter({key: count for key, count in gauge.items() if count})


class Life:
    """Processes one after another; ``told`` is of all of them."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options
        self.keeper = Keeper()
        self.over: list[Process] = []
        self.process = Process(options, self.keeper, 0.0)

    def watch(self, seconds: float, *seen: Seen, rate: float = 5.0) -> None:
        for _ in range(round(seconds * rate)):
            self.process.time_s += 1 / rate
            self.process.see(*seen)

    def drive_off(self, x: float) -> None:
        """A car that stood there leaves by the left."""
        for step in range(round(x * 20)):
            self.watch(0.2, parked_at(x - step / 20))
        self.watch(3)

    def silence(self, seconds: int) -> None:
        """The process runs, and nothing comes."""
        for _ in range(seconds):
            self.process.time_s += 1
            self.process.silence()

    def interrupt(self, down_s: float, *, killed: bool = False, **options: Any) -> None:
        """The process ends, and after so long the next one begins, with these options changed."""
        if not killed:
            self.process.stop()
        self.over.append(self.process)
        self.options = {**self.options, **options}
        began_s = self.process.began_s + self.process.time_s + down_s
        self.process = Process(self.options, self.keeper, began_s)

    @property
    def told(self) -> list[Happening]:
        return [each for process in (*self.over, self.process) for each in process.told]

    @property
    def zones(self) -> list[ZoneEvent]:
        return [each for each in self.told if isinstance(each, ZoneEvent)]

    @property
    def events(self) -> list[Event]:
        return [each for each in self.told if isinstance(each, Event)]

    @property
    def counts(self) -> list[Counts]:
        return [each for each in self.told if isinstance(each, Counts)]
