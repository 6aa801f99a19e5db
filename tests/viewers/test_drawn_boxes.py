"""Boxes that are coded into the pictures: those of the very picture, and moved on where nobody looked."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import anyio
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_pictures import Player, decoded_as, frame_of
from supervision import Detections

from streamer.capture.broadcast import PictureBroadcast
from streamer.frame import PTS_CLOCK_HZ, Frame
from streamer.publish.annotate import Annotator
from streamer.tracking.tracks import Tracks
from streamer.webrtc import coding
from streamer.webrtc.coding import Coded, code_annotated
from streamer.webrtc.feed import Feed, Unit
from streamer.webrtc.motion import STALE_TICKS, Motion
from streamer.webrtc.painter import Painter
from streamer.webrtc.results import LiveResults, Result

pytestmark = pytest.mark.anyio

WIDTH, HEIGHT = 320, 240
STEP = PTS_CLOCK_HZ // 30
BOX = (40.0, 60.0, 100.0, 140.0)
SPEED = 4.0
"""Pixels from one picture to the next."""


def found(*boxes: tuple[float, ...], tracks: tuple[int, ...] = ()) -> Detections:
    count = len(boxes)
    return Detections(
        xyxy=np.array(boxes, np.float32).reshape(count, 4),
        confidence=np.full(count, 0.8, np.float32),
        class_id=np.zeros(count, int),
        tracker_id=np.array(tracks or range(1, count + 1), int),
        data={"class_name": np.array(["person"] * count)},
    )


def picture(number: int) -> Frame:
    grey = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    return replace(frame_of(decoded_as(grey, "yuv420p"), number * STEP), decoded_at=time.monotonic())


def result(number: int, detections: Detections, latency_s: float = 0.1) -> Result:
    return Result(picture(number), detections, (), latency_s)


def moved(number: int) -> tuple[float, ...]:
    """Steady: where it is can be told beforehand."""
    return BOX[0] + SPEED * number, BOX[1], BOX[2] + SPEED * number, BOX[3]


def shaken(number: int) -> tuple[float, ...]:
    """Nobody can tell where it is who does not look."""
    place = float(np.random.default_rng(number).integers(0, 150))
    return BOX[0] + place, BOX[1], BOX[2] + place, BOX[3]


@given(
    box=st.tuples(*[st.floats(0, 500) for _ in range(4)]),
    speeds=st.tuples(*[st.floats(-3, 3) for _ in range(4)]),
    apart=st.integers(1, 30),
    later=st.integers(-5, 60),
)
def test_followed_objects_go_on_as_they_went(
    box: tuple[float, ...], speeds: tuple[float, ...], apart: int, later: int
) -> None:
    def at(number: int) -> tuple[float, ...]:
        return tuple(edge + speed * number for edge, speed in zip(box, speeds, strict=True))

    motion = Motion()
    motion.note(result(0, found(at(0), box, tracks=(5, -1))))
    motion.note(result(apart, found(at(apart), box, tracks=(5, -1))))
    shown = motion.at((apart + later) * STEP)
    assert shown is not None
    assert shown.predicted == bool(later)
    np.testing.assert_allclose(shown.detections.xyxy[0], at(apart + later), atol=0.05)
    np.testing.assert_array_equal(shown.detections.xyxy[1], np.array(box, np.float32))


def test_what_nobody_knows_is_not_shown() -> None:
    motion = Motion()
    assert motion.at(0) is None
    motion.note(result(0, found(BOX)))
    assert motion.at(STALE_TICKS) is not None
    assert motion.at(STALE_TICKS + 1) is None
    # Nobody knows how it got there in so long a time.
    motion.note(result(300, found(moved(300))))
    shown = motion.at(301 * STEP)
    assert shown is not None
    np.testing.assert_array_equal(shown.detections.xyxy[0], np.array(moved(300), np.float32))


def test_a_picture_that_was_looked_at_has_just_its_boxes() -> None:
    painter, frame = Painter({}), picture(0)
    before = frame.image.copy()
    detections = found(BOX, moved(20))
    painted = painter.painted(frame, Result(frame, detections, (), 0.1))
    np.testing.assert_array_equal(painted, Annotator().annotated(before, detections))
    np.testing.assert_array_equal(frame.image, before)
    predicted = painter.painted(picture(1), None)
    changed = [(each != before).any(axis=2).sum() for each in (painted, predicted)]
    assert 0 < changed[1] < changed[0], "lines of what is predicted are thinner"


def test_zones_and_lines_are_where_they_are_in_the_scene() -> None:
    zone = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75)]
    scene = {
        "zones": [{"name": "yard", "points": zone}],
        "lines": [{"name": "gate", "points": [(0, 0.9), (1, 0.9)]}],
    }
    frame = picture(0)
    changed = (Painter(scene).painted(frame, None) != frame.image).any(axis=2)
    for x, y in (*zone, (0.5, 0.25), (0.75, 0.5), (0.5, 0.5), (0, 0.9), (0.5, 0.9), (1, 0.9)):
        column, row = round(x * (WIDTH - 1)), round(y * (HEIGHT - 1))
        assert changed[row, column]
    assert changed.sum() < 8 * (WIDTH + HEIGHT)


Path = Callable[[int], tuple[float, ...]]


@dataclass(eq=False)
class Studio:
    """A camera of an object that moves, and what is coded of it."""

    pictures: PictureBroadcast
    results: LiveResults
    feed: Feed
    path: Path

    async def show(self, number: int) -> Frame:
        frame = picture(number)
        self.pictures.publish(frame)
        return frame

    async def find(self, frame: Frame) -> None:
        number = frame.pts // STEP
        await self.results.publish(frame, Tracks(frame.time_s, found(self.path(number)), ()), ())


def left_edge(decoded: np.ndarray) -> float:
    """The middle of the leftmost line that is drawn, at half the height of the box."""
    row = decoded[round((BOX[1] + BOX[3]) / 2)].astype(int)
    coloured = np.flatnonzero(np.abs(row - 90).max(axis=1) > 40)
    assert coloured.size, "nothing is drawn"
    return float(coloured[coloured < coloured[0] + 6].mean())


@pytest.mark.parametrize(("every", "path"), [(1, shaken), (4, moved)])
async def test_a_viewer_sees_each_box_where_the_object_is(
    every: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if every == 1:
        # On a busy machine boxes come later than is right to wait for.
        monkeypatch.setattr(coding, "MARGIN", 1000.0)
        monkeypatch.setattr(coding, "LONGEST_WAIT_S", 20.0)
    studio = Studio(PictureBroadcast(), LiveResults(), Feed(), path)
    shown: list[Unit] = []
    async with anyio.create_task_group() as tasks:
        with studio.feed.watched() as queue:
            coded = Coded(studio.pictures, studio.feed)
            tasks.start_soon(code_annotated, coded, "gate", studio.results, {})
            while not studio.pictures.wanted:
                await anyio.sleep(0.001)
            with anyio.fail_after(30):
                for number in range(40):
                    frame = await studio.show(number)
                    if number % every == 0:
                        # Its boxes come a while after it.
                        await anyio.sleep(0.02)
                        await studio.find(frame)
                    unit = await queue.take()
                    assert unit is not None
                    shown.append(unit)
        tasks.cancel_scope.cancel()
    player = Player()
    pictures = [frame_of(player.show(unit), 0).image for unit in shown]
    assert [unit.pts for unit in shown] == [number * STEP for number in range(40)]
    # It takes two results to know what is to come, and how fast.
    for number in range(2 * every + 1, 40):
        assert left_edge(pictures[number]) == pytest.approx(path(number)[0], abs=2.5)


async def test_a_picture_does_not_wait_for_boxes_that_do_not_come() -> None:
    studio = Studio(PictureBroadcast(), LiveResults(), Feed(), moved)
    async with anyio.create_task_group() as tasks:
        with studio.feed.watched() as queue:
            tasks.start_soon(code_annotated, Coded(studio.pictures, studio.feed), "gate", studio.results, {})
            while not studio.pictures.wanted:
                await anyio.sleep(0.001)
            with anyio.fail_after(30):
                for number in range(20):
                    frame = await studio.show(number)
                    if number < 5:
                        await studio.find(frame)
                    unit = await queue.take()
                    assert unit is not None
                    assert unit.pts == number * STEP
        tasks.cancel_scope.cancel()
