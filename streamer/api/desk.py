"""Cameras by HTTP: added, changed, looked at and removed while the service runs."""

from __future__ import annotations

from enum import Enum
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Body, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from detectors.errors import DetectorError
from streamer.api.camera_schema import CHANGES, NEW, OPTIONS, taken
from streamer.api.description import refusals
from streamer.api.models import CameraItem
from streamer.api.problems import problem
from streamer.api.routing import base_of
from streamer.config.tree import CameraName
from streamer.errors import ConfigError, UnknownCamera
from streamer.fleet.desk import AlreadyThere, Desk, Stale
from streamer.metrics.metrics import Metrics

STATUS: Final = {
    UnknownCamera: HTTPStatus.NOT_FOUND,
    AlreadyThere: HTTPStatus.CONFLICT,
    Stale: HTTPStatus.PRECONDITION_FAILED,
    ConfigError: HTTPStatus.UNPROCESSABLE_ENTITY,
    DetectorError: HTTPStatus.UNPROCESSABLE_ENTITY,
}


TAGS: Final[list[str | Enum]] = ["cameras"]
LOCATION: Final = {"Location": {"description": "where the camera is", "schema": {"type": "string"}}}
TAG: Final = {"ETag": {"description": "`version`, for `If-Match`", "schema": {"type": "string"}}}


class NewCamera(BaseModel):
    """A camera: its name, its address, and any other of its options."""

    model_config = ConfigDict(extra="allow")

    name: CameraName
    source: str | dict[str, str] = Field(description="an address, or those of `main` and `sub`")


class Candidate(BaseModel):
    """An address that may become a camera, with any other of its options."""

    model_config = ConfigDict(extra="allow")

    source: str | dict[str, str]


class Look(BaseModel):
    """What an address sends, or why it sends nothing, in words."""

    good: bool
    reason: str | None = Field(description="why no picture came")
    advice: str | None = Field(description="what to do about it")
    width: int | None
    height: int | None
    fps: float | None


class CameraOptions(BaseModel):
    """The options of a camera, without secrets; a configuration has the same."""

    name: str
    options: dict[str, Any]
    version: str = Field(description="another one after each change; the same as the ETag")


Name = Annotated[str, Field(max_length=100)]
Match = Annotated[str | None, Header(max_length=200, description="the version that was looked at")]


def add_desk(app: FastAPI, desk: Desk, metrics: Metrics) -> None:
    """The routes that change cameras."""
    for error, status in STATUS.items():
        app.add_exception_handler(error, _told_as(status))
    _add_adding(app, desk, metrics)
    _add_looking(app, desk, metrics)
    _add_changing(app, desk)


def _add_adding(app: FastAPI, desk: Desk, metrics: Metrics) -> None:
    @app.post(
        "/api/cameras",
        status_code=HTTPStatus.CREATED,
        summary="Add a camera",
        description="It runs from now on, also after a restart; the configuration file stays as it is.",
        tags=TAGS,
        openapi_extra=taken(NEW),
        responses={201: {"headers": LOCATION}, **refusals(409, 413, 422)},
    )
    async def add(camera: NewCamera, request: Request, response: Response) -> CameraItem:
        options = camera.model_dump(exclude={"name"})
        await desk.add(camera.name, options)
        response.headers["Location"] = f"{base_of(request.scope)}/api/cameras/{camera.name}"
        return CameraItem.of(metrics.snapshot(camera.name))

    @app.post(
        "/api/cameras/check",
        summary="See what an address sends, before it is a camera",
        description="It is opened for a moment. An address that sends nothing is no error: `good` is false.",
        tags=TAGS,
        openapi_extra=taken(OPTIONS),
        responses=refusals(413, 422),
    )
    async def check(camera: Candidate) -> Look:
        found = await desk.look(camera.model_dump())
        first = found.first
        return Look(
            good=found.reason is None,
            reason=found.reason,
            advice=found.advice,
            width=None if first is None else first.width,
            height=None if first is None else first.height,
            fps=None if first is None else round(found.fps, 1),
        )


def _add_looking(app: FastAPI, desk: Desk, metrics: Metrics) -> None:
    @app.get(
        "/api/cameras/{name}",
        summary="One camera and how it does",
        description="The same as among all of them.",
        tags=TAGS,
        responses=refusals(404, 422),
    )
    async def one(name: Name) -> CameraItem:
        desk.options(name)
        return CameraItem.of(metrics.snapshot(name))

    @app.get(
        "/api/cameras/{name}/options",
        summary="What is configured of a camera",
        description="Without secrets; what is hidden is not taken back. Admins only: it has addresses in it.",
        tags=TAGS,
        responses={200: {"headers": TAG}, **refusals(404, 422)},
    )
    async def options(name: Name, response: Response) -> CameraOptions:
        return _options(desk, name, response)


def _add_changing(app: FastAPI, desk: Desk) -> None:
    @app.patch(
        "/api/cameras/{name}",
        summary="Change a camera; null takes an option away (RFC 7396)",
        description="With `If-Match` the second of two people who change it at once is told (412).",
        tags=TAGS,
        openapi_extra=taken(CHANGES),
        responses={200: {"headers": TAG}, **refusals(404, 412, 413, 422)},
    )
    async def change(
        name: Name, patch: Annotated[dict[str, Any], Body()], response: Response, if_match: Match = None
    ) -> CameraOptions:
        await desk.change(name, patch, _version(if_match))
        return _options(desk, name, response)

    @app.delete(
        "/api/cameras/{name}",
        status_code=HTTPStatus.NO_CONTENT,
        summary="Remove a camera",
        description="What is there ends; its events stay.",
        tags=TAGS,
        responses=refusals(404, 412, 422),
    )
    async def remove(name: Name, if_match: Match = None) -> None:
        await desk.remove(name, _version(if_match))


def _options(desk: Desk, name: str, response: Response) -> CameraOptions:
    found = desk.options(name)
    response.headers["ETag"] = f'"{found.version}"'
    return CameraOptions(name=name, options=dict(found.values), version=found.version)


def _version(if_match: str | None) -> str | None:
    return None if if_match in (None, "*") else if_match.strip('"')


def _told_as(status: HTTPStatus) -> Any:
    async def told(request: Request, error: Exception) -> JSONResponse:
        return problem(status, str(error))

    return told
