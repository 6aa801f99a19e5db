"""What is coded here: right, at once, without needless key frames, within the bits that may be sent."""

from __future__ import annotations

import itertools

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_pictures import Player, decoded_as, frame_of, landscape, noise

from streamer.frame import PTS_CLOCK_HZ
from streamer.webrtc.encoder import SharedEncoder
from streamer.webrtc.h264 import Profile, profile_of
from streamer.webrtc.pace import ENOUGH, USUAL_FPS, Pace

BITRATE = 2_000_000
FORMATS = ["yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "nv12", "gray", "bgr24"]
SIZES = [(320, 240), (321, 240), (320, 241), (99, 77)]
NEAR = 4.0
"""Levels that coding may change a slow picture by, on average."""


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pixel_format", FORMATS)
def test_pictures_of_all_kinds_are_shown_as_they_are(pixel_format: str, size: tuple[int, int]) -> None:
    decoded = decoded_as(landscape(*size), pixel_format)
    frame = frame_of(decoded, 3000)
    (unit,) = SharedEncoder().encode(frame, None, BITRATE)
    shown = frame_of(Player().show(unit), 0).image
    width, height = (edge // 2 * 2 for edge in size)
    assert shown.shape == (height, width, 3)
    assert difference(shown, frame.image[:height, :width]) < NEAR
    assert (unit.pts, unit.keyframe, unit.captured_at_s) == (3000, True, frame.captured_at.timestamp())
    assert decoded.pts == 7, "what others look at is left alone"


@pytest.mark.parametrize("size", SIZES)
def test_what_is_drawn_is_shown_in_its_place(size: tuple[int, int]) -> None:
    image = landscape(*size)
    frame = frame_of(decoded_as(np.zeros_like(image), "yuv420p"), 0)
    (unit,) = SharedEncoder().encode(frame, image, BITRATE)
    shown = frame_of(Player().show(unit), 0).image
    assert difference(shown, image[: shown.shape[0], : shown.shape[1]]) < NEAR


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_pictures_that_lie_are_put_upright(turned: int) -> None:
    image = landscape(160, 96)
    coder = av.CodecContext.create("libx264", "w")
    coder.width, coder.height, coder.pix_fmt, coder.framerate = 160, 96, "yuv420p", 25
    coder.options = {"crf": "1"}
    packets = [*coder.encode(decoded_as(image, "yuv420p")), *coder.encode(None)]
    # Not cancelled, not flipped, the turn, repetition 0, no extension, the end (ITU-T H.264 D.1.27).
    bits = f"000{round(turned / 360 * 65536):016b}101"
    payload = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    message = b"\0\0\0\1\x06" + bytes((47, len(payload))) + payload + b"\x80"
    data = bytes(packets[0])
    at = data.index(b"\0\0\1\x65")
    decoder = av.CodecContext.create("h264", "r")
    (decoded,) = [*decoder.decode(av.Packet(data[:at] + message[1:] + data[at:])), *decoder.decode(None)]
    assert decoded.rotation % 360 in (turned, 360 - turned)
    frame = frame_of(decoded, 0)
    (unit,) = SharedEncoder().encode(frame, None, BITRATE)
    shown = frame_of(Player().show(unit), 0).image
    assert shown.shape[:2] == ((160, 96) if turned != 180 else (96, 160))
    assert difference(shown, frame.image) < NEAR


@given(
    fps=st.sampled_from([5, 12.5, 15, 30, 60]),
    asked=st.lists(st.booleans(), min_size=1, max_size=200),
)
@settings(max_examples=25)
def test_a_key_frame_comes_as_often_as_it_must_and_no_oftener_than_it_may(
    fps: float, asked: list[bool]
) -> None:
    encoder, step = SharedEncoder(), round(PTS_CLOCK_HZ / fps)
    picture = decoded_as(landscape(64, 48), "yuv420p")
    keys, waits_since = [], None
    for number, wanted in enumerate(asked):
        pts = number * step
        (unit,) = encoder.encode(frame_of(picture, pts), None, BITRATE, keyframe=wanted)
        if wanted and waits_since is None:
            waits_since = pts
        if unit.keyframe:
            keys.append(pts)
            waits_since = None
        assert profile_of(unit.data) is None or unit.keyframe
        assert pts - keys[-1] < 4 * PTS_CLOCK_HZ
        assert waits_since is None or pts - keys[-1] < PTS_CLOCK_HZ
    assert all(b - a >= PTS_CLOCK_HZ for a, b in itertools.pairwise(keys))


def test_each_picture_is_out_at_once_and_any_decoder_plays_it() -> None:
    encoder, player = SharedEncoder(), Player()
    for number, image in enumerate(noise(160, 96, 30)):
        (unit,) = encoder.encode(frame_of(decoded_as(image, "yuv420p"), number * 3000), None, BITRATE)
        assert player.show(unit).width == 160
        if unit.keyframe:
            profile = profile_of(unit.data)
            assert profile is not None
            assert Profile.parse("42e01f").plays(profile)


@pytest.mark.parametrize("fps", [5, 30])
def test_bits_follow_what_receivers_take(fps: int) -> None:
    encoder, player, sizes = SharedEncoder(), Player(), []
    for number, image in enumerate(noise(320, 240, 4 * fps)):
        limit = 900_000 if number < 2 * fps else 150_000
        frame = frame_of(decoded_as(image, "yuv420p"), number * PTS_CLOCK_HZ // fps)
        (unit,) = encoder.encode(frame, None, limit)
        player.show(unit)
        sizes.append(len(unit.data) * 8)
    before, after = sum(sizes[fps : 2 * fps]), sum(sizes[3 * fps :])
    assert before < 1.4 * 900_000
    assert after < 1.4 * 150_000
    assert after < before / 2


def test_a_camera_that_changes_its_picture_begins_anew() -> None:
    encoder, player = SharedEncoder(), Player()
    shown = []
    for number, size in enumerate([(64, 48), (64, 48), (96, 64), (96, 64), (64, 48)]):
        (unit,) = encoder.encode(
            frame_of(decoded_as(landscape(*size), "yuv420p"), number * 3000), None, BITRATE
        )
        picture = player.show(unit)
        shown.append((picture.width, picture.height, unit.keyframe))
    assert shown == [
        (64, 48, True), (64, 48, False), (96, 64, True), (96, 64, False), (64, 48, True)
    ]  # fmt: skip


@pytest.mark.parametrize("fps", [4, 15, 60])
def test_the_encoder_is_told_the_cameras_own_pace(fps: int) -> None:
    encoder, player = SharedEncoder(), Player()
    for number in range(3 * fps):
        frame = frame_of(decoded_as(landscape(64, 48), "yuv420p"), number * PTS_CLOCK_HZ // fps)
        (unit,) = encoder.encode(frame, None, BITRATE)
        player.show(unit)
    assert encoder.fps == pytest.approx(fps, rel=0.1)


@given(st.floats(2, 60), st.lists(st.booleans(), min_size=2, max_size=60))
def test_pictures_that_are_left_out_do_not_slow_a_pace(fps: float, kept: list[bool]) -> None:
    pace, seen, gaps = Pace(), [], []
    for number, keep in enumerate(kept):
        if keep:
            pts = round(number * PTS_CLOCK_HZ / fps)
            gaps += [pts - seen[-1]] if seen else []
            seen.append(pts)
            pace.add(pts)
    whole = sum(gap < 1.5 * PTS_CLOCK_HZ / fps for gap in gaps[-15:])
    if len(gaps) < ENOUGH:
        assert pace.fps == USUAL_FPS
    elif whole > len(gaps[-15:]) / 2:
        assert pace.fps == pytest.approx(fps, rel=0.01)


def test_colours_are_those_of_opencv() -> None:
    image = np.zeros((16, 16, 3), np.uint8)
    for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (40, 40, 40)):
        image[:] = colour
        frame = frame_of(decoded_as(image, "yuv420p"), 0)
        (unit,) = SharedEncoder().encode(frame, image, BITRATE)
        shown = cv2.cvtColor(Player().show(unit).to_ndarray(), cv2.COLOR_YUV2BGR_I420)
        assert difference(shown, image) < NEAR
