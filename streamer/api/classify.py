"""What a picture is of, for programs: they send it, a classifier answers."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final, Protocol

import cv2
import numpy as np
from anyio import to_thread
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from PIL import Image, UnidentifiedImageError
from pydantic import Field
from starlette.requests import ClientDisconnect

from detectors.errors import InferenceError, ModelLoadError
from streamer.api.description import refusals
from streamer.api.models import Answer
from streamer.api.question import Question, once

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streamer.fleet.answering import Answered

KINDS: Final = ("image/jpeg", "image/png", "image/webp", "image/bmp")
MOST_PIXELS: Final = 16_000_000
"""Of a picture; a small file may claim any number."""
DIGITS: Final = 4


class Asked(Protocol):
    """What asks classifiers."""

    async def answer(self, model: str, image: NDArray[np.uint8]) -> Answered: ...


class ClassifyQuestion(Question):
    """Which classifier is asked."""

    model: str = Field(
        min_length=1,
        max_length=120,
        pattern=r"^[a-z0-9][a-z0-9_-]*(@([1-9][0-9]*|newest))?$",
        description="`NAME`, which is the version that serves, `NAME@VERSION` or `NAME@newest`",
    )


class ClassifyAnswer(Answer):
    """What a picture is of."""

    model: str
    version: str
    label: str | None = Field(description="null: none of these, the model is less sure than it should be")
    confidence: float = Field(description="of the most probable class")
    probabilities: dict[str, float] = Field(description="of each class")


def add_classify(app: FastAPI, asked: Asked) -> None:
    """One route."""

    picture = {"schema": {"type": "string", "format": "binary"}}

    @app.post(
        "/api/classify",
        summary="What a picture is of, by a classifier of the store",
        description="The body is the picture, of at most 1 MiB and 16 megapixels, such as an event's crop: "
        "`curl --data-binary @crop.jpg -H 'Content-Type: image/jpeg' .../api/classify?model=coats`. "
        "It is not kept.",
        tags=["models"],
        dependencies=[Depends(once())],
        responses=refusals(400, 404, 413, 415, 422, 503),
        openapi_extra={"requestBody": {"required": True, "content": dict.fromkeys(KINDS, picture)}},
    )
    async def classify(question: Annotated[ClassifyQuestion, Query()], request: Request) -> ClassifyAnswer:
        image = await to_thread.run_sync(_decoded, await _body(request))
        try:
            said = await asked.answer(question.model, image)
        except ModelLoadError as error:
            status = HTTPStatus.NOT_FOUND if "no such" in str(error) else HTTPStatus.UNPROCESSABLE_ENTITY
            raise HTTPException(status, f"query model: {question.model}: {_plain(status)}") from error
        except InferenceError as error:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "the model failed on this picture") from error
        shares = zip(said.labels, said.answer.probabilities, strict=True)
        return ClassifyAnswer(
            model=said.model,
            version=said.version,
            label=said.answer.label,
            confidence=round(said.answer.confidence, DIGITS),
            probabilities={label: round(share, DIGITS) for label, share in shares},
        )


def _plain(status: HTTPStatus) -> str:
    """Without where it lies on disk."""
    if status == HTTPStatus.NOT_FOUND:
        return "expected a model of the store, and a version that it has"
    return "expected a classifier that can be loaded"


async def _body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in KINDS:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"expected one of {', '.join(KINDS)}")
    try:
        return await request.body()
    except ClientDisconnect:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "expected the whole body") from None


def _decoded(content: bytes) -> NDArray[np.uint8]:
    wrong = HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "body: expected a picture that can be read")
    try:
        # Only the header is read: its size, before anybody makes room for it.
        with Image.open(io.BytesIO(content)) as header:
            width, height = header.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise wrong from None
    if width * height > MOST_PIXELS:
        text = f"body: expected at most {MOST_PIXELS} pixels, received {width}x{height}"
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, text)
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise wrong
    return image.astype(np.uint8, copy=False)
