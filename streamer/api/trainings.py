"""Trainings by HTTP: what is asked for, how far it is, and ending it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Protocol

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi import Path as InPath
from pydantic import Field

from streamer.api.description import refusals
from streamer.api.event import ID
from streamer.api.models import Answer, Items
from streamer.api.problems import problem
from streamer.api.question import Nothing, once
from streamer.messages.record import Timestamp
from streamer.training.record import State, Training, Wish
from streamer.training.trainings import Over, QueueFull

TrainingId = Annotated[str, InPath(pattern=ID, description="of the training, a UUIDv7")]


class TrainingQueue(Protocol):
    """Where trainings wait and run."""

    async def ask(self, wish: Wish) -> Training: ...

    async def all(self) -> Sequence[Training]: ...

    async def find(self, name: str) -> Training | None: ...

    async def cancel(self, name: str) -> bool: ...


class TrainingItem(Answer):
    """A training."""

    id: str
    wish: Wish
    asked_at: Timestamp
    state: State = Field(description="`interrupted`: the service ended meanwhile")
    said: str = Field(description="one line for a person: what became of it")
    ended_at: Timestamp | None
    stage: str | None = Field(description="what it does now, or did last")
    done: float = Field(ge=0, le=1, description="how much of it is done")
    eta_s: float | None = Field(description="seconds that are left, as far as can be said")


class TrainingDetail(TrainingItem):
    """A training with the figures of each epoch."""

    epochs: tuple[dict[str, float], ...]


def add_trainings(app: FastAPI, queue: TrainingQueue) -> None:
    """The routes."""
    _add_errors(app)

    @app.get(
        "/api/trainings",
        summary="Trainings, newest first",
        description="Those that wait or run, and those that are over.",
        tags=["training"],
        dependencies=[Depends(once())],
        responses=refusals(403, 422),
    )
    async def several(question: Nothing) -> Items[TrainingItem]:
        return Items(items=tuple(map(TrainingItem.model_validate, await queue.all())))

    @app.post(
        "/api/trainings",
        status_code=HTTPStatus.CREATED,
        summary="Train a classifier on what is labelled",
        description="One at a time; the others wait in a queue that is bounded (409).",
        tags=["training"],
        dependencies=[Depends(once())],
        responses=refusals(400, 403, 409, 413, 422, 503),
    )
    async def ask(wish: Wish, question: Nothing) -> TrainingItem:
        return TrainingItem.model_validate(await queue.ask(wish))

    @app.get(
        "/api/trainings/{training_id}",
        summary="One training, with its curves",
        description="Accuracy and loss of each epoch so far, of what is trained on and of what is watched.",
        tags=["training"],
        dependencies=[Depends(once())],
        responses=refusals(403, 404, 422),
    )
    async def one(training_id: TrainingId, question: Nothing) -> TrainingDetail:
        found = await queue.find(training_id)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, UNKNOWN)
        return TrainingDetail.model_validate(found)

    @app.delete(
        "/api/trainings/{training_id}",
        status_code=HTTPStatus.ACCEPTED,
        summary="End a training, or take it out of the queue",
        description="What it made is not kept. One that is over cannot be ended (409).",
        tags=["training"],
        dependencies=[Depends(once())],
        responses=refusals(403, 404, 409, 422),
    )
    async def cancel(training_id: TrainingId, question: Nothing) -> None:
        if not await queue.cancel(training_id):
            raise HTTPException(HTTPStatus.NOT_FOUND, UNKNOWN)


UNKNOWN = "expected a training that is known"


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(QueueFull)
    @app.exception_handler(Over)
    async def conflict(request: Request, error: Exception) -> Response:
        return problem(HTTPStatus.CONFLICT, str(error))
