"""What a zone asks of an object is told, with its value and its limit: of what it counts and of what not."""

from __future__ import annotations

from typing import Any

import pytest
from scenery import Camera, Seen, on

from streamer.event import Ruling
from streamer.publish.explained import line

ALL = [[0, 0], [1, 0], [1, 1], [0, 1]]
RIGHT = [[0.6, 0], [1, 0], [1, 1], [0.6, 1]]
HERE = on(0.7, 0.6)
"""0.015 of the picture, 0.427 times as wide as high."""


def zone(name: str = "porch", **options: Any) -> dict[str, Any]:
    return {"zones": {name: {"polygon": RIGHT, "inertia": 0, **options}}}


def told(options: dict[str, Any], *seen: Seen, seconds: float = 2.0) -> list[str]:
    """What a zone's labels and filters say of what stands there, in the words of the explanation."""
    camera = Camera(options, explain=True)
    camera.watch(seconds, lambda _: seen)
    lines = [text for each in camera.told if (text := line(each)) is not None]
    return [text for text in lines if "zones." in text]


@pytest.mark.parametrize(
    ("options", "seen", "ruling"),
    [
        ({"min_area": 0.1}, Seen(HERE), "filters.min_area: 0.015, expected at least 0.1"),
        ({"max_area": 0.01}, Seen(HERE), "filters.max_area: 0.015, expected at most 0.01"),
        ({"min_ratio": 1}, Seen(HERE), "filters.min_ratio: 0.427, expected at least 1"),
        ({"max_ratio": 0.1}, Seen(HERE), "filters.max_ratio: 0.427, expected at most 0.1"),
        ({"min_confidence": 0.7}, Seen(HERE, 0.6), "filters.min_confidence: 0.6, expected at least 0.7"),
        ({"threshold": 0.7}, Seen(HERE, 0.6), "filters.threshold: 0.6, expected at least 0.7"),
    ],
)
def test_what_a_zone_does_not_count_is_told_once_with_value_and_limit(
    options: dict[str, Any], seen: Seen, ruling: str
) -> None:
    (text,) = told(zone(filters={"person": options}), seen)
    assert text.startswith("person, track 1 at ")
    assert text.endswith(f": dropped by zones.porch.{ruling}")


def test_a_label_that_a_zone_does_not_count_is_told() -> None:
    (text,) = told(zone(labels=["car", "dog"]), Seen(HERE))
    assert text.endswith("dropped by zones.porch.labels: person, expected car or dog")


def test_what_is_not_in_a_zone_is_not_told_of_it() -> None:
    assert told(zone(filters={"*": {"min_area": 0.1}}), Seen(on(0.3, 0.6))) == []


def test_what_a_zone_counts_is_told_with_what_let_it_in() -> None:
    texts = told(zone(labels="person", filters={"*": {"min_area": 0.01, "threshold": 0.5}}), Seen(HERE))
    assert texts == [
        "person, track 1: entered zone porch: zones.porch.labels: person; "
        "zones.porch.filters.min_area: 0.015 (at least 0.01); "
        "zones.porch.filters.threshold: 0.9 (at least 0.5)"
    ]
    assert told(zone(), Seen(HERE)) == []


def test_it_is_told_again_when_the_answer_changes() -> None:
    camera = Camera(zone(filters={"*": {"min_confidence": 0.7}}), explain=True)
    confidences = [0.6, 0.6, 0.6, 0.9, 0.9, 0.6, 0.6]
    for k, confidence in enumerate(confidences):
        camera.see(k / 5, Seen(HERE, confidence))
    kept_out = [each for each in camera.decisions if each.rulings[0].rule.startswith("zones.")]
    assert len(kept_out) == 2
    (entered, left) = camera.zones
    assert [each.rule for each in entered.rules] == ["zones.porch.filters.min_confidence"]
    assert left.rules == ()


def test_an_event_names_the_filters_that_let_it_start() -> None:
    rules = {"min_area": 0.01, "max_ratio": 1, "min_confidence": 0.3, "required_zones": ["porch"]}
    options = {**zone(filters={"person": {"max_area": 0.5}}), "filters": {"person": rules}}
    camera = Camera(options)
    camera.watch(2, lambda _: [Seen(HERE)])
    said = {each.rule: each for each in camera.events[0].rules}
    assert list(said) == [
        "confirm_hits", "confirm_s", "threshold", "min_area", "max_ratio", "min_confidence",
        "zones.porch.filters.max_area", "required_zones",
    ]  # fmt: skip
    assert said["min_area"] == Ruling("min_area", True, pytest.approx(0.015, rel=0.1), 0.01)
    assert said["min_confidence"] == Ruling("min_confidence", True, pytest.approx(0.9), 0.3)
    assert said["zones.porch.filters.max_area"].limit == 0.5


def ends(camera: Camera) -> list[str | None]:
    return [each.reason for each in camera.events if each.phase == "end"]


def test_the_end_of_an_event_says_why() -> None:
    camera = Camera()
    for k in range(10):
        camera.see(k / 5, Seen(on(0.5, 0.6)), Seen(on(0.97, 0.6)))
    for k in range(10, 25):
        camera.see(k / 5)
    unseen = "not seen for 2.2 s"
    assert sorted(filter(None, ends(camera))) == [f"left the picture, {unseen}", unseen]
    camera = Camera()
    camera.watch(2, lambda _: [Seen(HERE)])
    assert ends(camera) == ["the source ended"]
    (end,) = (each for each in camera.events if each.phase == "end")
    assert line(end) == "person, track 1: event ended: the source ended"
    assert all(each.reason is None for each in camera.events if each.phase != "end")


def test_another_name_of_what_is_followed_is_no_object_that_waits() -> None:
    camera, box = Camera(explain=True), on(0.5, 0.6, 0.3, 0.2)
    camera.watch(2, lambda _: [Seen(box, 0.9, "car"), Seen(box, 0.7, "truck")])
    trucks = [each for each in camera.decisions if each.label == "truck"]
    assert {each.outcome for each in trucks} == {"dropped"}
    assert {line(each) for each in trucks} == {
        "truck at 448,288,832,432: dropped by track: a part or another name of what is followed, "
        "expected an object of its own"
    }
