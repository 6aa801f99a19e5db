"""What is told of a camera's own state, as a versioned record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Self

from pydantic import Field

from streamer.event import CameraState
from streamer.messages.record import Record, Timestamp

if TYPE_CHECKING:
    from streamer.event import CameraEvent

CAMERAS_SCHEMA: Final = "sightline.cameras/1"


class CameraRecord(Record):
    """A camera went into trouble or came out of it, and stayed so for as long as ``state.hold`` says."""

    schema_: Literal["sightline.cameras/1"] = Field(alias="schema")
    id: str = Field(description="UUIDv7, of this record alone")
    camera: str
    state: CameraState = Field(description="up ends every trouble; down: no pictures; else: useless ones")
    reason: str | None = Field(description="one line for a person; null where it is up")
    since: Timestamp = Field(description="when the state began, not when it was told")

    @classmethod
    def of(cls, event: CameraEvent) -> Self:
        return cls(
            schema=CAMERAS_SCHEMA,
            id=event.id,
            camera=event.camera,
            state=event.state,
            reason=event.reason,
            since=event.since,
        )
