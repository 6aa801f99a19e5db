"""Annotated pictures: a name each, whole files only, and never one of the sources."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from results import PERSON, frame, tracks

from streamer.errors import ConfigError, SinkUnavailable
from streamer.publish.drawing import Drawing
from streamer.publish.pictures import Pictures

pytestmark = pytest.mark.anyio


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def write(folder, *files, sources=()):
    frames = [frame(0, camera=f"picture-{number}") for number, _ in enumerate(files)]
    names = {each.camera: file for each, file in zip(frames, files, strict=True)}
    async with Drawing(Pictures(str(folder), file_of=lambda f: names[f.camera], sources=sources)) as pictures:
        for each in frames:
            await pictures.publish(each, tracks(PERSON), [])


async def test_pictures_of_equal_names_are_all_kept(tmp_path):
    await write(tmp_path / "out", "a/bus.jpg", "b/bus.png", "b/bus-2.jpg", "dog.jpg")
    assert names(tmp_path / "out") == ["bus-2-2.jpg", "bus-2.jpg", "bus.jpg", "dog.jpg"]


async def test_a_picture_shows_what_was_found(tmp_path):
    await write(tmp_path, "bus.jpg")
    image = cv2.imread(str(tmp_path / "bus.jpg")).astype(int)
    assert image.shape == (240, 320, 3)
    assert np.abs(image - 90).max() > 60


async def test_frames_of_a_video_are_numbered(tmp_path):
    async with Drawing(Pictures(str(tmp_path))) as pictures:
        for sequence in (0, 5, 1234567):
            await pictures.publish(frame(sequence), tracks(), [])
    assert names(tmp_path) == ["front-000000.jpg", "front-000005.jpg", "front-1234567.jpg"]


async def test_a_source_is_never_replaced(tmp_path):
    source = tmp_path / "bus.jpg"
    source.write_bytes(b"the source")
    await write(tmp_path, str(source), "elsewhere/bus.jpg", sources=[str(source)])
    assert source.read_bytes() == b"the source"
    assert names(tmp_path) == ["bus-2.jpg", "bus-3.jpg", "bus.jpg"]


async def test_a_second_run_replaces_the_first_ones(tmp_path):
    await write(tmp_path, "bus.jpg")
    await write(tmp_path, "bus.jpg")
    assert names(tmp_path) == ["bus.jpg"]


async def test_a_folder_that_cannot_be_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"^cannot write to file/out: Not a directory$"):
        await write("file/out", "bus.jpg")


async def test_a_folder_that_goes_away_is_told_in_one_line(tmp_path):
    async def write_nowhere() -> None:
        async with Drawing(Pictures(str(tmp_path / "out"))) as pictures:
            (tmp_path / "out").rmdir()
            await pictures.publish(frame(), tracks(), [])

    with pytest.raises(
        SinkUnavailable, match=r"^cannot write .*front-000000\.jpg: No such file or directory$"
    ):
        await write_nowhere()
