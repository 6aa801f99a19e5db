"""The packets and the pictures of one camera for everybody who wants them: viewers, clips."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from streamer.capture.handover import Handover
from streamer.capture.parameters import SYNTAX
from streamer.capture.slices import is_bidirectional
from streamer.capture.wakeup import Wakeup
from streamer.frame import Frame, Packet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PACKETS_WAITING: Final = 120
PICTURES_WAITING: Final = 3
MOST_KEPT_BYTES: Final = 16 * 2**20
"""Of a stream with longer groups of pictures nobody is given what came before; 30 s at 4 Mbit/s."""


class PacketBroadcast:
    """Gives each packet to every subscriber, and keeps those since the latest key frame for the next one.

    Attributes:
        codec: ``h264`` or ``hevc`` once the stream is known; a stream of another kind has no packets.
        reordered: pictures come in another order than they are shown (B-frames).
        endless: key frames are so far apart that what came since the latest one is not kept.
    """

    def __init__(self) -> None:
        self.codec: str | None = None
        self.reordered = False
        self.endless = False
        self._highest_pts = -1
        self._ended = False
        self._subscriptions: tuple[Subscription, ...] = ()
        self._lock = threading.Lock()
        self._group: list[Packet] = []
        self._group_bytes = 0

    def subscribe(self, limit: int = PACKETS_WAITING, *, from_keyframe: bool = False) -> Subscription:
        """A subscription of up to ``limit`` waiting packets; ``async with`` opens it.

        Args:
            limit: how many may wait.
            from_keyframe: it begins with what came since the latest key frame, above the limit if need be.
        """
        return Subscription(self, limit, from_keyframe=from_keyframe)

    def publish(self, packet: Packet) -> None:
        """Called by the decode thread."""
        if not self.reordered:
            bidirectional = self.codec == "h264" and is_bidirectional(packet.data)
            self.reordered = bidirectional or packet.pts < self._highest_pts
        self._highest_pts = max(self._highest_pts, packet.pts)
        with self._lock:
            self._keep(packet)
            subscriptions = self._subscriptions
        for subscription in subscriptions:
            subscription.offer(packet)

    def restart(self, codec: str | None) -> None:
        """Another connection begins, or none is to be: what was kept belongs to the one before.

        Args:
            codec: of the stream; where it has no packets, subscriptions end. None before it is known.
        """
        self.codec, self.reordered, self.endless, self._highest_pts = codec, False, False, -1
        with self._lock:
            self._group, self._group_bytes = [], 0
            subscriptions = self._subscriptions if self._silent else ()
        for subscription in subscriptions:
            subscription.end()

    @property
    def latest_keyframe(self) -> Packet | None:
        """None before the first one, and where groups are too long to be kept."""
        group = self._group
        return group[0] if group else None

    def close(self) -> None:
        """The source is over: every subscription ends."""
        with self._lock:
            self._ended = True
        for subscription in self._subscriptions:
            subscription.end()

    def add(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)
            subscription.begin(self._group)
            if self._ended or self._silent:
                subscription.end()

    def remove(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions = tuple(s for s in self._subscriptions if s is not subscription)

    @property
    def _silent(self) -> bool:
        """Whether what is sent has no packets."""
        return self.codec is not None and self.codec not in SYNTAX

    def _keep(self, packet: Packet) -> None:
        if packet.keyframe:
            self._group, self._group_bytes = [], 0
            self.endless = False
        elif not self._group:
            return
        self._group_bytes += len(packet.data)
        self._group.append(packet)
        if self._group_bytes > MOST_KEPT_BYTES:
            self._group, self._group_bytes = [], 0
            self.endless = True


class Subscription:
    """Packets of one camera, from a key frame on; iterate it inside ``async with``.

    When ``limit`` packets wait, all of them are dropped and it goes on at the next key frame.

    Attributes:
        dropped: packets that were left out.
    """

    def __init__(self, broadcast: PacketBroadcast, limit: int, *, from_keyframe: bool) -> None:
        self.dropped = 0
        self._broadcast = broadcast
        self._limit = limit
        self._from_keyframe = from_keyframe
        self._waiting: deque[Packet] = deque()
        self._lock = threading.Lock()
        self._skipping = True
        self._ended = False
        self._wakeup: Wakeup | None = None

    async def __aenter__(self) -> Subscription:
        self._wakeup = Wakeup()
        self._broadcast.add(self)
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._broadcast.remove(self)

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Packet:
        assert self._wakeup is not None, "iterate inside 'async with'"
        while True:
            with self._lock:
                if self._waiting:
                    return self._waiting.popleft()
                if self._ended:
                    raise StopAsyncIteration
                self._wakeup.clear()
            await self._wakeup.wait()

    def begin(self, group: Sequence[Packet]) -> None:
        """What came since the latest key frame."""
        if self._from_keyframe and group:
            self._waiting.extend(group)
            self._skipping = False
            # What it begins with was asked for; only what comes on top of it shows a slow reader.
            self._limit = max(self._limit, 2 * len(group))

    def offer(self, packet: Packet) -> None:
        """Called by the decode thread."""
        with self._lock:
            if len(self._waiting) >= self._limit:
                self.dropped += len(self._waiting)
                self._waiting.clear()
                self._skipping = True
            if self._skipping and not packet.keyframe:
                self.dropped += 1
                return
            self._skipping = False
            self._waiting.append(packet)
        self._wake()

    def end(self) -> None:
        """Nothing comes any more; what waits can still be taken."""
        with self._lock:
            self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._wakeup is not None:
            self._wakeup.set()


class PictureBroadcast:
    """Gives every decoded picture to whoever encodes it anew; costs nothing while nobody does.

    Who is slow misses the oldest of them.
    """

    def __init__(self) -> None:
        self._takers: tuple[Handover[Frame], ...] = ()
        self._ended = False
        self._lock = threading.Lock()

    @property
    def wanted(self) -> bool:
        """Whether anybody takes them; a picture needn't be decoded for this otherwise."""
        return bool(self._takers)

    @contextmanager
    def subscribed(self, limit: int = PICTURES_WAITING) -> Iterator[Handover[Frame]]:
        """The pictures that come from now on, for one task, for as long as the block lasts.

        Args:
            limit: how many may wait.
        """
        taker = Handover[Frame](limit)
        with self._lock:
            self._takers = (*self._takers, taker)
            if self._ended:
                taker.close()
        try:
            yield taker
        finally:
            with self._lock:
                self._takers = tuple(each for each in self._takers if each is not taker)

    def publish(self, frame: Frame) -> None:
        """Called by the decode thread."""
        for taker in self._takers:
            taker.put(frame, wait_until=None)

    def close(self) -> None:
        """The source is over."""
        with self._lock:
            self._ended = True
        for taker in self._takers:
            taker.close()
