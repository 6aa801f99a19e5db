"""All of a street that stands still: drawn once, before the first person walks on."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.chance import Matter, chance
from streamer.capture.street.furniture import Thing, furniture
from streamer.capture.street.layout import Layout, layout_of
from streamer.capture.street.light import Light, light_of
from streamer.capture.street.night import NOISE, Glow, darkened, glow_of, with_lamp_heads
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.patch import Patch, paste, toned
from streamer.capture.street.rain import Streaks, streaks_of, wetted
from streamer.capture.street.scene import background
from streamer.capture.street.shadow import cast_thing
from streamer.capture.street.view import View, view_of

NOISE_SHIFT: Final = 96
"""Each picture takes its sensor noise from another place of one larger field, up to this many pixels away."""


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """The street without people.

    Attributes:
        seed: of the options it was made from.
        view: the camera.
        layout: where pavements and road are.
        light: sun and sky.
        empty: uint8 [H, W, 3] BGR.
        things: what may hide people; already drawn in ``empty``.
        glow: the lamps' light at night.
        streaks: the rain.
        noise: uint8 [H + NOISE_SHIFT, W + NOISE_SHIFT, 3], sensor noise round 128.
    """

    seed: int
    view: View
    layout: Layout
    light: Light
    empty: NDArray[np.uint8]
    things: tuple[Thing, ...]
    glow: Glow | None
    streaks: Streaks | None
    noise: NDArray[np.uint8]

    def in_its_light(self, patch: Patch, x_m: float, z_m: float) -> Patch:
        """A cut-out as bright as its place on the ground."""
        return patch if self.glow is None else toned(patch, self.glow.at(x_m, z_m))


def stage_of(options: StreetOptions) -> Stage:
    """Draws the empty street of the options' seed and size."""
    view, layout = view_of(options), layout_of(options)
    light = light_of(options, view)
    empty = background(view, layout, light, chance(options.seed, Matter.SCENE))
    things = furniture(view, layout, light, chance(options.seed, Matter.FURNITURE))
    if options.rain:
        empty = wetted(empty, view, layout)
    glow = glow_of(things) if options.night else None
    if glow is not None:
        empty = darkened(empty, view, layout, glow)
    for thing in things:
        cast_thing(empty, view, light, thing)
    for thing in things:
        patch = thing.patch
        paste(
            empty,
            patch if glow is None else toned(patch, glow.at(thing.x_m, thing.z_m)),
        )
    if glow is not None:
        with_lamp_heads(empty, view, glow)
    streaks = streaks_of(options) if options.rain else None
    return Stage(options.seed, view, layout, light, empty, tuple(things), glow, streaks, _noise(options))


def _noise(options: StreetOptions) -> NDArray[np.uint8]:
    rng = chance(options.seed, Matter.SENSOR)
    shape = (options.height + NOISE_SHIFT, options.width + NOISE_SHIFT, 3)
    strength = float(rng.uniform(1.5, 3.5)) * (NOISE if options.night else 1.0)
    field = rng.standard_normal(shape, np.float32) * strength + 128
    return np.asarray(np.clip(field, 0, 255), np.uint8)
