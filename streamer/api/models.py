"""What the HTTP interface answers with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from streamer.capture.state import MainPhase
from streamer.event import Ruling
from streamer.health.verdict import PictureState
from streamer.messages.record import BOX_DIGITS, CONFIDENCE_DIGITS, Box, Confidence, Timestamp
from streamer.messages.rulings import RulingRecord
from streamer.metrics.camera import CameraPhase, CameraStatistics

Item = TypeVar("Item")


class Answer(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Page(Answer, Generic[Item]):
    """A part of a list; ``next`` continues it, and is null at its end."""

    items: tuple[Item, ...]
    next: str | None


class MainItem(Answer):
    """The larger of a camera's two streams; ``closed`` while nobody needs it."""

    state: MainPhase
    reason: str | None
    since: Timestamp


class CameraItem(Answer):
    """One camera, as of now; ``picture`` is null while no pictures come, or nobody looks at them."""

    name: str
    state: CameraPhase
    reason: str | None
    since: Timestamp | None
    picture: PictureState | None
    fps_in: float
    fps_detected: float
    dropped: dict[str, int]
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    objects: int
    decoder: str | None
    clock_offset_s: float | None
    main: MainItem | None = Field(description="how its larger stream does; null where it has one stream")
    viewers: int = Field(description="those who watch it live")

    @classmethod
    def of(cls, camera: CameraStatistics) -> CameraItem:
        return cls(
            name=camera.camera,
            state=camera.state,
            reason=camera.reason,
            since=camera.since,
            picture=camera.picture,
            fps_in=round(camera.fps_in, 2),
            fps_detected=round(camera.fps_detected, 2),
            dropped=dict(camera.dropped),
            latency_p50_ms=_milliseconds(camera.latency_p50_s),
            latency_p95_ms=_milliseconds(camera.latency_p95_s),
            objects=camera.objects,
            decoder=camera.decoder,
            clock_offset_s=None if camera.clock_offset_s is None else round(camera.clock_offset_s, 3),
            main=None if camera.main is None else MainItem.model_validate(camera.main),
            viewers=camera.viewers,
        )


def _rulings(rulings: Sequence[Ruling]) -> tuple[RulingRecord, ...]:
    return tuple(map(RulingRecord.of, rulings))


class EventItem(Answer):
    """One event; ``ended_at`` is null while the object is there."""

    id: str
    camera: str
    label: str
    sub_label: str | None
    human_label: str | None
    attributes: dict[str, str]
    confidence: Annotated[Confidence, AfterValidator(lambda value: round(value, CONFIDENCE_DIGITS))]
    box: Annotated[Box, AfterValidator(lambda box: tuple(round(edge, BOX_DIGITS) for edge in box))]
    zones: tuple[str, ...]
    rules: Annotated[tuple[RulingRecord, ...], BeforeValidator(_rulings)] = Field(
        description="what let it become an event"
    )
    stationary: bool = Field(description="it does not move: in view, or remembered where it was")
    started_at: Timestamp
    ended_at: Timestamp | None
    snapshot: str | None


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
