"""A recording that plays beside another one of its camera: at its place, and anew when that begins anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from streamer.capture.parameters import SYNTAX
from streamer.frame import PTS_CLOCK_HZ

if TYPE_CHECKING:
    from streamer.capture.place import Place
    from streamer.capture.reader import Reader

LATE_TICKS: Final = round(0.3 * PTS_CLOCK_HZ)
"""Pictures that stand alone are left out when they are later than that."""
LOST_TICKS: Final = 2 * PTS_CLOCK_HZ
"""Further apart, both are not at one place any more: one of them is longer and the other began anew."""


class Beside:
    """The units of a recording from the other one's place on, until that is elsewhere.

    Attributes:
        length: ticks from the first to the last unit once all were read, else None.
    """

    def __init__(self, reader: Reader[Any], place: Place, period: int | None) -> None:
        """
        Args:
            reader: at its beginning.
            place: of both.
            period: ticks after which this one begins anew, once that is known.
        """
        self.length: int | None = None
        self._reader = reader
        self._place = place
        self._period = period
        self._alone = reader.codec not in SYNTAX
        self._at = 0
        self._told = False

    def units(self) -> Iterator[int | None]:
        first: int | None = None
        last, found = 0, False
        for ticks in self._reader.units():
            if ticks is not None:
                first = ticks if first is None else first
                self._at = ticks - first
                last = max(last, self._at)
            found = found or last >= self._expected()
            late = self._late()
            if self._alone and late > LATE_TICKS:
                continue
            if found and abs(late) > LOST_TICKS:
                return
            if found:
                yield ticks
        self.length = last

    def is_at(self, pts: int) -> None:
        """In media time the unit where it stands is at ``pts``."""
        if not self._told:
            self._place.main.add(pts - self._at)
        self._told = True

    def _expected(self) -> int:
        place = self._place.now()
        return place if self._period is None else place % self._period

    def _late(self) -> int:
        """Ticks by which the other one is ahead, the shorter way round where this one begins anew."""
        late = self._expected() - self._at
        if self._period is None:
            return late
        half = self._period // 2
        return (late + half) % self._period - half
