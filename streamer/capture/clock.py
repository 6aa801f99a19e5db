"""Media time: one line of 90 kHz ticks per source, and what is due on it."""

from typing import Final

from streamer.frame import PTS_CLOCK_HZ

LARGEST_STEP_TICKS: Final = 10 * PTS_CLOCK_HZ
LARGEST_REORDER_TICKS: Final = PTS_CLOCK_HZ
EARLY_SHARE: Final = 0.1
LOOP_GAP_TICKS: Final = PTS_CLOCK_HZ // 30


class MediaClock:
    """Maps the timestamps of a stream onto ticks that rise across reconnects, loops and jumps.

    Within a connection the distance between two timestamps is kept as it is. A connection begins as
    much later as wall time passed since the last tick; so does a stream whose timestamps jump.
    """

    def __init__(self) -> None:
        self._offset: int | None = None
        self._last = 0
        self._last_at: float | None = None
        self._gap: int | None = None

    def restart(self) -> None:
        """The next timestamp has no relation to the last one."""
        self._offset = None

    def repeat(self) -> None:
        """A recording begins again, one picture after its last."""
        self._offset = None
        self._gap = LOOP_GAP_TICKS

    def tick(self, stream_ticks: int | None, now: float) -> int:
        """Ticks of an access unit.

        Args:
            stream_ticks: the stream's own timestamp in 90 kHz; None when it has none.
            now: monotonic seconds at which the unit came.
        """
        if stream_ticks is not None and self._offset is not None:
            ticks = stream_ticks + self._offset
            if 0 <= ticks - self._last <= LARGEST_STEP_TICKS:
                self._last, self._last_at = ticks, now
                return ticks
        elapsed = self._elapsed(now)
        if stream_ticks is None:
            ticks = self._last + elapsed
        else:
            if self._offset is None or self._jumped(stream_ticks + self._offset, elapsed):
                self._offset = self._last + elapsed - stream_ticks
            ticks = stream_ticks + self._offset
        if ticks >= self._last:
            self._last, self._last_at = ticks, now
        return ticks

    def _elapsed(self, now: float) -> int:
        if self._last_at is None:
            return 0
        gap, self._gap = self._gap, None
        return gap or max(1, round((now - self._last_at) * PTS_CLOCK_HZ))

    def _jumped(self, ticks: int, elapsed: int) -> bool:
        step = ticks - self._last
        return step < -LARGEST_REORDER_TICKS or step > elapsed + LARGEST_STEP_TICKS


class Rate:
    """Chooses the pictures that are due at ``fps`` a second of media time; 0 takes every one.

    The average is kept when the stream's own rate is no multiple: of 25 a second, 10 are taken as
    every second, third, second, third. Pictures may come a little early: timestamps are rounded and
    jitter, and a picture that slips for it would leave a hole.
    """

    def __init__(self, fps: float) -> None:
        self._period = PTS_CLOCK_HZ / fps if fps else 0.0
        self._early = EARLY_SHARE * self._period
        self._next = 0.0

    def due(self, pts: int) -> bool:
        if not self._period:
            return True
        if pts + self._early < self._next:
            return False
        behind = pts - self._next
        self._next = pts + self._period if behind >= self._period else self._next + self._period
        return True


class EvenTimes:
    """Times for a recording that has none: its pictures are one picture's time apart.

    Units come in decoding order, pictures in their own.
    """

    def __init__(self, fps: float) -> None:
        self._step = PTS_CLOCK_HZ / fps
        self._units = 0
        self._pictures = 0
        self._offset = 0

    def unit(self) -> int:
        """The next unit's own ticks."""
        self._units += 1
        return self._ticks(self._units - 1)

    def decoded(self, pts: int) -> None:
        """The last unit is at ``pts`` on the source's line of media time."""
        self._offset = pts - self._ticks(self._units - 1)

    def picture(self) -> int:
        """The next picture's pts."""
        self._pictures += 1
        return self._offset + self._ticks(self._pictures - 1)

    def _ticks(self, number: int) -> int:
        return round(number * self._step)


class Playhead:
    """Holds a recording back to its own rate."""

    def __init__(self) -> None:
        self._origin_s: float | None = None

    def wait_s(self, pts: int, now: float) -> float:
        """Seconds until ``pts`` is due; a recording that fell a second behind goes on from here."""
        at_s = pts / PTS_CLOCK_HZ
        if self._origin_s is None or now - (self._origin_s + at_s) > 1.0:
            self._origin_s = now - at_s
        return max(0.0, self._origin_s + at_s - now)
