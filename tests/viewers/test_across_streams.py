"""Boxes of the smaller stream in pictures of the larger one: at their moment, and at their place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pytest
from made_pictures import decoded_as, frame_of
from supervision import Detections

from streamer.frame import PTS_CLOCK_HZ, Clock, Frame
from streamer.publish.annotate import Annotator
from streamer.webrtc.across import AcrossStreams
from streamer.webrtc.painter import Painter
from streamer.webrtc.results import Result, ResultQueue

BEGAN: Final = datetime(2026, 3, 1, tzinfo=UTC)
MAIN_PTS, SUB_PTS = 5_000_000, 77_000
"""When each stream says that the camera began."""
MAIN_S, SUB_S = 1 / 30, 1 / 10


def picture(
    at_s: float, pts: int, size: tuple[int, int], clock: Clock = "camera", late_s: float = 0
) -> Frame:
    grey = np.full((size[1], size[0], 3), 90, np.uint8)
    frame = frame_of(decoded_as(grey, "yuv420p"), pts + round(at_s * PTS_CLOCK_HZ))
    return replace(frame, captured_at=BEGAN + timedelta(seconds=at_s), decoded_at=at_s + late_s, clock=clock)


def main(at_s: float, clock: Clock = "camera") -> Frame:
    return picture(at_s, MAIN_PTS, (640, 480), clock)


def found(at_s: float, clock: Clock = "camera", late_s: float = 0) -> Result:
    box = np.array([[40, 60, 200, 180]], np.float32)
    boxes = Detections(
        box, confidence=np.ones(1, np.float32), class_id=np.zeros(1, int), tracker_id=np.array([3])
    )
    boxes.data["class_name"] = np.array(["person"])
    return Result(picture(at_s, SUB_PTS, (320, 240), clock, late_s), boxes, (), 0.1)


@pytest.mark.anyio
@pytest.mark.parametrize("clock", ["camera", "host"])
@pytest.mark.parametrize("late_s", [0, 0.012])
async def test_a_result_is_of_the_picture_that_shows_its_moment(clock: Clock, late_s: float) -> None:
    queue = ResultQueue()
    across = AcrossStreams(queue)
    pictures = [main(number * MAIN_S, clock) for number in range(10)]
    for each in pictures[:4]:
        across.note(each)
    queue.put(found(SUB_S, clock, late_s))
    assert across.next_pts == pictures[3].pts
    taken = await across.take()
    assert (taken.frame.pts, taken.frame.width) == (pictures[3].pts, 320)
    assert across.next_pts is None
    # From then on it is known when the next one is to come.
    queue.put(found(2 * SUB_S, clock, late_s))
    assert across.next_pts == pytest.approx(pictures[6].pts, abs=late_s * PTS_CLOCK_HZ + 1)
    await across.take()
    assert not across.expects(pictures[7].pts)
    assert across.expects(pictures[9].pts)


def test_boxes_are_drawn_where_they_are_in_the_larger_picture() -> None:
    larger = main(0)
    result = found(0)
    result = replace(result, frame=replace(result.frame, pts=larger.pts))
    drawn = Painter({}).painted(larger, result)
    boxes = replace(result.detections, xyxy=result.detections.xyxy * 2)
    wanted = larger.image.copy()
    Annotator().draw(wanted, boxes, predicted=False)
    assert (drawn == wanted).all()
    assert (drawn != larger.image).any()
