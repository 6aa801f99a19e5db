"""Totals: every interval of media time, and the last one however short."""

import random
from datetime import timedelta
from typing import Any

import pytest
from scenery import Camera, Seen, at, on, walking

from streamer.event import LineTotal, ZoneTotal

HALF = {"half": {"polygon": [[0.5, 0], [1, 0], [1, 1], [0.5, 1]]}}
GATE = {"gate": {"from": [0.5, 0.1], "to": [0.5, 0.9]}}


def test_nothing_is_counted_where_there_is_nothing_to_count() -> None:
    camera = Camera({"counts": {"interval": "1s"}})
    camera.watch(5, walking(0.2, 0.1))
    assert camera.counts == []


def test_each_interval_has_its_totals_and_the_end_the_rest() -> None:
    camera = Camera({"zones": HALF, "lines": GATE, "counts": {"interval": "2s"}})
    camera.watch(7, walking(0.3, 0.1))
    told = camera.counts
    assert [(each.since, each.until) for each in told] == [
        (at(0), at(2)), (at(2), at(4)), (at(4), at(6)), (at(6), at(7)),
    ]  # fmt: skip
    assert [each.lines for each in told] == [(), (LineTotal("gate", "person", 0, 1),), (), ()]
    # In the zone from 2.0 on.
    assert [each.zones for each in told] == [
        (),
        (ZoneTotal("half", "person", 1, 0, 1, pytest.approx(2.0)),),
        (ZoneTotal("half", "person", 0, 0, 1, pytest.approx(2.0)),),
        (ZoneTotal("half", "person", 0, 1, 0, pytest.approx(1.0)),),
    ]


def test_quiet_intervals_are_told_too_and_a_long_silence_is_one() -> None:
    camera = Camera({"lines": GATE, "counts": {"interval": "2s"}})
    for k in range(21):
        camera.see(k / 5)
    assert [(each.since, each.until) for each in camera.counts] == [(at(0), at(2)), (at(2), at(4))]
    camera.silence(30)
    camera.see(31.0)
    camera.see(32.0)
    assert [(each.since, each.until) for each in camera.counts[2:]] == [(at(4), at(30)), (at(30), at(32))]


def test_a_camera_that_never_saw_anything_has_no_totals() -> None:
    camera = Camera({"lines": GATE})
    assert camera.close(5) == []


@pytest.mark.parametrize("seed", range(6))
def test_all_intervals_together_are_the_truth(seed: int) -> None:
    chance = random.Random(seed)
    people = [
        (chance.uniform(0, 8), chance.uniform(0.05, 0.95), chance.uniform(-0.12, 0.12), 0.3 + 0.3 * n)
        for n in range(3)
    ]

    def scene(time_s: float) -> list[Seen]:
        return [
            Seen(on(x + speed * (time_s - begin), y))
            for begin, x, speed, y in people
            if begin <= time_s < begin + 9 and abs(time_s - begin - 4) > 0.5
        ]

    options: dict[str, Any] = {"zones": HALF, "lines": GATE}
    camera = Camera({**options, "counts": {"interval": "1.7s"}})
    camera.watch(20, scene)
    stays = [each for each in camera.zones if each.change == "left"]
    zones = [total for each in camera.counts for total in each.zones]
    assert sum(each.seconds for each in zones) == pytest.approx(sum(each.seconds for each in stays))
    assert sum(each.left for each in zones) == sum(each.entered for each in zones) == len(stays)
    lines = [total for each in camera.counts for total in each.lines]
    assert sum(each.crossed_in + each.crossed_out for each in lines) == len(camera.crossings)
    assert all(each.occupancy >= 0 and each.seconds >= 0 for each in zones)
    assert all(each.until - each.since <= timedelta(seconds=1.91) for each in camera.counts)
