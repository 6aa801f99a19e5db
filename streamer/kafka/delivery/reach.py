"""Whether the brokers take records: heard from the sender, told when it changes, and calmly again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event, Lock
from typing import TYPE_CHECKING, Final, Protocol

from streamer.errors import ConfigError, SinkRefused

if TYPE_CHECKING:
    from streamer.errors import StreamerError
    from streamer.kafka.delivery.spool import SpoolState

log = logging.getLogger(__name__)

REMIND_EVERY_S: Final = 600.0
NO: Final = (SinkRefused, ConfigError)
"""What a person has to change."""


class ReachSeries(Protocol):
    def reached(self, problem: StreamerError | None) -> None: ...


class Reach:
    """What the brokers said last; from any thread.

    A no that comes before the first answer was asked for is left to whoever asks: the start ends with it.
    """

    def __init__(self, series: ReachSeries, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            series: measures it.
            clock: monotonic seconds.
        """
        self._series = series
        self._clock = clock
        self._lock = Lock()
        self._answered = Event()
        self._asked = False
        self._problem: StreamerError | None = None
        self._told: set[str] = set()
        self._away_since = self._reminded_at = 0.0

    @property
    def problem(self) -> StreamerError | None:
        """Why the brokers take nothing at present; None while they do, or have not been heard of."""
        return self._problem

    def reached(self, problem: StreamerError | None) -> None:
        """The brokers take records, or why they don't."""
        with self._lock:
            before, self._problem = self._problem, problem
            if before is None:
                self._away_since = self._reminded_at = self._clock()
            if problem is None:
                self._tell_end(before)
            elif str(problem) not in self._told:
                # Reasons that take turns are told once each.
                self._told.add(str(problem))
                self._tell(problem)
        self._series.reached(problem)
        self._answered.set()

    def first_answer(self, timeout_s: float) -> StreamerError | None:
        """Wait for the brokers; what they say where that is a no. Blocking."""
        self._answered.wait(timeout_s)
        with self._lock:
            self._asked = True
            return self._problem if isinstance(self._problem, NO) else None

    def remind(self, waiting: SpoolState) -> None:
        """Say once in a while that they are still away, and what waits for them."""
        with self._lock:
            now = self._clock()
            if self._problem is None or now - self._reminded_at < REMIND_EVERY_S:
                return
            self._reminded_at = now
            lasting_min = (now - self._away_since) / 60
            log.warning(
                "%s; so for %.0f min now, %d records (%d bytes) wait on disk",
                self._problem,
                lasting_min,
                waiting.count,
                waiting.size,
            )

    def _tell_end(self, before: StreamerError | None) -> None:
        self._told.clear()
        if before is not None:
            log.info("kafka takes records again")

    def _tell(self, problem: StreamerError) -> None:
        if self._asked or not isinstance(problem, NO):
            log.warning("%s; records wait on disk", problem)
