"""A street whose packets get lost: real damage, noticed by whoever reads it."""

from dataclasses import replace
from itertools import islice, pairwise

import av
import numpy as np
import pytest
from capture.viewing import camera, rises, viewing
from street.damage import Arrived, arrivals

from streamer.capture.lossy import LossyStreetReader
from streamer.capture.pixels import BgrConverter
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street
from streamer.capture.street.transmission import PACKET_BYTES, SLICES, Transmission, split
from streamer.errors import SourceUnavailable

OPTIONS = StreetOptions(seed=1, width=320, height=180, people=4, loss=0.02, gop=1.0)


@pytest.fixture(scope="module")
def arrived() -> list[Arrived]:
    return list(arrivals(OPTIONS, 120))


def test_the_share_asked_for_is_lost_by_seed() -> None:
    street = Street(OPTIONS)
    images = [street.frame(index).image for index in range(60)]
    runs = []
    for _ in range(2):
        transmission = Transmission(OPTIONS)
        runs.append([transmission.send(image, index) for index, image in enumerate(images)])
    assert runs[0] == runs[1]
    sent, lost = sum(unit.sent for unit in runs[0]), sum(unit.lost for unit in runs[0])
    assert sent > 200
    assert 0.005 < lost / sent < 0.045


def test_a_picture_is_coded_in_slices_with_key_frames_as_often_as_asked() -> None:
    street = Street(OPTIONS)
    whole = Transmission(StreetOptions(seed=1, width=320, height=180, gop=1.0))
    units = [whole.send(street.frame(index).image, index) for index in range(31)]
    assert [index for index, unit in enumerate(units) if unit.keyframe] == [0, 15, 30]
    for unit in units:
        slices = [part for part in split(unit.data) if part[3] & 0x1F in (1, 5)]
        assert len(slices) == SLICES
        assert unit.sent >= max(SLICES, len(unit.data) // PACKET_BYTES)
        assert unit.lost == 0


def test_damage_is_real_and_lasts_until_a_key_frame(arrived: list[Arrived]) -> None:
    wrong = [one for one in arrived if one.visibly_damaged]
    assert len(wrong) > 3 * sum(one.noticed for one in arrived) / 2, "one lost packet spoils many pictures"
    for before, after in pairwise(arrived):
        if before.visibly_damaged and not after.visibly_damaged and after.wrong == 0:
            assert after.keyframe


def test_whoever_waits_for_a_whole_key_frame_sees_no_damage(arrived: list[Arrived]) -> None:
    spoilt, taken = False, []
    for one in arrived:
        if one.noticed:
            spoilt = True
        elif one.keyframe:
            spoilt = False
        if not spoilt:
            taken.append(one)
    assert 10 < len(taken) < len(arrived)
    assert all(one.wrong == 0 for one in taken)
    assert any(one.wrong > 0 for one in arrived)


def test_its_key_frames_can_be_decoded_by_themselves() -> None:
    reader = LossyStreetReader(StreetOptions(seed=1, width=320, height=180, loss=1e-9), 5.0)
    units = reader.units()
    for _ in range(3):
        next(units)
        decoder = av.CodecContext.create("h264", "r")
        if reader.keyframe:
            [picture] = decoder.decode(av.Packet(reader.annex_b())) + decoder.decode(None)
            assert (picture.width, picture.height) == (320, 180)


def test_a_way_on_which_nothing_arrives_is_a_frozen_stream() -> None:
    reader = LossyStreetReader(StreetOptions(seed=1, width=64, height=64, people=0, loss=1.0), 2.0)
    with pytest.raises(SourceUnavailable, match="the stream froze"):
        next(reader.units())


def coded(options: StreetOptions, pictures: int) -> list[np.ndarray]:
    """The first pictures of a street as they come out of a decoder when nothing is lost."""
    reader, to_bgr = LossyStreetReader(replace(options, loss=0.0), 5.0), BgrConverter()
    return [to_bgr(reader.decode(pts)[0]) for pts in islice(reader.units(), pictures) if pts is not None]


@pytest.mark.anyio
async def test_as_a_source_it_gives_only_pictures_that_are_whole() -> None:
    url = "sim://street?seed=3&fps=20&size=160x120&people=3&loss=0.02&gop=0.5&realtime=0"
    async with viewing(camera(url), lossless=True) as viewer:
        await viewer.more(40)
    assert rises(viewer.frames)
    assert viewer.count["damaged"] > 0
    numbers = [round(frame.time_s * 20) for frame in viewer.frames]
    clean = coded(StreetOptions.from_url(url), numbers[-1] + 1)
    for number, frame in zip(numbers, viewer.frames, strict=True):
        np.testing.assert_array_equal(frame.image, clean[number])
