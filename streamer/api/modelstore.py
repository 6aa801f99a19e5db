"""The models of the store by HTTP: versions, reports, and which one serves."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar

from anyio import to_thread
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from detectors.errors import DetectorError
from streamer.api.description import refusals
from streamer.api.models import Answer, Items
from streamer.api.question import Nothing, once
from streamer.messages.record import Timestamp
from streamer.training.record import NAME
from streamer.training.shelf import Model, Shelf, Version

T = TypeVar("T")

NUMBER: Final = "^[1-9][0-9]{0,8}$"
ModelName = Annotated[str, InPath(pattern=NAME, description="of the model")]
Number = Annotated[str, InPath(pattern=NUMBER, description="of the version")]


class VersionItem(Answer):
    """A version of a model."""

    version: str
    made_at: Timestamp
    task: str | None = Field(description="`detect` or `classify`; null where its manifest cannot be read")
    labels: tuple[str, ...]
    sha256: str | None
    accuracy: float | None = Field(description="on pictures that it was not trained on; null where unknown")
    pictures: int | None = Field(description="how many of those there were")
    has_report: bool

    @classmethod
    def of(cls, version: Version) -> VersionItem:
        manifest, report = version.manifest, version.report or {}
        accuracy, pictures = report.get("accuracy"), report.get("pictures")
        return cls(
            version=version.number,
            made_at=version.made_at,
            task=manifest.task if manifest else None,
            labels=manifest.labels if manifest else (),
            sha256=manifest.sha256 if manifest else None,
            accuracy=accuracy if isinstance(accuracy, int | float) else None,
            pictures=pictures if isinstance(pictures, int) else None,
            has_report=version.report is not None,
        )


class ModelItem(Answer):
    """A model, its versions newest first, and the one that serves."""

    name: str
    serving: str | None
    versions: tuple[VersionItem, ...]

    @classmethod
    def of(cls, model: Model) -> ModelItem:
        return cls(
            name=model.name, serving=model.serving, versions=tuple(map(VersionItem.of, model.versions))
        )


class Promotion(BaseModel):
    """Which version is to serve."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: str = Field(pattern=NUMBER)


def add_model_store(app: FastAPI, shelf: Shelf) -> None:
    """The routes."""
    _add_looking(app, shelf)
    _add_reports(app, shelf)
    _add_serving(app, shelf)


def _add_looking(app: FastAPI, shelf: Shelf) -> None:
    @app.get(
        "/api/models",
        summary="The models of the store",
        description="Those that are built in are not among them.",
        tags=["models"],
        dependencies=[Depends(once())],
        responses=refusals(403, 422),
    )
    async def several(question: Nothing) -> Items[ModelItem]:
        return Items(items=tuple(map(ModelItem.of, await to_thread.run_sync(shelf.models))))

    @app.get(
        "/api/models/{name}",
        summary="One model",
        description="Its versions, newest first, and which one serves.",
        tags=["models"],
        dependencies=[Depends(once())],
        responses=refusals(403, 404, 422),
    )
    async def one(name: ModelName, question: Nothing) -> ModelItem:
        return await _item(shelf, name)


def _add_reports(app: FastAPI, shelf: Shelf) -> None:
    files: dict[str, Any] = {
        "description": "It is there of each version that was trained here.",
        "tags": ["models"],
        "dependencies": [Depends(once())],
        "response_class": Response,
        "responses": refusals(403, 404, 422),
    }

    @app.get("/api/models/{name}/{version}/report.json", summary="What a training measured", **files)
    async def report(name: ModelName, version: Number, question: Nothing) -> Response:
        found = await to_thread.run_sync(shelf.report, name, version)
        return Response(_there(found), media_type="application/json")

    @app.get("/api/models/{name}/{version}/report.html", summary="The same as a page", **files)
    async def page(name: ModelName, version: Number, question: Nothing) -> Response:
        found = await to_thread.run_sync(shelf.page, name, version)
        return HTMLResponse(_there(found))


def _add_serving(app: FastAPI, shelf: Shelf) -> None:
    changes: dict[str, Any] = {
        "tags": ["models"],
        "dependencies": [Depends(once())],
        "responses": refusals(400, 403, 404, 409, 413, 422),
    }

    @app.post(
        "/api/models/{name}/promote",
        summary="Let a version serve",
        description="Every process that runs sees it within two seconds.",
        **changes,
    )
    async def promote(name: ModelName, promotion: Promotion, question: Nothing) -> ModelItem:
        await _item(shelf, name)
        await _changed(lambda: shelf.store.promote(name, promotion.version))
        return await _item(shelf, name)

    @app.post(
        "/api/models/{name}/rollback",
        summary="Let the version serve again that did before",
        description="Where none did, it is refused (409).",
        **changes,
    )
    async def rollback(name: ModelName, question: Nothing) -> ModelItem:
        await _item(shelf, name)
        await _changed(lambda: shelf.store.rollback(name))
        return await _item(shelf, name)

    @app.delete(
        "/api/models/{name}/{version}",
        status_code=HTTPStatus.NO_CONTENT,
        summary="Delete a version that does not serve, or the only one",
        description="With its report; one that serves beside others is refused (409).",
        **changes,
    )
    async def remove(name: ModelName, version: Number, question: Nothing) -> None:
        await _item(shelf, name)
        await _changed(lambda: shelf.store.remove(name, version))


async def _item(shelf: Shelf, name: str) -> ModelItem:
    found = await to_thread.run_sync(shelf.model, name)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "expected a model of the store")
    return ModelItem.of(found)


async def _changed(change: Callable[[], T]) -> T:
    try:
        return await to_thread.run_sync(change)
    except DetectorError as error:
        raise HTTPException(HTTPStatus.CONFLICT, str(error)) from error


def _there(content: bytes | None) -> bytes:
    if content is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "expected a version with a report")
    return content
