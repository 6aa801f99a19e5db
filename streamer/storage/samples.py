"""Which pictures may be labelled, as SQL: the best ones of events, and those collected beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.engine import Connection, RowMapping

from streamer.event import Box
from streamer.storage.cursor import Cursor
from streamer.storage.schema import CLASSES, EVENTS, IMPRESSIONS, SAMPLES
from streamer.storage.snapshots import Kind


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture that may be labelled.

    Attributes:
        id: of the event, or the sample's own.
        event: samples of one object share it.
        kind: why there is this picture.
        label: what the detector says; ``none`` where it found nothing.
        suggestion: what it may be: what a person says of the same object, a classifier, or a detector of
            classes that are known.
        margin: by how much more a classifier was sure of that than of the next class, 0..1.
        look: its perceptual hash.
        box: in pixels of the full picture.
        captured_at: UTC; of an event, when it began.
        snapshot: path below the data folder, without suffix.
    """

    id: str
    event: str
    kind: Kind
    camera: str
    label: str
    suggestion: str | None
    margin: float | None
    look: int | None
    human_label: str | None
    confidence: float
    box: Box
    size: tuple[int, int] | None
    captured_at: datetime
    snapshot: str

    @property
    def ended_at(self) -> datetime:
        """Its picture does not change any more."""
        return self.captured_at


@dataclass(frozen=True, slots=True)
class SampleQuery:
    """Which samples are meant; what is None does not matter.

    Attributes:
        label, suggestion, human_label: what the detector, machines or a person say that it is.
        is_labelled: whether a person has said what it is.
        since, until: it was taken at this time or later, and before that one.
        after: older ones than this.
    """

    camera: str | None = None
    label: str | None = None
    suggestion: str | None = None
    human_label: str | None = None
    kind: Kind | None = None
    is_labelled: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    after: Cursor | None = None


def chosen(query: SampleQuery) -> Select[Any]:
    """Those that fit, newest first."""
    all_of_them = _pictures()
    found = select(all_of_them).where(*_conditions(query, all_of_them))
    return found.order_by(all_of_them.c.captured_at.desc(), all_of_them.c.id.desc())


def those(ids: Sequence[str]) -> Select[Any]:
    """Those of these ids."""
    all_of_them = _pictures()
    return select(all_of_them).where(all_of_them.c.id.in_(ids))


def count(connection: Connection, query: SampleQuery) -> int:
    """How many fit."""
    all_of_them = _pictures()
    fits = select(func.count()).select_from(all_of_them).where(*_conditions(query, all_of_them))
    return int(connection.execute(fits).scalar_one())


def sample(row: RowMapping) -> Sample:
    x1, y1, x2, y2 = row["box"]
    return Sample(
        id=row["id"],
        event=row["event"],
        kind=row["kind"],
        camera=row["camera"],
        label=row["label"],
        suggestion=row["suggestion"],
        margin=row["margin"],
        look=row["look"],
        human_label=row["human_label"],
        confidence=row["confidence"],
        box=(x1, y1, x2, y2),
        size=None if row["width"] is None else (row["width"], row["height"]),
        captured_at=row["captured_at"],
        snapshot=row["snapshot"],
    )


def _conditions(query: SampleQuery, table: FromClause) -> Iterator[ColumnElement[bool]]:
    for name in ("camera", "label", "suggestion", "human_label", "kind"):
        if (value := getattr(query, name)) is not None:
            yield table.c[name] == value
    if query.is_labelled is not None:
        said = table.c.human_label.is_not(None)
        yield said if query.is_labelled else ~said
    if query.since is not None:
        yield table.c.captured_at >= query.since
    if query.until is not None:
        yield table.c.captured_at < query.until
    if query.after is not None:
        at = query.after.started_at
        yield or_(table.c.captured_at < at, and_(table.c.captured_at == at, table.c.id < query.after.id))


def _pictures() -> FromClause:
    """All of them, with what machines make of each."""
    both = union_all(_of_events(), _of_samples()).subquery("both")
    # What a person says of an object holds for all pictures of it.
    told = select(EVENTS.c.human_label).where(EVENTS.c.id == both.c.event).scalar_subquery()
    known = case((both.c.label.in_(select(CLASSES.c.name)), both.c.label))
    seen = IMPRESSIONS.c
    return (
        select(
            both,
            func.coalesce(told, seen.suggestion, both.c.sub_label, known).label("suggestion"),
            seen.margin,
            seen.look,
        )
        .join(IMPRESSIONS, seen.id == both.c.id, isouter=True)
        .subquery("pictures")
    )


def _of_events() -> Select[Any]:
    """Their pictures are the best ones only once they have ended."""
    row = EVENTS.c
    return select(
        row.id,
        row.id.label("event"),
        literal("event").label("kind"),
        row.camera,
        row.label,
        row.sub_label,
        row.human_label,
        row.confidence,
        row.box,
        row.width,
        row.height,
        row.started_at.label("captured_at"),
        row.snapshot,
    ).where(row.snapshot.is_not(None), row.ended_at.is_not(None))


def _of_samples() -> Select[Any]:
    row = SAMPLES.c
    return select(
        row.id,
        row.event,
        row.kind,
        row.camera,
        row.label,
        literal(None).label("sub_label"),
        row.human_label,
        row.confidence,
        row.box,
        row.width,
        row.height,
        row.captured_at,
        row.snapshot,
    ).where(~row.unsettled)
