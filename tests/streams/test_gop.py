"""Pictures that are kept coded: whichever is looked at, it is what decoding all of them gives."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.pixels import BgrPixels
from streamer.capture.address import parse
from streamer.capture.beside import LATE_TICKS
from streamer.capture.gop import GroupOfPictures, NotDecodable
from streamer.capture.libav import stream_opener
from streamer.capture.ondemand import DECODED_FPS, OnDemand, OnDemandReader
from streamer.capture.place import Place
from streamer.config.tree import CameraConfig
from streamer.frame import PTS_CLOCK_HZ, Frame

PICTURES = 24
FPS = 24
CODINGS = {
    "h264": "-c:v libx264 -preset veryfast -bf 0",
    "h264-b": "-c:v libx264 -preset veryfast -bf 3",
    "hevc": "-c:v libx265 -preset ultrafast -x265-params log-level=none:bframes=0",
    "mjpeg": "-c:v mjpeg",
    "long": "-c:v libx264 -preset ultrafast -bf 0",
}
SECONDS = {"long": 4}
BLANK = np.zeros((8, 8, 3), np.uint8)


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A second of the test picture (or more), a key frame every 8 pictures, each coding made once."""
    folder = tmp_path_factory.mktemp("coded")

    def make(coding: str) -> Path:
        path = folder / f"{coding}.mp4"
        if not path.exists():
            command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=size=192x128:rate={FPS}"]
            command += f"-frames:v {PICTURES * SECONDS.get(coding, 1)} {CODINGS[coding]}".split()
            command += f"-g 8 -pix_fmt yuv420p {path}".split()
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return path

    return make


def opener(path: Path, place: Place | None = None) -> OnDemand:
    camera = CameraConfig(source=str(path))
    return OnDemand(stream_opener(parse(camera), camera), place)


def looked_at(reader: OnDemandReader) -> list[tuple[int, Callable[[], np.ndarray]]]:
    """Times of its pictures, and what makes them; in the order of their times."""
    pictures = []
    for ticks in reader.units():
        assert ticks is not None
        pictures += [(ticks, reader.picture(each, ticks).pixels.bgr) for each in reader.decode(ticks)]
    reader.close()
    return sorted(pictures, key=lambda each: each[0])


@pytest.mark.parametrize("coding", ["h264", "h264-b", "hevc"])
@settings(max_examples=10, deadline=None)
@given(order=st.lists(st.integers(0, PICTURES - 1), min_size=1, max_size=12))
def test_any_picture_in_any_order_is_what_decoding_all_gives(
    video: Callable[[str], Path], coding: str, order: list[int]
) -> None:
    with av.open(str(video(coding))) as container:
        decoded = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    pictures = looked_at(opener(video(coding))())
    assert len(pictures) == len(decoded) == PICTURES
    for number in order:
        assert np.array_equal(pictures[number][1](), decoded[number])


def test_what_cannot_be_kept_coded_is_decoded_now_and_then(video: Callable[[str], Path]) -> None:
    pictures = looked_at(opener(video("mjpeg"))())
    assert len(pictures) == DECODED_FPS * PICTURES / FPS
    assert pictures[0][1]().shape == (128, 192, 3)


def test_a_damaged_picture_is_no_picture(video: Callable[[str], Path]) -> None:
    group = GroupOfPictures("h264")
    reader = opener(video("h264"))()
    next(reader.units())
    group.add(0, reader.annex_b())
    broken = group.add(1, b"\0\0\0\1\x41" + bytes(300))
    with pytest.raises(NotDecodable):
        broken.bgr()
    reader.close()


def test_a_recording_opens_where_the_other_one_is(video: Callable[[str], Path]) -> None:
    place = Place(lambda: 0.0)
    opened = opener(video("h264"), place)
    # The first pass only finds out how long it is: it plays for the second time by now.
    assert looked_at(at(opened, place, 1.5)) == []
    times = [ticks / PTS_CLOCK_HZ for ticks, _ in looked_at(at(opened, place, 1.5))]
    # From the next key frame on: they are a third of a second apart.
    assert times[0] == pytest.approx(16 / FPS, abs=1e-3)
    assert len(times) == 8


def test_pictures_that_stand_alone_are_left_out_when_they_are_late(video: Callable[[str], Path]) -> None:
    place = Place(lambda: 0.0)
    reader = at(opener(video("mjpeg"), place), place, 0.2)
    units = reader.units()
    assert next(units) == round(5 / FPS * PTS_CLOCK_HZ)
    place.note(shown(11.5 / FPS + LATE_TICKS / PTS_CLOCK_HZ))
    assert next(units) == round(12 / FPS * PTS_CLOCK_HZ)
    reader.close()


def test_a_recording_ends_where_the_other_one_began_anew(video: Callable[[str], Path]) -> None:
    place = Place(lambda: 0.0)
    reader = at(opener(long_one := video("long"), place), place, 3.0)
    units = reader.units()
    assert next(units) == 3 * PTS_CLOCK_HZ
    place.sub.add(4 * PTS_CLOCK_HZ)
    place.note(shown(4.1))
    assert next(units, None) is None
    reader.close()
    assert next(at(opener(long_one, place), place, 4.5).units()) == pytest.approx(PTS_CLOCK_HZ / 2, abs=2)


def test_places_are_those_of_pictures_in_their_recordings() -> None:
    place = Place(lambda: 0.0)
    place.sub.add(0)
    place.sub.add(5 * PTS_CLOCK_HZ)
    place.main.add(-3 * PTS_CLOCK_HZ)
    place.main.add(4 * PTS_CLOCK_HZ)
    # The frame before the last beginning is still of the first.
    assert place.later_s(shown(4.0), shown(1.0)) == 0
    assert place.later_s(shown(6.0), shown(5.0)) == 0
    assert place.later_s(shown(6.0), shown(5.5)) == 0.5


def at(opened: OnDemand, place: Place, time_s: float) -> OnDemandReader:
    place.note(shown(time_s))
    return opened()


def shown(time_s: float) -> Frame:
    return Frame("a", 0, round(time_s * PTS_CLOCK_HZ), datetime.now(UTC), 0.0, BgrPixels(BLANK))
