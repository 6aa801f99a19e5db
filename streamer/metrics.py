"""What is measured while the service runs: Prometheus series, and the figures of the last seconds."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final, Generic, TypeVar, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streamer.capture.state import MainPhase, MainState, SourcePhase, SourceState
from streamer.event import CameraState, Direction, ZoneChange
from streamer.health.verdict import PictureState, Verdict
from streamer.status import Status

M = TypeVar("M", Counter, Gauge, Histogram)

STAGE_BUCKETS_S: Final = (
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.03,
    0.05,
    0.075,
    0.1,
    0.15,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
)
BATCH_BUCKETS: Final = (1, 2, 4, 8, 16, 32, 64)
STATES: Final = get_args(SourcePhase)
MAIN_STATES: Final = get_args(MainPhase)
PICTURES: Final = get_args(PictureState)

WINDOW_S: Final = 10.0
WINDOW_SAMPLES: Final = 8192
"""Bound of a window; 10 s of a camera at 240 frames/s need 2400."""


@dataclass(frozen=True, slots=True)
class CameraStatistics:
    """One camera: its totals, and its figures of the last ten seconds.

    Attributes:
        camera: its name.
        state: ``connecting``, ``live``, ``down`` or ``ended``; ``reason`` says why, ``since`` when (UTC).
        fps_in, fps_detected: pictures of the stream, and results, per second.
        received, detected: totals since the start.
        dropped: totals by reason.
        latency_p50_s, latency_p95_s: decoded to published, exact quantiles; None without a result.
        objects: objects in the latest result.
        decoder: where pictures are decoded, ``cpu``, ``cuda`` or ``qsv``; None while there are none.
        clock_offset_s: by how much the camera's clock is ahead of ours; None when it tells no time.
        main: how its larger stream does; None where it has one stream.
        picture: what its pictures are worth; None while none come, or nobody looks.
    """

    camera: str
    state: SourcePhase
    reason: str | None
    since: datetime | None
    fps_in: float
    fps_detected: float
    received: int
    detected: int
    dropped: Mapping[str, int]
    latency_p50_s: float | None
    latency_p95_s: float | None
    objects: int
    decoder: str | None = None
    clock_offset_s: float | None = None
    main: MainState | None = None
    picture: PictureState | None = None


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest-rank quantile of ascending values; None of none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


class Window:
    """Values of the last seconds with their times; bounded."""

    def __init__(self, length_s: float) -> None:
        self._length_s = length_s
        self._values: deque[tuple[float, float]] = deque(maxlen=WINDOW_SAMPLES)
        self._first_at: float | None = None

    def add(self, now: float, value: float = 1.0) -> None:
        if self._first_at is None:
            self._first_at = now
        self._values.append((now, value))

    def values(self, now: float) -> list[float]:
        while self._values and self._values[0][0] <= now - self._length_s:
            self._values.popleft()
        return [value for _, value in self._values]

    def rate(self, now: float) -> float:
        """Values per second; over the time since the first one while that is shorter than the window."""
        if self._first_at is None:
            return 0.0
        # Below one second a rate would be a guess from a handful of values.
        elapsed_s = min(self._length_s, max(1.0, now - self._first_at))
        return len(self.values(now)) / elapsed_s


class _CameraMeter:
    """The running figures of one camera; its methods are called under its lock."""

    def __init__(self, camera: str) -> None:
        self.camera = camera
        self.lock = Lock()
        self.state: SourceState | None = None
        self.incoming = Window(WINDOW_S)
        self.results = Window(WINDOW_S)
        self.latencies = Window(WINDOW_S)
        self.received = 0
        self.detected = 0
        self.dropped: dict[str, int] = {}
        self.objects = 0
        self.clock_offset_s: float | None = None
        self.main: MainState | None = None
        self.picture: PictureState | None = None

    def statistics(self, now: float) -> CameraStatistics:
        latencies = sorted(self.latencies.values(now))
        return CameraStatistics(
            camera=self.camera,
            state="connecting" if self.state is None else self.state.state,
            reason=None if self.state is None else self.state.reason,
            since=None if self.state is None else self.state.since,
            fps_in=self.incoming.rate(now),
            fps_detected=self.results.rate(now),
            received=self.received,
            detected=self.detected,
            dropped=dict(self.dropped),
            latency_p50_s=quantile(latencies, 0.50),
            latency_p95_s=quantile(latencies, 0.95),
            objects=self.objects,
            decoder=None if self.state is None else self.state.decoder,
            clock_offset_s=self.clock_offset_s,
            main=self.main,
            picture=self.picture if self.state is not None and self.state.state == "live" else None,
        )


class Metrics:
    """Counts for every stage, from any thread; every instance has its own registry."""

    def __init__(
        self, status: Status, cameras: Iterable[str] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._status = status
        self._clock = clock
        self._meters = {camera: _CameraMeter(camera) for camera in cameras}
        self._lock = Lock()
        self.registry = CollectorRegistry()
        self._series = _Series(self.registry)
        self.registry.register(_Current(self))
        ProcessCollector(registry=self.registry)

    # A camera's frames, in the order they pass.

    def received(self, camera: str) -> None:
        """One picture of the camera's stream arrived."""
        meter = self._meter(camera)
        with meter.lock:
            meter.received += 1
            meter.incoming.add(self._clock())
        self._series.received.of(camera).inc()

    def dropped(self, camera: str, reason: str) -> None:
        """A picture went no further: ``rate``, ``busy``, ``damaged`` or ``error``."""
        meter = self._meter(camera)
        with meter.lock:
            meter.dropped[reason] = meter.dropped.get(reason, 0) + 1
        self._series.dropped.of(camera, reason).inc()

    def changed(self, camera: str, state: SourceState) -> None:
        """The camera's connection changed."""
        meter = self._meter(camera)
        with meter.lock:
            was_live = meter.state is not None and meter.state.state == "live"
            meter.state = state
        if was_live and state.state == "down":
            self._series.interruptions.of(camera).inc()

    def clocked(self, camera: str, offset_s: float) -> None:
        """By how much the camera's clock is ahead of ours."""
        meter = self._meter(camera)
        with meter.lock:
            meter.clock_offset_s = offset_s

    def main_changed(self, camera: str, state: MainState) -> None:
        """The connection of the camera's larger stream changed."""
        meter = self._meter(camera)
        with meter.lock:
            was_down = meter.main is not None and meter.main.state == "down"
            meter.main = state
        if state.state == "down" and not was_down:
            self._series.main_interruptions.of(camera).inc()

    def pictured(self, camera: str, stream: str) -> None:
        """A picture of an event was taken from one of two streams."""
        self._series.snapshots.of(camera, stream).inc()

    def looked(self, camera: str, picture: Verdict) -> None:
        """The camera's pictures were looked at."""
        meter = self._meter(camera)
        with meter.lock:
            meter.picture = picture.state

    def observe_stage(self, camera: str, stage: str, seconds: float) -> None:
        """How long one frame spent in a stage; ``total`` is decoded to published."""
        if stage == "total":
            meter = self._meter(camera)
            with meter.lock:
                meter.latencies.add(self._clock(), seconds)
        self._series.stages.of(camera, stage).observe(seconds)

    def detected(self, camera: str, objects: int) -> None:
        """A result with so many objects."""
        meter = self._meter(camera)
        with meter.lock:
            meter.detected += 1
            meter.objects = objects
            meter.results.add(self._clock())
        self._series.detected.of(camera).inc()
        self._series.objects.of(camera).inc(objects)

    def event(self, camera: str, label: str, phase: str) -> None:
        """An event was published."""
        self._series.events.of(camera, label, phase).inc()

    def zone(self, camera: str, zone: str, label: str, change: ZoneChange) -> None:
        """An object entered a zone, loiters in it, or left it."""
        self._series.zones.of(camera, zone, label, change).inc()
        if change != "loitering":
            self._series.occupancy.of(camera, zone, label).inc(1 if change == "entered" else -1)

    def stays(self, camera: str, zone: str, label: str) -> None:
        """An object was in a zone before this process began, and still is."""
        self._series.occupancy.of(camera, zone, label).inc()

    def camera_event(self, camera: str, state: CameraState) -> None:
        """A camera's state changed, and lasted for long enough to be told."""
        self._series.camera_events.of(camera, state).inc()

    def crossing(self, camera: str, line: str, label: str, direction: Direction) -> None:
        """An object crossed a line."""
        self._series.crossings.of(camera, line, label, direction).inc()

    # A detector's queue.

    def queue_depth(self, detector: str, frames: int) -> None:
        """Pictures that wait for the detector now: frames, or the crops of them."""
        self._series.queue.of(detector).set(frames)

    def batch(self, detector: str, frames: int, seconds: float) -> None:
        """One run of the detector, of so many pictures: frames, or the crops of them."""
        self._series.batch_frames.of(detector).observe(frames)
        self._series.batch_seconds.of(detector).observe(seconds)

    def stuck(self, detector: str, reason: str | None) -> None:
        """A run that does not return makes the process not ready; None when all return again."""
        part = f"detector {detector}"
        if reason is None:
            self._status.ready(part)
        else:
            self._status.not_ready(part, reason)

    # Sinks.

    def lost(self, sink: str, reason: str) -> None:
        """A record that a sink could not deliver."""
        self._series.lost.of(sink, reason).inc()

    # What is read.

    def cameras(self) -> list[CameraStatistics]:
        """Every camera that was ever heard of, by name."""
        with self._lock:
            names = sorted(self._meters)
        return [self.snapshot(name) for name in names]

    def snapshot(self, camera: str) -> CameraStatistics:
        """One camera's figures as of now."""
        meter = self._meter(camera)
        with meter.lock:
            return meter.statistics(self._clock())

    def parts(self) -> Mapping[str, str | None]:
        """What readiness is made of."""
        return self._status.parts()

    def exposition(self) -> bytes:
        """All series in the Prometheus text format."""
        return generate_latest(_WithoutBirthdays(self.registry))

    def _meter(self, camera: str) -> _CameraMeter:
        meter = self._meters.get(camera)
        if meter is None:
            with self._lock:
                meter = self._meters.setdefault(camera, _CameraMeter(camera))
        return meter


class _Known(Generic[M]):
    """A metric's series by their labels: finding one takes longer in the client library than counting."""

    def __init__(self, metric: M) -> None:
        self._metric: M = metric
        self._series: dict[tuple[str, ...], M] = {}

    def of(self, *labels: str) -> M:
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = self._metric.labels(*labels)
        return series


class _Series:
    """The series that are counted as things happen."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> _Known[Counter]:
            return _Known(Counter(f"sightline_{name}", text, labels, registry=registry))

        def histogram(
            name: str, text: str, labels: Sequence[str], buckets: Sequence[float]
        ) -> _Known[Histogram]:
            return _Known(Histogram(f"sightline_{name}", text, labels, buckets=buckets, registry=registry))

        camera, detector = ("camera",), ("detector",)
        self.received = counter("frames_received", "Pictures of the stream", *camera)
        self.dropped = counter("frames_dropped", "Pictures that went no further", "camera", "reason")
        self.detected = counter("frames_detected", "Pictures with a result", *camera)
        self.objects = counter("objects_detected", "Objects in all results", *camera)
        self.interruptions = counter("camera_interruptions", "Live cameras that went down", *camera)
        self.main_interruptions = counter(
            "camera_main_interruptions", "Larger streams that went down while they were needed", *camera
        )
        self.snapshots = counter("snapshots", "Pictures of events, by stream", "camera", "stream")
        self.events = counter("events", "Events published", "camera", "label", "phase")
        self.lost = counter("sink_lost", "Records that a sink could not deliver", "sink", "reason")
        stages = "Time of a frame in each stage; total is decoded to published"
        self.stages = histogram("stage_seconds", stages, ("camera", "stage"), STAGE_BUCKETS_S)
        self.batch_seconds = histogram("batch_seconds", "Time of one run", detector, STAGE_BUCKETS_S)
        self.batch_frames = histogram(
            "batch_frames", "Pictures of one run: frames, or the crops of them", detector, BATCH_BUCKETS
        )
        waiting = Gauge(
            "sightline_queue_depth",
            "Pictures that wait now: frames, or the crops of them",
            detector,
            registry=registry,
        )
        self.queue = _Known(waiting)
        zone = ("camera", "zone", "label")
        self.zones = counter("zone_changes", "Objects that entered, loitered and left", *zone, "change")
        self.occupancy = _Known(
            Gauge("sightline_zone_occupancy", "Objects in the zone now", zone, registry=registry)
        )
        self.camera_events = counter(
            "camera_events", "Troubles of cameras that were told, and their ends (up)", "camera", "state"
        )
        self.crossings = counter("line_crossings", "Lines crossed", "camera", "line", "label", "direction")


class _WithoutBirthdays(Collector):
    """The registry less its ``_created`` series, which double its size and that nobody reads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


class _Current(Collector):
    """The series that are computed when they are read."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        state = GaugeMetricFamily(
            "sightline_camera_state", "1 for the present state", labels=("camera", "state")
        )
        picture = GaugeMetricFamily(
            "sightline_camera_picture", "1 for what the pictures are worth", labels=("camera", "picture")
        )
        fps = GaugeMetricFamily("sightline_camera_fps", "Per second, over 10 s", labels=("camera", "kind"))
        objects = GaugeMetricFamily(
            "sightline_camera_objects", "Objects in the latest result", labels=("camera",)
        )
        offset = GaugeMetricFamily(
            "sightline_camera_clock_offset_seconds", "Camera's clock minus ours", labels=("camera",)
        )
        main = GaugeMetricFamily(
            "sightline_camera_main_state", "1 for the present state", labels=("camera", "state")
        )
        for camera in self._metrics.cameras():
            if camera.clock_offset_s is not None:
                offset.add_metric((camera.camera,), camera.clock_offset_s)
            if camera.main is not None:
                for name in MAIN_STATES:
                    main.add_metric((camera.camera, name), float(camera.main.state == name))
            for name in STATES:
                state.add_metric((camera.camera, name), float(camera.state == name))
            for worth in PICTURES:
                picture.add_metric((camera.camera, worth), float(camera.picture == worth))
            fps.add_metric((camera.camera, "received"), camera.fps_in)
            fps.add_metric((camera.camera, "detected"), camera.fps_detected)
            objects.add_metric((camera.camera,), camera.objects)
        ready = GaugeMetricFamily("sightline_ready", "1 when the part works", labels=("part",))
        for part, reason in self._metrics.parts().items():
            ready.add_metric((part,), float(reason is None))
        yield from (state, main, picture, fps, objects, offset, ready)
