"""Which boxes are followed at all: each rule changes what happens."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenery import Camera, Seen, configured, detections, frame, on, started, walking

from streamer.rules.boxes import BoxRules

LEFT_HALF = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]
SMALL = Seen(on(0.5, 0.6, 0.02, 0.08))
LARGE = Seen(on(0.5, 0.95, 0.4, 0.9))
WIDE = Seen(on(0.5, 0.6, 0.4, 0.1))
NARROW = Seen(on(0.5, 0.6, 0.02, 0.5))


@pytest.mark.parametrize(
    ("rule", "dropped"),
    [
        ({"min_area": 0.01}, SMALL),
        ({"max_area": 0.2}, LARGE),
        ({"max_ratio": 3.0}, WIDE),
        ({"min_ratio": 0.2}, NARROW),
    ],
)
def test_a_filter_by_shape_leaves_out_what_does_not_fit(rule: dict[str, float], dropped: Seen) -> None:
    kept = Seen(on(0.2, 0.6))
    overridden = {"*": rule, "person": {}}
    for filters, expected in (({}, 2), ({"person": rule}, 1), ({"*": rule}, 1), (overridden, 2)):
        camera = Camera({"filters": filters})
        camera.watch(3, lambda _: [kept, dropped])
        assert len(started(camera)) == expected, filters


def test_limits_themselves_fit() -> None:
    square = Seen((0.0, 0.0, 128.0, 72.0))
    rule = {"min_area": 0.01, "max_area": 0.01, "min_ratio": 128 / 72, "max_ratio": 128 / 72}
    camera = Camera({"filters": {"*": rule}})
    camera.see(0.0, square)
    assert len(camera.published[0]) == 1


@pytest.mark.parametrize(
    ("labels", "expected"), [([], ["dog"]), (["person"], ["dog", "dog"]), (["dog"], ["dog", "person"])]
)
def test_a_mask_hides_those_whose_feet_are_in_it(labels: list[str], expected: list[str]) -> None:
    def scene(_: float) -> list[Seen]:
        dogs = [Seen(on(x, 0.9), label="dog") for x in (0.3, 0.7)]
        return [Seen(on(0.3, 0.6)), *dogs]

    camera = Camera({"masks": [{"polygon": LEFT_HALF, "labels": labels}]})
    camera.watch(3, scene)
    assert sorted(started(camera)) == expected
    bare = Camera()
    bare.watch(3, scene)
    assert sorted(started(bare)) == ["dog", "dog", "person"]


def test_a_mask_looks_at_the_feet_alone() -> None:
    masked = {"masks": [{"polygon": [[0, 0], [1, 0], [1, 0.5], [0, 0.5]]}]}
    camera = Camera(masked)
    camera.watch(3, lambda _: [Seen(on(0.5, 0.52, 0.05, 0.5))])
    assert started(camera) == ["person"]


def test_merged_labels_are_one_from_the_start() -> None:
    def scene(time_s: float) -> list[Seen]:
        return [Seen(on(0.5, 0.6, 0.2, 0.2), label="car" if round(time_s * 5) % 2 else "truck")]

    options = {
        "labels": {"truck": "car"},
        "detect": {"labels": ["car"], "min_confidence": 0.25},
        "filters": {"car": {"max_area": 0.5}},
    }
    camera = Camera(options)
    camera.watch(4, scene)
    assert started(camera) == ["car"]
    assert {label for shown in camera.published for label, _, _ in shown} == {"car"}
    bare = Camera()
    bare.watch(4, scene)
    assert {label for shown in bare.published for label, _, _ in shown} == {"car", "truck"}


def test_a_name_that_is_longer_than_all_others_is_whole() -> None:
    camera = Camera({"labels": {"truck": "heavy goods vehicle"}})
    camera.see(0.0, Seen(on(0.5, 0.6), label="truck"))
    assert camera.published[0][0][0] == "heavy goods vehicle"


def test_a_label_has_its_own_least_confidence() -> None:
    def scene(_: float) -> list[Seen]:
        return [Seen(on(0.2, 0.6), 0.55), Seen(on(0.8, 0.6), 0.55, "dog")]

    camera = Camera({"filters": {"dog": {"min_confidence": 0.6, "threshold": 0.1}}})
    camera.watch(3, scene)
    assert started(camera) == ["person"]
    assert {label for shown in camera.published for label, _, _ in shown} == {"person"}
    lax = {"filters": {"dog": {"min_confidence": 0.3}}, "detect": {"min_confidence": 0.6}}
    camera = Camera(lax)
    camera.watch(3, scene)
    assert started(camera) == ["dog"]


def test_a_weak_box_still_continues_a_track_of_its_label() -> None:
    camera = Camera({"filters": {"person": {"min_confidence": 0.6}}, "events": {"threshold": 0.3}})
    for k, confidence in enumerate([0.8, 0.8, 0.8, 0.8, 0.3, 0.3, 0.3, 0.3, 0.8, 0.8]):
        camera.see(k / 5, Seen(on(0.5, 0.6), confidence))
    assert len(started(camera)) == 1
    assert [len(shown) for shown in camera.published] == [1, 1, 1, 1, 0, 0, 0, 0, 1, 1]
    assert {track for shown in camera.published[1:] for _, _, track in shown} == {1}


def test_without_rules_the_detections_are_not_even_copied() -> None:
    rules = BoxRules(configured().cameras["yard"])
    found = detections([SMALL, LARGE])
    assert rules.select(found, (1280, 720)) is found


def test_an_empty_frame_is_an_empty_frame() -> None:
    options: dict[str, Any] = {
        "masks": [{"polygon": LEFT_HALF}],
        "labels": {"truck": "car"},
        "filters": {"*": {"min_area": 0.1, "min_confidence": 0.4}},
    }
    camera = Camera(options, explain=True)
    camera.see(0.0)
    assert camera.published == [[]]
    camera.see(0.2, SMALL)
    assert camera.published[1] == []


shares = st.floats(0.01, 0.99)


@settings(max_examples=60, deadline=None)
@given(
    boxes=st.lists(st.tuples(shares, shares, shares, shares, st.sampled_from(["person", "dog"])), max_size=8),
    limits=st.tuples(shares, shares),
    ratios=st.tuples(st.floats(0.05, 5), st.floats(0.05, 5)),
)
def test_all_that_passes_fits_and_all_that_fits_passes(
    boxes: list[tuple[float, float, float, float, str]],
    limits: tuple[float, float],
    ratios: tuple[float, float],
) -> None:
    (least, most), (thin, flat) = sorted(limits), sorted(ratios)
    rule = {"min_area": least, "max_area": most, "min_ratio": thin, "max_ratio": flat}
    camera = configured(filters={"dog": rule}, masks=[{"polygon": LEFT_HALF, "labels": ["dog"]}])
    rules = BoxRules(camera.cameras["yard"])
    seen = [Seen(on(x, y, width, height), label=label) for x, y, width, height, label in boxes]
    selected = rules.select(detections(seen), (1280, 720))
    expected = []
    for each in seen:
        x1, y1, x2, y2 = (float(np.float32(edge)) for edge in each.box)
        area, ratio = (x2 - x1) * (y2 - y1) / (1280 * 720), (x2 - x1) / (y2 - y1)
        fits = least <= area <= most and thin <= ratio <= flat and (x1 + x2) / 2 > 640
        if each.label == "person" or fits:
            expected.append(each.label)
    assert selected.data["class_name"].tolist() == expected


def test_the_scale_of_the_picture_does_not_matter() -> None:
    rules = BoxRules(configured(masks=[{"polygon": LEFT_HALF}]).cameras["yard"])
    found = detections([Seen(on(0.3, 0.6)), Seen(on(0.7, 0.6))])
    found.xyxy /= 4
    assert len(rules.select(found, (320, 180))) == 1


def test_who_walks_out_of_a_mask_is_followed_from_there() -> None:
    camera = Camera({"masks": [{"polygon": LEFT_HALF}]})
    camera.watch(8, walking(0.2, 0.1))
    (start,) = [event for event in camera.events if event.phase == "start"]
    assert start.started_at > frame(2.9).captured_at
