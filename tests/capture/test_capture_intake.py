"""Pictures that are brought: bounded, the newest ones win, and one browser's turn ends the other's."""

from __future__ import annotations

import threading
from fractions import Fraction

import anyio
import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.capture.damage import Damage
from streamer.capture.intake import MOST_WAITING, Brought, Delivery, Intake
from streamer.capture.source import open_source
from streamer.capture.state import SourceState
from streamer.config.tree import CameraConfig, DetectConfig
from streamer.errors import SourceUnavailable

pytestmark = pytest.mark.anyio
CAMERA = "phone"


def frame(number: int) -> av.VideoFrame:
    made = av.VideoFrame(16, 16, "yuv420p")
    made.pts, made.time_base = number * 100, Fraction(1, 1000)
    return made


def brought(number: int, *, keyframe: bool) -> Brought:
    return Brought(number, frame(number), keyframe, 0.0, 0.0)


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_the_newest_are_kept_in_their_order_and_a_key_frame_is_not_forgotten(keyframes: list[bool]) -> None:
    delivery = Delivery()
    left_out = sum(delivery.put(brought(n, keyframe=key)) for n, key in enumerate(keyframes))
    kept = []
    while delivery.waits:
        taken = delivery.take(0)
        assert taken is not None
        kept.append(taken)
    newest = list(range(len(keyframes)))[-MOST_WAITING:]
    assert [each.pts for each in kept] == newest
    assert left_out == len(keyframes) - len(newest)
    # Whoever hides pictures until a key frame came shows them again.
    assert kept[0].keyframe == any(keyframes[: newest[0] + 1])
    assert [each.keyframe for each in kept[1:]] == [keyframes[n] for n in newest[1:]]


def test_a_damaged_picture_hides_what_follows_until_a_key_frame() -> None:
    damage = Damage(patience_s=30)
    damage.unit(1, keyframe=False, damaged=True, now=0)
    assert damage.hides(1, 0)
    damage.unit(2, keyframe=True, damaged=False, now=1)
    assert not damage.hides(2, 1)


async def test_it_waits_for_a_browser_and_reads_only_the_one_whose_turn_it_is() -> None:
    intake = Intake(CAMERA, timeout_s=5)
    with pytest.raises(SourceUnavailable, match="waiting for a browser: open /send/phone"):
        intake.open()
    with anyio.move_on_after(0.05) as waited:
        await intake.filled()
    assert waited.cancelled_caught
    first = intake.begin()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(intake.filled)
        await anyio.wait_all_tasks_blocked()
        intake.put(first, frame(3))
    reader = intake.open()
    units = reader.units()
    assert next(units) == 27_000, "300 ms in ticks of 90 kHz"
    second = intake.begin()
    intake.put(first, frame(4))
    with pytest.raises(SourceUnavailable, match="the browser left"):
        next(units)
    intake.put(second, frame(0))
    assert next(intake.open().units()) == 0


async def test_a_browser_that_sends_nothing_is_told_after_the_time_out() -> None:
    intake = Intake(CAMERA, timeout_s=0.05)
    intake.put(intake.begin(), frame(0))
    units = intake.open().units()
    next(units)
    with pytest.raises(SourceUnavailable, match=r"nothing came from the browser for 0\.05 s"):
        next(units)


async def test_a_thread_that_waits_is_let_go() -> None:
    intake = Intake(CAMERA, timeout_s=3600)
    intake.put(intake.begin(), frame(0))
    units = intake.open().units()
    next(units)
    ended: list[SourceUnavailable] = []

    def read() -> None:
        try:
            next(units)
        except SourceUnavailable as error:
            ended.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    intake.interrupt()
    thread.join(60)
    assert ended, "it would wait for an hour"


class Told:
    """Notes the states of a source."""

    def __init__(self) -> None:
        self.states: list[tuple[str, str | None]] = []

    def received(self, camera: str) -> None: ...

    def dropped(self, camera: str, reason: str) -> None: ...

    def clocked(self, camera: str, offset_s: float) -> None: ...

    def changed(self, camera: str, state: SourceState) -> None:
        self.states.append((state.state, state.reason))


async def test_a_camera_that_waits_for_a_browser_is_not_tried_again_and_again() -> None:
    told = Told()
    source = open_source(CAMERA, CameraConfig(source="whip://", detect=DetectConfig(fps=0)), told)
    assert source.intake is not None
    assert source.packets is None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(source.run)
        # Three times as long as a camera that is called would be left alone.
        await anyio.sleep(1.5)
        waiting = [("connecting", None), ("down", "waiting for a browser: open /send/phone")]
        assert told.states == waiting
        frames = source.frames()
        delivery = source.intake.begin()
        source.intake.put(delivery, frame(0))
        first = await anext(frames)
        delivery.end()
        while len(told.states) < 4:
            await anyio.sleep(0.01)
        source.intake.put(source.intake.begin(), frame(0))
        second = await anext(frames)
        tasks.cancel_scope.cancel()
    left = ("down", "the browser left: open /send/phone")
    assert told.states == [*waiting, ("live", None), left, ("live", None)]
    assert (first.sequence, second.sequence) == (0, 1)
    assert first.pts < second.pts
    assert first.captured_at < second.captured_at
