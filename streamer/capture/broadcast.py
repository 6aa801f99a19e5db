"""The packets of one camera for everybody who wants them: viewers, clips."""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

from streamer.capture.wakeup import Wakeup
from streamer.frame import Packet

PACKETS_WAITING: Final = 120


class PacketBroadcast:
    """Gives each packet to every subscriber; costs nothing while there is none.

    ``codec`` is ``h264`` or ``hevc`` once the stream is known; a stream of another kind has no packets.
    """

    def __init__(self) -> None:
        self.codec: str | None = None
        self._ended = False
        self._subscriptions: tuple[Subscription, ...] = ()
        self._lock = threading.Lock()

    def subscribe(self, limit: int = PACKETS_WAITING) -> Subscription:
        """A subscription of up to ``limit`` waiting packets; ``async with`` opens it."""
        return Subscription(self, limit)

    @property
    def wanted(self) -> bool:
        """Whether anybody listens; a packet needn't be made otherwise."""
        return bool(self._subscriptions)

    def publish(self, packet: Packet) -> None:
        """Called by the decode thread."""
        for subscription in self._subscriptions:
            subscription.offer(packet)

    def close(self) -> None:
        """The source is over: every subscription ends."""
        with self._lock:
            self._ended = True
        for subscription in self._subscriptions:
            subscription.end()

    def add(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)
            if self._ended:
                subscription.end()

    def remove(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions = tuple(s for s in self._subscriptions if s is not subscription)


class Subscription:
    """Packets of one camera, from a key frame on; iterate it inside ``async with``.

    When ``limit`` packets wait, all of them are dropped and it goes on at the next key frame.

    Attributes:
        dropped: packets that were left out.
    """

    def __init__(self, broadcast: PacketBroadcast, limit: int) -> None:
        self.dropped = 0
        self._broadcast = broadcast
        self._limit = limit
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
