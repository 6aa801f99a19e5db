"""The order in which pictures are labelled: balanced, the unsure first, each thing once at the beginning."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.storage.looks import ALIKE_BITS, clusters, distance, look_at, look_of
from streamer.storage.teaching import teaching_order


@dataclass(frozen=True)
class Picture:
    id: str
    event: str
    camera: str = "gate"
    label: str = "person"
    suggestion: str | None = None
    margin: float | None = 0.5
    confidence: float = 0.5
    look: int | None = None


LOOKS = st.integers(-(2**63), 2**63 - 1)
PICTURES = st.lists(
    st.builds(
        Picture,
        id=st.integers(0, 10**9).map(str),
        event=st.sampled_from("abcdefgh"),
        camera=st.sampled_from(["gate", "yard", "lane"]),
        label=st.sampled_from(["person", "car"]),
        suggestion=st.none() | st.sampled_from(["courier", "post"]),
        margin=st.none() | st.floats(0, 1),
        confidence=st.floats(0, 1),
        look=st.none() | LOOKS,
    ),
    max_size=40,
    unique_by=lambda each: each.id,
)


@given(PICTURES, st.sets(LOOKS, max_size=3))
def test_each_picture_is_there_once(pictures: list[Picture], labelled: set[int]):
    order = teaching_order(pictures, labelled)
    assert sorted(order) == sorted(each.id for each in pictures)
    assert order == teaching_order(pictures, labelled)


@given(PICTURES)
def test_each_beginning_is_balanced_over_classes_and_cameras(pictures: list[Picture]):
    group = {each.id: (each.camera, each.suggestion or each.label) for each in pictures}
    left, taken = Counter(group.values()), Counter(dict.fromkeys(group.values(), 0))
    for each in teaching_order(pictures):
        assert taken[group[each]] == min(taken[other] for other in left if left[other] > 0)
        taken[group[each]] += 1
        left[group[each]] -= 1


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=20))
def test_the_unsure_come_first(mills: list[int]):
    margins = [each / 1000 for each in mills]
    pictures = [Picture(str(number), str(number), margin=margin) for number, margin in enumerate(margins)]
    order = [margins[int(each)] for each in teaching_order(pictures)]
    assert order == sorted(margins)


def test_objects_whose_pictures_disagree_come_first():
    said = {"a": ["person", "person"], "b": ["person", "courier"], "c": ["courier", "courier"]}
    pictures = [
        Picture(f"{event}{place}", event, label=label, margin=0.9)
        for event, labels in said.items()
        for place, label in enumerate(labels)
    ]
    assert teaching_order(pictures)[0] == "b0"
    assert teaching_order(pictures[::-1])[0] == "b1"


def test_what_looks_like_nothing_labelled_comes_first():
    known, fresh = 0x0123456789ABCDEF, ~0x0123456789ABCDEF
    pictures = [Picture("old", "1", look=known ^ 0b111), Picture("new", "2", look=fresh)]
    assert teaching_order(pictures, {known}) == ["new", "old"]
    assert teaching_order([*reversed(pictures)], {known}) == ["new", "old"]


def test_what_looks_alike_comes_once_before_it_comes_again():
    looks = [0, 1, 3, -1, -2, 0x5555555555555555]
    pictures = [
        Picture(str(number), str(number), look=look, margin=number / 100) for number, look in enumerate(looks)
    ]
    assert teaching_order(pictures) == ["0", "3", "5", "1", "4", "2"]


@given(st.lists(LOOKS | st.integers(0, 3), max_size=60))
def test_clusters_are_those_of_a_plain_loop(looks: list[int]):
    leaders: list[int] = []
    expected = []
    for look in looks:
        found = next((n for n, each in enumerate(leaders) if distance(each, look) <= ALIKE_BITS), None)
        expected.append(len(leaders) if found is None else found)
        if found is None:
            leaders.append(look)
    assert clusters(looks) == expected


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_a_picture_looks_alike_after_a_change_of_light_size_and_quality(seed: int):
    generator = np.random.default_rng(seed)
    small = generator.integers(0, 200, (6, 6, 3), np.uint8)
    image = np.asarray(cv2.resize(small, (96, 160), interpolation=cv2.INTER_CUBIC), np.uint8)
    brighter = np.asarray(cv2.convertScaleAbs(image, alpha=1.1, beta=10), np.uint8)
    other = np.asarray(cv2.resize(brighter, (70, 120)), np.uint8)
    jpeg = cv2.imencode(".jpg", other, (cv2.IMWRITE_JPEG_QUALITY, 80))[1].tobytes()
    seen = look_at(jpeg)
    assert seen is not None
    assert distance(seen, look_of(image)) <= ALIKE_BITS


def test_what_is_no_picture_has_no_look():
    assert look_at(b"") is None
    assert look_at(b"no picture") is None


def test_five_thousand_that_look_different_are_put_in_order():
    chance = random.Random(1)
    pictures = [
        Picture(str(number), str(number // 3), f"camera-{number % 16}", look=chance.getrandbits(64) - 2**63)
        for number in range(5000)
    ]
    assert len(teaching_order(pictures)) == 5000
