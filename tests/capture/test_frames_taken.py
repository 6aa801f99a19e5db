"""Some pictures of any sources, evenly."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.capture.collecting import Thinning, collected
from streamer.errors import ConfigError, SourceEnded


def picture(number: int) -> np.ndarray:
    return np.full((2, 2, 3), number % 256, np.uint8)


@given(st.integers(1, 40), st.integers(0, 400))
def test_what_is_kept_of_a_row_is_evenly_spread(most: int, length: int) -> None:
    thinning = Thinning(most)
    for number in range(length):
        if thinning.wants():
            thinning.take(np.full((1, 1, 3), number, np.int32))
    kept = [int(image[0, 0, 0]) for image in thinning.kept]
    assert len(kept) <= most
    assert len(kept) >= min(length, -(-most // 2))
    assert kept == list(range(0, length, kept[1] - kept[0] if len(kept) > 1 else max(length, 1)))


@pytest.mark.anyio
async def test_pictures_and_the_street_share_the_limit(tmp_path: Path) -> None:
    for number in range(9):
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture(number))
    told: list[str] = []
    pictures = await collected([str(tmp_path), "sim://street?seed=3"], 6, told.append)
    assert [int(each[0, 0, 0]) for each in pictures[:3]] == [0, 3, 6]
    assert [each.shape for each in pictures[3:]] == [(720, 1280, 3)] * 3
    assert not np.array_equal(pictures[3], pictures[4])
    assert told


@pytest.mark.anyio
@pytest.mark.realdata
async def test_a_video_is_looked_at_from_its_beginning_to_its_end(test_data: Path) -> None:
    video = test_data / "videos" / "rf_example_video.mp4"
    pictures = await collected([str(video)], 20, lambda _: None)
    assert 10 <= len(pictures) <= 20
    reader = cv2.VideoCapture(str(video))
    first, step = pictures[0], -(-431 // len(pictures))
    assert np.abs(first.astype(int) - reader.read()[1]).mean() < 3
    last = step * (len(pictures) - 1)
    assert last >= 431 * 0.85
    reader.release()


@pytest.mark.anyio
async def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        await collected([str(tmp_path / "none.mp4")], 5, lambda _: None)
    (tmp_path / "bad.png").write_bytes(b"no")
    with pytest.raises(SourceEnded, match="not a picture"):
        await collected([str(tmp_path / "bad.png")], 5, lambda _: None)
    (tmp_path / "bad.mp4").write_bytes(b"no")
    with pytest.raises((SourceEnded, ExceptionGroup)):
        await collected([str(tmp_path / "bad.mp4")], 5, lambda _: None)
