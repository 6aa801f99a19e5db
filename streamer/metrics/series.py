"""The Prometheus series: those that are counted as things happen, and those computed when they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streamer.capture.state import MainPhase
from streamer.health.verdict import PictureState
from streamer.metrics.camera import CameraPhase

if TYPE_CHECKING:
    from streamer.metrics.camera import CameraStatistics

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
STATES: Final = get_args(CameraPhase)
MAIN_STATES: Final = get_args(MainPhase)
PICTURES: Final = get_args(PictureState)


class Known(Generic[M]):
    """A metric's series by their labels: finding one takes longer in the client library than counting."""

    def __init__(self, metric: M, labels: Sequence[str]) -> None:
        self._metric: M = metric
        self._labels = tuple(labels)
        self._series: dict[tuple[str, ...], M] = {}

    def of(self, *labels: str) -> M:
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = self._metric.labels(*labels)
        return series

    def forget(self, label: str, value: str) -> None:
        """Without the series of which a label has this value."""
        if label not in self._labels:
            return
        at = self._labels.index(label)
        for labels in [each for each in self._series if each[at] == value]:
            del self._series[labels]
        self._metric.remove_by_labels({label: value})


class Series:
    """The series that are counted as things happen."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Known[Counter]:
            return Known(Counter(f"sightline_{name}", text, labels, registry=registry), labels)

        def histogram(
            name: str, text: str, labels: Sequence[str], buckets: Sequence[float]
        ) -> Known[Histogram]:
            series = Histogram(f"sightline_{name}", text, labels, buckets=buckets, registry=registry)
            return Known(series, labels)

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
        self.queue = Known(waiting, detector)
        zone = ("camera", "zone", "label")
        self.zones = counter("zone_changes", "Objects that entered, loitered and left", *zone, "change")
        self.occupancy = Known(
            Gauge("sightline_zone_occupancy", "Objects in the zone now", zone, registry=registry), zone
        )
        self.camera_events = counter(
            "camera_events", "Troubles of cameras that were told, and their ends (up)", "camera", "state"
        )
        viewer = ("camera", "route", "kind")
        self.viewers = Known(
            Gauge("sightline_viewers", "Those who watch a camera live", viewer, registry=registry), viewer
        )
        self.viewer_sessions = counter("viewer_sessions", "Viewers that came", *viewer)
        self.viewers_refused = counter("viewers_refused", "Viewers that were sent away", "reason")
        self.viewer_units_skipped = counter(
            "viewer_units_skipped", "Coded pictures that viewers were too slow for", *camera
        )
        self.crossings = counter("line_crossings", "Lines crossed", "camera", "line", "label", "direction")

    def forget(self, camera: str) -> None:
        """Without the series of a camera that is gone."""
        for each in vars(self).values():
            each.forget("camera", camera)


class Readings(Protocol):
    """What the computed series are made of."""

    def cameras(self) -> Sequence[CameraStatistics]: ...

    def parts(self) -> Mapping[str, str | None]: ...


class Current(Collector):
    """The series that are computed when they are read."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        def gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
            return GaugeMetricFamily(f"sightline_{name}", text, labels=labels)

        state = gauge("camera_state", "1 for the present state", "camera", "state")
        main = gauge("camera_main_state", "1 for the present state", "camera", "state")
        picture = gauge("camera_picture", "1 for what the pictures are worth", "camera", "picture")
        fps = gauge("camera_fps", "Per second, over 10 s", "camera", "kind")
        objects = gauge("camera_objects", "Objects in the latest result", "camera")
        offset = gauge("camera_clock_offset_seconds", "Camera's clock minus ours", "camera")
        ready = gauge("ready", "1 when the part works", "part")
        for camera in self._readings.cameras():
            name = camera.camera
            _mark(state, name, STATES, camera.state)
            if camera.main is not None:
                _mark(main, name, MAIN_STATES, camera.main.state)
            _mark(picture, name, PICTURES, camera.picture)
            fps.add_metric((name, "received"), camera.fps_in)
            fps.add_metric((name, "detected"), camera.fps_detected)
            objects.add_metric((name,), camera.objects)
            if camera.clock_offset_s is not None:
                offset.add_metric((name,), camera.clock_offset_s)
        for part, reason in self._readings.parts().items():
            ready.add_metric((part,), float(reason is None))
        yield from (state, main, picture, fps, objects, offset, ready)


def _mark(gauge: GaugeMetricFamily, camera: str, values: Sequence[str], present: str | None) -> None:
    """1 for the present one of ``values``, 0 for the others."""
    for value in values:
        gauge.add_metric((camera, value), float(value == present))


class WithoutBirthdays(Collector):
    """The registry less its ``_created`` series, which double its size and that nobody reads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric
