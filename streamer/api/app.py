"""The HTTP application: health, metrics, cameras and events."""

from __future__ import annotations

from typing import Protocol

from fastapi import FastAPI

from streamer.api.body import BodyLimit
from streamer.api.cameras import Troubles, add_cameras
from streamer.api.description import describe
from streamer.api.events import EventArchive, add_events
from streamer.api.health import add_health
from streamer.api.problems import answer_with_problems
from streamer.api.reference import add_reference
from streamer.metrics.metrics import Metrics
from streamer.status import Status


class Archive(EventArchive, Troubles, Protocol):
    """Where events and troubles are read."""


def create_app(metrics: Metrics, status: Status, archive: Archive) -> FastAPI:
    """The application; it reads from its arguments and changes nothing.

    It says who sees what, not who may ask at all: ``behind_front`` is that.

    Args:
        metrics: what is counted and measured.
        status: whether the service is ready.
        archive: where events are.
    """
    # The stock documentation pages load scripts from elsewhere.
    app = FastAPI(title="Sightline", docs_url=None, redoc_url=None)
    describe(app)
    add_reference(app)
    app.add_middleware(BodyLimit)
    answer_with_problems(app)
    add_health(app, metrics, status)
    add_cameras(app, metrics, archive)
    add_events(app, metrics, archive)
    return app
