"""A picture in, the answer of a version of a classifier out, by HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from anyio import to_thread
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import Field

from detectors.errors import DetectorError
from streamer.api.description import refusals
from streamer.api.models import Answer, RoundConfidence
from streamer.api.modelstore import ModelName, Number
from streamer.api.question import Nothing, once
from streamer.training.trying import NoPicture, Trying

KINDS: Final = ("image/jpeg", "image/png")


class ClassAnswer(Answer):
    """How probable a class is."""

    label: str
    probability: RoundConfidence


class PictureAnswer(Answer):
    """What a picture is of."""

    label: str | None = Field(description="null where the model is less sure than it has to be")
    confidence: RoundConfidence
    classes: tuple[ClassAnswer, ...] = Field(description="the most probable first")


def add_trying(app: FastAPI, trying: Trying) -> None:
    """The route."""

    @app.post(
        "/api/models/{name}/{version}/answer",
        summary="What a classifier says of a picture",
        description="The body is the picture, as JPEG or PNG, of at most 1 MiB.",
        tags=["models"],
        dependencies=[Depends(once())],
        responses=refusals(400, 403, 404, 409, 413, 415, 422),
        openapi_extra={
            "requestBody": {"required": True, "content": {kind: {"schema": PICTURE} for kind in KINDS}}
        },
    )
    async def answer(name: ModelName, version: Number, question: Nothing, request: Request) -> PictureAnswer:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in KINDS:
            raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"expected one of {', '.join(KINDS)}")
        content = await request.body()
        try:
            found = await to_thread.run_sync(trying.answer, f"{name}@{version}", content)
        except NoPicture as error:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
        except DetectorError as error:
            raise HTTPException(HTTPStatus.CONFLICT, str(error)) from error
        classes = tuple(ClassAnswer(label=label, probability=share) for label, share in found.probabilities)
        return PictureAnswer(label=found.label, confidence=found.confidence, classes=classes)


PICTURE: Final = {"type": "string", "format": "binary"}
