"""Samples, their rows and their files in agreement; every call blocks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, delete, func, insert, select, union_all, update

from streamer.errors import SinkUnavailable
from streamer.event import snapshot_path
from streamer.storage.samples import Sample, SampleQuery, chosen, count, sample, those
from streamer.storage.schema import CLASSES, EVENTS, IMPRESSIONS, SAMPLES
from streamer.storage.snapshots import Snapshot, SnapshotFolder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy.engine import Connection

    from streamer.storage.index import EventIndex
    from streamer.storage.looks import Look


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a sample lies, and how large it is."""

    id: str
    snapshot: str
    bytes: int
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture that was taken as a sample.

    Attributes:
        id: of its own, a UUIDv7.
        look: perceptual hash of the crop.
        full, crop: uint8 HxWx3 BGR.
        known: the sidecar.
    """

    id: str
    look: Look
    full: NDArray[np.uint8]
    crop: NDArray[np.uint8]
    known: Snapshot


@dataclass(frozen=True, slots=True)
class LabelCount:
    """A class, and how many pictures are labelled so."""

    name: str
    number: int


class Shelf:
    """What was collected, what may be labelled, and the classes; what fails raises SinkUnavailable."""

    def __init__(self, index: EventIndex, snapshots: SnapshotFolder) -> None:
        self._index = index
        self._snapshots = snapshots

    def page(self, query: SampleQuery) -> list[Sample]:
        """Samples that fit, newest first; one more than the limit, where there is one."""
        return self._samples(chosen(query).limit(query.limit + 1))

    def all(self, query: SampleQuery, most: int) -> list[Sample]:
        """Samples that fit, newest first, whatever the limit of a page."""
        return self._samples(chosen(query).limit(most))

    def these(self, ids: Sequence[str]) -> list[Sample]:
        """Those of these ids that are there, in any order."""
        return self._samples(those(ids))

    def labelled_looks(self) -> set[Look]:
        """How pictures look that a person labelled."""
        seen = IMPRESSIONS.c
        both = union_all(
            *(select(table.c.id).where(table.c.human_label.is_not(None)) for table in (EVENTS, SAMPLES))
        )
        known = select(seen.look).where(seen.look.is_not(None), seen.id.in_(both))
        with self._index.begin() as connection:
            return set(connection.execute(known).scalars())

    def find(self, sample_id: str) -> Sample | None:
        found = self.these([sample_id])
        return found[0] if found else None

    def count(self, query: SampleQuery) -> int:
        """How many fit."""
        with self._index.begin() as connection:
            return count(connection, query)

    def keep(self, taken: Taken) -> None:
        """Write a sample; nothing of it is left where the disk does not take it."""
        known = taken.known
        path = snapshot_path(known.camera, known.captured_at, taken.id)
        self._snapshots.require_space()
        with self._index.begin() as connection:
            connection.execute(insert(SAMPLES).values(_row(taken, path)))
            connection.execute(insert(IMPRESSIONS).values(id=taken.id, look=taken.look))
        try:
            size = self._snapshots.write_set(path, taken.full, taken.crop, known)
        except SinkUnavailable:
            self._forget([taken.id])
            raise
        self._settle(taken.id, size)

    def label(self, sample_id: str, label: str | None) -> bool:
        """Keep what a person says of a sample; False: there is none of this id."""
        row = SAMPLES.c.id == sample_id
        with self._index.begin() as connection:
            connection.execute(update(SAMPLES).where(row).values(human_label=label))
            path = connection.execute(select(SAMPLES.c.snapshot).where(row)).scalar_one_or_none()
        if path is None:
            return False
        self._snapshots.label(path, label)
        self._settle(sample_id, self._snapshots.measure(path) or 0)
        return True

    def taken_since(self, moment: datetime) -> dict[str, int]:
        """How many samples were taken from then on, by camera."""
        row = SAMPLES.c
        number = select(row.camera, func.count()).where(row.captured_at >= moment).group_by(row.camera)
        with self._index.begin() as connection:
            return {camera: int(found) for camera, found in connection.execute(number)}

    def bytes(self) -> int:
        """The size of all samples."""
        with self._index.begin() as connection:
            total = select(func.coalesce(func.sum(SAMPLES.c.bytes), 0))
            return int(connection.execute(total).scalar_one())

    def oldest(self, limit: int, before: datetime | None = None) -> tuple[Stored, ...]:
        """The oldest samples that nobody labelled; with ``before`` only those taken earlier."""
        row = SAMPLES.c
        found = select(row.id, row.snapshot, row.bytes, row.captured_at).where(row.human_label.is_(None))
        if before is not None:
            found = found.where(row.captured_at < before)
        with self._index.begin() as connection:
            rows = connection.execute(found.order_by(row.captured_at, row.id).limit(limit))
            return tuple(Stored(*each) for each in rows)

    def discard(self, samples: Sequence[Stored]) -> None:
        """Delete these, but none that a person labelled, also by hand in its sidecar."""
        for each in samples:
            known = self._snapshots.read(each.snapshot)
            if known is not None and known.human_label is not None:
                self.label(each.id, known.human_label)
                continue
            with self._index.begin() as connection:
                free = SAMPLES.c.id == each.id, SAMPLES.c.human_label.is_(None)
                if not connection.execute(update(SAMPLES).where(*free).values(unsettled=True)).rowcount:
                    continue
            self._snapshots.delete(each.snapshot)
            self._forget([each.id])

    def mend(self) -> None:
        """Delete what was being written or deleted when the process died."""
        with self._index.begin() as connection:
            row = SAMPLES.c
            left = connection.execute(select(row.id, row.snapshot).where(row.unsettled)).all()
        for each in left:
            self._snapshots.delete(each.snapshot)
        self._forget([each.id for each in left])

    def classes(self) -> tuple[LabelCount, ...]:
        """All classes by name: those that were added, and those that pictures are labelled as."""
        said = union_all(
            *(
                select(table.c.human_label.label("name")).where(table.c.human_label.is_not(None))
                for table in (EVENTS, SAMPLES)
            )
        ).subquery()
        with self._index.begin() as connection:
            rows = connection.execute(select(said.c.name, func.count()).group_by(said.c.name))
            numbers = {name: int(number) for name, number in rows}
            added = connection.execute(select(CLASSES.c.name)).scalars().all()
        return tuple(LabelCount(name, numbers.get(name, 0)) for name in sorted({*numbers, *added}))

    def add_class(self, name: str) -> bool:
        """Add a class; False where it was there."""
        with self._index.begin() as connection:
            if connection.execute(select(CLASSES.c.name).where(CLASSES.c.name == name)).first():
                return False
            connection.execute(insert(CLASSES).values(name=name, added_at=datetime.now(UTC)))
            return True

    def _samples(self, statement: Select[Any]) -> list[Sample]:
        with self._index.begin() as connection:
            return [sample(row) for row in connection.execute(statement).mappings()]

    def _settle(self, sample_id: str, size: int) -> None:
        with self._index.begin() as connection:
            row = SAMPLES.c.id == sample_id
            connection.execute(update(SAMPLES).where(row).values(bytes=size, unsettled=False))

    def _forget(self, ids: Collection[str]) -> None:
        with self._index.begin() as connection:
            forget(connection, ids)


def forget(connection: Connection, ids: Collection[str]) -> None:
    """Delete these rows, and what was made of their pictures."""
    connection.execute(delete(SAMPLES).where(SAMPLES.c.id.in_(ids)))
    connection.execute(delete(IMPRESSIONS).where(IMPRESSIONS.c.id.in_(ids)))


def _row(taken: Taken, path: str) -> dict[str, Any]:
    known = taken.known
    return {
        "id": taken.id,
        "event": known.event,
        "kind": known.kind,
        "camera": known.camera,
        "label": known.model_label,
        "confidence": known.confidence,
        "box": list(known.box),
        "width": known.width,
        "height": known.height,
        "captured_at": known.captured_at,
        "snapshot": path,
        "unsettled": True,
    }
