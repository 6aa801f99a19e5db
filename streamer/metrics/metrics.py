"""The front door: what happens is told here, from any thread, and read from here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

from streamer.metrics.camera import CameraMeter, CameraStatistics
from streamer.metrics.order import as_counted
from streamer.metrics.series import Current, Series, WithoutBirthdays

if TYPE_CHECKING:
    from datetime import datetime

    from streamer.capture.state import MainState, SourceState
    from streamer.event import AttributeEvent, CameraState, Direction, ZoneChange
    from streamer.health.verdict import Verdict
    from streamer.status import Status


class Metrics:
    """Counts for every stage, from any thread; every instance has its own registry."""

    def __init__(
        self, status: Status, cameras: Iterable[str] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._status = status
        self._clock = clock
        self._meters = {camera: CameraMeter(camera) for camera in cameras}
        self._lock = Lock()
        self.registry = CollectorRegistry()
        self._series = Series(self.registry)
        self.registry.register(Current(self))
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
            meter.state, meter.off_since = state, None
        if was_live and state.state == "down":
            self._series.interruptions.of(camera).inc()

    def switched_off(self, camera: str, since: datetime) -> None:
        """A person switched the camera off (UTC); until its connection changes again."""
        meter = self._meter(camera)
        with meter.lock:
            meter.state, meter.off_since = None, since

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

    def attribute(self, told: AttributeEvent) -> None:
        """A part of a camera's picture became something else."""
        meter = self._meter(told.camera)
        with meter.lock:
            meter.attributes[told.attribute] = told

    def crossing(self, camera: str, line: str, label: str, direction: Direction) -> None:
        """An object crossed a line."""
        self._series.crossings.of(camera, line, label, direction).inc()

    # Who watches a camera live.

    def viewer_came(self, camera: str, route: str, kind: str) -> None:
        """Somebody watches; ``route`` is how it is sent, ``kind`` which of the camera's streams."""
        self._count_viewers(camera, 1)
        self._series.viewer_sessions.of(camera, route, kind).inc()
        self._series.viewers.of(camera, route, kind).inc()

    def viewer_went(self, camera: str, route: str, kind: str) -> None:
        """One who came watches no more."""
        self._count_viewers(camera, -1)
        self._series.viewers.of(camera, route, kind).dec()

    def viewer_refused(self, reason: str) -> None:
        """Somebody wanted to watch and cannot."""
        self._series.viewers_refused.of(reason).inc()

    def viewer_missed(self, camera: str, units: int) -> None:
        """A viewer was too slow for so many pictures."""
        self._series.viewer_units_skipped.of(camera).inc(units)

    def _count_viewers(self, camera: str, change: int) -> None:
        meter = self._meter(camera)
        with meter.lock:
            meter.viewers += change

    # A detector's queue.

    def queue_depth(self, detector: str, frames: int) -> None:
        """Pictures that wait for the detector now: frames, or the crops of them."""
        self._series.queue.of(detector).set(frames)

    def batch(self, detector: str, frames: int, seconds: float) -> None:
        """One run of the detector, of so many pictures: frames, or the crops of them."""
        self._series.batch_frames.of(detector).observe(frames)
        self._series.batch_seconds.of(detector).observe(seconds)

    def stuck(self, part: str, reason: str | None) -> None:
        """A run that does not return makes the process not ready; None when all return again.

        Args:
            part: of the process, such as ``detector default``.
            reason: one line for a person.
        """
        if reason is None:
            self._status.ready(part)
        else:
            self._status.not_ready(part, reason)

    # Sinks.

    def lost(self, sink: str, reason: str) -> None:
        """A record that a sink could not deliver."""
        self._series.lost.of(sink, reason).inc()

    def forget(self, camera: str) -> None:
        """The camera is gone; what is told of it from here on begins anew."""
        with self._lock:
            self._meters.pop(camera, None)
        self._series.forget(camera)

    # What is read.

    def cameras(self) -> list[CameraStatistics]:
        """Every camera that was ever heard of, by name, as people count."""
        with self._lock:
            names = sorted(self._meters, key=as_counted)
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
        return generate_latest(WithoutBirthdays(self.registry))

    def _meter(self, camera: str) -> CameraMeter:
        meter = self._meters.get(camera)
        if meter is None:
            with self._lock:
                meter = self._meters.setdefault(camera, CameraMeter(camera))
        return meter
