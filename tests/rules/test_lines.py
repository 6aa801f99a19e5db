"""Lines: every way across counts once, in its direction, at any rate; shaking on the line does not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scenery import Camera, Seen, at, detections, frame, on, walking

from streamer.config.scene import LineConfig
from streamer.rules.lines import Lines
from streamer.rules.seen import seen_in
from streamer.tracking.tracks import Tracks

UPRIGHT = {"from": [0.5, 0.1], "to": [0.5, 0.9]}
"""An arrow that points down: its left is the right of the picture."""


def line(**options: Any) -> dict[str, Any]:
    return {"lines": {"gate": {**UPRIGHT, **options}}}


def crossed(camera: Camera) -> list[str]:
    return [crossing.direction for crossing in camera.crossings]


@pytest.mark.parametrize("rate", [30, 5, 2])
@pytest.mark.parametrize("speed", [0.04, 0.1, 0.2])
def test_who_walks_across_is_counted_once(rate: float, speed: float) -> None:
    there, back = Camera(line()), Camera(line())
    there.watch(0.6 / speed, walking(0.2, speed), rate)
    back.watch(0.6 / speed, walking(0.8, -speed), rate)
    assert (crossed(there), crossed(back)) == (["out"], ["in"])
    (crossing,) = there.crossings
    assert (crossing.camera, crossing.line, crossing.label, crossing.track) == ("yard", "gate", "person", 1)
    seen_s = (crossing.at - at(0)).total_seconds()
    assert 0.3 / speed <= seen_s + 1e-6
    assert seen_s <= 0.3 / speed + 1 / rate + 1e-6


def test_the_left_of_an_arrow_to_the_right_is_above_it() -> None:
    camera = Camera({"lines": {"kerb": {"from": [0.2, 0.6], "to": [0.8, 0.6]}}})
    camera.watch(5, lambda time_s: [Seen(on(0.5, 0.4 + 0.08 * time_s))])
    assert crossed(camera) == ["in"]


def shaking(seed: int, x: float = 0.5) -> Callable[[float], list[Seen]]:
    rng = np.random.default_rng(seed)

    def scene(_: float) -> list[Seen]:
        dx, dy, dw, dh = rng.normal(0, 0.06, 4)
        return [Seen(on(x + 0.06 * dx, 0.6 + 0.25 * dy / 2, 0.06 * (1 + dw), 0.25 * (1 + dh / 2)))]

    return scene


@pytest.mark.parametrize("seed", range(4))
def test_who_stands_on_the_line_never_crosses_it(seed: int) -> None:
    for config in ({"gate": UPRIGHT}, {"gate": {"from": [0.2, 0.6], "to": [0.8, 0.6]}}):
        camera = Camera({"lines": config})
        camera.watch(60, shaking(seed), 10)
        assert crossed(camera) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_slow_shaking_walk_across_counts_once(seed: int) -> None:
    shake = shaking(seed, 0.0)

    def scene(time_s: float) -> list[Seen]:
        x1, y1, x2, y2 = shake(time_s)[0].box
        dx = (0.44 + 0.004 * time_s) * 1280
        return [Seen((x1 + dx, y1, x2 + dx, y2))]

    camera = Camera(line())
    camera.watch(30, scene, 10)
    assert crossed(camera) == ["out"]


def test_a_foot_that_jumps_across_for_one_frame_does_not_cross() -> None:
    def scene(time_s: float) -> list[Seen]:
        return [Seen(on(0.5, 0.75 if abs(time_s - 2) < 0.01 else 0.45, 0.06, 0.25))]

    camera = Camera({"lines": {"kerb": {"from": [0.2, 0.6], "to": [0.8, 0.6]}}, "track": {"lost_s": 4}})
    camera.watch(6, scene)
    assert crossed(camera) == []


def test_who_passes_beside_the_ends_of_the_line_does_not_cross_it() -> None:
    short = line(**{"from": [0.5, 0.1], "to": [0.5, 0.4]})
    camera = Camera(short)
    camera.watch(6, walking(0.2, 0.1, y=0.6))
    assert crossed(camera) == []
    camera = Camera(short)
    camera.watch(6, walking(0.2, 0.1, y=0.35))
    assert crossed(camera) == ["out"]


def test_round_the_end_and_back_across_is_one_crossing() -> None:
    def scene(time_s: float) -> list[Seen]:
        angle = 0.6 * time_s - 0.6
        return [Seen(on(0.5 + 0.15 * np.cos(angle), 0.4 + 0.2 * np.sin(angle)))]

    # From the right of the line's lower end round below it to its left, then up across it.
    camera = Camera({"lines": {"gate": {"from": [0.5, 0.1], "to": [0.5, 0.4]}}})
    camera.watch(9.5, scene)
    assert crossed(camera) == ["out"]


def test_a_crossing_while_nothing_was_seen_counts() -> None:
    hidden = walking(0.2, 0.1)
    camera = Camera(line())
    camera.watch(6, lambda time_s: [] if 2.5 < time_s < 3.5 else hidden(time_s))
    assert crossed(camera) == ["out"]


def test_who_disappears_just_behind_the_line_has_crossed_it() -> None:
    camera = Camera(line())
    for k in range(8):
        camera.see(k / 2, Seen(on(0.2 + 0.05 * k, 0.6)))
    assert crossed(camera) == []
    camera.close(4)
    assert crossed(camera) == ["out"]
    assert camera.crossings[0].at == at(3.5)


def test_there_and_back_is_two_crossings() -> None:
    camera = Camera(line())
    camera.watch(8, lambda time_s: [Seen(on(0.3 + 0.1 * min(time_s, 8 - time_s), 0.6))])
    assert crossed(camera) == ["out", "in"]


def test_a_line_counts_whom_it_is_for() -> None:
    def scene(time_s: float) -> list[Seen]:
        return [*walking(0.2, 0.1)(time_s), *walking(0.1, 0.1, 0.9, label="dog")(time_s)]

    for labels, expected in (([], ["dog", "person"]), (["dog"], ["dog"])):
        camera = Camera(line(labels=labels))
        camera.watch(8, scene)
        assert sorted(crossing.label for crossing in camera.crossings) == expected


def test_a_crossing_names_the_event_of_its_object() -> None:
    camera = Camera(line())
    camera.watch(6, walking(0.2, 0.1))
    assert camera.crossings[0].event == camera.events[0].id


def test_a_leap_across_that_came_back_round_the_end_is_forgotten() -> None:
    places = [(0.46, 0.36)] * 10 + [(0.52, 0.38), (0.52, 0.44)] + [(0.46, 0.44)] * 10
    places += [(0.46 + 0.01 * k, 0.5) for k in range(12)] + [(0.6, 0.5)] * 10
    # Without the tracker, which would make three people of such leaps.
    lines = Lines("yard", {"gate": LineConfig.model_validate({"from": [0.5, 0.1], "to": [0.5, 0.4]})})
    crossings = []
    for k, place in enumerate(places):
        found = detections([Seen(on(*place))])
        found.tracker_id = np.array([1])
        crossings += lines.update(seen_in(frame(k / 10), Tracks(k / 10, found, ())))
    assert crossings + lines.close() == []
