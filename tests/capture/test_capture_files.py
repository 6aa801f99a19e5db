"""Files: every picture in order, or at their own rate and over again."""

import subprocess
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import anyio
import av
import cv2
import numpy as np
import pytest
from viewing import Viewer, camera, rises, viewing

from streamer.capture.source import open_source
from streamer.errors import SourceEnded

pytestmark = pytest.mark.anyio
RECORDED_AT = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def encode(path: Path, coding: str, seconds: float = 2, *, size: str = "320x240") -> Path:
    """FFmpeg's test picture at 20 a second."""
    shown = f"-f lavfi -i testsrc2=size={size}:rate=20 -t {seconds} -pix_fmt yuv420p"
    command = ["ffmpeg", "-v", "error", *shown.split(), *coding.split(), "-threads", "1", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def decoded_by_ffmpeg(path: Path, size: tuple[int, int] = (240, 320)) -> np.ndarray:
    """Every picture, BGR, as FFmpeg's own command makes it."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
    raw = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, *size, 3)


async def read(path: Path, **how: object) -> Viewer:
    async with viewing(camera(str(path), fps=5), lossless=True, **how) as viewer:
        await viewer.until_state("ended")
        await viewer.until(lambda: viewer.over)
    return viewer


CODINGS = {
    "h264.mp4": "-c:v libx264 -preset ultrafast -bf 2 -g 10",
    "hevc.mkv": "-c:v libx265 -preset ultrafast -x265-params log-level=none",
    "mjpeg.avi": "-c:v mjpeg -q:v 3",
    "bare.h264": "-c:v libx264 -preset ultrafast -bf 2",
    "untimed.avi": "-c:v libx264 -preset ultrafast -bf 2 -tag:v H264",
    "mpeg.ts": "-c:v mpeg2video -b:v 2M",
    "vp9.webm": "-c:v libvpx-vp9 -deadline realtime -cpu-used 8",
}


@pytest.mark.parametrize("name", CODINGS)
async def test_every_picture_comes_once_in_order_and_as_ffmpeg_shows_it(tmp_path: Path, name: str) -> None:
    path = encode(tmp_path / name, CODINGS[name])
    viewer = await read(path)
    expected = decoded_by_ffmpeg(path)
    assert [frame.sequence for frame in viewer.frames] == list(range(40))
    assert rises(viewer.frames)
    for frame, image in zip(viewer.frames, expected, strict=True):
        assert np.abs(frame.image.astype(int) - image).max() <= 2
    assert [frame.time_s for frame in viewer.frames] == pytest.approx([n / 20 for n in range(40)], abs=0.002)


async def test_every_nth_picture_keeps_its_number(tmp_path: Path) -> None:
    viewer = await read(encode(tmp_path / "a.mp4", CODINGS["h264.mp4"]), every=7)
    assert [frame.sequence for frame in viewer.frames] == [0, 7, 14, 21, 28, 35]
    assert viewer.count["received"] == 40
    assert viewer.total == 40


async def test_a_slow_reader_loses_nothing_and_memory_is_bounded(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", CODINGS["h264.mp4"])
    viewer = Viewer()
    source = open_source("camera", camera(str(path)), viewer, lossless=True)
    async with anyio.create_task_group() as tasks:
        await tasks.start(source.run)
        frames = source.frames()
        first = await anext(frames)
        await viewer.until_state("live")
        # The decode thread runs ahead by the window and no further.
        with anyio.move_on_after(0.3):
            await viewer.until(lambda: viewer.count["received"] > 8)
        assert viewer.count["received"] <= 8
        assert [first.sequence, *[frame.sequence async for frame in frames]] == list(range(40))


async def test_a_recording_knows_when_it_was_made(tmp_path: Path) -> None:
    stamped = encode(
        tmp_path / "a.mp4", f"{CODINGS['h264.mp4']} -metadata creation_time={RECORDED_AT.isoformat()}"
    )
    viewer = await read(stamped)
    assert viewer.frames[0].captured_at == RECORDED_AT
    assert viewer.frames[-1].captured_at - RECORDED_AT == timedelta(seconds=39 / 20)
    written = encode(tmp_path / "b.mp4", CODINGS["h264.mp4"])
    viewer = await read(written)
    ended_at = datetime.fromtimestamp(written.stat().st_mtime, UTC)
    assert (ended_at - viewer.frames[-1].captured_at).total_seconds() == pytest.approx(1 / 20, abs=0.01)


async def test_a_recording_plays_at_its_rate_and_over_again(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", CODINGS["h264.mp4"], seconds=1)
    async with viewing(camera(str(path), loop=True)) as viewer:
        await viewer.until(lambda: bool(viewer.frames) and viewer.frames[-1].sequence >= 50)
    assert rises(viewer.frames)
    first, last = viewer.frames[0], viewer.frames[-1]
    played_s = last.time_s - first.time_s
    assert played_s == pytest.approx(last.sequence / 20, abs=0.1)
    assert last.decoded_at - first.decoded_at == pytest.approx(played_s, abs=0.3)
    assert abs((last.captured_at - datetime.now(UTC)).total_seconds()) < 5, "it plays like a camera: now"


async def test_only_due_pictures_are_handed_over_when_it_plays(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", CODINGS["h264.mp4"])
    async with viewing(camera(str(path), fps=5, loop=False)) as viewer:
        await viewer.until_state("ended")
    assert viewer.count["received"] == 40
    assert viewer.count["rate"] == 30
    assert len(viewer.frames) + viewer.count["busy"] == 10
    assert {frame.sequence % 4 for frame in viewer.frames} == {0}


async def test_pictures_that_stand_alone_are_decoded_only_when_they_are_due(tmp_path: Path) -> None:
    whole = cv2.imencode(".jpg", np.zeros((240, 320, 3), np.uint8))[1].tobytes()
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=20, width=320, height=240, pix_fmt="yuvj420p")
        for number in range(20):
            packet = av.Packet(whole if number % 4 == 0 else b"no picture")
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 20), True
            packet.pts = packet.dts = number
            container.mux(packet)
    async with viewing(camera(str(path), fps=5, loop=False)) as viewer:
        await viewer.until_state("ended")
    assert viewer.count["received"] == 20
    assert viewer.count["rate"] == 15
    assert viewer.count["damaged"] == 0


async def test_phone_videos_stand_upright(tmp_path: Path) -> None:
    lying = encode(tmp_path / "lying.mp4", CODINGS["h264.mp4"], seconds=0.2)
    for turn in (90, 180, 270):
        path = tmp_path / f"{turn}.mp4"
        command = f"ffmpeg -v error -i {lying} -c copy -metadata:s:v rotate={turn} {path}"
        subprocess.run(command.split(), check=True, stdin=subprocess.DEVNULL)
        viewer = await read(path)
        shape = (240, 320) if turn == 180 else (320, 240)
        expected = decoded_by_ffmpeg(path, shape)[0]
        assert np.abs(viewer.frames[0].image.astype(int) - expected).mean() < 2


@pytest.mark.parametrize("content", [b"", b"no video\n" * 99])
async def test_what_is_no_video_ends_with_its_reason(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    viewer = Viewer()
    with pytest.raises(SourceEnded) as ended:
        await open_source("camera", camera(str(path)), viewer).run()
    assert str(ended.value) == f"{path}: not a video"
    assert (viewer.state, viewer.reasons) == ("down", ["not a video"])


@pytest.mark.parametrize(
    ("path", "reason"), [("/no/such.mp4", "no such file"), ("/tmp", "a folder, not a video")]
)
async def test_a_missing_file_ends_at_once(path: str, reason: str) -> None:
    with pytest.raises(SourceEnded, match=reason):
        await open_source("camera", camera(path), Viewer(), lossless=True).run()


async def test_sound_alone_is_not_a_video(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    command = f"ffmpeg -v error -f lavfi -i sine -t 1 {path}"
    subprocess.run(command.split(), check=True, stdin=subprocess.DEVNULL)
    with pytest.raises(SourceEnded, match="not a video"):
        await open_source("camera", camera(str(path)), Viewer()).run()


async def test_a_truncated_file_gives_what_it_holds(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.ts", CODINGS["h264.mp4"])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    viewer = await read(path)
    assert 10 < len(viewer.frames) < 35
    assert rises(viewer.frames)


async def test_a_damaged_file_is_read_to_its_end(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.ts", "-c:v libx264 -preset ultrafast -g 10 -bf 0 -b:v 3M")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(n * 37 % 256 for n in range(400))
    path.write_bytes(data)
    viewer = await read(path)
    assert len(viewer.frames) >= 20
    assert rises(viewer.frames)
    assert viewer.count["received"] == len(viewer.frames) + viewer.count["damaged"]


@pytest.mark.realdata
async def test_the_real_video_comes_whole(test_data: Path) -> None:
    viewer = await read(test_data / "videos" / "rf_example_video.mp4")
    assert [frame.sequence for frame in viewer.frames] == list(range(431))
    assert viewer.frames[-1].time_s == pytest.approx(430 / 30, abs=0.05)
