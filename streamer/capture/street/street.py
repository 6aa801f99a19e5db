"""The camera itself: which picture it takes at a moment, and the truth about it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.body import STRIDE_M, Pose
from streamer.capture.street.figure import Wardrobe, key_for
from streamer.capture.street.furniture import furniture
from streamer.capture.street.layout import layout_of
from streamer.capture.street.light import light_of
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.scene import background
from streamer.capture.street.shadow import Shadows
from streamer.capture.street.truth import StreetTruth, truth_of
from streamer.capture.street.layer import Layer, layer_of, meet, paste
from streamer.capture.street.view import view_of
from streamer.capture.street.walk import Crowd, Walker
from streamer.capture.street.wardrobe import look_of

_MID_M = 0.9
_NEAREST_M = 1.0
_NOISES = 8


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
    """A procedural camera; frames may be asked for in any order and depend on options and index alone."""

    def __init__(self, options: StreetOptions) -> None:
        self.options = options
        self._view = view_of(options)
        layout = layout_of(options)
        self._light = light_of(options, self._view)
        rng = np.random.default_rng([options.seed, 6])
        self._empty = background(self._view, layout, self._light, rng)
        self._noise = _noises(options, rng)
        self._crowd = Crowd(options, self._view, layout)
        self._wardrobe = Wardrobe(self._light)
        self._shadows = Shadows(self._view, self._light)
        self._things = furniture(self._view, layout, self._light, np.random.default_rng([options.seed, 8]))
        for thing in self._things:
            self._shadows.cast_thing(self._empty, thing)
        for thing in self._things:
            paste(self._empty, thing.layer)

    def frame(self, index: int) -> StreetFrame:
        """Picture ``index`` (from 0) and its truth.

        Raises:
            ValueError: the index is negative.
        """
        if index < 0:
            raise ValueError(f"street frame: expected an index of at least 0, received {index}")
        time_s = index / self.options.fps
        layers = [layer for walker in self._crowd.at(time_s) if (layer := self._layer(walker)) is not None]
        image = self._empty.copy()
        for layer in layers:
            self._shadows.cast(image, layer)
        layers += [thing.layer for thing in self._things if any(_hides(thing.layer, layer) for layer in layers)]
        layers.sort(key=lambda layer: -layer.away_m)
        for layer in layers:
            paste(image, layer)
        return StreetFrame(self._developed(image, index, time_s), truth_of(layers, self._view.width, self._view.height))

    def _layer(self, walker: Walker) -> Layer | None:
        look = look_of(self.options.seed, walker.life.identity, walker.life.kind)
        middle = np.array([[walker.x_m, _MID_M, walker.z_m], [walker.x_m, 0.0, walker.z_m]])
        x, y, away = self._view.project(middle)[0]
        if away < _NEAREST_M:
            return None
        scale = self._view.focal_px / away
        tilt = np.arctan2(self._view.elevation_m - _MID_M, np.hypot(walker.x_m, walker.z_m))
        phase = walker.walked_m / (STRIDE_M * look.height_m / 1.75) % 1.0
        pose = Pose(phase, walker.heading - float(np.arctan2(walker.x_m, walker.z_m)), float(tilt))
        figure = self._wardrobe.figure(look, key_for(walker.life.identity, pose, scale))
        # The figure hangs on its middle, where the scale is exact, not on its feet.
        foot_y = y + _MID_M * np.cos(tilt) * scale
        return layer_of(figure, walker, phase, (float(x), float(foot_y)), scale, away, self._empty.shape[:2])

    def _developed(self, image: NDArray[np.uint8], index: int, time_s: float) -> NDArray[np.uint8]:
        """Sensor noise and the light's drift."""
        rng = np.random.default_rng([self.options.seed, 7, index])
        dy, dx = (int(v) for v in rng.integers(0, 32, 2))
        noise = self._noise[int(rng.integers(_NOISES))]
        height, width = image.shape[:2]
        grain = noise[dy : dy + height, dx : dx + width]
        return cv2.addWeighted(image, self._light.drift(time_s), grain, 1.0, -128)  # type: ignore[no-any-return]


def _hides(thing: Layer, person: Layer) -> bool:
    return thing.away_m < person.away_m and meet(thing, person)


def _noises(options: StreetOptions, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    shape = (options.height + 32, options.width + 32, 3)
    strength = float(rng.uniform(1.5, 3.5))
    whole = rng.standard_normal(shape, np.float32)
    base = np.clip(whole * strength + 128, 0, 255).astype(np.uint8)
    return [np.roll(base, (shift * 31, shift * 57), (0, 1)) for shift in range(_NOISES)]
