"""What the pages are made from; whoever opens them hands it in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from streamer.access.accounts import Account
    from streamer.metrics.camera import CameraStatistics
    from streamer.pages.desks import CameraDesk, EventDesk, Probe, SettingsDesk, TrainingDesk
    from streamer.pages.models import Model
    from streamer.storage.query import EventQuery
    from streamer.storage.records import Choices, EventPage, StoredEvent, StoreState
    from streamer.training.shelf import Shelf


class Readings(Protocol):
    """How cameras do."""

    def snapshot(self, camera: str) -> CameraStatistics:
        """One camera's figures as of now."""


class Archive(Protocol):
    """Where events are read."""

    @property
    def state(self) -> StoreState:
        """Whether pictures are kept."""

    async def choose(self, query: EventQuery, cursor: str | None = None) -> EventPage:
        """A page of the events that fit, newest first; ValueError for a cursor that no page ever gave."""

    async def find(self, event_id: str) -> StoredEvent | None:
        """One event."""

    async def choices(self) -> Choices:
        """What there are events of."""


class Health(Protocol):
    """What is not as it should be."""

    def details(self) -> Mapping[str, str]:
        """By part, in words."""


class People(Protocol):
    """Who may come in."""

    async def known(self) -> Sequence[Account]:
        """Users, and then tokens."""


class Registry(Protocol):
    """Everything that is counted and measured."""

    def collect(self) -> Iterable[Metric]: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a page may show or change.

    Attributes:
        cameras: the names of those that are there now; read anew each time.
        simulated: whether a camera is no real one.
        title: what people call a camera, also one that is gone.
        models: the detectors that are loaded by now.
        people: who may come in.
        data: folder of everything that is kept.
        desk, probe: add a camera, and try its address; None where cameras are only configured in a file.
        settings: take what a camera is to be; None as above.
        marks: take what a person says of an event; None where nobody does.
        training, shelf: train classifiers, and what came of that; None where nothing is trained.
    """

    cameras: Collection[str]
    readings: Readings
    archive: Archive
    health: Health
    registry: Registry
    models: Callable[[], Sequence[Model]]
    simulated: Callable[[str], bool]
    title: Callable[[str], str]
    people: People
    data: Path
    desk: CameraDesk | None = None
    probe: Probe | None = None
    settings: SettingsDesk | None = None
    marks: EventDesk | None = None
    training: TrainingDesk | None = None
    shelf: Shelf | None = None
