"""Events by HTTP: lists of them, and their numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final, Literal, Protocol, Self

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import Field, model_validator

from streamer.api.asker import Asker, Named, seen
from streamer.api.description import refusals
from streamer.api.models import CountItem, EventItem, Items, Page
from streamer.api.question import CameraName, Moment, Question, Text, once
from streamer.metrics.metrics import Metrics
from streamer.storage.query import EventQuery, Interval
from streamer.storage.records import EventCount, EventPage

MOST_PER_PAGE: Final = 500
LONGEST: Final[dict[Interval, timedelta]] = {"hour": timedelta(days=31), "day": timedelta(days=366)}
USUAL: Final[dict[Interval, timedelta]] = {"hour": timedelta(days=1), "day": timedelta(days=30)}


class EventFilter(Question):
    """Which events are meant."""

    camera: list[CameraName] = Field(
        default=[], max_length=100, description="only of this camera; said again, of that one, too"
    )
    label: Text | None = Field(
        default=None,
        description="only what the model (`label`), a classifier (`sub_label`) or a person (`human_label`)"
        " calls so",
    )
    zone: Text | None = Field(default=None, description="only what has entered this zone")
    since: Moment | None = Field(
        default=None, alias="from", description="only what began then or later (RFC 3339)"
    )
    until: Moment | None = Field(default=None, alias="to", description="only what began before (RFC 3339)")
    state: Literal["open", "ended"] | None = Field(
        default=None, description="`open`: only what goes on; `ended`: only what is over"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since is not None and self.until is not None and self.since > self.until:
            raise ValueError("expected from before to, received them the other way round")
        return self

    def query(self, cameras: frozenset[str] | None, limit: int = 1) -> EventQuery:
        """Of these cameras only; None for all."""
        return EventQuery(
            label=self.label,
            limit=limit,
            cameras=cameras,
            zone=self.zone,
            since=self.since,
            until=self.until,
            is_open=None if self.state is None else self.state == "open",
        )


class EventQuestion(EventFilter):
    """Which events are asked for."""

    limit: int = Field(default=50, ge=1, le=MOST_PER_PAGE, description="most items of one answer")
    cursor: str | None = Field(
        default=None,
        pattern="^[A-Za-z0-9_-]+$",
        max_length=200,
        description="`next` of the answer before; it stays good while new events come",
    )


class CountQuestion(EventFilter):
    """Which numbers are asked for."""

    by: Interval = Field(
        default="hour", description="at most 31 days of hours, or 366 days; the last day or 30 unless said"
    )

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.since is None or self.until is None:
            return self
        if self.until - self.since > LONGEST[self.by]:
            raise ValueError(f"expected at most {LONGEST[self.by].days} days between from and to")
        return self

    def bounded(self, now: datetime) -> Self:
        """With both ends, of which one or both may not have been said."""
        if self.since is not None:
            until = self.until or min(now, self.since + LONGEST[self.by])
            return self.model_copy(update={"until": max(until, self.since)})
        until = self.until or now
        earliest = datetime.min.replace(tzinfo=UTC) + USUAL[self.by]
        return self.model_copy(update={"since": max(until, earliest) - USUAL[self.by], "until": until})


class EventArchive(Named, Protocol):
    """Where events are read."""

    async def choose(self, query: EventQuery, cursor: str | None = None) -> EventPage:
        """A page of them, newest first; ValueError for a cursor that no page ever gave."""

    async def count(self, query: EventQuery, interval: Interval) -> tuple[EventCount, ...]:
        """How many began in each interval, by camera and label."""


def add_events(app: FastAPI, metrics: Metrics, archive: EventArchive) -> None:
    """The routes of many events."""

    @app.get(
        "/api/events",
        summary="What was seen, newest first",
        description="By when it began. All that is asked for has to hold.",
        tags=["events"],
        dependencies=[Depends(once(but="camera"))],
        responses=refusals(400, 404, 422, 503),
    )
    async def events(question: Annotated[EventQuestion, Query()], visitor: Asker) -> Page[EventItem]:
        cameras = await seen(question.camera, visitor, running(), archive)
        try:
            page = await archive.choose(question.query(cameras, question.limit), question.cursor)
        except ValueError as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from error
        return Page(items=tuple(EventItem.model_validate(event) for event in page.items), next=page.next)

    @app.get(
        "/api/events/counts",
        summary="How many events began, by hour or day, camera and label",
        description="Hours and days are those of UTC. Where nothing began, there is no item.",
        tags=["events"],
        dependencies=[Depends(once(but="camera"))],
        responses=refusals(404, 422, 503),
    )
    async def counts(question: Annotated[CountQuestion, Query()], visitor: Asker) -> Items[CountItem]:
        cameras = await seen(question.camera, visitor, running(), archive)
        found = await archive.count(question.bounded(datetime.now(UTC)).query(cameras), question.by)
        return Items(items=tuple(map(CountItem.model_validate, found)))

    def running() -> set[str]:
        return {each.camera for each in metrics.cameras()}
