"""The annotated video: every frame, at its own time, in a file that plays."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from results import PERSON, frame, tracks

from streamer.errors import ConfigError, SinkUnavailable
from streamer.publish.drawing import Drawing
from streamer.publish.video import FIRST_STEP, Timeline, VideoFile, fit

pytestmark = pytest.mark.anyio


def times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [round(float(each.pts * each.time_base), 5) for each in container.decode(video=0)]


async def test_every_frame_keeps_its_time(tmp_path):
    path = tmp_path / "out.mp4"
    moments = [5.0, 5.04, 5.08, 5.5, 5.52, 7.0]
    async with Drawing(VideoFile(str(path))) as video:
        for sequence, time_s in enumerate(moments):
            await video.publish(frame(sequence, time_s=time_s), tracks(PERSON), [])
    assert times(path) == pytest.approx([moment - 5.0 for moment in moments], abs=1e-4)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (320, 240)
        # The last frame stays as long as the one before it.
        assert float(stream.duration * stream.time_base) == pytest.approx(2.0 + 1.48, abs=1e-3)


async def test_the_boxes_are_in_it(tmp_path):
    path = tmp_path / "out.mp4"
    async with Drawing(VideoFile(str(path))) as video:
        await video.publish(frame(), tracks(("person", 0.9, (100, 60, 200, 200), 3)), [])
    with av.open(str(path)) as container:
        image = next(container.decode(video=0)).to_ndarray(format="bgr24").astype(int)
    assert np.abs(image[130, 100] - 90).max() > 60
    assert np.abs(image[130, 150] - 90).max() < 12


async def test_an_odd_size_and_a_change_of_size(tmp_path):
    path = tmp_path / "out.mkv"
    async with Drawing(VideoFile(str(path))) as video:
        for sequence, size in enumerate([(321, 241), (640, 480), (100, 400), (321, 241)]):
            await video.publish(frame(sequence, size=size), tracks(PERSON), [])
    with av.open(str(path)) as container:
        assert {(each.width, each.height) for each in container.decode(video=0)} == {(322, 242)}
    assert len(times(path)) == 4


@pytest.mark.parametrize("size", [(320, 240), (319, 239), (640, 480), (100, 400), (4000, 10), (1, 1)])
def test_fitting_keeps_the_picture_whole_and_in_shape(size):
    fitted = fit(np.full((size[1], size[0], 3), 200, np.uint8), 320, 240)
    assert fitted.shape == (240, 320, 3)
    ys, xs = np.nonzero(fitted[..., 0])
    width, height = np.ptp(xs) + 1, np.ptp(ys) + 1
    assert width == 320 or height == 240
    assert width / max(1, height) == pytest.approx(size[0] / size[1], rel=0.02, abs=0.02) or 1 in (
        width,
        height,
    )


def test_sources_follow_one_another_in_one_file():
    timeline = Timeline()
    placed = [
        timeline.place(*each) for each in [("a", 900), ("a", 3900), ("b", 0), ("b", 1000), ("c", 999_999)]
    ]
    assert placed == [0, 3000, 6000, 7000, 8000]
    assert [Timeline().place("x", 5), FIRST_STEP] == [0, 45_000]


def test_time_never_goes_back():
    timeline = Timeline()
    placed = [timeline.place("a", pts) for pts in (0, 3000, 3000, 1000, 2000)]
    assert placed == sorted(set(placed))


async def test_no_frame_leaves_no_file(tmp_path):
    path = tmp_path / "out.mp4"
    async with Drawing(VideoFile(str(path))):
        assert path.exists()
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("out.txt", r"^out\.txt: expected a video name that ends in \.mp4"),
        ("none/out.mp4", r"^cannot write none/out\.mp4: No such file or directory$"),
    ],
)
async def test_a_name_that_cannot_be_is_told_at_once(tmp_path, monkeypatch, name, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=said):
        async with Drawing(VideoFile(name)):
            raise AssertionError


async def film_noise(path: Path) -> None:
    noise = np.random.default_rng(0)
    async with Drawing(VideoFile(str(path))) as video:
        for sequence in range(200):
            each = frame(sequence)
            each.image[:] = noise.integers(0, 255, each.image.shape, np.uint8)
            await video.publish(each, tracks(), [])


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system to fill needs root")
async def test_a_full_disk_is_told_in_one_line(tmp_path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], check=True)
    try:
        with pytest.raises(SinkUnavailable, match=r"^cannot write .*out\.mp4: No space left on device$"):
            await film_noise(tmp_path / "out.mp4")
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_signal_leaves_plays(tmp_path, number):
    path = tmp_path / "out.mp4"
    child = subprocess.Popen(
        [sys.executable, Path(__file__).parent / "filming.py", path],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    with child:
        said = [int(child.stdout.readline()) for _ in range(300)]
        child.send_signal(number)
        said += [int(line) for line in child.stdout.read().splitlines()]
    kept = len(times(path))
    if number == signal.SIGTERM:
        assert child.returncode == 0
        assert kept == len(said)
    else:
        # x264 looks ahead, and a fragment of the file is a group of pictures.
        assert kept >= 60
