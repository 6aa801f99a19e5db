"""For viewers that WebRTC does not reach: video over a WebSocket, JPEG pictures, and one picture."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import FastAPI, Query, Response, WebSocket
from pydantic import Field

from streamer.api.description import refusals
from streamer.api.pictures import LivePictures
from streamer.api.question import Question
from streamer.api.silence import Silence
from streamer.api.socket import play
from streamer.webrtc.choice import Wish
from streamer.webrtc.stills import Stills, StillWish
from streamer.webrtc.viewers import Viewers

SMALLEST, LARGEST = 16, 2160
TOKEN: Final = "the token of the service, where no header can be set"


class SocketQuestion(Question):
    """What a player over a WebSocket wants to see."""

    stream: Literal["main", "sub"] | None = Field(
        default=None, description="of a camera with two streams; main, unless it is coded anew"
    )
    annotate: bool = Field(default=False, description="boxes are drawn into the pictures")
    own: bool = Field(default=True, description="the camera's own stream may be sent; else it is coded anew")
    token: str | None = Field(default=None, description=TOKEN)


class PicturesQuestion(Question):
    """Who asks."""

    token: str | None = Field(default=None, description=TOKEN)


class StillQuestion(PicturesQuestion):
    """What the picture is like."""

    annotate: bool = Field(default=False, description="with the boxes that were found in it")
    height: int | None = Field(default=None, ge=SMALLEST, le=LARGEST, description="pixels at most")


def add_fallbacks(app: FastAPI, viewers: Viewers, stills: Stills, silence: Silence) -> None:
    """The application has to answer the errors of viewers already.

    Args:
        app: gets the routes.
        viewers: knows the cameras, and who watches.
        stills: takes single pictures.
        silence: says why there is none.
    """

    @app.websocket("/ws/{camera}")
    async def socket(websocket: WebSocket, camera: str, question: Annotated[SocketQuestion, Query()]) -> None:
        wish = Wish(question.stream, question.annotate, question.own)
        await play(websocket, viewers, silence, camera, wish)

    @app.get(
        "/mjpeg/{camera}",
        summary="Pictures with boxes that replace each other (multipart/x-mixed-replace)",
        description="For an `<img>`: at most 10 a second, the newest wins.",
        tags=["live"],
        response_class=Response,
        responses={200: {"content": {"multipart/x-mixed-replace": {}}}, **refusals(404, 422)},
    )
    async def pictures(camera: str, question: Annotated[PicturesQuestion, Query()]) -> Response:
        return LivePictures(viewers, silence, camera)

    @app.get(
        "/api/cameras/{name}/latest.jpg",
        summary="The picture of now",
        description="The next one that comes; 503 where none does within 5 s.",
        tags=["live"],
        response_class=Response,
        responses={200: {"content": {"image/jpeg": {}}}, **refusals(404, 422)},
    )
    async def latest(name: str, question: Annotated[StillQuestion, Query()]) -> Response:
        streams = viewers.streams(name)
        silence.refuse(name)
        wish = StillWish(question.annotate, question.height)
        picture = await stills.next(name, streams.pictures, wish)
        if picture is None:
            raise silence.of(name)
        return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "no-store"})
