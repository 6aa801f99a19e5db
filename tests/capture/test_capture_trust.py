"""The state machines that say which pictures and which times are believed, and which are decoded."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.capture.camera_clock import AGAIN_S, CameraClock
from streamer.capture.damage import Damage
from streamer.capture.keyframes import KEYS, KeyframesOnly
from streamer.frame import PTS_CLOCK_HZ

TOLERANCE_S = 2.0
NOON_S = 1.8e9
FRAME = PTS_CLOCK_HZ // 30


@pytest.mark.parametrize(
    ("offset_s", "clock"), [(0.0, "camera"), (-1.9, "camera"), (2.1, "host"), (-3600, "host")]
)
def test_a_clock_is_believed_within_the_tolerance(offset_s: float, clock: str) -> None:
    judged = CameraClock(TOLERANCE_S)
    taken = judged.time(NOON_S + offset_s, NOON_S, 0.0)
    assert taken.clock == clock
    assert taken.at_s == (NOON_S + offset_s if clock == "camera" else NOON_S)
    assert judged.offset_s == pytest.approx(offset_s)


def test_a_camera_without_a_clock_has_the_time_of_arrival() -> None:
    judged = CameraClock(TOLERANCE_S)
    assert judged.time(None, NOON_S, 0.0).clock == "host"
    assert judged.offset_s is None


def test_a_clock_that_is_set_right_is_believed_after_a_while() -> None:
    judged = CameraClock(TOLERANCE_S)
    clocks = [judged.time(NOON_S + n + (3600 if n < 5 else 0.1), NOON_S + n, n).clock for n in range(30)]
    assert clocks == ["host"] * (5 + round(AGAIN_S)) + ["camera"] * (25 - round(AGAIN_S))


def test_no_tolerance_believes_no_camera() -> None:
    assert CameraClock(0.0).time(NOON_S + 0.001, NOON_S, 0.0).clock == "host"


offsets = st.lists(
    st.one_of(st.floats(-2.5, 2.5), st.floats(1.5, 2.5), st.sampled_from([3600.0, -3600.0])), max_size=200
)


@given(offsets, st.floats(0.03, 3.0))
def test_clocks_dont_flap_and_time_doesnt_fall_back(offsets_s: list[float], step_s: float) -> None:
    judged = CameraClock(TOLERANCE_S)
    taken = []
    for number, offset_s in enumerate(offsets_s):
        now = number * step_s
        taken.append(judged.time(NOON_S + now + offset_s, NOON_S + now, now))
        assert abs(taken[-1].at_s - NOON_S - now) <= TOLERANCE_S + 1e-6, (
            "never off by more than the tolerance"
        )
        assert taken[-1].clock == "host" or abs(offset_s) <= TOLERANCE_S + 1e-6
    assert all(a.at_s <= b.at_s for a, b in itertools.pairwise(taken)), "no object ends before it came"
    returns = sum(a.clock == "host" and b.clock == "camera" for a, b in itertools.pairwise(taken))
    assert returns <= len(taken) * step_s / AGAIN_S


def test_a_host_clock_that_is_set_back_is_followed() -> None:
    judged = CameraClock(TOLERANCE_S)
    judged.time(None, NOON_S, 0.0)
    assert judged.time(None, NOON_S - 3600, 0.1).at_s == NOON_S - 3600


def test_pictures_are_hidden_from_a_loss_to_the_next_whole_key_frame() -> None:
    damage = Damage(30.0)
    hidden = []
    for number in range(30):
        damage.unit(number, keyframe=number % 10 == 0, damaged=number in (4, 20), now=number / 30)
        hidden.append(damage.hides(number, number / 30))
    assert [n for n, hides in enumerate(hidden) if hides] == [*range(4, 10), *range(20, 30)]


def test_pictures_from_before_the_key_frame_stay_hidden() -> None:
    damage = Damage(30.0)
    damage.unit(0, keyframe=True, damaged=True, now=0.0)
    damage.unit(90, keyframe=True, damaged=False, now=0.1)
    assert [pts for pts in (60, 75, 90, 105) if damage.hides(pts, 0.1)] == [60, 75]


def test_a_stream_without_whole_key_frames_is_shown_after_a_while() -> None:
    damage, shown = Damage(30.0), []
    for number in range(400):
        now = number / 10
        key = number % 50 == 0
        damage.unit(number, keyframe=key, damaged=False, now=now)
        # The decoder finds it spoilt.
        damage.unit(number, keyframe=key, damaged=key, now=now)
        shown.append(not damage.hides(number, now))
    assert shown == [number >= 300 for number in range(400)]


def test_it_is_hidden_again_after_a_whole_key_frame() -> None:
    damage = Damage(1.0)
    damage.unit(0, keyframe=False, damaged=True, now=0.0)
    damage.unit(1, keyframe=True, damaged=False, now=5.0)
    assert not damage.hides(1, 5.0)
    damage.unit(2, keyframe=False, damaged=True, now=5.1)
    assert damage.hides(2, 5.1)


units = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=80)


@given(units)
def test_whatever_is_shown_has_had_no_loss_since_its_key_frame(seen: list[tuple[bool, bool]]) -> None:
    damage, spoilt = Damage(1e9), False
    for pts, (keyframe, damaged) in enumerate(seen):
        damage.unit(pts, keyframe=keyframe, damaged=damaged, now=pts)
        spoilt = damaged or (spoilt and not keyframe)
        assert damage.hides(pts, pts) == spoilt


def left(gaps: list[int], fps: float) -> list[bool]:
    """Which units of a stream are left, given the pictures from key frame to key frame."""
    keyframes = KeyframesOnly(fps)
    keys = set(itertools.accumulate(gaps, initial=0))
    return [keyframes.suffice(n * FRAME, keyframe=n in keys) and n not in keys for n in range(sum(gaps) + 1)]


@pytest.mark.parametrize(("gop", "fps"), [(5, 5), (6, 5), (15, 2), (1, 30)])
def test_key_frames_suffice_where_they_come_as_often_as_pictures_are_due(gop: int, fps: float) -> None:
    seen = left([gop] * 20, fps)
    before = (KEYS - 1) * gop
    assert not any(seen[: before + 1])
    assert sum(seen[before + 1 :]) == (20 - KEYS + 1) * (gop - 1)


@pytest.mark.parametrize(("gop", "fps"), [(7, 5), (30, 5), (5, 0), (2, 30)])
def test_everything_is_decoded_where_they_do_not(gop: int, fps: float) -> None:
    assert not any(left([gop] * 20, fps))


def test_a_longer_interval_ends_it_at_once() -> None:
    seen = left([5] * 10 + [60] + [5] * 2, 5)
    assert all(seen[51:56]), "nothing is late yet"
    assert not any(seen[57:])


@given(st.lists(st.integers(1, 40), min_size=1, max_size=40), st.sampled_from([1.0, 2.0, 5.0, 10.0]))
def test_no_picture_is_left_that_is_later_than_due(gaps: list[int], fps: float) -> None:
    keys = list(itertools.accumulate(gaps, initial=0))
    for number, is_left in enumerate(left(gaps, fps)):
        if is_left:
            latest = max(key for key in keys if key <= number)
            assert (number - latest) * FRAME <= 1.1 * PTS_CLOCK_HZ / fps
