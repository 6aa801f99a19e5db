"""The coded pictures of one camera, made ready once for all who watch it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol, TypeAlias

import anyio

from streamer.frame import PTS_CLOCK_HZ, Clock, Packet
from streamer.webrtc.h264 import payloads

Kind: TypeAlias = Literal["sub", "main", "encoded", "annotated", "pictures"]
"""One of a camera's own streams, or what is coded here: clean, with its boxes in it, or JPEG pictures."""

MOST_WAITING: Final = 150
"""Access units, five seconds at 30 a second; above what a viewer was given to begin with."""
BACKLOG_TICKS: Final = PTS_CLOCK_HZ // 2
"""A viewer that is so much behind is not shown all of it at its pace."""
CATCH_UP_TICKS: Final = PTS_CLOCK_HZ // 1000


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One access unit, ready to be sent.

    Attributes:
        pts: ticks of 90 kHz.
        keyframe: whether decoding can start here.
        data: Annex B, with parameter sets before a key frame.
        payloads: the RTP payloads of it.
        captured_at_s: seconds since 1970, by ``clock``.
        arrived_at: ``time.monotonic()`` seconds.
        clock: whose clock ``captured_at_s`` is by.
    """

    pts: int
    keyframe: bool
    data: bytes
    payloads: tuple[bytes, ...]
    captured_at_s: float = 0.0
    arrived_at: float = 0.0
    clock: Clock = "host"

    @classmethod
    def of(cls, packet: Packet) -> Unit:
        return cls(
            packet.pts,
            packet.keyframe,
            packet.data,
            payloads(packet.data),
            packet.captured_at_s,
            packet.arrived_at,
            packet.clock,
        )


class ViewerQueue:
    """What waits for one viewer; one that is too slow goes on at the next key frame.

    Attributes:
        skipped: units that were left out.
    """

    def __init__(self, group: list[Unit]) -> None:
        """
        Args:
            group: what came since the latest key frame.
        """
        self.skipped = 0
        self._waiting = deque(group)
        self._limit = MOST_WAITING + len(group)
        self._skipping = not group
        self._ended = False
        self._changed = anyio.Event()
        self._last_pts = -1

    def offer(self, unit: Unit) -> None:
        """Takes a unit, or leaves it out; never waits."""
        if len(self._waiting) >= self._limit:
            self.skipped += len(self._waiting)
            self._waiting.clear()
            self._skipping = True
        if self._skipping and not unit.keyframe:
            self.skipped += 1
            return
        self._skipping = False
        self._waiting.append(unit)
        self._changed.set()

    def end(self) -> None:
        """Nothing comes any more; what waits can still be taken."""
        self._ended = True
        self._changed.set()

    async def take(self) -> Unit | None:
        """The next unit; None at the end.

        While much more waits, as at the beginning, its time is just before that of the newest one: a player
        then shows that one at once, instead of everything at its pace.
        """
        while not self._waiting:
            if self._ended:
                return None
            self._changed = anyio.Event()
            await self._changed.wait()
        unit, newest = self._waiting.popleft(), self._waiting[-1] if self._waiting else None
        if newest is not None and newest.pts - unit.pts > BACKLOG_TICKS:
            hurried = newest.pts - len(self._waiting) * CATCH_UP_TICKS
            unit = replace(unit, pts=max(hurried, self._last_pts + 1))
        self._last_pts = unit.pts
        return unit


class Taker(Protocol):
    """Hears of a feed's units; never waits."""

    def offer(self, unit: Unit) -> None: ...

    def end(self) -> None: ...


class Feed:
    """Gives each unit to every viewer, and the latest group of pictures to a new one.

    Attributes:
        keyframe_wanted: a viewer cannot go on without one; whoever codes the pictures takes it back.
    """

    def __init__(self) -> None:
        self.keyframe_wanted = False
        self._group: list[Unit] = []
        self._queues: list[Taker] = []

    @property
    def viewers(self) -> int:
        return len(self._queues)

    @property
    def group(self) -> list[Unit]:
        """The units since the latest key frame."""
        return self._group

    @contextmanager
    def watched(self) -> Iterator[ViewerQueue]:
        """A queue of what comes, for as long as the block lasts."""
        queue = ViewerQueue(self._group)
        with self.heard_by(queue):
            yield queue

    @contextmanager
    def heard_by(self, taker: Taker) -> Iterator[None]:
        """What comes from now on is offered to another one, for as long as the block lasts."""
        self._queues.append(taker)
        try:
            yield
        finally:
            self._queues.remove(taker)

    def push(self, unit: Unit) -> None:
        """The next unit of the camera."""
        if unit.keyframe:
            self._group = []
        if unit.keyframe or self._group:
            self._group.append(unit)
        for queue in self._queues:
            queue.offer(unit)

    def want_keyframe(self) -> None:
        """A viewer cannot go on without one."""
        self.keyframe_wanted = True

    def end(self) -> None:
        """Nothing comes any more."""
        for queue in self._queues:
            queue.end()
