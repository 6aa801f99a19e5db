"""Results as messages, and the messages to where they wait for the brokers."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

import anyio
from anyio import to_thread

from streamer.errors import MessageRejected
from streamer.event import Decision, Event
from streamer.kafka.format.choice import Choice
from streamer.kafka.format.cloudevents import Envelopes, Topics
from streamer.kafka.format.deepstream import deepstream
from streamer.kafka.format.pictures import JpegPictures
from streamer.messages.detections import DetectionRecord
from streamer.messages.records import record_of

if TYPE_CHECKING:
    from streamer.config.bus import KafkaConfig
    from streamer.event import Happening
    from streamer.frame import Frame
    from streamer.kafka.message import Message
    from streamer.tracking.tracks import Tracks

log = logging.getLogger(__name__)

WAITING_PICTURES: Final = 8


class Waiting(Protocol):
    """Where messages wait."""

    async def keep(self, messages: Sequence[Message]) -> None: ...

    def pass_on(self, message: Message) -> None: ...


class LossObserver(Protocol):
    def left_out(self, topic: str, reason: str, count: int = 1) -> None: ...


class KafkaSink:
    """Events before anything else sees them, then the results of frames, then their pictures."""

    def __init__(
        self, config: KafkaConfig, models: Mapping[str, str], waiting: Waiting, observer: LossObserver
    ) -> None:
        """
        Args:
            config: what is sent, and how.
            models: the name of each camera's model.
            waiting: takes the messages.
            observer: counts what is left out.
        """
        self._config = config
        self._models = models
        self._waiting = waiting
        self._observer = observer
        self._topics = Topics(config.prefix)
        self._envelopes = Envelopes(self._topics)
        self._choice = Choice(config.detections)
        self._sizes: dict[str, tuple[int, int]] = {}
        self._told: set[str] = set()
        self._filmed, self._to_draw = anyio.create_memory_object_stream[tuple["Frame", "Tracks", str | None]](
            WAITING_PICTURES
        )

    async def run(self) -> None:
        """Draw the pictures of frames until cancelled."""
        pictures = JpegPictures(self._config.jpeg)
        async for frame, tracks, result in self._to_draw:
            jpeg = await to_thread.run_sync(pictures.jpeg, frame, tracks)
            self._waiting.pass_on(self._envelopes.frame(frame.camera, frame.captured_at, jpeg, result))

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        self._sizes[frame.camera] = (frame.width, frame.height)
        await self._tell(frame.camera, happenings, frame.captured_at)
        filmed = self._is_filmed(happenings)
        result = None
        if self._choice.wants(frame, tracks) or (filmed and self._config.detections != "off"):
            result = self._pass_on(frame, tracks)
        if filmed:
            self._film(frame, tracks, result)

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        await self._tell(camera, happenings, datetime.now(UTC))

    async def _tell(self, camera: str, happenings: Sequence[Happening], seen_at: datetime) -> None:
        messages = []
        for happening in happenings:
            if isinstance(happening, Decision):
                continue
            try:
                value = record_of(happening, self._sizes.get(camera)).encoded()
            except MessageRejected as error:
                self._rejected(camera, self._topics.events, error)
            else:
                messages.append(self._envelopes.told(happening, value, seen_at))
        await self._waiting.keep(messages)

    def _pass_on(self, frame: Frame, tracks: Tracks) -> str | None:
        """Send the result of a frame; its id, or None where it cannot be told."""
        try:
            value = self._value(frame, tracks)
        except MessageRejected as error:
            self._rejected(frame.camera, self._topics.detections, error)
            return None
        message = self._envelopes.detections(frame.camera, frame.captured_at, value)
        self._waiting.pass_on(message)
        return message.id

    def _value(self, frame: Frame, tracks: Tracks) -> bytes:
        record = DetectionRecord.of(frame, tracks, self._models[frame.camera])
        return deepstream(record) if self._config.format == "deepstream" else record.encoded()

    def _is_filmed(self, happenings: Sequence[Happening]) -> bool:
        if self._config.frames == "events":
            return any(isinstance(each, Event) for each in happenings)
        return self._config.frames == "all"

    def _film(self, frame: Frame, tracks: Tracks, result: str | None) -> None:
        try:
            self._filmed.send_nowait((frame, tracks, result))
        except anyio.WouldBlock:
            self._observer.left_out(self._topics.frames, "busy")

    def _rejected(self, camera: str, topic: str, error: MessageRejected) -> None:
        self._observer.left_out(topic, "rejected")
        if camera not in self._told:
            log.warning("left out a record, and will say so once: %s", error)
        self._told.add(camera)
