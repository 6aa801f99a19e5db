"""The thread behind a sink: order, bounds, errors, and an end that always comes."""

import threading

import anyio
import anyio.to_thread
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.errors import SinkUnavailable
from streamer.publish import outbox as outboxes
from streamer.publish.outbox import Outbox

pytestmark = pytest.mark.anyio


@given(st.lists(st.integers(), max_size=60), st.integers(1, 5))
def test_everything_is_handled_once_and_in_order(items, bound):
    handled: list[int] = []

    async def send() -> None:
        async with Outbox("test", handled.append, bound=bound) as outbox:
            for item in items:
                await outbox.put(item)

    anyio.run(send)
    assert handled == items


async def test_a_full_one_refuses_offers_and_holds_up_puts():
    began, gate = threading.Event(), threading.Event()
    handled: list[int] = []

    def handle(item: int) -> None:
        began.set()
        gate.wait()
        handled.append(item)

    async with Outbox("test", handle, bound=2) as outbox:
        await outbox.put(0)
        await anyio.to_thread.run_sync(began.wait)
        assert [outbox.offer(item) for item in (1, 2, 3)] == [True, True, False]
        with anyio.move_on_after(0.05) as waited:
            await outbox.put(4)
        assert waited.cancelled_caught
        gate.set()
        await outbox.put(5)
    assert handled == [0, 1, 2, 5]


async def test_the_first_error_ends_it_and_is_told_to_everyone():
    finished = threading.Event()

    def handle(item: int) -> None:
        raise SinkUnavailable(f"item {item}")

    async def send() -> None:
        async with Outbox("test", handle, finished.set, bound=1) as outbox:
            for item in range(100):
                await outbox.put(item)

    with pytest.raises(SinkUnavailable, match="item 0"):
        await send()
    assert finished.is_set()


async def test_an_error_of_the_last_item_is_told_at_the_end():
    def handle(item: int) -> None:
        raise SinkUnavailable("the disk is full")

    with pytest.raises(SinkUnavailable, match="the disk is full"):
        async with Outbox("test", handle, bound=1) as outbox:
            await outbox.put(0)


async def test_cancelled_it_still_writes_what_it_took():
    handled: list[int] = []
    with anyio.CancelScope() as scope:
        async with Outbox("test", handled.append, bound=100) as outbox:
            for item in range(50):
                await outbox.put(item)
            scope.cancel()
            await anyio.sleep_forever()
    assert handled == list(range(50))


async def test_a_write_that_never_returns_is_left_behind(monkeypatch, caplog):
    monkeypatch.setattr(outboxes, "FLUSH_S", 0.1)
    gate = threading.Event()
    try:
        async with Outbox("the pipe", lambda item: gate.wait(), bound=10, patient=False) as outbox:
            await outbox.put(0)
            await outbox.put(1)
        assert "the pipe: gave up, 2 are not written" in caplog.text
    finally:
        gate.set()
