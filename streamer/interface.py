"""All that a running service answers over HTTP: its API, its viewers and its pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.store import ModelStore, models_in
from streamer.api.app import create_app
from streamer.api.classify import add_classify
from streamer.api.desk import add_desk
from streamer.api.entrance import start_access, start_tls
from streamer.api.event import add_event
from streamer.api.fallbacks import add_fallbacks
from streamer.api.front import behind_front
from streamer.api.modelstore import add_model_store
from streamer.api.pages import add_pages, add_send_page
from streamer.api.samples import add_samples
from streamer.api.server import serve
from streamer.api.settings import add_settings
from streamer.api.silence import Silence
from streamer.api.stream import add_stream
from streamer.api.trainings import add_trainings
from streamer.api.trying import add_trying
from streamer.api.whep import add_whep
from streamer.api.whip import add_whip
from streamer.fleet.answering import Answering
from streamer.fleet.desk import Desk
from streamer.pages.changing import Changes
from streamer.pages.models import Model, driven
from streamer.pages.office import TrainingOffice
from streamer.pages.opening import Pages
from streamer.pages.parts import Parts
from streamer.training.shelf import Shelf
from streamer.training.trainings import Trainings
from streamer.training.trying import Trying
from streamer.webrtc.stills import Stills
from streamer.webrtc.viewers import Viewers
from streamer.webrtc.whip import Publishers

if TYPE_CHECKING:
    from anyio.abc import TaskGroup
    from fastapi import FastAPI

    from streamer.access.doorkeeper import Doorkeeper
    from streamer.config.settings import Settings
    from streamer.config.tree import Config
    from streamer.fleet.classifiers import ClassifierQueues
    from streamer.fleet.detectors import Detectors
    from streamer.fleet.fleet import Fleet
    from streamer.metrics.metrics import Metrics
    from streamer.publish.live import LiveRecords
    from streamer.status import Status
    from streamer.storage.store import EventStore
    from streamer.webrtc.results import LiveResults


@dataclass(frozen=True, slots=True)
class Behind:
    """The parts of the service that are asked.

    Attributes:
        settings: everything that can be said of it, and changed while it runs.
        fleet: its cameras.
        store: its events and labelled pictures.
        metrics, status: how it does.
        results, live: what is found, for those who watch and for those who listen.
        detectors, classifiers: that run.
    """

    settings: Settings
    fleet: Fleet
    store: EventStore
    metrics: Metrics
    status: Status
    results: LiveResults
    live: LiveRecords
    detectors: Detectors
    classifiers: ClassifierQueues

    @property
    def config(self) -> Config:
        return self.settings.config


async def start_interface(services: TaskGroup, behind: Behind) -> str:
    """Answer on one port, in this task group.

    Returns:
        The address.

    Raises:
        StreamerError: it cannot listen there, or nobody may ask.
    """
    http = behind.config.http
    api = create_app(behind.metrics, behind.status, behind.store)
    # First: what is mounted at the root takes all paths that come after it.
    doorkeeper = await start_access(services, api, behind.config)
    tls = await start_tls(services, api, behind.config)
    await _start_viewing(services, api, behind)
    await _start_events(services, api, behind)
    models = models_in(behind.config.data)
    trainings, shelf = Trainings(behind.config.data), Shelf(ModelStore(models))
    services.start_soon(trainings.run)
    add_trainings(api, trainings)
    add_model_store(api, shelf)
    add_trying(api, Trying(models))
    add_classify(api, Answering(models))
    desk = Desk(behind.settings, behind.fleet)
    add_desk(api, desk, behind.metrics)
    add_settings(api, desk)
    pages = Pages(_page_parts(behind, Changes(desk, behind.store), doorkeeper, trainings, shelf))
    pages.add_to(api)
    services.start_soon(pages.run)
    front, context = behind_front(api, doorkeeper, http), tls and tls.context
    url = await services.start(serve, front, http.host, http.port, context)
    if tls is not None:
        tls.welcome(url)
    return str(url)


async def _start_viewing(services: TaskGroup, api: FastAPI, behind: Behind) -> None:
    fleet, webrtc, metrics = behind.fleet, behind.config.webrtc, behind.metrics
    viewers = Viewers(fleet.streams, fleet.scenes, behind.results, webrtc, metrics)
    await services.start(viewers.run)
    fleet.audience = viewers
    add_whep(api, viewers)
    add_fallbacks(api, viewers, Stills(behind.results), Silence(metrics))
    publishers = Publishers(fleet.streams, metrics, webrtc)
    await services.start(publishers.run)
    add_whip(api, publishers)
    add_pages(api, fleet.streams)
    add_send_page(api, publishers)


async def _start_events(services: TaskGroup, api: FastAPI, behind: Behind) -> None:
    data = behind.config.data
    await services.start(behind.live.run)
    add_stream(api, behind.live, behind.metrics, behind.store)
    add_event(api, behind.store, data)
    add_samples(api, behind.store.samples, data)


def _page_parts(
    behind: Behind, changes: Changes, doorkeeper: Doorkeeper, trainings: Trainings, shelf: Shelf
) -> Parts:
    fleet = behind.fleet
    return Parts(
        cameras=fleet.cameras,
        readings=behind.metrics,
        archive=behind.store,
        health=behind.status,
        registry=behind.metrics.registry,
        models=lambda: _running(behind),
        simulated=lambda name: fleet.cameras[name].config.detected.startswith("sim:"),
        title=lambda name: fleet.titles.get(name, name),
        people=doorkeeper,
        data=behind.config.data,
        desk=changes,
        probe=changes,
        settings=changes,
        marks=changes,
        training=TrainingOffice(trainings, behind.store.samples),
        shelf=shelf,
    )


def _running(behind: Behind) -> list[Model]:
    detectors = [
        driven(name, each.detector.manifest, each.policy) for name, each in behind.detectors.batchers.items()
    ]
    classifiers = [
        driven(f"classifier {name}", each.model.manifest, each.policy)
        for name, each in behind.classifiers.queues.items()
    ]
    return detectors + classifiers
