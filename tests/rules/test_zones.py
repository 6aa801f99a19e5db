"""Zones: entered, loitering, left, by the zone's own inertia; nothing twice, nothing of a flicker."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from scenery import Camera, Seen, at, on, walking

RIGHT_HALF = [[0.5, 0], [1, 0], [1, 1], [0.5, 1]]


def told(camera: Camera) -> list[tuple[str, str]]:
    return [(event.zone, event.change) for event in camera.zones]


def zone(**options: Any) -> dict[str, Any]:
    return {"zones": {"porch": {"polygon": RIGHT_HALF, **options}}}


@pytest.mark.parametrize("rate", [30, 5, 2])
def test_a_visit_is_entered_once_and_left_once(rate: float) -> None:
    def scene(time_s: float) -> list[Seen]:
        return [Seen(on(0.45 if time_s < 2 or time_s >= 6 else 0.55, 0.6, 0.4, 0.5))]

    camera = Camera(zone())
    camera.watch(9, scene, rate)
    assert told(camera) == [("porch", "entered"), ("porch", "left")]
    entered, left = camera.zones
    assert (entered.at, entered.seconds) == (at(2), 0.0)
    assert left.at == at(6)
    assert left.seconds == pytest.approx(4.0)
    assert (entered.camera, entered.label, entered.track) == ("yard", "person", 1)


@pytest.mark.parametrize("inertia", ["0s", "0.3s", "1s"])
def test_the_inertia_is_the_zones_own(inertia: str) -> None:
    camera = Camera(zone(inertia=inertia))
    first = None
    for k in range(40):
        box = on(0.45 if k < 10 else 0.55, 0.6, 0.4, 0.5)
        if any(getattr(each, "change", None) == "entered" for each in camera.see(k / 10, Seen(box))):
            first = first or k / 10
    assert first == pytest.approx(1.0 + float(inertia[:-1]))
    assert camera.zones[0].at == at(1.0)


def flickering(shown: Sequence[bool]) -> Callable[[float], list[Seen]]:
    return lambda time_s: [Seen(on(0.52 if shown[round(time_s * 10)] else 0.48, 0.6, 0.2, 0.5))]


def test_a_flicker_at_the_border_changes_nothing() -> None:
    out_and_in = [k % 10 in (0, 1, 2) for k in range(101)]
    camera = Camera(zone(inertia="0.5s"))
    camera.watch(10, flickering(out_and_in), 10)
    assert told(camera) == []
    camera = Camera(zone(inertia="0.5s"))
    camera.watch(10, flickering([not each for each in out_and_in]), 10)
    assert told(camera) == [("porch", "entered"), ("porch", "left")]
    eager = Camera(zone(inertia="0s"))
    eager.watch(10, flickering(out_and_in), 10)
    assert len(told(eager)) > 10


def test_loitering_is_told_once_a_stay() -> None:
    def scene(time_s: float) -> list[Seen]:
        return [Seen(on(0.45 if 8 <= time_s < 10 else 0.55, 0.6, 0.4, 0.5))]

    camera = Camera(zone(loiter="3s"))
    camera.watch(16, scene)
    visit = [("porch", "entered"), ("porch", "loitering"), ("porch", "left")]
    assert told(camera) == visit * 2
    loitering = camera.zones[1]
    assert loitering.seconds == pytest.approx(3.0, abs=0.2)
    assert loitering.at == camera.zones[0].at + (at(loitering.seconds) - at(0))
    brief = Camera(zone(loiter="30s"))
    brief.watch(16, scene)
    assert told(brief) == [("porch", "entered"), ("porch", "left")] * 2


def test_a_track_that_ends_inside_leaves_when_it_was_last_seen() -> None:
    camera = Camera(zone())
    for k in range(21):
        camera.see(k / 5, Seen(on(0.7, 0.6)))
    assert told(camera) == [("porch", "entered")]
    for k in range(21, 60):
        camera.see(k / 5)
    assert told(camera) == [("porch", "entered"), ("porch", "left")]
    assert camera.zones[-1].at == at(4.0)
    assert camera.zones[-1].seconds == pytest.approx(4.0 - 0.2)


def test_a_silent_camera_lets_everybody_leave() -> None:
    camera = Camera(zone())
    for k in range(21):
        camera.see(k / 5, Seen(on(0.7, 0.6)))
    camera.silence(5.0)
    assert told(camera) == [("porch", "entered")]
    camera.silence(9.0)
    assert told(camera)[-1] == ("porch", "left")
    assert camera.zones[-1].event == camera.events[0].id
    assert camera.close(10.0)[-1].since == at(0.0)


def test_who_is_hidden_inside_has_not_left() -> None:
    camera = Camera(zone())
    camera.watch(8, lambda time_s: [] if 3 <= time_s < 4.5 else [Seen(on(0.7, 0.6))])
    assert told(camera) == [("porch", "entered"), ("porch", "left")]


@pytest.mark.parametrize(
    ("options", "entered"),
    [
        ({}, ["car", "person"]),
        ({"labels": ["car"]}, ["car"]),
        ({"filters": {"person": {"min_area": 0.1}}}, ["car"]),
        ({"filters": {"*": {"max_area": 0.03}}}, ["person"]),
        ({"filters": {"car": {"min_confidence": 0.95}}}, ["person"]),
        ({"filters": {"car": {"threshold": 0.95}}}, ["person"]),
        ({"filters": {"car": {"max_ratio": 1.0}}}, ["person"]),
    ],
)
def test_a_zone_counts_whom_it_is_for(options: dict[str, Any], entered: list[str]) -> None:
    def scene(_: float) -> list[Seen]:
        return [Seen(on(0.7, 0.6)), Seen(on(0.8, 0.95, 0.3, 0.25), label="car")]

    camera = Camera(zone(**options))
    camera.watch(3, scene)
    assert sorted(event.label for event in camera.zones if event.change == "entered") == entered


def test_a_zones_threshold_is_a_median_over_the_track() -> None:
    confidences = [0.6] * 20 + [0.9] * 40
    camera = Camera(zone(filters={"*": {"threshold": 0.8}}))
    camera.watch(11, lambda time_s: [Seen(on(0.7, 0.6), confidences[round(time_s * 5)])])
    # One of each more than half of the sightings: 20 weak ones, and 20 sure ones after them.
    assert camera.zones[0].at >= at(7.6)


def test_zones_in_each_other_are_entered_in_their_order() -> None:
    zones = {
        "yard": {"polygon": [[0.3, 0], [1, 0], [1, 1], [0.3, 1]]},
        "door": {"polygon": [[0.6, 0], [1, 0], [1, 1], [0.6, 1]]},
        "roof": {"polygon": [[0, 0], [1, 0], [1, 0.2], [0, 0.2]]},
    }
    camera = Camera({"zones": zones})
    camera.watch(8, walking(0.1, 0.1))
    assert [event.zone for event in camera.zones if event.change == "entered"] == ["yard", "door"]
    (end,) = [event for event in camera.events if event.phase == "end"]
    assert end.zones == ("yard", "door")
    (start,) = [event for event in camera.events if event.phase == "start"]
    assert start.zones == ()
    assert {event.event for event in camera.zones if event.at > at(2)} == {end.id}


def test_the_end_of_an_event_comes_after_its_object_has_left() -> None:
    camera = Camera(zone())
    camera.watch(5, walking(0.6, 0.01))
    kinds = [getattr(each, "change", None) or getattr(each, "phase", None) for each in camera.told]
    assert kinds == ["start", "entered", "left", "end", None]
    assert all(first is not second for first, second in pairwise(kinds))
    assert camera.zones[-1].event == camera.events[-1].id
