"""The cars in a picture, drawn once while they stand; and what stands before what."""

from collections.abc import Sequence
from typing import Final

from streamer.capture.street.carpaint import car_picture
from streamer.capture.street.parking import Car, Parking
from streamer.capture.street.patch import Patch, veiled
from streamer.capture.street.stage import Stage
from streamer.capture.street.truth import Person, Vehicle

_ROW_HALF_M: Final = 0.95
"""Half of what a row of parked cars takes of the street's width."""


class Garage:
    """Cut-outs of a street's cars."""

    def __init__(self, parking: Parking, stage: Stage) -> None:
        self._parking = parking
        self._stage = stage
        self._standing: dict[int, Vehicle | None] = {}

    def at(self, time_s: float) -> list[Vehicle]:
        """The cars that are in the picture at a moment."""
        found = [self._vehicle(car) for car in self._parking.at(time_s)]
        return [vehicle for vehicle in found if vehicle is not None]

    def _vehicle(self, car: Car) -> Vehicle | None:
        if not car.stands:
            return self._drawn(car)
        if car.identity not in self._standing:
            self._standing[car.identity] = self._drawn(car)
        return self._standing[car.identity]

    def _drawn(self, car: Car) -> Vehicle | None:
        stage = self._stage
        whole = car_picture(car.look, car.place, stage.view, stage.light)
        return None if whole is None else Vehicle(car, whole, self._behind_things(whole, car))

    def _behind_things(self, whole: Patch, car: Car) -> Patch:
        shown = whole
        for thing in self._stage.things:
            if thing.z_m < car.place.z_m:
                shown = veiled(shown, thing.patch)
        return self._stage.in_its_light(shown, car.place.x_m, car.place.z_m)


def in_order(people: Sequence[Person], vehicles: Sequence[Vehicle]) -> list[Person | Vehicle]:
    """Everyone and everything, the farthest first.

    A car is long: of what stands across the street at its own place, in the gap between two cars say, the
    one nearer to the camera's foot along the street hides the other.
    """
    rows = {vehicle.car.place.z_m for vehicle in vehicles if vehicle.car.stands}

    def place(one: Person | Vehicle) -> tuple[float, float]:
        where = one.walker if isinstance(one, Person) else one.car.place
        across = next((row for row in rows if abs(row - where.z_m) < _ROW_HALF_M), where.z_m)
        return -across, -abs(where.x_m)

    return sorted([*people, *vehicles], key=lambda one: (*place(one), one.identity))
