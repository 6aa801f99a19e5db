"""Events as they happen: Server-Sent Events (HTML Standard, section 9.2), the same records as elsewhere."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final, Protocol

import anyio
from fastapi import Depends, FastAPI, Header, Query, Request, Response
from pydantic import Field

from streamer.api.asker import Asker, Named, seen
from streamer.api.description import refusals
from streamer.api.pictures import until_gone
from streamer.api.problems import problem
from streamer.api.question import CameraName, Moment, Question, Text, once
from streamer.event import Phase
from streamer.messages.events import EventRecord
from streamer.messages.record import rfc3339
from streamer.metrics.metrics import Metrics
from streamer.publish.live import LiveRecord, LiveRecords, TooManyListeners
from streamer.storage.query import EventQuery
from streamer.storage.records import Told

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from streamer.publish.live import Listener
    from streamer.storage.records import ToldEvent

MEDIA_TYPE: Final = "text/event-stream"
ALIVE_S: Final = 15.0
AGAIN_MS: Final = 3000
"""So long a browser waits before it listens again."""
MOST_CAUGHT_UP: Final = 1000
MARGIN: Final = timedelta(seconds=10)
"""Phases of events come to the store and to those who listen one after the other, not at the same moment."""
ABOUT: Final = """\
Each message has an `event` (`object`, `zone`, `crossing`, `camera`, `attribute`), and as its `data` the
record that is on Kafka and in JSON Lines. `id` is when it was told: who says the last one as `Last-Event-ID`,
as browsers do, first gets the events of objects of which something was told since, or in the 10 s before,
each as it is now. One who is slow misses the oldest messages, and is told by `event: missed` and
`{"count": 3}`. Where nothing happens, a comment comes every 15 s.
"""


class StreamQuestion(Question):
    """What somebody listens to."""

    camera: list[CameraName] = Field(
        default=[], max_length=100, description="only this camera; said again, that one, too"
    )
    label: Text | None = Field(
        default=None, description="only objects that are called so, and what they do; nothing of cameras"
    )
    token: str | None = Field(default=None, description="of somebody who may, where no header can be set")


class ToldEvents(Named, Protocol):
    """Where it is known what was told."""

    async def told_since(self, moment: datetime, query: EventQuery) -> Told:
        """Events of which a phase was told from that moment on."""


def add_stream(app: FastAPI, live: LiveRecords, metrics: Metrics, archive: ToldEvents) -> None:
    """To be added before the routes of single events: it is none."""

    @app.exception_handler(TooManyListeners)
    async def refused(request: Request, error: Exception) -> Response:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), {"Retry-After": "10"})

    @app.get(
        "/api/events/stream",
        summary="What happens, as it happens (Server-Sent Events)",
        description=ABOUT,
        tags=["events"],
        dependencies=[Depends(once(but="camera"))],
        response_class=Response,
        responses={
            200: {"description": "goes on until one side ends it", "content": {MEDIA_TYPE: {}}},
            **refusals(404, 422, 503),
        },
    )
    async def stream(
        question: Annotated[StreamQuestion, Query()],
        visitor: Asker,
        last_event_id: Annotated[Moment | None, Header(description="`id` of the last message")] = None,
    ) -> Response:
        running = {each.camera for each in metrics.cameras()}
        cameras = await seen(question.camera, visitor, running, archive)
        query = EventQuery(label=question.label, cameras=cameras, limit=MOST_CAUGHT_UP)
        return EventStream(live, archive, query, last_event_id)


class EventStream(Response):
    """Goes on until the listener goes or the service ends."""

    media_type = MEDIA_TYPE

    def __init__(
        self, live: LiveRecords, archive: ToldEvents, query: EventQuery, since: datetime | None
    ) -> None:
        # Proxies are asked not to wait for more.
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._live = live
        self._archive = archive
        self._query = query
        self._since = since

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._live.heard(self._query.cameras, self._query.label) as listener:
            before = "".join([f"retry: {AGAIN_MS}\n\n", *await self._caught_up()])
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(until_gone, receive, tasks.cancel_scope)
                start = {"status": self.status_code, "headers": self.raw_headers}
                await send({"type": "http.response.start", **start})
                await send(_part(before))
                async for text in _messages(listener):
                    await send(_part(text))
                await send({"type": "http.response.body", "body": b""})
                tasks.cancel_scope.cancel()

    async def _caught_up(self) -> Iterator[str]:
        if self._since is None:
            return iter(())
        first = datetime.min.replace(tzinfo=UTC) + MARGIN
        told = await self._archive.told_since(max(self._since, first) - MARGIN, self._query)
        records = (_as_now(each, self._since) for each in told.events)
        return iter([*_missed(told.more), *map(_message, records)])


async def _messages(listener: Listener) -> AsyncIterator[str]:
    """What is told, and a sign of life where nothing is."""
    while True:
        with anyio.move_on_after(ALIVE_S) as patience:
            heard = await listener.take()
        if patience.cancelled_caught:
            yield ": alive\n\n"
        elif heard is None:
            return
        else:
            yield "".join([*_missed(heard.missed), *map(_message, heard.records)])


def _as_now(told: ToldEvent, since: datetime) -> LiveRecord:
    """An event at the phase that it is in; that it began is new for who listened last before that."""
    event = told.event
    phase: Phase = "end" if event.ended_at is not None else "start" if event.started_at >= since else "update"
    width, height = event.size or (0, 0)
    return LiveRecord("object", EventRecord.of(event.told(phase), width=width, height=height), told.told_at)


def _message(told: LiveRecord) -> str:
    return f"event: {told.kind}\nid: {rfc3339(told.told_at)}\ndata: {told.record.encoded().decode()}\n\n"


def _missed(count: int) -> list[str]:
    return [f"event: missed\ndata: {json.dumps({'count': count})}\n\n"] if count else []


def _part(text: str) -> dict[str, object]:
    return {"type": "http.response.body", "body": text.encode(), "more_body": True}
