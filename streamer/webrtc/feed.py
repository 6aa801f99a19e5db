"""The coded pictures of one camera, made ready once for all who watch it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol, TypeAlias

import anyio

from streamer.frame import PTS_CLOCK_HZ, Clock, Packet
from streamer.webrtc.h264 import payloads
from streamer.webrtc.rate import ReceiverRate

Kind: TypeAlias = Literal["sub", "main", "encoded", "annotated", "annotated_main", "pictures"]
"""One of a camera's own streams, or what is coded here: clean, with its boxes in it, or JPEG pictures."""

USUAL_BITRATE: Final = 2_500_000
MOST_KEPT_BYTES: Final = 16 * 2**20
"""Of a stream with longer groups of pictures a new viewer waits for the next key frame; 30 s at 4 Mbit/s."""
MOST_WAITING: Final = 150
"""Access units, five seconds at 30 a second; above what a viewer was given to begin with."""
AGAIN_S: Final = 1.0
"""Who loses packets all the time is not sent everything twice all the time."""
SILENT_S: Final = 2.0
"""A browser also asks for a key frame when nothing came for three seconds. That is of no help then, and what
is shown again would hide that the camera is silent."""
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
        rate: what its connection takes.
    """

    def __init__(self, group: list[Unit], bitrate: int) -> None:
        """
        Args:
            group: what came since the latest key frame.
            bitrate: bits per second that it may take.
        """
        self.skipped = 0
        self.rate = ReceiverRate(bitrate)
        self._waiting = deque(group)
        self._limit = MOST_WAITING + len(group)
        self._skipping = not group
        self._ended = False
        self._changed = anyio.Event()
        self._last_pts = -1
        self._hurries = False
        self._again_at = -math.inf

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def waits_for_keyframe(self) -> bool:
        """Whether it takes nothing before the next key frame."""
        return self._skipping

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

    def begin_again(self, group: list[Unit], now: float) -> None:
        """Takes what came since the latest key frame again, at most once in ``AGAIN_S``, while more comes.

        Args:
            group: since the latest key frame.
            now: monotonic seconds.
        """
        if not group or now - group[-1].arrived_at > SILENT_S or now - self._again_at < AGAIN_S:
            return
        self._again_at = now
        self._waiting = deque(group)
        self._limit = MOST_WAITING + len(group)
        self._skipping, self._hurries = False, True
        self._changed.set()

    def end(self) -> None:
        """Nothing comes any more; what waits can still be taken."""
        self._ended = True
        self._changed.set()

    async def take(self) -> Unit | None:
        """The next unit; None at the end. Times rise.

        Once much waits, as at the beginning, all of it has times just before that of the newest one: a player
        then shows that one at once, instead of everything at its pace.
        """
        while not self._waiting:
            if self._ended:
                return None
            self._changed = anyio.Event()
            await self._changed.wait()
        unit = self._waiting.popleft()
        pts = max(self._hurried(unit), self._last_pts + 1)
        self._last_pts = pts
        return unit if pts == unit.pts else replace(unit, pts=pts)

    def _hurried(self, unit: Unit) -> int:
        if not self._waiting:
            self._hurries = False
            return unit.pts
        newest = self._waiting[-1]
        self._hurries = self._hurries or newest.pts - unit.pts > BACKLOG_TICKS
        hurried = newest.pts - len(self._waiting) * CATCH_UP_TICKS
        return max(hurried, unit.pts) if self._hurries else unit.pts


class Taker(Protocol):
    """Hears of a feed's units; never waits."""

    def offer(self, unit: Unit) -> None: ...

    def end(self) -> None: ...


class Feed:
    """Gives each unit to every viewer, and the latest group of pictures to a new one.

    Attributes:
        keyframe_wanted: a viewer cannot go on without one; whoever codes the pictures takes it back.
    """

    def __init__(self, bitrate: int = USUAL_BITRATE) -> None:
        """
        Args:
            bitrate: bits per second that a viewer is sent at most, where it depends on us.
        """
        self.keyframe_wanted = False
        self._most = bitrate
        self._group: list[Unit] = []
        self._group_bytes = 0
        self._queues: list[Taker] = []
        self._viewers: list[ViewerQueue] = []

    @property
    def group(self) -> list[Unit]:
        """The units since the latest key frame; none where they are too many to be kept."""
        return self._group

    @property
    def bitrate(self) -> int:
        """What the slowest viewer's connection takes, bits per second."""
        return min((viewer.rate.bitrate for viewer in self._viewers), default=self._most)

    @contextmanager
    def watched(self) -> Iterator[ViewerQueue]:
        """A queue of what comes, for as long as the block lasts."""
        queue = ViewerQueue(self._group, self._most)
        if queue.waits_for_keyframe:
            self.want_keyframe()
        self._viewers.append(queue)
        try:
            with self.heard_by(queue):
                yield queue
        finally:
            self._viewers.remove(queue)

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
            self._group, self._group_bytes = [], 0
        if unit.keyframe or self._group:
            self._group.append(unit)
            self._group_bytes += len(unit.data)
        if self._group_bytes > MOST_KEPT_BYTES:
            self._group, self._group_bytes = [], 0
        for queue in self._queues:
            queue.offer(unit)
        if any(viewer.waits_for_keyframe for viewer in self._viewers):
            self.want_keyframe()

    def want_keyframe(self) -> None:
        """A viewer cannot go on without one."""
        self.keyframe_wanted = True

    def end(self) -> None:
        """Nothing comes any more."""
        for queue in self._queues:
            queue.end()
