"""A walking person as smooth solids: the skeleton's gait, and the flesh, clothes and load upon it."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.solids import Axes, Block, Cone, Ellipsoid, Point, Solid
from streamer.capture.street.wardrobe import Look

HEIGHT_M: Final = 1.75
"""Of the body as it is modelled; a look's height enlarges or reduces all of it."""

STRIDE_M: Final = 1.34
"""Two steps of a person of that height."""

_DARK = np.array([0.05, 0.05, 0.06])


@dataclass(frozen=True, slots=True)
class Pose:
    """How a person stands towards the camera.

    Attributes:
        phase: of the gait, 0..1; 0 and 0.5 are the widest steps.
        turn: radians between the walking direction and the viewing direction; 0 is seen from behind.
        tilt: radians by which the camera looks down.
    """

    phase: float
    turn: float
    tilt: float


def facing(pose: Pose) -> NDArray[np.float64]:
    """Turns a body's axes (right, up, ahead) to x right, y down, z away."""
    c, s = math.cos(pose.turn), math.sin(pose.turn)
    ct, st = math.cos(pose.tilt), math.sin(pose.tilt)
    upright = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    tilted = np.array([[1, 0, 0], [0, -ct, -st], [0, -st, ct]])
    return np.asarray(tilted @ upright)


def body(look: Look, pose: Pose, *, fine: bool) -> list[Solid]:
    """The solids of a person 1.75 m tall, the origin on the ground under the body's middle.

    ``fine`` asks for the parts of a face, which are left out anyway where the person turns away.
    """
    angle = 2 * np.pi * pose.phase
    bob = -0.02 * math.cos(2 * angle)
    solids: list[Solid] = []
    for side in (-1, 1):
        solids += _leg(look, side, angle if side > 0 else angle + np.pi, bob)
        solids += _arm(look, side, angle + np.pi if side > 0 else angle, bob)
    solids += _torso(look, bob, angle)
    solids += _head(look, bob)
    if fine and math.cos(pose.turn) < 0.5:
        solids += _face(look, bob)
    solids += _load(look, bob, angle)
    return solids


def _leg(look: Look, side: int, angle: float, bob: float) -> list[Solid]:
    swing = 0.41 * math.cos(angle)
    # The knee bends while the leg swings forward: most in the middle of that swing, hardly on the ground.
    bend = 0.1 + 0.9 * max(0.0, math.sin(0.2 - angle))
    hip = (side * 0.088, 0.92 + bob, 0.0)
    knee = (side * 0.083, hip[1] - 0.43 * math.cos(swing), 0.43 * math.sin(swing))
    shin = swing - bend
    ankle = (side * 0.078, knee[1] - 0.41 * math.cos(shin), knee[2] + 0.41 * math.sin(shin))
    lift = max(0.0, 0.085 - ankle[1])
    ankle = (ankle[0], ankle[1] + lift, ankle[2])
    g = look.girth
    thigh = look.skin if look.bare_legs and look.coat_m else look.bottom
    top = 0.08 if look.coat_m else 0.098
    calf = look.skin if look.bare_legs else look.bottom
    hem = 0.056 if look.bare_legs else 0.066
    pitch = 0.75 * max(0.0, -math.sin(angle)) * max(0.0, -shin) - 0.25 * max(0.0, math.cos(angle)) * (
        shin > 0.1
    )
    foot = (ankle[0] + side * 0.012, ankle[1] - 0.045, ankle[2] + 0.065)
    heel = (ankle[0], ankle[1] - 0.04, ankle[2] - 0.015)
    sole = look.shoe * 0.5 + 0.12
    return [
        Cone(hip, knee, top * g, 0.068 * g, thigh),
        Cone(knee, ankle, 0.068 * g, hem * g, calf),
        Cone(knee, _between(knee, ankle, 0.35), 0.064 * g, 0.068 * g, calf),
        Ellipsoid(foot, _axes(0.048, 0.046, 0.125, -pitch), look.shoe),
        Ellipsoid(heel, _axes(0.042, 0.052, 0.055, -pitch), look.shoe),
        Ellipsoid((foot[0], foot[1] - 0.025, foot[2]), _axes(0.05, 0.022, 0.13, -pitch), sole),
    ]


def _arm(look: Look, side: int, angle: float, bob: float) -> list[Solid]:
    g = look.girth
    carrying = look.load is not None
    swing = 0.25 if carrying else 0.42 * look.sway * math.cos(angle) - 0.04
    bend = 1.15 if carrying else 0.22 + 0.3 * max(0.0, swing)
    shoulder = (side * 0.185 * g, 1.425 + bob, 0.0)
    elbow = (side * 0.225 * g, shoulder[1] - 0.29 * math.cos(swing), 0.29 * math.sin(swing))
    inward = -0.06 if carrying else -0.01
    reach = swing + bend
    wrist = (elbow[0] + side * inward, elbow[1] - 0.25 * math.cos(reach), elbow[2] + 0.25 * math.sin(reach))
    hand = _between(elbow, wrist, 1.27)
    sleeve = look.skin if look.bare_arms else look.top
    half = _between(shoulder, elbow, 0.55)
    parts: list[Solid] = [
        Cone(shoulder, elbow, 0.062 * g, 0.047 * g, sleeve),
        Cone(elbow, wrist, 0.047 * g, 0.036 * g if look.bare_arms else 0.042 * g, sleeve),
        Cone(wrist, hand, 0.032, 0.036, look.skin),
    ]
    if look.bare_arms:
        parts.append(Cone(shoulder, half, 0.068 * g, 0.062 * g, look.top))
    return parts


def _torso(look: Look, bob: float, angle: float) -> list[Solid]:
    g = look.girth
    vest = look.vest if look.vest is not None else look.top
    under = look.open_front
    hips = look.coat if look.coat_m else look.bottom
    belt = look.coat if look.coat_m else look.bottom * 0.6
    twist = 0.012 * math.cos(angle)
    parts: list[Solid] = [
        Ellipsoid((0, 0.95 + bob, 0), _axes(0.172 * g, 0.125, 0.118 * g), hips),
        Ellipsoid((0, 1.035 + bob, 0.0), _axes(0.158 * g, 0.03, 0.108 * g), belt),
        Ellipsoid((0, 1.12 + bob, 0.005), _axes(0.165 * g, 0.16, 0.115 * g), vest, under),
        Ellipsoid((0, 1.29 + bob, 0.008), _axes(0.192 * g, 0.21, 0.125 * g), vest, under),
        Ellipsoid((twist, 1.425 + bob, -0.008), _axes(0.2 * g, 0.075, 0.088 * g), vest),
        Cone((0, 1.44 + bob, -0.01), (0, 1.55 + bob, 0.015), 0.062, 0.054, look.skin),
        Ellipsoid((0, 1.475 + bob, 0.0), _axes(0.082, 0.03, 0.075), look.top * 0.85),
    ]
    if look.vest is not None:
        band = np.array([0.78, 0.80, 0.80])
        parts += [
            Ellipsoid((0, up + bob, 0.006), _axes(wide * g, 0.032, deep * g), band)
            for up, wide, deep in ((1.1, 0.176, 0.124), (1.24, 0.194, 0.128))
        ]
    if look.coat_m:
        parts += _coat(look, bob, angle)
    return parts


def _coat(look: Look, bob: float, angle: float) -> list[Solid]:
    g = look.girth
    low = 0.92 - look.coat_m + bob
    swing = 0.06 * math.cos(angle)
    parts: list[Solid] = []
    for side in (-1, 0, 1):
        top = (side * 0.07 * g, 1.0 + bob, 0)
        parts += [
            Cone(top, (side * 0.115 * g, low, ahead + side * swing), 0.112 * g, 0.115 * g, look.coat)
            for ahead in (-0.035, 0.045)
        ]
    return parts


def _head(look: Look, bob: float) -> list[Solid]:
    parts: list[Solid] = [
        Ellipsoid((0, 1.645 + bob, 0.028), _axes(0.073, 0.105, 0.092), look.skin),
        Ellipsoid((0, 1.58 + bob, 0.05), _axes(0.052, 0.055, 0.062), look.skin),
        Ellipsoid((0, 1.635 + bob, 0.122), _axes(0.015, 0.028, 0.02), look.skin),
        Ellipsoid((0, 1.685 + bob, -0.004), _axes(0.084, 0.088, 0.1), look.hair),
    ]
    if look.long_hair:
        parts.append(Cone((0, 1.67 + bob, -0.035), (0, 1.47 + bob, -0.075), 0.086, 0.075, look.hair))
        parts += [
            Cone((s * 0.055, 1.66 + bob, 0.0), (s * 0.075, 1.5 + bob, -0.01), 0.042, 0.032, look.hair)
            for s in (-1, 1)
        ]
    if look.cap is not None:
        parts.append(Ellipsoid((0, 1.71 + bob, 0.006), _axes(0.09, 0.07, 0.108), look.cap))
        parts.append(Ellipsoid((0, 1.7 + bob, 0.11), _axes(0.07, 0.012, 0.075), look.cap * 0.8))
    return parts


def _face(look: Look, bob: float) -> list[Solid]:
    lip = look.skin * np.array([0.75, 0.62, 0.85])
    parts: list[Solid] = [Ellipsoid((0, 1.588 + bob, 0.107), _axes(0.024, 0.008, 0.01), lip)]
    for side in (-1, 1):
        parts += [
            Ellipsoid((side * 0.03, 1.655 + bob, 0.108), _axes(0.013, 0.008, 0.008), _DARK),
            Ellipsoid((side * 0.032, 1.676 + bob, 0.108), _axes(0.019, 0.005, 0.009), look.hair * 0.8),
            Ellipsoid((side * 0.076, 1.64 + bob, 0.018), _axes(0.012, 0.03, 0.018), look.skin * 0.92),
        ]
    return parts


def _load(look: Look, bob: float, angle: float) -> list[Solid]:
    parts: list[Solid] = []
    if look.load is not None:
        parts.append(Block((0, 1.13 + bob, 0.32), _axes(0.19, 0.13, 0.15), look.load))
        parts.append(Block((0, 1.13 + bob, 0.32), _axes(0.03, 0.132, 0.152), look.load * 1.2))
    if look.backpack is not None:
        pack = look.backpack
        parts.append(Ellipsoid((0, 1.24 + bob, -0.19), _axes(0.15, 0.24, 0.11), pack))
        parts.append(Ellipsoid((0, 1.15 + bob, -0.26), _axes(0.11, 0.1, 0.07), pack * 0.85))
        parts += [
            Cone((s * 0.11, 1.46 + bob, 0.05), (s * 0.13, 1.2 + bob, 0.105), 0.024, 0.02, pack * 0.8)
            for s in (-1, 1)
        ]
    if look.handbag is not None:
        ahead = 0.05 * math.cos(angle)
        parts.append(Block((0.27, 0.93 + bob, ahead), _axes(0.05, 0.12, 0.15), look.handbag))
        parts.append(Cone((0.17, 1.46 + bob, 0), (0.26, 1.05 + bob, ahead), 0.014, 0.014, look.handbag))
    return parts


def _axes(right: float, up: float, ahead: float, lean: float = 0.0) -> Axes:
    """Half axes of a part that leans back by ``lean`` radians."""
    c, s = math.cos(lean), math.sin(lean)
    return (right, 0.0, 0.0), (0.0, up * c, up * s), (0.0, -ahead * s, ahead * c)


def _between(a: Point, b: Point, share: float) -> Point:
    x, y, z = (p + (q - p) * share for p, q in zip(a, b, strict=True))
    return x, y, z
