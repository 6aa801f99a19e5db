"""How many pictures a camera may take to be labelled: so many a day, spread over it; touches no clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

DAY: Final = timedelta(days=1)
AT_ONCE: Final = 0.25
"""Share of a day's pictures that may be taken in one go, when few were taken before."""
LEAST_AT_ONCE: Final = 10


class Budget:
    """A bucket of pictures, which fills up evenly over 24 hours, and a limit for each day of UTC."""

    def __init__(self, most: int) -> None:
        """
        Args:
            most: pictures of a day.
        """
        self._most = most
        self._full = float(min(most, max(LEAST_AT_ONCE, most * AT_ONCE)))
        # A day that begins with a full bucket ends when all is taken.
        self._a_day = most * (1 - AT_ONCE)
        self._day: datetime | None = None
        self._taken = 0
        self._left = 0.0
        self._at: datetime | None = None

    @property
    def refill(self) -> timedelta:
        """How long an empty bucket takes to be full: what was taken earlier does not matter any more."""
        return DAY * (self._full / self._a_day)

    def needs(self, now: datetime) -> datetime | None:
        """The beginning of a day of which it is not known how many were taken; None where it is."""
        day = _day(now)
        return None if day == self._day else day

    def begin(self, now: datetime, taken: int, lately: int) -> None:
        """A day begins, or is gone on with after a restart.

        Args:
            now: on this day.
            taken: since it began.
            lately: during the last `refill`.
        """
        self._day, self._taken = _day(now), taken
        if self._at is None:
            self._at, self._left = now, max(0.0, self._full - lately)

    def allows(self, now: datetime) -> bool:
        """Whether another picture may be taken."""
        if self._at is not None:
            # A clock that was set back adds nothing.
            since = max(timedelta(0), now - self._at)
            self._left = min(self._full, self._left + self._a_day * (since / DAY))
            self._at = now
        return self._taken < self._most and self._left >= 1

    def spend(self) -> None:
        """One was taken."""
        self._left -= 1
        self._taken += 1


def _day(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
