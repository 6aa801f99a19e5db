"""What happens, for those who listen: a sink whose records go to each of them as they come."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import anyio
from anyio import TASK_STATUS_IGNORED
from anyio.abc import TaskStatus

from streamer.errors import MessageRejected, StreamerError
from streamer.event import AttributeEvent, CameraEvent, Event, LineCrossing, ZoneEvent
from streamer.messages.records import record_of

if TYPE_CHECKING:
    from streamer.event import Happening
    from streamer.frame import Frame
    from streamer.messages.record import Record
    from streamer.tracking.tracks import Tracks

log = logging.getLogger(__name__)

Kind: TypeAlias = Literal["object", "zone", "crossing", "camera", "attribute"]
Tellable: TypeAlias = Event | ZoneEvent | LineCrossing | CameraEvent | AttributeEvent

KINDS: Final[Mapping[type, Kind]] = {
    Event: "object",
    ZoneEvent: "zone",
    LineCrossing: "crossing",
    CameraEvent: "camera",
    AttributeEvent: "attribute",
}
MOST_LISTENERS: Final = 100
RECORDS_WAITING: Final = 256


class TooManyListeners(StreamerError):
    """As many listen as may."""


@dataclass(frozen=True, slots=True)
class LiveRecord:
    """What happened, and when that was told."""

    kind: Kind
    record: Record
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """Records as they came, and how many were missed before them."""

    records: tuple[LiveRecord, ...]
    missed: int


class Listener:
    """The records of one who listens; one who is slow misses the oldest."""

    def __init__(self, cameras: frozenset[str] | None, label: str | None) -> None:
        """
        Args:
            cameras: those that are listened to; None for all.
            label: of the objects that matter, also one that a classifier gave; None for everything.
        """
        self._cameras = cameras
        self._label = label
        self._waiting: deque[LiveRecord] = deque(maxlen=RECORDS_WAITING)
        self._missed = 0
        self._is_over = False
        self._changed = anyio.Event()

    def wants(self, happening: Tellable) -> bool:
        if self._cameras is not None and happening.camera not in self._cameras:
            return False
        labels = (getattr(happening, name, None) for name in ("label", "sub_label"))
        return self._label is None or self._label in labels

    def put(self, record: LiveRecord) -> None:
        self._missed += len(self._waiting) == RECORDS_WAITING
        self._waiting.append(record)
        self._changed.set()

    def end(self) -> None:
        self._is_over = True
        self._changed.set()

    async def take(self) -> Heard | None:
        """Everything that waits, as soon as there is something; None once there is no more."""
        while not self._waiting:
            if self._is_over:
                return None
            self._changed = anyio.Event()
            await self._changed.wait()
        heard = Heard(tuple(self._waiting), self._missed)
        self._waiting.clear()
        self._missed = 0
        return heard


class LiveRecords:
    """A sink that does nothing while nobody listens."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._sizes: dict[str, tuple[int, int]] = {}
        self._rejected: set[str] = set()

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Until it is cancelled; then nobody listens any more."""
        task_status.started()
        try:
            await anyio.sleep_forever()
        finally:
            for each in self._listeners:
                each.end()

    @contextmanager
    def heard(self, cameras: frozenset[str] | None, label: str | None) -> Iterator[Listener]:
        """What is told from now on, for as long as the block lasts; TooManyListeners."""
        if len(self._listeners) >= MOST_LISTENERS:
            raise TooManyListeners(f"{MOST_LISTENERS} listen already; try again later")
        listener = Listener(cameras, label)
        self._listeners.append(listener)
        try:
            yield listener
        finally:
            self._listeners.remove(listener)

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        self._sizes[frame.camera] = (frame.width, frame.height)
        self._tell(happenings)

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        self._tell(happenings)

    def _tell(self, happenings: Sequence[Happening]) -> None:
        for happening in happenings:
            if not isinstance(happening, Tellable):
                continue
            listeners = [each for each in self._listeners if each.wants(happening)]
            if listeners and (record := self._record(happening)):
                told = LiveRecord(KINDS[type(happening)], record, datetime.now(UTC))
                for listener in listeners:
                    listener.put(told)

    def _record(self, happening: Tellable) -> Record | None:
        camera = happening.camera
        try:
            return record_of(happening, self._sizes.get(camera))
        except MessageRejected as error:
            if camera not in self._rejected:
                log.warning("left out a live record, and will say so once: %s", error)
            self._rejected.add(camera)
            return None
