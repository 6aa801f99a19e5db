"""The pages and their files, on NiceGUI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI, HTTPException, Request, Response
from nicegui import app as niceapp
from nicegui import ui
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from streamer.metrics.order import as_counted
from streamer.pages.assets import FOLDER, Assets
from streamer.pages.choice import Choice
from streamer.pages.event import EventPage, unknown
from streamer.pages.events import EventsPage
from streamer.pages.here import Here
from streamer.pages.label import build_label
from streamer.pages.layout import Layout
from streamer.pages.live import LivePage
from streamer.pages.owned import Owned
from streamer.pages.scene import build_scene
from streamer.pages.settings import SettingsPage
from streamer.pages.single import CameraPage
from streamer.pages.system import SystemPage
from streamer.pages.train import TrainPage
from streamer.pages.versions import ModelsPage

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from streamer.pages.parts import Parts
    from streamer.pages.recorder import Recorder

NOTICED_S: Final = 5.0
"""A lost connection is noticed within about this time."""
KEPT_S: Final = 60.0
"""A page that comes back within this time goes on; later it is made anew."""


@asynccontextmanager
async def open_site(parts: Parts, recorder: Recorder) -> AsyncIterator[ASGIApp]:
    """The pages as an application; NiceGUI has one of these per process."""
    assets = Assets()
    layout = Layout(assets)
    _add_files(assets)
    _add_pages(parts, layout, recorder)
    _add_camera_pages(parts, layout)
    _add_trainer_pages(parts, layout)
    ui.run_with(
        FastAPI(openapi_url=None),
        title="Sightline",
        language="en-US",
        dark=None,
        tailwind=False,
        favicon=assets.favicon,
        binding_refresh_interval=None,
        reconnect_timeout=NOTICED_S,
        show_welcome_message=False,
        gzip_middleware_factory=None,
    )
    # NiceGUI's own raises where a browser leaves before it is answered; `Pages` does what it is for.
    niceapp.user_middleware[:] = [Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)]
    # The HTTP server of the service tells its applications nothing of its beginning and its end.
    async with niceapp.router.lifespan_context(niceapp):
        yield Owned(niceapp)


def _add_files(assets: Assets) -> None:
    @niceapp.get(f"/{FOLDER}/{{version}}/{{name}}", include_in_schema=False)
    async def asset(version: str, name: str) -> Response:
        found = assets.files.get(name)
        if found is None:
            raise HTTPException(404)
        return Response(found.content, media_type=found.media_type)


def _add_camera_pages(parts: Parts, layout: Layout) -> None:
    @ui.page("/cameras/{camera}", reconnect_timeout=KEPT_S)
    async def single(request: Request, camera: str) -> None:
        here = Here.of(request)
        if camera in parts.cameras and here.visitor.may_see(camera):
            await CameraPage(parts, here, camera).build(layout)
        else:
            unknown(layout, here, "There is no such camera", "/", "All cameras")

    @ui.page("/cameras/{camera}/scene", reconnect_timeout=KEPT_S)
    def scene(request: Request, camera: str) -> None:
        here = Here.of(request)
        if camera in parts.cameras and here.visitor.may_change:
            build_scene(layout, here, camera, parts.title(camera), request.query_params.get("mask"))
        else:
            unknown(layout, here, "There is no such camera", "/", "All cameras")

    @ui.page("/cameras/{camera}/settings", reconnect_timeout=KEPT_S)
    def settings(request: Request, camera: str) -> None:
        here = Here.of(request)
        if camera in parts.cameras and here.visitor.may_change and parts.settings is not None:
            SettingsPage(parts, parts.settings, here, camera).build(layout)
        else:
            unknown(layout, here, "There is no such camera", "/", "All cameras")


def _add_pages(parts: Parts, layout: Layout, recorder: Recorder) -> None:
    @ui.page("/", reconnect_timeout=KEPT_S)
    def live(request: Request) -> None:
        LivePage(parts, Here.of(request)).build(layout)

    @ui.page("/events", reconnect_timeout=KEPT_S)
    async def events(request: Request) -> None:
        await EventsPage(parts, Here.of(request), Choice.of(request.query_params)).build(layout)

    @ui.page("/events/{event_id}", reconnect_timeout=KEPT_S)
    async def event(request: Request, event_id: str) -> None:
        here = Here.of(request)
        found = await parts.archive.find(event_id)
        if found is not None and here.visitor.may_see(found.camera):
            EventPage(parts, here, found).build(layout)
        else:
            unknown(layout, here, "There is no such event", "/events", "All events")

    @ui.page("/system", reconnect_timeout=KEPT_S)
    async def system(request: Request) -> None:
        await SystemPage(parts, Here.of(request), recorder).build(layout)


def _add_trainer_pages(parts: Parts, layout: Layout) -> None:
    @ui.page("/label", reconnect_timeout=KEPT_S)
    async def label(request: Request) -> None:
        seen = (await parts.archive.choices()).cameras
        build_label(layout, Here.of(request), sorted({*seen, *parts.cameras}, key=as_counted))

    @ui.page("/train", reconnect_timeout=KEPT_S)
    async def train(request: Request) -> None:
        if parts.training is None:
            unknown(layout, Here.of(request), "Nothing is trained here", "/", "All cameras")
        else:
            await TrainPage(parts.training, Here.of(request)).build(layout)

    @ui.page("/models", reconnect_timeout=KEPT_S)
    async def models(request: Request) -> None:
        if parts.shelf is None:
            unknown(layout, Here.of(request), "No models are kept here", "/", "All cameras")
        else:
            await ModelsPage(parts.shelf, Here.of(request)).build(layout)
