"""Night, rain and crowds: what they change in the picture, and that the truth stays as it was."""

import numpy as np
import pytest

from streamer.capture.street.layout import layout_of
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street, StreetFrame
from streamer.capture.street.view import view_of
from streamer.capture.street.walk import Crowd

PLACE = {"seed": 5, "width": 480, "height": 270, "people": 5, "parked": 1}


def frame(index: int = 30, **options: object) -> StreetFrame:
    return Street(StreetOptions(**PLACE | options)).frame(index)  # type: ignore[arg-type]


def grain(one: np.ndarray, other: np.ndarray) -> float:
    return float((one.astype(float) - other).std())


def test_the_truth_does_not_depend_on_the_weather() -> None:
    plain = frame().truth
    for weather in ({"night": True}, {"rain": True}, {"night": True, "rain": True}):
        truth = frame(**weather).truth
        np.testing.assert_array_equal(truth.boxes, plain.boxes)
        np.testing.assert_array_equal(truth.visible, plain.visible)


def test_at_night_it_is_dark_but_under_lamps() -> None:
    day, night = frame().image, frame(night=True).image
    assert night.mean() < 0.5 * day.mean()
    assert 10 < night.mean() < 70
    shares = (night.reshape(27, 10, 48, 10, 3).mean(axis=(1, 3, 4)) + 1) / (
        day.reshape(27, 10, 48, 10, 3).mean(axis=(1, 3, 4)) + 1
    )
    assert shares.max() > 2 * np.median(shares), "no place is lit"


def test_at_night_the_picture_is_noisier() -> None:
    still = {"people": 0, "parked": 0}
    day = grain(frame(30, **still).image, frame(31, **still).image)
    night = grain(frame(30, night=True, **still).image, frame(31, night=True, **still).image)
    assert night > 1.5 * day


def test_rain_falls_anew_in_each_picture() -> None:
    still = {"people": 0, "parked": 0}
    one, other = frame(30, rain=True, **still).image, frame(31, rain=True, **still).image
    changed = np.abs(one.astype(int) - other).max(axis=2) > 25
    assert 0.005 < changed.mean() < 0.2
    assert (np.abs(frame(30, **still).image.astype(int) - frame(31, **still).image) > 25).mean() < 0.001


def test_the_wet_ground_mirrors_people() -> None:
    options = {"parked": 0, "rain": True}
    with_people, empty = frame(**options), frame(**options, people=0)
    box = max(with_people.truth.boxes.tolist(), key=lambda box: box[3] - box[1] if box[3] < 250 else 0)
    below = slice(int(box[3]) + 1, int(box[3]) + 12), slice(int(box[0]), int(box[2]))
    assert np.abs(with_people.image[below].astype(int) - empty.image[below]).mean() > 1.5


@pytest.mark.parametrize("weather", [{"night": True}, {"rain": True}])
def test_weather_depends_on_seed_and_index_alone(weather: dict[str, bool]) -> None:
    np.testing.assert_array_equal(frame(7, **weather).image, frame(7, **weather).image)


def test_a_crowd_walks_close_together() -> None:
    options = StreetOptions(seed=4, people=8, crowd=4)
    people = Crowd(options, view_of(options), layout_of(options))
    gaps, pairs = [], []
    for now in range(0, 200, 5):
        walkers = people.at(float(now))
        assert len({walker.life.identity for walker in walkers}) == 8
        for group in (walkers[:4], walkers[4:]):
            places = np.array([(walker.x_m, walker.z_m) for walker in group])
            distances = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
            pairs.append(distances[0, 1])
            gaps.append(np.sort(distances + 99 * np.eye(4), axis=1)[:, 0])
    assert 0.4 < np.median(pairs) < 0.55
    assert 0.35 < np.median(gaps) < 0.7
    assert np.max(gaps) < 2


def test_crowding_hides_more_of_people() -> None:
    shares = {}
    for crowd in (1, 4):
        street = Street(StreetOptions(seed=4, width=320, height=180, people=8, crowd=crowd))
        shares[crowd] = np.concatenate([street.truth(index).visible for index in range(0, 600, 40)])
    assert (shares[4] < 0.7).mean() > 1.5 * (shares[1] < 0.7).mean()
