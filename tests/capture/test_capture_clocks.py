"""The state machines of capture, without a clock: media time, what is due, back-off."""

import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.capture.backoff import Backoff, BackoffLimits
from streamer.capture.clock import MediaClock, Playhead, Rate
from streamer.frame import PTS_CLOCK_HZ

FRAME = PTS_CLOCK_HZ // 25


def test_media_time_starts_at_zero_and_keeps_distances() -> None:
    clock = MediaClock()
    assert [clock.tick(5000 + n * FRAME, n / 25) for n in range(3)] == [0, FRAME, 2 * FRAME]


def test_media_time_goes_on_by_wall_time_after_a_reconnect() -> None:
    clock = MediaClock()
    clock.tick(0, 100.0)
    clock.tick(FRAME, 100.04)
    clock.restart()
    assert clock.tick(777_777, 107.04) == FRAME + 7 * PTS_CLOCK_HZ
    assert clock.tick(777_777 + FRAME, 107.08) == 2 * FRAME + 7 * PTS_CLOCK_HZ


def test_media_time_goes_on_by_one_picture_after_a_loop() -> None:
    clock = MediaClock()
    clock.tick(0, 0.0)
    clock.tick(FRAME, 0.04)
    clock.repeat()
    assert FRAME < clock.tick(0, 0.041) <= 2 * FRAME


def test_b_frames_keep_their_order() -> None:
    clock = MediaClock()
    decoding_order = [0, 3, 1, 2, 6, 4, 5]
    assert [clock.tick(n * FRAME, i / 25) for i, n in enumerate(decoding_order)] == [
        n * FRAME for n in decoding_order
    ]


@pytest.mark.parametrize("jump_s", [-3600, -2, 11, 3600, 95_443])
def test_a_jump_of_timestamps_is_bridged(jump_s: int) -> None:
    clock = MediaClock()
    clock.tick(4_000 * PTS_CLOCK_HZ, 10.0)
    assert clock.tick((4_000 + jump_s) * PTS_CLOCK_HZ, 10.04) == FRAME


def test_units_without_timestamps_get_their_time_of_arrival() -> None:
    clock = MediaClock()
    assert [clock.tick(None, now) for now in (5.0, 5.04, 5.5)] == [0, FRAME, PTS_CLOCK_HZ // 2]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["unit", "restart", "repeat"]), st.integers(-(2**33), 2**33), st.floats(0, 50)
        ),
        max_size=60,
    )
)
def test_media_time_never_falls_back_by_more_than_a_reordering(steps: list[tuple[str, int, float]]) -> None:
    clock, now, latest = MediaClock(), 0.0, 0
    for kind, ticks, later_s in steps:
        now += later_s
        if kind == "restart":
            clock.restart()
        elif kind == "repeat":
            clock.repeat()
        else:
            tick = clock.tick(ticks, now)
            assert tick >= latest - PTS_CLOCK_HZ
            latest = max(latest, tick)


@pytest.mark.parametrize(
    ("stream", "wanted"), [(30, 5), (25, 10), (15, 5), (29.97, 5), (10, 10), (30, 30), (5, 10)]
)
def test_rate_keeps_its_average(stream: float, wanted: float) -> None:
    rate = Rate(wanted)
    seconds = 60
    taken = [n for n in range(round(seconds * stream)) if rate.due(round(n * PTS_CLOCK_HZ / stream))]
    assert taken[0] == 0
    assert len(taken) / seconds == pytest.approx(min(stream, wanted), abs=0.1)
    gaps = {b - a for a, b in itertools.pairwise(taken)}
    assert max(gaps) - min(gaps) <= 1


def test_rate_bears_jitter() -> None:
    rate, random = Rate(5), Random(0)
    times = [round((n / 15 + random.uniform(-0.005, 0.005)) * PTS_CLOCK_HZ) for n in range(300)]
    assert [n for n, pts in enumerate(times) if rate.due(pts)] == list(range(0, 300, 3))


def test_rate_doesnt_catch_up_after_a_pause() -> None:
    rate = Rate(5)
    assert rate.due(0)
    assert [rate.due(60 * PTS_CLOCK_HZ + n * FRAME) for n in range(6)] == [
        True,
        False,
        False,
        False,
        False,
        True,
    ]


def test_zero_takes_every_picture() -> None:
    rate = Rate(0)
    assert all(rate.due(pts) for pts in (0, 0, 1, 2))


def test_playhead_holds_a_recording_back_to_its_rate() -> None:
    playhead = Playhead()
    assert playhead.wait_s(0, 50.0) == 0
    assert playhead.wait_s(PTS_CLOCK_HZ, 50.25) == pytest.approx(0.75)
    assert playhead.wait_s(PTS_CLOCK_HZ * 2, 52.5) == 0, "half a second behind: it catches up"
    assert playhead.wait_s(PTS_CLOCK_HZ * 3, 70.0) == 0, "far behind: it goes on from here"
    assert playhead.wait_s(PTS_CLOCK_HZ * 4, 70.0) == pytest.approx(1.0)


def test_backoff_doubles_up_to_its_bound() -> None:
    backoff = Backoff(BackoffLimits(first_s=0.5, longest_s=15, factor=2, jitter=0), Random(0))
    assert [backoff.failed(float(n)) for n in range(8)] == [0.5, 1, 2, 4, 8, 15, 15, 15]


def test_backoff_begins_anew_after_a_good_connection_only() -> None:
    backoff = Backoff(BackoffLimits(first_s=1, longest_s=8, factor=2, jitter=0, settled_s=5), Random(0))
    assert [backoff.failed(0), backoff.failed(1)] == [1, 2]
    backoff.live(2.0)
    assert backoff.failed(3.0) == 4, "it was live for a second"
    backoff.live(10.0)
    assert backoff.failed(15.0) == 1


@given(st.integers(0, 2**32), st.integers(1, 2000))
def test_backoff_is_bounded_and_jittered_for_ever(seed: int, failures: int) -> None:
    limits = BackoffLimits()
    backoff = Backoff(limits, Random(seed))
    delays = [backoff.failed(0.0) for _ in range(failures)]
    assert all(limits.first_s * (1 - limits.jitter) <= delay <= limits.longest_s for delay in delays)
    assert len(set(delays)) == len(delays), "cameras of one dead switch must not come back in step"
