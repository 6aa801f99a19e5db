"""A vehicle that is called a car and a truck by turns is one event, whose label is voted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import Seen, standing
from watching import Camera

from streamer.tracking.vote import Vote

RATES = pytest.mark.parametrize("rate", [30, 5, 2])
BOX = standing(600, 400, 260, 140)


def vehicle(label: str, confidence: float = 0.8) -> Seen:
    return Seen(BOX, confidence, label)


@RATES
def test_a_flicker_between_car_and_truck_is_one_event(rate: float) -> None:
    camera, rng = Camera(), np.random.default_rng(5)
    for step in range(round(20 * rate)):
        camera.see(step / rate, vehicle("car" if rng.random() < 0.6 else "truck"))
    camera.watch(camera.time_s + 5, Seen(standing(100)), rate=rate)
    camera.stop()
    car = [event for event in camera.told if event.track == 1]
    assert [event.phase for event in car if event.phase != "update"] == ["start"]
    assert car[-1].label == "car"


def test_a_person_is_never_a_vehicle() -> None:
    camera = Camera()
    for step in range(30):
        camera.see(step / 5, Seen(BOX, 0.9, ("car", "person")[step % 2]))
    assert all(event.label == "car" for event in camera.told if event.track == 1)
    assert len({event.track for event in camera.told}) == len({event.label for event in camera.told})


def test_two_names_for_one_box_are_one_object() -> None:
    """Suppression works class by class, so that a detector may report both."""
    camera = Camera()
    assert camera.watch(5.0, vehicle("car"), vehicle("truck", 0.7)) == [1, -1]
    assert camera.watch(6.0, vehicle("truck", 0.9), vehicle("car")) == [1, -1]
    assert camera.phases == [("yard-1", "start")]


def test_a_car_before_a_truck_is_another_object() -> None:
    camera = Camera()
    truck = Seen(standing(600, 380, 420, 300), label="truck")
    assert sorted(camera.watch(5.0, vehicle("car"), truck)) == [1, 2]


def test_a_changed_vote_is_told_once_with_the_picture_that_there_was() -> None:
    camera = Camera()
    camera.watch(4.0, vehicle("truck"))
    camera.watch(20.0, vehicle("car"))
    (start, update) = camera.told
    assert (start.label, start.pictured) == ("truck", True)
    assert (update.phase, update.label, update.pictured) == ("update", "car", False)
    assert update.box == start.box


def test_the_final_vote_stands_at_the_end() -> None:
    camera = Camera()
    for step in range(41):
        camera.see(step / 5, vehicle("truck" if step < 19 else "car"))
    assert [event.label for event in camera.told] == ["truck"]
    camera.watch(21.0)
    assert camera.told[-1].phase == "end"
    assert camera.told[-1].label == "car"


def test_sure_sightings_count_more() -> None:
    vote = Vote()
    for _ in range(3):
        vote.add("truck", 0.3)
    vote.add("car", 0.95)
    assert vote.winner() == "car"


@given(st.lists(st.tuples(st.sampled_from(["car", "truck", "bus"]), st.floats(0.1, 1.0)), min_size=1))
def test_the_told_label_follows_the_vote_and_changes_rarely(seen: list[tuple[str, float]]) -> None:
    vote, told, changes = Vote(), seen[0][0], 0
    for label, confidence in seen:
        vote.add(label, confidence)
        now = vote.revised(told)
        changes += now != told
        told = now
        sums = vote.sums
        assert sums.get(told, 0.0) * 1.25 >= max(sums.values()) - 1e-9
    # From change to change the winner's votes grow by a quarter.
    assert 1.25**changes <= 1.25 * max(1.0, sum(vote.sums.values()) / 0.1)
