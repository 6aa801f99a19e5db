"""Which picture of a stream shows the moment of another stream's picture: told as soon as it is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import anyio
import numpy as np
import pytest
from made_pictures import decoded_as, frame_of

from streamer.frame import PTS_CLOCK_HZ, Frame
from streamer.webrtc.feed import Unit
from streamer.webrtc.moments import Moment, Moments

pytestmark = pytest.mark.anyio

BEGAN: Final = datetime(2026, 3, 1, tzinfo=UTC)
STEP_S: Final = 1 / 15


def unit(number: int) -> Unit:
    at_s = number * STEP_S
    captured_at_s = BEGAN.timestamp() + at_s
    return Unit(round(at_s * PTS_CLOCK_HZ), number == 0, b"", (), captured_at_s, at_s, "camera")


def frame(at_s: float) -> Frame:
    grey = np.full((16, 16, 3), 90, np.uint8)
    taken = frame_of(decoded_as(grey, "yuv420p"), 0)
    return replace(taken, captured_at=BEGAN + timedelta(seconds=at_s), decoded_at=at_s, clock="camera")


@pytest.mark.parametrize("early", [-0.4, -0.01, 0.0, 0.01, 0.4])
async def test_a_picture_of_nearly_that_time_is_told_without_the_next_one(early: float) -> None:
    """Clocks of two streams are never quite the same; the next picture may be a tenth of a second away."""
    moments, told = Moments(), list[Moment | None]()
    for number in range(5):
        moments.offer(unit(number))

    async def ask() -> None:
        told.append(await moments.of(frame((4 + early) * STEP_S)))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        assert [moment and moment.pts for moment in told] == [unit(4).pts]
        tasks.cancel_scope.cancel()


async def test_one_that_has_still_to_come_is_waited_for() -> None:
    moments, told = Moments(), list[Moment | None]()
    for number in range(5):
        moments.offer(unit(number))

    async def ask() -> None:
        told.append(await moments.of(frame(5 * STEP_S)))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        assert not told
        moments.offer(unit(5))
    assert [moment and moment.pts for moment in told] == [unit(5).pts]


async def test_what_no_picture_shows_is_of_none() -> None:
    moments = Moments()
    for number in (0, 1, 2, 3, 4, 9):
        moments.offer(unit(number))
    assert await moments.of(frame(6.5 * STEP_S)) is None
