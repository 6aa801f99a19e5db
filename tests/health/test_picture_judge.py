"""What pictures are worth: still scenes to which everything happens, real videos, real encoders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from itertools import islice

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures_of_trouble import (
    HARMLESS,
    NOON,
    TROUBLES,
    Picture,
    Sensor,
    Watching,
    blurred,
    forever,
    repeated,
    scene,
    verdicts,
)

from detectors.pixels import BgrPixels
from streamer.capture.pixels import BgrConverter, VideoPixels
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street
from streamer.frame import Frame
from streamer.health.focus import UNSHARP, Focus, sharpness
from streamer.health.look import look
from streamer.health.picture import CONFIRM_S, PictureJudge
from streamer.health.stillness import MOST_PATIENCE_S, PATIENCE_S, Stillness
from streamer.health.structure import structure
from streamer.health.verdict import PictureState, Verdict

PHOTOS = ("bus.jpg", "zidane.jpg")
VIDEOS = ("bottle-detection.mp4", "one-by-one-person-detection.mp4", "rf_example_video.mp4")


@pytest.fixture(scope="module")
def view() -> np.ndarray:
    """A scene drawn with edges of all sizes."""
    random = np.random.default_rng(3)
    image = np.full((360, 640, 3), 120, np.float32)
    for x, y, side, tone in random.uniform((0, 0, 4, 20), (640, 360, 60, 235), (400, 4)):
        cv2.rectangle(image, (int(x), int(y)), (int(x + side), int(y + side / 2)), (tone, tone, tone), -1)
    return image


@pytest.mark.parametrize("name", TROUBLES)
def test_each_trouble_is_told_from_a_camera_that_is_fine(view, name):
    expected, happening = TROUBLES[name]
    assert verdicts(view, {name: happening})[name] - {"fine"} == {expected}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_like_trouble_is_none(view, name):
    assert verdicts(view, {name: HARMLESS[name]})[name] == {"fine"}


@pytest.mark.realdata
@pytest.mark.parametrize("photo", PHOTOS)
def test_real_scenes_likewise(photo, test_data):
    light = scene(test_data / "photos" / photo)
    said = verdicts(light, {name: happening for name, (_, happening) in TROUBLES.items()} | HARMLESS)
    assert {name: said[name] - {"fine"} for name in TROUBLES} == {
        name: {expected} for name, (expected, _) in TROUBLES.items()
    }
    assert {name: said[name] for name in HARMLESS} == {name: {"fine"} for name in HARMLESS}


@pytest.mark.parametrize("light", ["day", "night"])
@pytest.mark.parametrize(
    ("trouble", "expected"),
    [("rain", set()), ("covered", {"covered"}), ("frozen", {"frozen"}), ("blurred", {"unfocused"})],
)
def test_the_simulated_camera_has_the_troubles_it_was_given(trouble, expected, light):
    given = "&rain=1" if trouble == "rain" else f"&{trouble}=70-105"
    url = f"sim://street?seed=3&size=640x360&fps=1&people=3&night={light == 'night':d}{given}"
    street, watching = Street(StreetOptions.from_url(url)), Watching()
    said = watching.see(street.frame(second).image for second in range(115))
    assert set(said) - {"fine"} == expected
    assert said[:70] == ["fine"] * 70


def looks(video: object, every_s: float = 1.0) -> Iterator[tuple[float, Picture]]:
    """One picture a second of a video, with its time."""
    converter, due_s = BgrConverter(), 0.0
    with av.open(video) as container:
        for decoded in container.decode(video=0):
            if decoded.time >= due_s - 1e-6:
                due_s += every_s
                yield decoded.time, look(Frame("yard", 0, 0, NOON, 0.0, VideoPixels(decoded, converter)))


def judged(pictures: Iterable[tuple[float, Picture]]) -> set[PictureState]:
    judge = PictureJudge()
    return {judge.judge(picture, time_s, NOON).state for time_s, picture in pictures}


@pytest.mark.realdata
@pytest.mark.parametrize("video", VIDEOS)
def test_real_videos_are_fine_throughout(video, test_data):
    assert judged(looks(str(test_data / "videos" / video), every_s=0.5)) == {"fine"}


@pytest.mark.realdata
def test_a_real_video_in_a_loop_is_fine(test_data):
    once = list(looks(str(test_data / "videos" / "rf_example_video.mp4")))
    length_s = len(once)
    assert judged((n * length_s + time_s, each) for n in range(10) for time_s, each in once) == {"fine"}


CODED = {
    "constant quality": {"crf": "28", "g": "25"},
    "low quality": {"crf": "38", "g": "25"},
    "constant rate": {"b": "300k", "maxrate": "300k", "bufsize": "300k", "g": "25"},
}


def coded(pictures: Iterable[Picture], options: dict[str, str], fps: int = 5) -> BytesIO:
    """Pictures through a real encoder."""
    file = BytesIO()
    with av.open(file, "w", format="matroska") as container:
        always = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "scenecut=0"}
        stream = container.add_stream("libx264", rate=fps, options=always | options)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    file.seek(0)
    return file


@pytest.mark.parametrize(("name", "light"), [*((name, 0.15) for name in CODED), ("constant quality", 1.0)])
def test_through_a_real_encoder_a_stuck_sensor_differs_from_a_calm_night(view, name, light):
    """At such rates most of a quiet scene is sent as "as before"."""
    live = islice(forever(light * view, Sensor(), 2), 600)
    stuck = islice(repeated(light * view, Sensor()), 600)
    assert judged(looks(coded(live, CODED[name]))) == {"fine"}
    assert judged(looks(coded(stuck, CODED[name]))) == {"fine", "frozen"}


def drive(judge: PictureJudge, picture: Picture, begin_s: int, end_s: int) -> list[Verdict]:
    """The same view with fresh noise, once a second."""
    sensor = Sensor(begin_s)
    return [judge.judge(seen(sensor(picture)), float(n), at(n)) for n in range(begin_s, end_s)]


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def seen(picture: Picture) -> Picture:
    return look(Frame("yard", 0, 0, NOON, 0.0, BgrPixels(picture)))


def test_trouble_began_when_it_was_first_seen_and_so_did_its_end(view):
    judge = PictureJudge()
    drive(judge, view, 0, 20)
    covered = drive(judge, np.zeros_like(view), 20, 40)
    assert [each.state for each in covered].index("covered") == CONFIRM_S
    assert covered[-1].since == at(20)
    assert covered[-1].reason
    fine = drive(judge, view, 40, 60)
    assert fine[-1] == Verdict("fine", None, at(40))


def test_a_slope_of_light_is_no_structure():
    across = np.linspace(0, 255, 320).astype(np.uint8)
    assert structure(np.broadcast_to(across, (180, 320))) == 0.0


def test_a_frozen_picture_is_told_since_it_came(view):
    judge = PictureJudge()
    drive(judge, view, 0, 20)
    last = seen(Sensor(99)(view))
    verdicts = [judge.judge(last, float(n), at(n)) for n in range(20, 60)]
    assert [each.state for each in verdicts].index("frozen") == PATIENCE_S
    assert verdicts[-1].since == at(20)
    assert drive(judge, view, 60, 61)[0].state == "fine"


def test_nothing_is_made_of_time_without_looks(view):
    judge = PictureJudge()
    drive(judge, view, 0, 20)
    last = seen(Sensor()(view))
    for n in (20, 28, 60, 100, 160):
        assert judge.judge(last, float(n), at(n)).state == "fine"


def test_a_camera_that_was_never_sharp_has_its_own_measure(view):
    judge = PictureJudge()
    assert {each.state for each in drive(judge, blurred(view, 1 / 100), 0, 100)} == {"fine"}
    assert {each.state for each in drive(judge, view, 100, 160)} == {"fine"}


def after(focus: Focus, picture: Picture, hours: float, now: float) -> float:
    """Looks at a picture for so long, every six seconds."""
    for _ in range(round(hours * 600)):
        now += 6
        assert not focus.update(picture, now)
    return now


def test_after_hours_of_something_sharper_the_scene_is_not_unsharp(view):
    focus, soft, sharp = Focus(), seen(Sensor()(blurred(view, 1 / 200))), seen(Sensor()(view))
    now = after(focus, soft, 1, 0.0)
    now = after(focus, sharp, 3, now)
    assert sharpness(soft) < UNSHARP * sharpness(sharp)
    after(focus, soft, 1, now)


def test_a_camera_that_was_turned_to_a_softer_scene_is_at_ease_again(view):
    focus, sharp, soft = Focus(), seen(Sensor()(view)), seen(Sensor()(blurred(view, 1 / 200)))
    now = after(focus, sharp, 1, 0.0)
    said = [focus.update(soft, now + 6 * n) for n in range(1, 12 * 600)]
    assert said[0]
    assert not said[-1]


def test_a_camera_learns_how_long_its_pictures_stay_the_same():
    """A key frame every 15 s, so nothing new for 15 s; the first time for longer than the usual patience."""
    stillness = Stillness()
    random = np.random.default_rng(0)
    told = []
    for length_s in (8, 15, 24, 40, 24):
        picture = random.integers(100, 103, (180, 320)).astype(np.uint8)
        began = len(told)
        told += [stillness.update(picture, float(began + n)) for n in range(length_s)]
    assert told == [None] * len(told)
    picture = random.integers(100, 103, (180, 320)).astype(np.uint8)
    began = len(told)
    stuck = [stillness.update(picture, float(began + n)) for n in range(400)]
    assert stuck.index(float(began)) == 120
    assert MOST_PATIENCE_S >= 120


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 30)), max_size=20))
def test_a_camera_is_frozen_only_while_it_repeats_itself(runs):
    """Whatever came before: with a picture that was never seen, nothing is frozen for want of news."""
    stillness, now = Stillness(), 0.0
    for tone, length in runs:
        picture = np.full((180, 320), 100 + tone, np.uint8)
        for _ in range(length):
            now += 1.0
            since = stillness.update(picture, now)
            assert since is None or since <= now
    moved = np.full((180, 320), 200, np.uint8)
    assert stillness.update(moved, now + 1) is None
