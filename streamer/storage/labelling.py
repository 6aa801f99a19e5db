"""Pictures that a person may label: lists of them, what is said of them, and the classes."""

from __future__ import annotations

import base64
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from anyio import CapacityLimiter, to_thread

from streamer.storage.cursor import Cursor
from streamer.storage.samples import Sample, SampleQuery
from streamer.storage.shelf import LabelCount, Taken
from streamer.storage.teaching import teaching_order

if TYPE_CHECKING:
    from streamer.storage.archive import Archive

AT_ONCE: Final = 20
"""Pictures labelled by one turn, so that a writer never waits for long."""
MOST_ORDERED: Final = 20_000
"""Of more pictures the newest are put in order."""
ORDERS: Final = 16
"""Orders that are kept for those who go through them page by page."""
TOKEN_BYTES: Final = 9


@dataclass(frozen=True, slots=True)
class SamplePage:
    """Some samples, the cursor of the page after them (None: there is none), and how many fit in all."""

    items: tuple[Sample, ...]
    next: str | None
    total: int


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a person says of a sample now, and what was said before."""

    id: str
    human_label: str | None
    before: str | None


class Samples:
    """What may be labelled; blocking work is done on worker threads, changes one at a time."""

    def __init__(self, archive: Archive, one_at_a_time: CapacityLimiter) -> None:
        self._archive = archive
        self._one_at_a_time = one_at_a_time
        self._orders: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    async def choose(self, query: SampleQuery, cursor: str | None = None) -> SamplePage:
        """Samples that fit, newest first; ValueError for a cursor that no page ever gave."""
        after = None if cursor is None else Cursor.decode(cursor)
        return await to_thread.run_sync(self._newest, replace(query, after=after))

    def _newest(self, query: SampleQuery) -> SamplePage:
        shelf = self._archive.samples
        found = shelf.page(query)
        items = tuple(found[: query.limit])
        more = len(found) > query.limit
        last = Cursor(items[-1].captured_at, items[-1].id).encode() if more else None
        return SamplePage(items, last, shelf.count(replace(query, after=None)))

    async def queue(self, query: SampleQuery, cursor: str | None = None) -> SamplePage:
        """Those that nobody labelled, first what teaches most; the order of the first page stays.

        Raises:
            ValueError: no page gave this cursor, or its order is not kept any more.
        """
        query = replace(query, is_labelled=False)
        if cursor is None:
            found = await to_thread.run_sync(self._ordered, query)
            token, begin = secrets.token_bytes(TOKEN_BYTES), 0
            self._orders[token.hex()] = found
            while len(self._orders) > ORDERS:
                self._orders.popitem(last=False)
        else:
            token, begin = _place(cursor)
            if token.hex() not in self._orders:
                raise ValueError("expected a cursor from an earlier page, received one that is too old")
            self._orders.move_to_end(token.hex())
        order = self._orders[token.hex()]
        return await to_thread.run_sync(self._part, query, order, token, begin)

    def _ordered(self, query: SampleQuery) -> tuple[str, ...]:
        shelf = self._archive.samples
        waiting = shelf.all(query, MOST_ORDERED)
        return tuple(teaching_order(waiting, shelf.labelled_looks()))

    def _part(self, query: SampleQuery, order: Sequence[str], token: bytes, begin: int) -> SamplePage:
        """From a place in the order on, what nobody has labelled since."""
        shelf = self._archive.samples
        items: list[Sample] = []
        place = begin
        while place < len(order) and len(items) < query.limit:
            ids = order[place : place + query.limit - len(items)]
            found = {each.id: each for each in shelf.these(ids)}
            items += [found[each] for each in ids if each in found and found[each].human_label is None]
            place += len(ids)
        left = place < len(order)
        return SamplePage(tuple(items), _cursor(token, place) if left else None, shelf.count(query))

    async def find(self, sample_id: str) -> Sample | None:
        return await to_thread.run_sync(self._archive.samples.find, sample_id)

    async def label(self, said: Sequence[tuple[str, str | None]]) -> list[Labelled]:
        """Keep what a person says of samples, by id, in this order; their pictures are never deleted then.

        Returns:
            What was kept; samples that are not there (any more) are left out.
        """
        kept: list[Labelled] = []
        for begin in range(0, len(said), AT_ONCE):
            part = said[begin : begin + AT_ONCE]
            kept += await to_thread.run_sync(self._label, part, limiter=self._one_at_a_time)
        return kept

    def _label(self, said: Sequence[tuple[str, str | None]]) -> list[Labelled]:
        kept: list[Labelled] = []
        for sample_id, label in said:
            before = self._archive.samples.find(sample_id)
            if before is None:
                continue
            change = self._archive.label if before.kind == "event" else self._archive.samples.label
            if change(sample_id, label):
                kept.append(Labelled(sample_id, label, before.human_label))
        return kept

    async def classes(self) -> tuple[LabelCount, ...]:
        """All classes by name, and how many pictures are labelled as each."""
        return await to_thread.run_sync(self._archive.samples.classes)

    async def add_class(self, name: str) -> bool:
        """Add a class; False where it was there."""
        return await to_thread.run_sync(self._archive.samples.add_class, name, limiter=self._one_at_a_time)

    async def keep(self, taken: Taken) -> None:
        """Keep a sample; SinkUnavailable where the disk does not take it."""
        await to_thread.run_sync(self._archive.samples.keep, taken, limiter=self._one_at_a_time)

    async def taken_since(self, moment: datetime) -> dict[str, int]:
        """How many samples were taken from then on, by camera."""
        return await to_thread.run_sync(self._archive.samples.taken_since, moment)


def _cursor(token: bytes, place: int) -> str:
    return base64.urlsafe_b64encode(token + place.to_bytes(3, "big")).decode()


def _place(cursor: str) -> tuple[bytes, int]:
    """The order that a cursor is of, and the place in it."""
    try:
        raw = base64.b64decode(cursor, altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    if len(raw) != TOKEN_BYTES + 3:
        raise ValueError(f"expected a cursor from an earlier page, received {cursor[:64]!r}")
    return raw[:TOKEN_BYTES], int.from_bytes(raw[TOKEN_BYTES:], "big")
