"""Cars at the kerbs: their truth, who hides whom, and the one that comes and goes."""

from itertools import pairwise

import numpy as np
import pytest

from streamer.capture.street.layout import layout_of
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.parking import DRIVE_S, FIRST_IDENTITY, Parking
from streamer.capture.street.street import Street
from streamer.capture.street.truth import StreetTruth
from streamer.capture.street.view import view_of
from streamer.capture.street.walk import Crowd

SMALL = {"width": 480, "height": 270}


def cars(truth: StreetTruth) -> dict[int, np.ndarray]:
    mine = truth.labels == "car"
    return dict(zip(truth.identities[mine].tolist(), truth.boxes[mine], strict=True))


def test_a_parked_car_stands_still_under_one_identity() -> None:
    street = Street(StreetOptions(seed=1, people=4, parked=1, **SMALL))
    seen = [cars(street.truth(index)) for index in range(0, 300, 60)]
    assert all(one.keys() == {FIRST_IDENTITY} for one in seen)
    assert all(np.array_equal(one[FIRST_IDENTITY], seen[0][FIRST_IDENTITY]) for one in seen)


def test_the_box_is_round_the_pixels_that_a_car_changes() -> None:
    with_car = Street(StreetOptions(seed=4, people=0, parked=1, **SMALL)).frame(3)
    without = Street(StreetOptions(seed=4, people=0, **SMALL)).frame(3)
    [box] = with_car.truth.boxes.astype(int).tolist()
    changed = (np.abs(with_car.image.astype(int) - without.image) > 12).any(axis=2)
    upper = changed[: (box[1] + box[3]) // 2]
    rows, columns = upper.any(axis=1).nonzero()[0], upper.any(axis=0).nonzero()[0]
    assert abs(rows[0] - box[1]) <= 1
    assert columns[0] >= box[0] - 1
    assert columns[-1] <= box[2]
    assert changed[box[1] : box[3], box[0] : box[2]].mean() > 0.6


def test_people_hide_cars_and_cars_hide_people() -> None:
    street = Street(StreetOptions(seed=2, people=12, parked=6, **SMALL))
    truths = [street.truth(index) for index in range(0, 450, 15)]
    standing = np.concatenate([truth.visible[truth.labels == "car"] for truth in truths])
    assert standing.min() < 0.7
    assert standing.max() > 0.95
    free = Street(StreetOptions(seed=2, people=0, parked=6, **SMALL)).truth(0)
    most = dict(zip(free.identities.tolist(), free.visible.tolist(), strict=True))
    hidden_by_people = [
        most[identity] - share
        for truth in truths
        for identity, share in zip(truth.identities.tolist(), truth.visible.tolist(), strict=True)
        if identity >= FIRST_IDENTITY
    ]
    assert max(hidden_by_people) > 0.2
    behind = [
        share
        for truth in truths
        for box, label, share in zip(truth.boxes, truth.labels, truth.visible, strict=True)
        if label == "person" and box[0] > 5 and box[2] < 475
    ]
    assert min(behind) < 0.4


def test_nobody_walks_through_a_car() -> None:
    options = StreetOptions(seed=3, people=12, parked=6)
    view, layout = view_of(options), layout_of(options)
    parking = Parking(options, view, layout)
    people = Crowd(options, view, layout, parking.obstacles())
    places = [(walker.x_m, walker.z_m) for now in range(300) for walker in people.at(float(now))]
    for car in parking.at(0.0):
        half = car.look.style.length / 2, car.look.style.width / 2
        for x, z in places:
            assert abs(x - car.place.x_m) > half[0] or abs(z - car.place.z_m) > half[1]


def test_the_first_car_comes_and_goes() -> None:
    options = StreetOptions(seed=6, people=0, parked=2, parked_from=8, parked_until=20, **SMALL)
    street, fps = Street(options), int(options.fps)
    first, second = FIRST_IDENTITY, FIRST_IDENTITY + 1
    assert cars(street.truth(0)).keys() == {second}
    assert first in cars(street.truth(round((8 - 0.1 * DRIVE_S) * fps)))
    standing = [cars(street.truth(second_ * fps))[first] for second_ in (8, 12, 20)]
    np.testing.assert_array_equal(standing[0], standing[1])
    np.testing.assert_array_equal(standing[0], standing[2])
    assert not np.array_equal(cars(street.truth(21 * fps))[first], standing[0])
    assert cars(street.truth(26 * fps)).keys() == {second}


@pytest.mark.parametrize("seed", range(3))
def test_the_car_drives_evenly_in_and_out_of_the_picture(seed: int) -> None:
    options = StreetOptions(seed=seed, people=0, parked=1, parked_from=6, parked_until=10, **SMALL)
    parking = Parking(options, view_of(options), layout_of(options))
    places = [car.place for step in range(30, 500) for car in parking.at(step / 30)]
    steps = [np.hypot(b.x_m - a.x_m, b.z_m - a.z_m) for a, b in pairwise(places)]
    assert max(steps) < 0.6, "18 m/s at most"
    away = [number for number in range(2000) if parking.at(number / 30)]
    assert away == list(range(away[0], away[-1] + 1))
    street = Street(options)
    for at in (away[0] / 30, away[-1] / 30):
        assert len(street.truth(round(at * options.fps)).boxes) == 0, "it appears out of the picture"


def test_a_mirrored_street_is_the_same_flipped() -> None:
    plain = Street(StreetOptions(seed=2, people=5, parked=2, **SMALL)).frame(40)
    flipped = Street(StreetOptions(seed=2, people=5, parked=2, mirror=True, **SMALL)).frame(40)
    np.testing.assert_array_equal(flipped.image, plain.image[:, ::-1])
    np.testing.assert_array_equal(flipped.truth.identities, plain.truth.identities)
    np.testing.assert_array_equal(flipped.truth.boxes[:, 0], 480 - plain.truth.boxes[:, 2])
    np.testing.assert_array_equal(flipped.truth.boxes[:, 1], plain.truth.boxes[:, 1])


def test_the_truth_alone_is_that_of_the_picture() -> None:
    street = Street(StreetOptions(seed=2, people=5, parked=2, **SMALL))
    frame, truth = street.frame(33), street.truth(33)
    for name in ("boxes", "identities", "kinds", "visible", "labels"):
        np.testing.assert_array_equal(getattr(frame.truth, name), getattr(truth, name))
