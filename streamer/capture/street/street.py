"""The camera itself: which picture it takes at a moment, and the truth about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.body import HEIGHT_M, STRIDE_M, Pose
from streamer.capture.street.chance import Matter, chance
from streamer.capture.street.figure import Wardrobe, key_for
from streamer.capture.street.garage import Garage, in_order
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.parking import Parking
from streamer.capture.street.patch import Patch, enlarged, paste, veiled
from streamer.capture.street.rain import reflection
from streamer.capture.street.shadow import cast_car, cast_person
from streamer.capture.street.stage import NOISE_SHIFT, Stage, stage_of
from streamer.capture.street.trouble import is_covered, seen_through, taken
from streamer.capture.street.truth import Person, StreetTruth, Vehicle, truth_of
from streamer.capture.street.walk import Crowd, Walker

_MIDDLE_M: Final = 0.9
_NEAREST_M: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class StreetFrame:
    """One picture of the street.

    Attributes:
        image: uint8 [H, W, 3], BGR.
        truth: who is in it.
    """

    image: NDArray[np.uint8]
    truth: StreetTruth


class Street:
    """A procedural camera. Frames may be asked for in any order, by one thread at a time.

    A frame depends on the options and its index alone. The first takes a second more: it draws the street.
    """

    def __init__(self, options: StreetOptions) -> None:
        self.options = options
        self._scene: _Scene | None = None

    def frame(self, index: int) -> StreetFrame:
        """Picture ``index`` (from 0) and its truth.

        Raises:
            ValueError: the index is negative.
        """
        scene, index = self._at(index)
        time_s = index / self.options.fps
        objects, stage = _objects(scene, time_s), scene.stage
        image = stage.empty.copy()
        for one in objects:
            if isinstance(one, Person):
                cast_person(image, stage.view, stage.light, one)
            else:
                cast_car(image, stage.view, stage.light, one.car)
        if stage.streaks is not None:
            for one in objects:
                if (mirrored := reflection(one.shown)) is not None:
                    paste(image, mirrored)
        for one in objects:
            paste(image, one.shown)
        if stage.streaks is not None:
            image = stage.streaks.over(image, index)
        image = seen_through(self.options, image, time_s)
        image = _developed(image, stage, index, time_s)
        if self.options.mirror:
            image = np.ascontiguousarray(image[:, ::-1])
        return StreetFrame(image, self._truth(objects, time_s))

    def truth(self, index: int) -> StreetTruth:
        """The truth alone of picture ``index``, in less time than the picture takes.

        Raises:
            ValueError: the index is negative.
        """
        scene, index = self._at(index)
        time_s = index / self.options.fps
        return self._truth(_objects(scene, time_s), time_s)

    def _at(self, index: int) -> "tuple[_Scene, int]":
        """The scene, and the picture that the camera gives."""
        if index < 0:
            raise ValueError(f"street frame: expected an index of at least 0, received {index}")
        self._scene = self._scene or _scene_of(self.options)
        return self._scene, taken(self.options, index)

    def _truth(self, objects: "Sequence[Person | Vehicle]", time_s: float) -> StreetTruth:
        truth = truth_of(objects, self.options.width, self.options.height)
        if is_covered(self.options, time_s):
            truth = truth.unseen()
        return truth.mirrored(self.options.width) if self.options.mirror else truth


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    stage: Stage
    crowd: Crowd
    wardrobe: Wardrobe
    garage: Garage


def _scene_of(options: StreetOptions) -> _Scene:
    stage = stage_of(options)
    parking = Parking(options, stage.view, stage.layout)
    crowd = Crowd(options, stage.view, stage.layout, parking.obstacles())
    return _Scene(stage, crowd, Wardrobe(stage.light), Garage(parking, stage))


def _objects(scene: _Scene, time_s: float) -> list[Person | Vehicle]:
    """All that is in the picture, the farthest first."""
    people = [person for walker in scene.crowd.at(time_s) if (person := _person(scene, walker)) is not None]
    people.sort(key=lambda person: (-person.away_m, person.identity))
    vehicles = scene.garage.at(time_s)
    return in_order(people, vehicles) if vehicles else [*people]


def _person(scene: _Scene, walker: Walker) -> Person | None:
    """The walker's cut-out at its place; None where it is out of the picture."""
    view = scene.stage.view
    x, y, away = view.project(np.array([[walker.x_m, _MIDDLE_M, walker.z_m]]))[0].tolist()
    if away < _NEAREST_M:
        return None
    look = walker.life.look
    scale = view.focal_px / away
    tilt = float(np.arctan2(view.elevation_m - _MIDDLE_M, np.hypot(walker.x_m, walker.z_m)))
    phase = walker.walked_m / (STRIDE_M * look.height_m / HEIGHT_M) % 1.0
    pose = Pose(phase, walker.heading - float(np.arctan2(walker.x_m, walker.z_m)), tilt)
    figure = scene.wardrobe.figure(look, key_for(walker.life.identity, pose, scale))
    ratio = scale / figure.scale
    # The figure hangs on its middle, where the scale is exact, not on its feet.
    foot_y = y + _MIDDLE_M * float(np.cos(tilt)) * scale
    corner = x - figure.foot[0] * ratio, foot_y - figure.foot[1] * ratio
    width = figure.pixels.shape[1]
    if corner[0] > view.width or corner[1] > view.height or corner[0] + width * ratio < 0:
        return None
    whole = enlarged(figure.pixels, ratio, corner)
    shown = _behind_things(whole, away, scene.stage)
    return Person(walker, phase, away, whole, scene.stage.in_its_light(shown, walker.x_m, walker.z_m))


def _behind_things(whole: Patch, away_m: float, stage: Stage) -> Patch:
    shown = whole
    for thing in stage.things:
        if thing.away_m < away_m:
            shown = veiled(shown, thing.patch)
    return shown


def _developed(image: NDArray[np.uint8], stage: Stage, index: int, time_s: float) -> NDArray[np.uint8]:
    """Sensor noise and the light's drift."""
    rng = chance(stage.seed, Matter.NOISE, index)
    left, top = rng.integers(0, NOISE_SHIFT, 2).tolist()
    grain = stage.noise[top : top + image.shape[0], left : left + image.shape[1]]
    developed = cv2.addWeighted(image, stage.light.drift(time_s), grain, 1.0, -128)
    return np.asarray(developed, np.uint8)
