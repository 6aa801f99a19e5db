"""Pictures that may be labelled, by HTTP: lists of them, and what a person says of each."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Protocol, Self

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Response
from fastapi import Path as InPath
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from streamer.api.best import BestPictures, PictureWish
from streamer.api.description import refusals
from streamer.api.event import ID, PICTURE, CropQuestion, SnapshotQuestion, said_label
from streamer.api.models import Answer, Items, RoundBox, RoundConfidence
from streamer.api.question import CameraName, Moment, Nothing, Question, Text, once
from streamer.messages.record import Timestamp
from streamer.storage.labelling import Labelled, SamplePage
from streamer.storage.labels import LONGEST, require_label
from streamer.storage.samples import Sample, SampleQuery
from streamer.storage.shelf import LabelCount
from streamer.storage.snapshots import Kind

MOST_PER_PAGE: Final = 500
MOST_AT_ONCE: Final = 500

SampleId = Annotated[str, InPath(pattern=ID, description="of the sample, a UUIDv7; of an event, its own")]
Known = Annotated[str | None, Header(description="the `ETag` of a picture that is known")]


class SampleQuestion(Question):
    """Which pictures are asked for."""

    camera: CameraName | None = Field(default=None, description="only of this camera")
    label: Text | None = Field(default=None, description="only what the detector calls so")
    suggestion: Text | None = Field(default=None, description="only what is suggested to be this")
    human_label: Text | None = Field(default=None, description="only what a person calls so")
    kind: Kind | None = Field(
        default=None,
        description="`event`: best pictures of events; `diverse`: others of their objects;"
        " `near`: objects near the threshold; `random`: frames without any",
    )
    labelled: bool | None = Field(default=None, description="whether a person has said what it is")
    since: Moment | None = Field(default=None, alias="from", description="taken then or later (RFC 3339)")
    until: Moment | None = Field(default=None, alias="to", description="taken before (RFC 3339)")
    order: Literal["newest", "teaching"] = Field(
        default="newest",
        description="`teaching`: only what nobody labelled, first what teaches a classifier most; the pages"
        " that follow keep the order of the first one",
    )
    limit: int = Field(default=50, ge=1, le=MOST_PER_PAGE, description="most items of one answer")
    cursor: str | None = Field(
        default=None, pattern="^[A-Za-z0-9_-]+$", max_length=200, description="`next` of the answer before"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.since is not None and self.until is not None and self.since > self.until:
            raise ValueError("expected from before to, received them the other way round")
        if self.order == "teaching" and (self.labelled or self.human_label is not None):
            raise ValueError("expected order newest for what is labelled, received teaching")
        return self

    def query(self) -> SampleQuery:
        return SampleQuery(
            camera=self.camera,
            label=self.label,
            suggestion=self.suggestion,
            human_label=self.human_label,
            kind=self.kind,
            is_labelled=self.labelled,
            since=self.since,
            until=self.until,
            limit=self.limit,
        )


class SampleItem(Answer):
    """A picture that may be labelled."""

    id: str
    event: str = Field(description="samples of one object share it")
    kind: Kind
    camera: str
    label: str = Field(description="what the detector says; `none` where it found nothing")
    suggestion: str | None = Field(description="what it may be; a person has to say so")
    human_label: str | None
    confidence: RoundConfidence
    box: RoundBox
    width: int | None
    height: int | None
    captured_at: Timestamp

    @classmethod
    def of(cls, sample: Sample) -> SampleItem:
        width, height = sample.size or (None, None)
        known = {name: getattr(sample, name) for name in cls.model_fields.keys() - {"width", "height"}}
        return cls(**known, width=width, height=height)


class SampleItems(Answer):
    """A part of a list; ``next`` continues it, and is null at its end."""

    items: tuple[SampleItem, ...]
    next: str | None
    total: int = Field(ge=0, description="how many fit in all")


HumanLabel = Annotated[
    str | None,
    AfterValidator(said_label),
    Field(
        description="what the object is, on one line and without a slash; `none`: nothing of what is looked"
        " for; null takes it back",
        json_schema_extra={"maxLength": LONGEST, "minLength": 1},
    ),
]


class SaidOfSample(BaseModel):
    """What a person says of one picture."""

    model_config = ConfigDict(extra="forbid", strict=True)

    human_label: HumanLabel


class SaidOfOne(SaidOfSample):
    """What a person says of one picture of several."""

    id: str = Field(pattern=ID)


class SaidOfMany(BaseModel):
    """What a person says of several pictures."""

    model_config = ConfigDict(extra="forbid", strict=True)

    items: list[SaidOfOne] = Field(min_length=1, max_length=MOST_AT_ONCE)


class LabelledItem(Answer):
    """What a person says now, and what was said before: say that again to undo it."""

    id: str
    human_label: str | None
    before: str | None


class ClassItem(Answer):
    """A class, and how many pictures are labelled so."""

    name: str
    number: int = Field(ge=0)


class NewClass(BaseModel):
    """A class to tell apart."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, AfterValidator(require_label)] = Field(
        description="on one line and without a slash",
        json_schema_extra={"maxLength": LONGEST, "minLength": 1},
    )


class SampleShelf(Protocol):
    """Where pictures are that may be labelled."""

    async def choose(self, query: SampleQuery, cursor: str | None = None) -> SamplePage: ...

    async def queue(self, query: SampleQuery, cursor: str | None = None) -> SamplePage: ...

    async def find(self, sample_id: str) -> Sample | None: ...

    async def label(self, said: list[tuple[str, str | None]]) -> list[Labelled]: ...

    async def classes(self) -> tuple[LabelCount, ...]: ...

    async def add_class(self, name: str) -> bool: ...


def add_samples(app: FastAPI, samples: SampleShelf, data: Path) -> None:
    """The routes; pictures lie below ``data``."""
    _add_lists(app, samples)
    _add_saying(app, samples)
    _add_pictures(app, samples, BestPictures(data))
    _add_classes(app, samples)


def _add_lists(app: FastAPI, samples: SampleShelf) -> None:
    @app.get(
        "/api/samples",
        summary="Pictures that may be labelled",
        description="The best ones of events that have ended, and what was collected beside them.",
        tags=["labelling"],
        dependencies=[Depends(once())],
        responses=refusals(400, 403, 422, 503),
    )
    async def several(question: Annotated[SampleQuestion, Query()]) -> SampleItems:
        asked = samples.queue if question.order == "teaching" else samples.choose
        try:
            page = await asked(question.query(), question.cursor)
        except ValueError as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from error
        return SampleItems(items=tuple(map(SampleItem.of, page.items)), next=page.next, total=page.total)

    @app.get(
        "/api/samples/{sample_id}",
        summary="One of them",
        description="What is suggested, and what a person says.",
        tags=["labelling"],
        dependencies=[Depends(once())],
        responses=refusals(403, 404, 422, 503),
    )
    async def one(sample_id: SampleId, question: Nothing) -> SampleItem:
        return SampleItem.of(await _found(samples, sample_id))


def _add_saying(app: FastAPI, samples: SampleShelf) -> None:
    @app.patch(
        "/api/samples/{sample_id}",
        summary="Say what the object of a picture is",
        description="It is kept for ever then. `before` is what was said until now.",
        tags=["labelling"],
        dependencies=[Depends(once())],
        responses=refusals(400, 403, 404, 413, 422, 503),
    )
    async def say(sample_id: SampleId, said: SaidOfSample, question: Nothing) -> LabelledItem:
        kept = await samples.label([(sample_id, said.human_label)])
        if not kept:
            raise HTTPException(HTTPStatus.NOT_FOUND, UNKNOWN)
        return LabelledItem.model_validate(kept[0])

    @app.post(
        "/api/samples/labels",
        summary="Say what the objects of several pictures are",
        description="Those that are not kept any more are left out of the answer.",
        tags=["labelling"],
        dependencies=[Depends(once())],
        responses=refusals(400, 403, 413, 422, 503),
    )
    async def say_of_many(said: SaidOfMany, question: Nothing) -> Items[LabelledItem]:
        kept = await samples.label([(each.id, each.human_label) for each in said.items])
        return Items(items=tuple(map(LabelledItem.model_validate, kept)))


def _add_pictures(app: FastAPI, samples: SampleShelf, pictures: BestPictures) -> None:
    looks: dict[str, Any] = {
        "description": "JPEG, never larger than it is kept.",
        "tags": ["labelling"],
        "dependencies": [Depends(once())],
        "response_class": Response,
        "responses": PICTURE,
    }

    @app.get("/api/samples/{sample_id}/snapshot.jpg", summary="The whole picture of a sample", **looks)
    async def snapshot(
        sample_id: SampleId, question: Annotated[SnapshotQuestion, Query()], if_none_match: Known = None
    ) -> Response:
        wish = PictureWish("snapshot", question.box, question.width, question.height)
        return await pictures.answer(await _found(samples, sample_id), wish, if_none_match)

    @app.get("/api/samples/{sample_id}/crop.jpg", summary="The object of a sample, cut out", **looks)
    async def crop(
        sample_id: SampleId, question: Annotated[CropQuestion, Query()], if_none_match: Known = None
    ) -> Response:
        wish = PictureWish("crop", False, question.width, question.height)
        return await pictures.answer(await _found(samples, sample_id), wish, if_none_match)


def _add_classes(app: FastAPI, samples: SampleShelf) -> None:
    @app.get(
        "/api/classes",
        summary="The classes that pictures are labelled as",
        description="Those that were added, and what people said, with the number of pictures of each.",
        tags=["labelling"],
        dependencies=[Depends(once())],
        responses=refusals(403, 422, 503),
    )
    async def classes(question: Nothing) -> Items[ClassItem]:
        return Items(items=tuple(map(ClassItem.model_validate, await samples.classes())))

    @app.post(
        "/api/classes",
        status_code=HTTPStatus.CREATED,
        summary="Add a class",
        description="It can be chosen from now on; one that is there is refused (409).",
        tags=["labelling"],
        dependencies=[Depends(once())],
        responses=refusals(400, 403, 409, 413, 422, 503),
    )
    async def add(new: NewClass, question: Nothing) -> ClassItem:
        if not await samples.add_class(new.name):
            raise HTTPException(
                HTTPStatus.CONFLICT, "expected a class that is not there, received one that is"
            )
        return ClassItem(name=new.name, number=0)


UNKNOWN: Final = "expected a sample that is kept"


async def _found(samples: SampleShelf, sample_id: str) -> Sample:
    sample = await samples.find(sample_id)
    if sample is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, UNKNOWN)
    return sample
