"""Which cars stand at the kerbs, and the one that drives up and off again."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from streamer.capture.street.car import CarLook, look_of_car
from streamer.capture.street.carpaint import Place
from streamer.capture.street.chance import Matter, chance
from streamer.capture.street.layout import Layout
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.view import View

FIRST_IDENTITY: Final = 10**9
"""Identities of cars begin here; people never get so far."""

DRIVE_S: Final = 5.0
"""From out of the picture to a stand, and back."""

_SPACING_M: Final = 5.4
_KERB_M: Final = 1.1
_LANE_M: Final = 2.1
_SWERVE_M: Final = 7.0
_HALF_M: Final = 2.5
_MARGIN_M: Final = 0.45
_TOWARDS_RIGHT: Final = np.pi / 2


@dataclass(frozen=True, slots=True, eq=False)
class Car:
    """Where a car is at one moment.

    Attributes:
        identity: unique over the whole run.
        look: outline and paint.
        place: where it is.
        stands: whether it is parked.
    """

    identity: int
    look: CarLook
    place: Place
    stands: bool


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A rectangle of the ground where nobody walks, metres along and across the street."""

    x_m: tuple[float, float]
    z_m: tuple[float, float]


class Parking:
    """The cars of a street; the first is the one that may come and go."""

    def __init__(self, options: StreetOptions, view: View, layout: Layout) -> None:
        self._options = options
        self._view = view
        places = _places(options, view, layout)[: options.parked]
        self._parked = [
            Car(FIRST_IDENTITY + number, look_of_car(options.seed, number), place, stands=True)
            for number, place in enumerate(places)
        ]

    def at(self, time_s: float) -> list[Car]:
        """Every car of this moment."""
        if not self._parked:
            return []
        first, *others = self._parked
        moved = self._moved(first, time_s)
        return others if moved is None else [moved, *others]

    def obstacles(self) -> list[Obstacle]:
        """The places of all cars, there or not, with room to pass."""
        half = _HALF_M + _MARGIN_M, _KERB_M - 0.2 + _MARGIN_M
        return [
            Obstacle(
                (car.place.x_m - half[0], car.place.x_m + half[0]),
                (car.place.z_m - half[1], car.place.z_m + half[1]),
            )
            for car in self._parked
        ]

    def _moved(self, car: Car, time_s: float) -> Car | None:
        begin, end = self._options.parked_from, self._options.parked_until
        if begin is not None and time_s < begin:
            return self._driving(car, (begin - time_s) / DRIVE_S, -1)
        if end is not None and time_s > end:
            return self._driving(car, (time_s - end) / DRIVE_S, 1)
        return car

    def _driving(self, car: Car, share: float, way: int) -> Car | None:
        """On the way in (-1) or out (1), ``share`` of the way from its place; speed changes evenly."""
        if share >= 1:
            return None
        place, step = car.place, 0.05
        ahead = 1.0 if place.heading > 0 else -1.0
        reach = self._reach_m(place, ahead * way)
        out = reach * share**2

        def at(distance: float) -> tuple[float, float]:
            smooth = min(distance / _SWERVE_M, 1.0)
            lane = _LANE_M * smooth * smooth * (3 - 2 * smooth)
            return place.x_m + ahead * way * distance, place.z_m + lane * self._side(place)

        (x, z), (next_x, next_z) = at(out), at(out + step)
        heading = float(np.arctan2((next_x - x) * way, (next_z - z) * way))
        return Car(car.identity, car.look, Place(x, z, heading), stands=False)

    def _side(self, place: Place) -> float:
        """Which way the middle of the road is: +Z or -Z."""
        return -1.0 if place.heading < 0 else 1.0

    def _reach_m(self, place: Place, way: float) -> float:
        low, high = _seen(self._view, place.z_m + self._side(place) * _LANE_M)
        edge = high if way > 0 else low
        return max(abs(edge - place.x_m) + 2 * _HALF_M, _SPACING_M)


def _places(options: StreetOptions, view: View, layout: Layout) -> list[Place]:
    """Three at the far kerb, the middle one first, then three at the near one."""
    rng = chance(options.seed, Matter.PARKING)
    places = []
    for z_m, heading in (
        (layout.far_kerb_m - _KERB_M, -_TOWARDS_RIGHT),
        (layout.near_kerb_m + _KERB_M, _TOWARDS_RIGHT),
    ):
        low, high = _seen(view, z_m)
        for step in (0, 1, -1):
            x_m = (low + high) / 2 + step * _SPACING_M + float(rng.uniform(-0.25, 0.25))
            places.append(Place(x_m, z_m, heading))
    return places


def _seen(view: View, lane_m: float) -> tuple[float, float]:
    """The part of a lane that is in the picture, metres along the street."""
    x = np.arange(-120.0, 120.0, 0.25)
    seen = view.project(np.stack([x, np.full_like(x, 0.7), np.full_like(x, lane_m)], axis=1))
    inside = (seen[:, 2] > 1) & (seen[:, 0] > 0) & (seen[:, 0] < view.width)
    return float(x[inside].min()), float(x[inside].max())
