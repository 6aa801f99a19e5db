"""Colours: the matrix and the range that a stream states are honoured."""

import resource
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from streamer.capture.bgr import BgrConverter
from streamer.capture.memory import keep_freed_memory

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
