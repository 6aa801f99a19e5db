"""What lies between a decode thread and its consumers."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import anyio
import numpy as np
import pytest
from anyio import to_thread

from detectors.pixels import BgrPixels
from streamer.capture.broadcast import (
    MOST_KEPT_BYTES,
    PICTURES_WAITING,
    PacketBroadcast,
    PictureBroadcast,
    Subscription,
)
from streamer.capture.handover import Handover
from streamer.frame import Frame, Packet

pytestmark = pytest.mark.anyio
T = TypeVar("T")


async def in_thread(call: Callable[[], T]) -> T:
    with anyio.fail_after(60):
        return await to_thread.run_sync(call)


async def test_newest_wins() -> None:
    queue = Handover[int](1)
    assert [queue.put(n, wait_until=None) for n in range(3)] == [False, True, True]
    assert await queue.take() == 2


async def test_a_patient_producer_loses_nothing() -> None:
    queue, never = Handover[int](2), threading.Event()

    def produce() -> None:
        for n in range(500):
            queue.put(n, wait_until=never)
        queue.close()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(in_thread, produce)
        taken = []
        with anyio.fail_after(60):
            while (item := await queue.take()) is not None:
                taken.append(item)
    assert taken == list(range(500))


async def test_a_patient_producer_can_be_interrupted() -> None:
    queue, stop = Handover[int](1), threading.Event()
    queue.put(1, wait_until=stop)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(in_thread, lambda: queue.put(2, wait_until=stop))
        stop.set()
        queue.interrupt()
    queue.close()
    assert [await queue.take(), await queue.take()] == [1, None]


async def test_closing_wakes_whoever_takes() -> None:
    queue = Handover[int](1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(in_thread, queue.close)
        with anyio.fail_after(60):
            assert await queue.take() is None


async def test_a_cancelled_consumer_loses_nothing() -> None:
    queue = Handover[int](1)
    with anyio.move_on_after(0):
        await queue.take()
    queue.put(7, wait_until=None)
    assert await queue.take() == 7


def packet(number: int, *, keyframe: bool = False) -> Packet:
    return Packet("camera", number, keyframe, b"x")


def picture(number: int) -> Frame:
    pixels = BgrPixels(np.zeros((2, 2, 3), np.uint8))
    return Frame("camera", number, number, datetime.now(UTC), 0.0, pixels)


async def taken(subscription: Subscription, number: int) -> list[int]:
    with anyio.fail_after(60):
        return [(await anext(subscription)).pts for _ in range(number)]


async def test_a_subscriber_starts_at_a_key_frame() -> None:
    broadcast = PacketBroadcast()
    async with broadcast.subscribe() as viewer:
        for number in range(4):
            broadcast.publish(packet(number, keyframe=number == 2))
        assert await taken(viewer, 2) == [2, 3]
        assert viewer.dropped == 2


async def test_a_late_subscriber_may_begin_with_what_came_since_the_latest_key_frame() -> None:
    broadcast = PacketBroadcast()
    for number in range(8):
        broadcast.publish(packet(number, keyframe=number % 5 == 0))
    async with broadcast.subscribe(limit=2, from_keyframe=True) as viewer:
        broadcast.publish(packet(8, keyframe=False))
        assert await taken(viewer, 4) == [5, 6, 7, 8]
        assert viewer.dropped == 0


async def test_nothing_is_kept_of_another_connection_or_of_an_endless_group() -> None:
    broadcast = PacketBroadcast()
    broadcast.publish(packet(0, keyframe=True))
    broadcast.restart("hevc")
    assert broadcast.latest_keyframe is None
    broadcast.publish(packet(1, keyframe=True))
    assert broadcast.latest_keyframe is not None
    for number in range(2, 6):
        broadcast.publish(Packet("camera", number, False, bytes(MOST_KEPT_BYTES // 4)))
    assert broadcast.latest_keyframe is None
    async with broadcast.subscribe(from_keyframe=True) as viewer:
        broadcast.publish(packet(6, keyframe=False))
        broadcast.publish(packet(7, keyframe=True))
        assert await taken(viewer, 1) == [7]


def test_pictures_in_another_order_than_shown_are_noticed_until_the_next_connection() -> None:
    broadcast = PacketBroadcast()
    for pts in (0, 3, 1, 2, 6):
        broadcast.publish(packet(pts, keyframe=pts == 0))
    assert broadcast.reordered
    broadcast.restart("hevc")
    assert not broadcast.reordered
    for pts in (7, 8, 9):
        broadcast.publish(packet(pts, keyframe=pts == 7))
    assert not broadcast.reordered


async def test_pictures_go_to_who_takes_them_and_a_slow_one_misses_the_oldest() -> None:
    broadcast = PictureBroadcast()
    assert not broadcast.wanted
    with broadcast.subscribed() as taker:
        assert broadcast.wanted
        for number in range(PICTURES_WAITING + 2):
            await in_thread(lambda: broadcast.publish(picture(number)))  # noqa: B023
        with anyio.fail_after(60):
            frames = [await taker.take() for _ in range(PICTURES_WAITING)]
        assert [frame.sequence for frame in frames if frame] == list(range(2, PICTURES_WAITING + 2))
        await in_thread(broadcast.close)
        with anyio.fail_after(60):
            assert await taker.take() is None
    assert not broadcast.wanted
    with broadcast.subscribed() as late, anyio.fail_after(60):
        assert await late.take() is None


async def test_a_slow_subscriber_skips_to_the_next_key_frame_and_holds_nobody_up() -> None:
    broadcast = PacketBroadcast()
    async with broadcast.subscribe(limit=6) as slow, broadcast.subscribe(limit=20) as quick:
        for number in range(12):
            await in_thread(lambda: broadcast.publish(packet(number, keyframe=number % 5 == 0)))  # noqa: B023
        assert await taken(quick, 12) == list(range(12))
        assert await taken(slow, 2) == [10, 11]
        assert slow.dropped == 10


async def test_subscriptions_end_with_the_source() -> None:
    broadcast = PacketBroadcast()
    async with broadcast.subscribe() as viewer:
        broadcast.publish(packet(0, keyframe=True))
        await in_thread(broadcast.close)
        with anyio.fail_after(60):
            assert [item.pts async for item in viewer] == [0]
    async with broadcast.subscribe() as late:
        with anyio.fail_after(60):
            assert [item async for item in late] == []
