"""Colours: the matrix and the range that a stream states are honoured."""

import resource
import subprocess
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from streamer.capture.memory import keep_freed_memory
from streamer.capture.pixels import BgrConverter, VideoPixels

PATCHES = {
    "red": (0, 0, 255),
    "lime": (0, 255, 0),
    "blue": (255, 0, 0),
    "white": (255, 255, 255),
    "0x404040": (64, 64, 64),
}
# The fast way of FFmpeg's scaler, which is taken here and in its own command, rounds by up to this much.
NEAR = 5
STANDARDS = [("bt709", "tv"), ("bt709", "pc"), ("smpte170m", "tv"), ("smpte170m", "pc"), ("bt2020nc", "tv")]


def patch(path: Path, colour: str, matrix: str, extent: str) -> Path:
    converted = "bt2020" if matrix == "bt2020nc" else matrix
    command = [
        *f"ffmpeg -v error -y -f lavfi -i color={colour}:size=128x96:rate=5 -t 0.2".split(),
        *f"-vf format=rgb24,scale=out_color_matrix={converted}:out_range={extent},format=yuv420p".split(),
        *f"-c:v libx264 -qp 1 -colorspace {matrix} -color_range {extent} -threads 1".split(),
        str(path),
    ]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.mark.parametrize(("matrix", "extent"), STANDARDS)
def test_colours_come_back(tmp_path: Path, matrix: str, extent: str) -> None:
    convert = BgrConverter()
    for colour, bgr in PATCHES.items():
        with av.open(str(patch(tmp_path / "a.mp4", colour, matrix, extent))) as container:
            image = convert(next(container.decode(video=0)))
        assert np.abs(image.reshape(-1, 3).mean(0) - bgr).max() <= NEAR, colour


def test_a_converter_follows_the_stream_from_standard_to_standard(tmp_path: Path) -> None:
    convert = BgrConverter()
    for matrix, extent in [*STANDARDS, *reversed(STANDARDS)]:
        with av.open(str(patch(tmp_path / "a.mp4", "lime", matrix, extent))) as container:
            image = convert(next(container.decode(video=0)))
        assert np.abs(image.reshape(-1, 3).mean(0) - (0, 255, 0)).max() <= NEAR


@pytest.mark.parametrize("width", [64, 426, 642, 1280])
def test_images_are_contiguous_at_any_width(width: int) -> None:
    image = BgrConverter()(av.VideoFrame(width, 240, "yuv420p"))
    assert image.shape == (240, width, 3)
    assert image.flags.c_contiguous
    assert image.dtype == np.uint8


@pytest.mark.parametrize(("matrix", "extent"), STANDARDS)
def test_a_scaled_picture_has_the_same_colours(tmp_path: Path, matrix: str, extent: str) -> None:
    for colour, bgr in PATCHES.items():
        with av.open(str(patch(tmp_path / "a.mp4", colour, matrix, extent))) as container:
            pixels = VideoPixels(next(container.decode(video=0)), BgrConverter())
        scaled = np.zeros((40, 50, 3), np.uint8)
        pixels.scale_into(scaled)
        assert np.abs(scaled.reshape(-1, 3).mean(0) - bgr).max() <= NEAR, colour


def pattern(width: int, height: int) -> np.ndarray:
    """Soft colours without an edge that the chroma planes are too coarse for."""
    across, down = np.meshgrid(np.linspace(0, 3, width), np.linspace(0, 2, height))
    waves = [np.sin(across * k + down * (3 - k)) for k in (1, 2, 3)]
    return (128 + 100 * np.stack(waves, axis=2)).astype(np.uint8)


@pytest.mark.parametrize(
    "form", ["yuv420p", "yuv422p", "yuv444p", "yuvj420p", "nv12", "yuv420p10le", "bgr24"]
)
@pytest.mark.parametrize("size", [(320, 180), (100, 200), (1280, 720)])
def test_scaling_before_converting_is_the_same_picture(form: str, size: tuple[int, int]) -> None:
    frame = av.VideoFrame.from_ndarray(pattern(642, 362), format="bgr24").reformat(format=form)
    pixels, whole = VideoPixels(frame, BgrConverter()), VideoPixels(frame, BgrConverter()).bgr()
    assert (pixels.width, pixels.height) == (642, 362)
    # Into the middle of a larger canvas, as a letterbox does.
    canvas = np.zeros((size[1] + 10, size[0] + 10, 3), np.uint8)
    pixels.scale_into(canvas[5:-5, 5:-5])
    expected = cv2.resize(whole, size, interpolation=cv2.INTER_LINEAR)
    assert np.abs(canvas[5:-5, 5:-5].astype(int) - expected).max() <= 2 * NEAR
    canvas[5:-5, 5:-5] = 0
    assert not canvas.any()


def test_a_picture_is_converted_once() -> None:
    pixels = VideoPixels(av.VideoFrame(640, 360, "yuv420p"), BgrConverter())
    assert pixels.bgr() is pixels.bgr()


def test_pictures_reuse_the_memory_of_earlier_ones() -> None:
    keep_freed_memory()
    convert, frame = BgrConverter(), av.VideoFrame(1280, 720, "yuv420p")
    pages = 1280 * 720 * 3 // resource.getpagesize()
    for _ in range(3):
        convert(frame)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        convert(frame)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults < 3 * pages
