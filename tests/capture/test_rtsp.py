"""A real RTSP camera that is killed, frozen, restarted and locked."""

from datetime import UTC, datetime

import pytest
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory, Login
from viewing import camera, rises, viewing

from streamer.frame import Frame

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_frames_come_over_both_transports(rtsp_camera: CameraFactory, transport: str) -> None:
    async with viewing(camera(rtsp_camera().url, transport=transport)) as viewer:
        await viewer.more(30)
    assert [state.state for state in viewer.states] == ["connecting", "live"]
    assert rises(viewer.frames)
    assert viewer.frames[0].image.shape == (240, 320, 3)


async def test_capture_time_comes_from_the_cameras_reports(rtsp_camera: CameraFactory) -> None:
    async with viewing(camera(rtsp_camera().url)) as viewer:
        # The camera's first report comes within seconds; until then it is the time of arrival, which jitters.
        await viewer.until(lambda: even(viewer.frames[-10:]))
        now = datetime.now(UTC)
    assert abs((now - viewer.frames[-1].captured_at).total_seconds()) < 0.5


def even(frames: list[Frame]) -> bool:
    """Whether capture times keep the very distance of the pictures."""
    lags_s = [frame.captured_at.timestamp() - frame.time_s for frame in frames]
    return len(frames) == 10 and max(lags_s) - min(lags_s) < 1e-4


async def test_a_killed_camera_comes_back_at_its_address(rtsp_camera: CameraFactory) -> None:
    served = rtsp_camera()
    async with viewing(camera(served.url)) as viewer:
        await viewer.more(10)
        served.kill()
        await viewer.until_state("down", 3)
        seen = len(viewer.frames)
        served.start()
        await viewer.until_state("live")
        await viewer.more(10)
    assert viewer.reasons[0] == "the stream ended"
    assert set(viewer.reasons[1:]) <= {"connection refused"}
    assert rises(viewer.frames)
    gap_s = viewer.frames[seen].time_s - viewer.frames[seen - 1].time_s
    taken_s = viewer.frames[seen].decoded_at - viewer.frames[seen - 1].decoded_at
    assert gap_s == pytest.approx(taken_s, abs=0.5)


async def test_a_frozen_camera_is_noticed_and_comes_back(rtsp_camera: CameraFactory) -> None:
    served = rtsp_camera()
    async with viewing(camera(served.url, timeout_s=1.5)) as viewer:
        await viewer.more(10)
        served.freeze()
        await viewer.until_state("down", 4)
        assert viewer.reasons == ["the stream froze"]
        served.thaw()
        await viewer.until_state("live")
        await viewer.more(10)
    assert rises(viewer.frames)


@pytest.mark.parametrize("method", ["basic", "digest"])
async def test_passwords_that_break_urls(rtsp_camera: CameraFactory, method: str) -> None:
    login = Login(method, "ad min", "p#s/s@w:o%r?d&")
    served = rtsp_camera(login=login)
    async with viewing(camera(served.url, username=login.user, password=login.password)) as viewer:
        await viewer.more(3)
    async with viewing(camera(served.url, username=login.user, password="wrong")) as refused:
        await refused.until_state("down")
    async with viewing(camera(served.url)) as nobody:
        await nobody.until_state("down")
    assert refused.reasons[0] == "wrong user name or password (401)"
    assert nobody.reasons[0] == "a user name and a password are needed (401)"


async def test_resolution_changes_in_mid_stream(rtsp_camera: CameraFactory) -> None:
    small, large = Clip(seconds=1), Clip(width=640, height=360, seconds=1)
    async with viewing(camera(rtsp_camera(small, large).url)) as viewer:
        await viewer.until(lambda: {f.image.shape for f in viewer.frames} == {(240, 320, 3), (360, 640, 3)})
        await viewer.more(30)
    assert [state.state for state in viewer.states] == ["connecting", "live"]
    assert rises(viewer.frames)
    assert viewer.count["damaged"] == 0


async def test_hevc(rtsp_camera: CameraFactory) -> None:
    async with viewing(camera(rtsp_camera(Clip(codec="hevc")).url)) as viewer:
        await viewer.more(10)
    assert rises(viewer.frames)
