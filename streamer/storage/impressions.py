"""What machines make of pictures that may be labelled: how each looks, and what a classifier suggests."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import anyio
import cv2
import numpy as np
from anyio import to_thread
from sqlalchemy import FromClause, Table, and_, insert, or_, select, update

from detectors.errors import DetectorError
from streamer.errors import SinkUnavailable
from streamer.storage.looks import look_of
from streamer.storage.schema import EVENTS, IMPRESSIONS, SAMPLES
from streamer.storage.snapshots import CROP

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy.engine import RowMapping

    from streamer.storage.index import EventIndex

log = logging.getLogger(__name__)

AT_ONCE: Final = 32
MOST: Final = 20_000
"""Of more pictures the newest are looked at."""
EVERY_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a picture may be; ``label`` is None where the model does not know."""

    label: str | None
    confidence: float
    margin: float


class Suggesting(Protocol):
    """A classifier that suggests labels; every call blocks."""

    def model(self) -> str | None:
        """Which model and version suggests now; None where there is none."""

    def suggest(self, pictures: Sequence[NDArray[np.uint8]]) -> list[Suggestion]:
        """What each picture, uint8 HxWx3 BGR, may be; DetectorError where the model fails."""


class Impressions:
    """Looks at pictures that nobody has looked at yet, a few at a time."""

    def __init__(self, data: Path, index: EventIndex, suggesting: Suggesting) -> None:
        self._data = data
        self._index = index
        self._suggesting = suggesting
        self._awake = True

    async def run(self) -> None:
        """Go on until cancelled; a database that does not answer is asked again."""
        model: str | None = None
        while True:
            try:
                before, model = model, await to_thread.run_sync(self._suggesting.model)
                self._awake = self._awake or model != before
                some = await to_thread.run_sync(self.look, model) if self._awake else 0
                self._awake = bool(some)
            except (SinkUnavailable, DetectorError) as error:
                log.debug("no impressions for now: %s", error)
                some = 0
            if not some:
                await anyio.sleep(EVERY_S)

    def wake(self) -> None:
        """There may be pictures that nobody has looked at."""
        self._awake = True

    def look(self, model: str | None) -> int:
        """Look at some pictures, and let this model say what they may be; how many there were. Blocks."""
        waiting = self._waiting(model)
        shown = [(row, image) for row in waiting if (image := self._crop(row)) is not None]
        images = [image for _, image in shown]
        said = self._suggesting.suggest(images) if model is not None and images else []
        suggestions: dict[str, Suggestion] = {
            row["id"]: each for (row, _), each in zip(shown, said, strict=False)
        }
        looks = {row["id"]: look_of(image) for row, image in shown}
        for row in waiting:
            self._keep(row["id"], looks.get(row["id"]), model, suggestions.get(row["id"]))
        return len(waiting)

    def _waiting(self, model: str | None) -> list[RowMapping]:
        """Pictures that were not looked at, or not by this model and nobody has labelled; newest first."""
        seen = IMPRESSIONS.c
        unseen = seen.id.is_(None)
        found: list[RowMapping] = []
        with self._index.begin() as connection:
            for newest in (_newest(EVENTS, "started_at"), _newest(SAMPLES, "captured_at")):
                row = newest.c
                stale = and_(row.human_label.is_(None), or_(seen.model.is_(None), seen.model != model))
                wanted = unseen if model is None else or_(unseen, stale)
                joined = newest.join(IMPRESSIONS, seen.id == row.id, isouter=True)
                asked = select(row.id, row.snapshot).select_from(joined).where(wanted)
                found += connection.execute(asked.limit(AT_ONCE - len(found))).mappings()
        return found

    def _crop(self, row: RowMapping) -> NDArray[np.uint8] | None:
        try:
            content = (self._data / f"{row['snapshot']}{CROP}").read_bytes()
        except OSError:
            return None
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
        return None if image is None else np.asarray(image, np.uint8)

    def _keep(self, picture: str, look: int | None, model: str | None, said: Suggestion | None) -> None:
        values = {
            "look": look,
            "model": model,
            "suggestion": said and said.label,
            "confidence": said and said.confidence,
            "margin": said and said.margin,
        }
        with self._index.begin() as connection:
            row = IMPRESSIONS.c.id == picture
            if not connection.execute(update(IMPRESSIONS).where(row).values(values)).rowcount:
                connection.execute(insert(IMPRESSIONS).values(id=picture, **values))


def _newest(table: Table, at: str) -> FromClause:
    """The newest pictures that do not change any more."""
    row = table.c
    ready = row.ended_at.is_not(None) if table is EVENTS else ~row.unsettled
    found = select(row.id, row.snapshot, row.human_label).where(row.snapshot.is_not(None), ready)
    return found.order_by(row[at].desc()).limit(MOST).subquery()
