"""What the HTTP interface answers with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from streamer.capture.state import MainPhase
from streamer.event import CameraState, Ruling
from streamer.health.verdict import PictureState
from streamer.messages.record import BOX_DIGITS, CONFIDENCE_DIGITS, Box, Confidence, Timestamp
from streamer.messages.rulings import RulingRecord
from streamer.metrics.camera import CameraPhase, CameraStatistics
from streamer.storage.records import Staying, StoredEvent

Item = TypeVar("Item")
RoundConfidence = Annotated[Confidence, AfterValidator(lambda value: round(value, CONFIDENCE_DIGITS))]
RoundBox = Annotated[Box, AfterValidator(lambda box: tuple(round(edge, BOX_DIGITS) for edge in box))]


class Answer(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Page(Answer, Generic[Item]):
    """A part of a list; ``next`` continues it, and is null at its end."""

    items: tuple[Item, ...]
    next: str | None


class Items(Answer, Generic[Item]):
    """A list that is whole."""

    items: tuple[Item, ...]


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
    confidence: RoundConfidence
    box: RoundBox
    zones: tuple[str, ...]
    rules: Annotated[tuple[RulingRecord, ...], BeforeValidator(_rulings)] = Field(
        description="what let it become an event"
    )
    stationary: bool = Field(description="it does not move: in view, or remembered where it was")
    started_at: Timestamp
    ended_at: Timestamp | None
    snapshot: str | None


class PictureAddresses(Answer):
    """Where an event's pictures are; they are JPEG."""

    snapshot: str = Field(description="the whole picture; with `box=true` the object is marked")
    crop: str = Field(description="the object alone")


class StayingItem(Answer):
    """The object is in a zone."""

    zone: str
    since: Timestamp


class EventDetail(EventItem):
    """All that is known of one event."""

    track: int = Field(ge=0, description="id of the object that it follows")
    width: int | None = Field(description="of the pictures that `box` lies in; null where nobody knows")
    height: int | None
    bytes: int = Field(ge=0, description="size of its files")
    pictures: PictureAddresses | None = Field(description="null where none are kept, or none any more")
    staying: tuple[StayingItem, ...] = Field(description="the zones that it is in now")

    @classmethod
    def of(cls, event: StoredEvent, staying: Sequence[Staying], base: str) -> EventDetail:
        """``base`` is where the service lies, as browsers see it."""
        width, height = event.size or (None, None)
        place = f"{base}/api/events/{event.id}"
        pictures = PictureAddresses(snapshot=f"{place}/snapshot.jpg", crop=f"{place}/crop.jpg")
        return cls(
            **{name: getattr(event, name) for name in EventItem.model_fields},
            track=event.track,
            width=width,
            height=height,
            bytes=event.bytes,
            pictures=None if event.snapshot is None else pictures,
            staying=tuple(map(StayingItem.model_validate, staying)),
        )


class CountItem(Answer):
    """How many events began at a camera within an hour or a day."""

    begun: Timestamp = Field(description="where the hour or the day begins")
    camera: str
    label: str = Field(description="what the model says that they are")
    number: int = Field(gt=0)


class TroubleItem(Answer):
    """A camera went into trouble, or came out of it (``up``)."""

    id: str
    state: CameraState
    reason: str | None = Field(description="one line for a person; null where it is up")
    since: Timestamp = Field(description="when the state began, not when it was told")


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
