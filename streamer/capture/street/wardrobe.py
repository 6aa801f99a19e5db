"""What a person looks like: build, skin, hair, clothes and load, drawn by lot for each identity."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.chance import Matter, chance

Colour: TypeAlias = NDArray[np.float64]

_SKINS = [(0.62, 0.72, 0.90), (0.52, 0.64, 0.84), (0.42, 0.54, 0.74), (0.30, 0.41, 0.60), (0.19, 0.27, 0.42)]
_HAIRS = [(0.06, 0.07, 0.09), (0.10, 0.14, 0.20), (0.16, 0.24, 0.36), (0.30, 0.45, 0.60), (0.55, 0.56, 0.58)]
_TOPS = [
    (0.14, 0.14, 0.15), (0.38, 0.24, 0.14), (0.22, 0.18, 0.55), (0.78, 0.78, 0.80), (0.45, 0.45, 0.46),
    (0.24, 0.36, 0.22), (0.62, 0.48, 0.30), (0.28, 0.40, 0.58), (0.35, 0.55, 0.72), (0.60, 0.62, 0.86),
    (0.26, 0.20, 0.30), (0.50, 0.30, 0.24), (0.15, 0.15, 0.36), (0.70, 0.66, 0.52), (0.25, 0.60, 0.80),
]  # fmt: skip
_BOTTOMS = [
    (0.30, 0.21, 0.15), (0.42, 0.30, 0.22), (0.13, 0.13, 0.14), (0.24, 0.23, 0.23), (0.40, 0.50, 0.58),
    (0.20, 0.17, 0.15), (0.55, 0.44, 0.36), (0.22, 0.28, 0.26),
]  # fmt: skip
_SHOES = [(0.08, 0.08, 0.09), (0.12, 0.16, 0.24), (0.75, 0.76, 0.78), (0.25, 0.25, 0.27), (0.20, 0.20, 0.50)]
_VEST = (0.18, 0.92, 0.80)
_CARDBOARD = (0.40, 0.56, 0.70)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A person's outward appearance; colours are BGR 0..1.

    Attributes:
        height_m: from the ground to the crown.
        girth: 1 is average.
        long_hair: falls to the shoulders.
        cap: colour of a cap or hat, when one is worn.
        open_front: colour of the shirt under an open jacket.
        coat_m: how far the coat, skirt or dress falls below the hip; 0 for none.
        bare_arms: short sleeves.
        bare_legs: shorts or a skirt.
        vest: a high-visibility vest is worn.
        load: colour of a parcel carried before the body.
        backpack: colour, when one is worn.
        handbag: colour, when one is carried on the right.
        sway: how far the arms swing, 1 is average.
        grain: seed of the cloth's folds.
    """

    height_m: float
    girth: float
    skin: Colour
    hair: Colour
    long_hair: bool
    cap: Colour | None
    top: Colour
    open_front: Colour | None
    coat_m: float
    coat: Colour
    bottom: Colour
    shoe: Colour
    bare_arms: bool
    bare_legs: bool
    vest: Colour | None
    load: Colour | None
    backpack: Colour | None
    handbag: Colour | None
    sway: float
    grain: int


def look_of(seed: int, identity: int, kind: int) -> Look:
    """The look of one identity: 0 plain, 1 vest and parcel, 2 cap and large pack, 3 long coat and bag."""
    rng = chance(seed, Matter.LOOK, identity)
    top = _shade(rng, _TOPS)
    woman = rng.random() < 0.5
    bottom = _shade(rng, _BOTTOMS)
    skirt = bool(woman and rng.random() < 0.25)
    coated = kind == 3 or (kind == 0 and not skirt and rng.random() < 0.18)
    packed = kind == 2 or (kind == 0 and rng.random() < 0.22)
    return Look(
        height_m=float(np.clip(rng.normal(1.66 if woman else 1.77, 0.06), 1.5, 1.95)),
        girth=float(np.clip(rng.normal(0.96 if woman else 1.04, 0.08), 0.82, 1.25)),
        skin=_shade(rng, _SKINS),
        hair=_shade(rng, _HAIRS),
        long_hair=bool(woman and rng.random() < 0.7),
        cap=_shade(rng, _TOPS) if kind == 2 or rng.random() < 0.08 else None,
        top=top,
        open_front=_shade(rng, _TOPS) if kind != 1 and rng.random() < 0.4 else None,
        coat_m=0.42 if coated else 0.38 if skirt else 0.0,
        coat=top if coated else bottom,
        bottom=bottom,
        shoe=_shade(rng, _SHOES),
        bare_arms=bool(kind in {0, 2} and not coated and rng.random() < 0.4),
        bare_legs=bool(skirt or (not coated and kind == 0 and rng.random() < 0.12)),
        vest=np.array(_VEST) if kind == 1 else None,
        load=np.array(_CARDBOARD) * rng.uniform(0.85, 1.1) if kind == 1 else None,
        backpack=_shade(rng, _TOPS) if packed else None,
        handbag=_shade(rng, _SHOES)
        if kind == 3 or (kind == 0 and not packed and rng.random() < 0.3)
        else None,
        sway=float(rng.uniform(0.7, 1.2)),
        grain=int(rng.integers(2**31)),
    )


def _shade(rng: np.random.Generator, palette: list[tuple[float, float, float]]) -> Colour:
    colour = np.array(palette[int(rng.integers(len(palette)))])
    return np.clip(colour * rng.uniform(0.85, 1.15) + rng.normal(0, 0.02, 3), 0.03, 0.95)
