"""Viewers of real RTSP cameras that are not alike: each plays, from the first picture to the last."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from live_viewing import BASELINE, HIGH, WELCOME, camera, client, on_air, until
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory, Flaws
from rtsp.two_streams import TwoStreamsFactory

from streamer.webrtc.choice import Wish
from streamer.webrtc.h264 import profile_of
from streamer.webrtc.refusals import NothingToShow

pytestmark = pytest.mark.anyio

PLAIN = Clip()
OTHER = Clip(width=480, height=272)
MAIN, SUB = Clip(width=640, height=480), Clip()
TIMESTAMPS = 1 << 32
HEVC = Clip(codec="hevc")


def made(path: Path, picture: str, coding: str) -> Path:
    """Two seconds of FFmpeg's test picture, with access unit delimiters."""
    how = ["-f", "lavfi", "-i", f"testsrc2={picture}", "-t", "2", "-pix_fmt", "yuv420p", "-c:v", "libx264"]
    command = ["ffmpeg", "-v", "error", *how, "-preset", "ultrafast", "-g", "10", *coding.split()]
    subprocess.run([*command, "-f", "h264", str(path)], check=True, stdin=subprocess.DEVNULL)
    return path


async def test_parameter_sets_that_are_told_beforehand_only(rtsp_camera: CameraFactory) -> None:
    served = rtsp_camera(PLAIN, flaws=Flaws(sets_beforehand=True))
    async with on_air(camera(served.url)) as running, client() as viewer:
        await viewer.join(running)
        await viewer.watch(25)
        assert viewer.kind == "sub"
        assert viewer.sizes == [(320, 240)]


async def test_a_level_that_is_higher_than_any_offer(rtsp_camera: CameraFactory, tmp_path: Path) -> None:
    coding = "-profile:v high -level 5.1 -x264-params aud=1:bframes=0:8x8dct=1:sliced-threads=0"
    stream = made(tmp_path / "high.h264", "size=1920x1080:rate=10", coding)
    served = rtsp_camera(Clip(width=1920, height=1080, fps=10), streams=[stream])
    async with on_air(camera(served.url)) as running, client() as viewer:
        await viewer.join(running)
        await viewer.watch(12)
        assert viewer.kind == "sub"
        assert viewer.sizes == [(1920, 1080)]
        assert running.streams.detected is not None
        first = running.streams.detected.latest_keyframe
        assert first is not None
        profile = profile_of(first.data)
        assert profile is not None
        assert (profile.idc, profile.level) == (100, 51)
        async with client() as other:
            await other.join(running, profile=BASELINE)
            await other.watch(3)
            assert other.kind == "encoded"


@pytest.mark.parametrize(
    ("clip", "coding", "kind"),
    [
        (PLAIN, "-profile:v high -x264-params aud=1:bframes=0:8x8dct=1:sliced-threads=0", "sub"),
        (HEVC, "", "encoded"),
    ],
    ids=["as it is", "coded anew"],
)
async def test_an_offer_of_the_high_profile_alone(
    rtsp_camera: CameraFactory, tmp_path: Path, clip: Clip, coding: str, kind: str
) -> None:
    stream = [made(tmp_path / "high.h264", "size=320x240:rate=20", coding)] if coding else []
    served = rtsp_camera(clip, streams=stream) if stream else rtsp_camera(clip)
    async with on_air(camera(served.url)) as running, client() as viewer:
        offered = (await viewer.offer()).replace(BASELINE, HIGH).replace("42e01f", "640c1f")
        viewer.session, answer = await running.viewers.open("gate", offered, Wish(), WELCOME)
        assert set(re.findall("profile-level-id=(......)", answer)) == {HIGH}
        # The viewer's library decodes it, but has no name for it either.
        await viewer.accept(answer.replace(HIGH, BASELINE))
        await viewer.watch(12)
        assert viewer.kind == kind


async def test_a_picture_that_changes_its_size_while_somebody_watches(rtsp_camera: CameraFactory) -> None:
    short = [Clip(width=clip.width, height=clip.height, seconds=1) for clip in (PLAIN, OTHER)]
    served = rtsp_camera(*short)
    async with on_air(camera(served.url)) as running, client() as viewer, client() as coded:
        await viewer.join(running)
        await coded.join(running, Wish(own=False))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(viewer.watch, 50)
            tasks.start_soon(coded.watch, 50)
        assert (viewer.kind, coded.kind) == ("sub", "encoded")
        for each in (viewer, coded):
            assert set(each.sizes) == {(320, 240), (480, 272)}
            assert len(each.sizes) >= 3


@pytest.mark.parametrize("becomes", ["hevc", "bframes"])
async def test_a_camera_that_is_set_to_another_codec(
    rtsp_camera: CameraFactory, clips: Callable[[Clip], Path], tmp_path: Path, becomes: str
) -> None:
    """The session ends, and the next one gets what is coded here."""
    served = rtsp_camera(PLAIN)
    if becomes == "hevc":
        after = rtsp_camera(HEVC)
    else:
        stream = made(tmp_path / "reordered.h264", "size=320x240:rate=20", "-bf 2 -x264-params aud=1")
        after = rtsp_camera(PLAIN, streams=[stream])
    async with on_air(camera(served.url)) as running, client() as viewer, client() as again:
        await viewer.join(running)
        await viewer.watch(5)
        assert viewer.kind == "sub"
        after.kill()
        after.port = served.port
        served.kill()
        after.start()
        await until(lambda: running.viewers.count == 0)
        await running.more(15)
        await again.join(running)
        await again.watch(3)
        assert again.kind == "encoded"


async def test_boxes_of_the_smaller_stream_on_the_larger_one(two_streams: TwoStreamsFactory) -> None:
    served = two_streams(MAIN, SUB)
    async with on_air(camera(served.main.url, served.sub.url)) as running, client() as viewer:
        await viewer.join(running)
        assert viewer.kind == "main"
        await viewer.watch(25)
        overlay = viewer.session.watching.overlay
        assert viewer.sizes == [(640, 480)]
        assert viewer.boxes
        before = overlay.matched, overlay.unmatched
        await viewer.watch(25)
        matched, unmatched = overlay.matched - before[0], overlay.unmatched - before[1]
        assert matched > 0.8 * (matched + unmatched)
        assert 0 <= viewer.boxes[-1]["matched"] <= 1
        origin = viewer.messages[0]["origin"]
        on_a_picture = [(box["pts"] + origin) % TIMESTAMPS in viewer.timestamps for box in viewer.boxes[:-10]]
        assert sum(on_a_picture) > 0.8 * len(on_a_picture)


async def test_nothing_is_kept_of_the_larger_stream_while_it_is_closed(
    two_streams: TwoStreamsFactory,
) -> None:
    served = two_streams(MAIN, SUB)
    async with on_air(camera(served.main.url, served.sub.url)) as running:
        packets = running.streams.packets
        assert packets is not None
        async with running.streams.viewing():
            await until(lambda: packets.latest_keyframe is not None)
        await until(lambda: packets.latest_keyframe is None)
        assert packets.codec is None


async def test_boxes_drawn_into_the_larger_stream(two_streams: TwoStreamsFactory) -> None:
    served = two_streams(MAIN, SUB)
    async with on_air(camera(served.main.url, served.sub.url)) as running:
        for stream, kind, size in (
            ("main", "annotated_main", (640, 480)),
            (None, "annotated", (320, 240)),
            ("sub", "annotated", (320, 240)),
        ):
            async with client() as viewer:
                await viewer.join(running, Wish(stream, annotate=True))
                await viewer.watch(25)
                assert (viewer.kind, viewer.sizes) == (kind, [size])
                overlay = viewer.session.watching.overlay
                await until(lambda told=overlay: told.matched > 10)
                assert overlay.matched > 0.8 * (overlay.matched + overlay.unmatched)
        await until(lambda: running.viewers.count == 0)


async def test_a_larger_stream_that_does_not_open_is_not_drawn_into(
    rtsp_camera: CameraFactory,
) -> None:
    served = rtsp_camera(SUB)
    async with on_air(camera("rtsp://127.0.0.1:9/none", served.url)) as running, client() as viewer:
        with pytest.raises(NothingToShow, match=r"nothing of its main stream .* stream=sub is the other one"):
            await viewer.join(running, Wish("main", annotate=True))
        async with client() as other:
            await other.join(running, Wish(annotate=True))
            await other.watch(3)
            assert (other.kind, other.sizes) == ("annotated", [(320, 240)])
