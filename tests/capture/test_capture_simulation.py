"""The simulated street as a source."""

import numpy as np
import pytest
from viewing import camera, rises, viewing

from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street

pytestmark = pytest.mark.anyio
URL = "sim://street?seed=3&fps=20&size=160x120&people=3"


async def test_the_clock_paces_it() -> None:
    async with viewing(camera(URL)) as viewer:
        await viewer.more(60)
    first, last = viewer.frames[0], viewer.frames[-1]
    assert rises(viewer.frames)
    assert last.time_s - first.time_s == pytest.approx((last.sequence - first.sequence) / 20, abs=0.001)
    # Never ahead of the clock, but for what it may catch up: a second.
    assert last.decoded_at - first.decoded_at > last.time_s - first.time_s - 1.0


async def test_its_frames_are_those_of_the_street() -> None:
    street = Street(StreetOptions.from_url(URL))
    async with viewing(camera(f"{URL}&realtime=0", fps=5)) as viewer:
        await viewer.more(6)
    assert [frame.sequence for frame in viewer.frames[:6]] == [0, 4, 8, 12, 16, 20]
    assert all(np.array_equal(frame.image, street.frame(frame.sequence).image) for frame in viewer.frames[:6])
    assert viewer.count["busy"] == 0, "whoever takes the frames paces it"


async def test_read_without_loss_it_gives_every_picture() -> None:
    async with viewing(camera(URL, fps=5), lossless=True, every=2) as viewer:
        await viewer.more(10)
    assert [frame.sequence for frame in viewer.frames[:10]] == list(range(0, 20, 2))
