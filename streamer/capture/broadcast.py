"""The packets of one camera for everybody who wants them: viewers, clips."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from types import TracebackType
from typing import Final

from streamer.frame import Packet

PACKETS_WAITING: Final = 120


class PacketBroadcast:
    """Gives each packet to every subscriber; costs nothing while there is none.

    ``codec`` is ``h264`` or ``hevc`` once the stream is known; a stream of another kind has no packets.
    """

    def __init__(self) -> None:
        self.codec: str | None = None
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
        for subscription in self._subscriptions:
            subscription.end()

    def add(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)

    def remove(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions = tuple(s for s in self._subscriptions if s is not subscription)


class Subscription:
    """Packets of one camera, from a key frame on; iterate it inside ``async with``.

    When ``limit`` packets wait, all of them are dropped and it goes on at the next key frame.
    """

    def __init__(self, broadcast: PacketBroadcast, limit: int) -> None:
        self.dropped = 0
        self._broadcast = broadcast
        self._limit = limit
        self._waiting: deque[Packet] = deque()
        self._lock = threading.Lock()
        self._skipping = True
        self._ended = False
        self._woken: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Subscription:
        self._woken = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._broadcast.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._broadcast.remove(self)

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Packet:
        assert self._woken is not None, "iterate inside 'async with'"
        while True:
            with self._lock:
                if self._waiting:
                    return self._waiting.popleft()
                if self._ended:
                    raise StopAsyncIteration
                self._woken.clear()
            await self._woken.wait()

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
        with self._lock:
            self._ended = True
            self._wake()

    def _wake(self) -> None:
        if self._loop is not None and self._woken is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)
