"""How one camera does: its running figures, and what is read of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from streamer.metrics.window import Window, quantile

if TYPE_CHECKING:
    from datetime import datetime

    from streamer.capture.state import MainState, SourceState
    from streamer.event import AttributeEvent
    from streamer.health.verdict import PictureState

CameraPhase: TypeAlias = Literal["connecting", "live", "down", "ended", "off"]

WINDOW_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class CameraStatistics:
    """One camera: its totals, and its figures of the last ten seconds.

    Attributes:
        camera: its name.
        state: ``connecting``, ``live``, ``down``, ``ended`` or ``off``, which a person switches it;
            ``reason`` says why, ``since`` when (UTC).
        fps_in, fps_detected: pictures of the stream, and results, per second.
        received, detected: totals since the start.
        dropped: totals by reason.
        latency_p50_s, latency_p95_s: decoded to published, exact quantiles; None without a result.
        objects: objects in the latest result.
        decoder: where pictures are decoded, ``cpu``, ``cuda`` or ``qsv``; None while there are none.
        clock_offset_s: by how much the camera's clock is ahead of ours; None when it tells no time.
        main: how its larger stream does; None where it has one stream.
        picture: what its pictures are worth; None while none come, or nobody looks.
        viewers: those who watch it live.
        attributes: what parts of its picture are like, as told last, by their names.
    """

    camera: str
    state: CameraPhase
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
    viewers: int = 0
    attributes: Mapping[str, AttributeEvent] = field(default_factory=dict)


class CameraMeter:
    """The running figures of one camera; its methods are called under its lock."""

    def __init__(self, camera: str) -> None:
        self.camera = camera
        self.lock = Lock()
        self.state: SourceState | None = None
        self.off_since: datetime | None = None
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
        self.viewers = 0
        self.attributes: dict[str, AttributeEvent] = {}

    def statistics(self, now: float) -> CameraStatistics:
        latencies = sorted(self.latencies.values(now))
        return CameraStatistics(
            camera=self.camera,
            state=self._phase,
            reason=None if self.state is None else self.state.reason,
            since=self.off_since if self.state is None else self.state.since,
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
            viewers=self.viewers,
            attributes=dict(self.attributes),
        )

    @property
    def _phase(self) -> CameraPhase:
        if self.state is not None:
            return self.state.state
        return "connecting" if self.off_since is None else "off"
