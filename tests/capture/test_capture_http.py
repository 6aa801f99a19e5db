"""HTTP cameras: MJPEG and HLS, with real bytes."""

from pathlib import Path
from time import monotonic

import cv2
import numpy as np
import pytest
from http_video import hls, http_server, mjpeg, segments
from viewing import camera, rises, viewing

pytestmark = pytest.mark.anyio
FPS = 20


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    """JPEGs that get lighter."""
    greys = [np.full((240, 320, 3), grey, np.uint8) for grey in range(0, 250, 10)]
    return [cv2.imencode(".jpg", image)[1].tobytes() for image in greys]


async def test_mjpeg_has_its_time_of_arrival(pictures: list[bytes]) -> None:
    with http_server(mjpeg(pictures, FPS)) as url:
        async with viewing(camera(f"{url}/video")) as viewer:
            await viewer.more(30)
    first, last = viewer.frames[0], viewer.frames[-1]
    assert rises(viewer.frames)
    assert first.image.shape == (240, 320, 3)
    assert abs(int(first.image.mean()) - 10 * first.sequence) < 5
    assert last.time_s - first.time_s == pytest.approx(last.decoded_at - first.decoded_at, abs=0.1)


async def test_mjpeg_with_a_password(pictures: list[bytes]) -> None:
    with http_server(mjpeg(pictures, FPS), login="admin:p#s/s@w") as url:
        async with viewing(camera(f"{url}/video", username="admin", password="p#s/s@w")) as viewer:
            await viewer.more(3)
        async with viewing(camera(f"{url}/video", username="admin", password="guess")) as refused:
            await refused.until_state("down")
    assert refused.reasons == ["wrong user name or password (401)"]


async def test_mjpeg_that_ends_comes_back(pictures: list[bytes]) -> None:
    with http_server(mjpeg(pictures, FPS, count=10)) as url:
        async with viewing(camera(f"{url}/video")) as viewer:
            await viewer.until_state("down")
            await viewer.until_state("live")
            await viewer.more(3)
    assert viewer.reasons in (["the stream ended"], ["the connection was lost"])
    assert rises(viewer.frames)


async def test_live_hls_plays_at_its_rate(tmp_path: Path) -> None:
    with http_server(hls(segments(tmp_path), live=True)) as url:
        async with viewing(camera(f"{url}/live.m3u8")) as viewer:
            await viewer.more(10)
            began_at, seen = monotonic(), len(viewer.frames)
            await viewer.more(60)
            rate = (len(viewer.frames) - seen) / (monotonic() - began_at)
    assert rate == pytest.approx(20, rel=0.25)
    assert rises(viewer.frames)


async def test_a_password_reaches_the_segments_of_hls(tmp_path: Path) -> None:
    with http_server(hls(segments(tmp_path), live=True), login="admin:p@ss") as url:
        async with viewing(camera(f"{url}/live.m3u8", username="admin", password="p@ss")) as viewer:
            await viewer.more(30)
    assert rises(viewer.frames)


async def test_a_recording_behind_http_plays_at_its_rate(tmp_path: Path) -> None:
    with http_server(hls(segments(tmp_path, seconds=2), live=False)) as url:
        async with viewing(camera(f"{url}/recorded.m3u8")) as viewer:
            await viewer.until_state("down")
    first, last = viewer.frames[0], viewer.frames[-1]
    assert last.decoded_at - first.decoded_at == pytest.approx(39 / 20, abs=0.3)
    assert viewer.reasons == ["the stream ended"]
