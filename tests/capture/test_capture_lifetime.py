"""What a source leaves behind: nothing, however it ends."""

import gc
import sys
import threading
import time
from pathlib import Path

import anyio
import psutil
import pytest
from anyio import to_thread
from garbage_rtsp import noise, talk, unknown_channels
from http_video import tcp_server
from rtsp.fixtures import CameraFactory
from test_capture_faults import silent
from test_capture_files import CODINGS, encode
from viewing import PATIENCE_S, Viewer, camera, viewing

from streamer.capture.source import open_source
from streamer.capture.supervisor import MOST_STUCK
from streamer.capture.thread import GRACE_S, BlockingWork, StuckError

pytestmark = pytest.mark.anyio


def capture_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("capture")]


async def threads_end() -> None:
    """Waits for the threads of capture, also for those that were left behind."""
    for thread in capture_threads():
        await to_thread.run_sync(thread.join, PATIENCE_S)
        assert not thread.is_alive()


async def test_threads_and_files_are_given_back(rtsp_camera: CameraFactory, tmp_path: Path) -> None:
    served = rtsp_camera()
    recorded = encode(tmp_path / "a.mp4", CODINGS["h264.mp4"])
    sources = [
        camera(served.url),
        camera(str(recorded)),
        camera("sim://street?size=128x96"),
        camera("webcam://98"),
    ]
    process = psutil.Process()
    opened: list[int] = []
    for _ in range(3):
        for source in sources:
            async with viewing(source) as viewer:
                await viewer.until(lambda: viewer.state != "connecting")
        await threads_end()
        gc.collect()
        opened.append(process.num_fds())
    assert opened[-1] <= opened[0]


async def test_it_ends_at_once_while_it_plays_or_waits(rtsp_camera: CameraFactory, tmp_path: Path) -> None:
    recorded = encode(tmp_path / "a.mp4", CODINGS["h264.mp4"])
    for source, lossless in ((rtsp_camera().url, False), (str(recorded), False), (str(recorded), True)):
        viewer = Viewer()
        opened = open_source("camera", camera(source), viewer, lossless=lossless)
        async with anyio.create_task_group() as tasks:
            await tasks.start(opened.run)
            await viewer.until_state("live")
            ended_at = time.monotonic()
            tasks.cancel_scope.cancel()
        assert time.monotonic() - ended_at < GRACE_S, source
        await threads_end()


async def test_a_stuck_connection_ends_within_the_grace_time() -> None:
    with tcp_server(silent) as port:
        viewer = Viewer()
        source = open_source("camera", camera(f"rtsp://127.0.0.1:{port}/cam", timeout_s=8), viewer)
        async with anyio.create_task_group() as tasks:
            await tasks.start(source.run)
            ended_at = time.monotonic()
            tasks.cancel_scope.cancel()
        assert time.monotonic() - ended_at < GRACE_S + 1
    await threads_end()


async def test_a_frozen_camera_ends_in_time(rtsp_camera: CameraFactory) -> None:
    served = rtsp_camera()
    async with viewing(camera(served.url, timeout_s=10)) as viewer:
        await viewer.more(3)
        served.freeze()
        ended_at = time.monotonic()
    assert time.monotonic() - ended_at < GRACE_S + 1
    served.kill()
    await threads_end()


async def test_work_that_is_overdue_is_left_behind() -> None:
    release, stopped = threading.Event(), threading.Event()
    work = BlockingWork(release.wait, stopped.set, lambda: True, "capture stuck")
    with pytest.raises(StuckError):
        await work.run()
    assert stopped.is_set()
    assert work.alive
    release.set()
    await threads_end()
    assert not work.alive


async def test_a_camera_that_sends_garbage_for_ever_is_told_and_given_up() -> None:
    """Bytes keep coming, so libav reads for ever: each attempt is left behind, and only so many."""
    with tcp_server(talk(unknown_channels)) as port:
        async with viewing(camera(f"rtsp://127.0.0.1:{port}/cam", timeout_s=0.3)) as viewer:
            await viewer.until(lambda: len(viewer.reasons) > MOST_STUCK)
            assert len(capture_threads()) == MOST_STUCK
    assert viewer.reasons[0] == "no usable answer"
    assert viewer.reasons[-1] == "no usable answer, and earlier attempts did not end yet"
    await threads_end()


async def test_noise_for_pictures_is_told() -> None:
    with tcp_server(talk(noise)) as port:
        async with viewing(camera(f"rtsp://127.0.0.1:{port}/cam", timeout_s=0.5)) as viewer:
            await viewer.until(lambda: len(viewer.reasons) > 1)
    assert viewer.reasons[0] == "the stream is unreadable"
    assert not viewer.frames


async def test_a_process_ends_though_a_camera_is_stuck(tmp_path: Path) -> None:
    script = Path(__file__).with_name("leaves_a_stuck_camera.py")
    with tcp_server(silent) as port:
        began_at = time.monotonic()
        with anyio.fail_after(30):
            done = await anyio.run_process([sys.executable, str(script), str(port)], check=False)
        assert done.returncode == 0, done.stderr
        assert b"ended" in done.stdout
        assert time.monotonic() - began_at < GRACE_S + 6
