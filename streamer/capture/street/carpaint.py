"""Pictures of cars: their faces lit and laid over one another, in true perspective."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.car import CarLook, Face, faces_of
from streamer.capture.street.light import Light
from streamer.capture.street.patch import Patch
from streamer.capture.street.view import View

_FINER: Final = 3
_SUBPIXEL_BITS: Final = 4
_NEAREST_M: Final = 1.5
_LARGEST_PX: Final = 3000
"""A larger one stands beside the picture's edge, where lines of sight spread."""

_MIDDLE: Final = np.array([0.0, 0.7, 0.0])


@dataclass(frozen=True, slots=True)
class Place:
    """Where a car is: along and across the street, metres, and its heading in radians from +Z towards +X."""

    x_m: float
    z_m: float
    heading: float

    def world(self, corners: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points of the car in the world's axes."""
        s, c = np.sin(self.heading), np.cos(self.heading)
        ahead, up, right = corners.T
        return np.stack([self.x_m + ahead * s + right * c, up, self.z_m + ahead * c - right * s], axis=1)


def car_picture(look: CarLook, place: Place, view: View, light: Light) -> Patch | None:
    """The cut-out of a car; None where it is out of the picture."""
    faces = faces_of(look)
    counts = np.cumsum([len(face.corners) for face in faces])[:-1]
    world = place.world(np.concatenate([face.corners for face in faces]))
    seen = view.project(world)
    if seen[:, 2].min() < _NEAREST_M:
        return None
    low, high = np.floor(seen[:, :2].min(axis=0)) - 2, np.ceil(seen[:, :2].max(axis=0)) + 3
    outside = (high <= 0).any() or low[0] >= view.width or low[1] >= view.height
    if outside or (high - low).max() > _LARGEST_PX:
        return None
    width, height = (high - low).astype(int).tolist()
    canvas = np.zeros((height * _FINER, width * _FINER, 4), np.uint8)
    middle = place.world(_MIDDLE[None])[0]
    eye = np.array([0.0, view.elevation_m, 0.0])
    drawn: list[tuple[int, float, NDArray[np.float64], NDArray[np.float64]]] = []
    for face, corners, points in zip(faces, np.split(world, counts), np.split(seen, counts), strict=True):
        normal = _normal(corners)
        normal *= np.copysign(1.0, normal @ (corners.mean(axis=0) - middle))
        way = corners.mean(axis=0) - eye
        if normal @ way < 0:
            drawn.append((face.layer, -float(points[:, 2].mean()), points, _lit(face, normal, way, light)))
    for _, _, points, tone in sorted(drawn, key=lambda entry: entry[:2]):
        at = np.round((points[:, :2] - low) * _FINER * 2**_SUBPIXEL_BITS).astype(np.int32)
        cv2.fillPoly(canvas, [at], (*tone.tolist(), 255.0), cv2.LINE_8, _SUBPIXEL_BITS)
    reduced = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(reduced, (3, 3), 0.55)
    return Patch(int(low[0]), int(low[1]), np.asarray(soft, np.uint8))


def _normal(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a flat polygon (Newell's method)."""
    after = np.roll(corners, -1, axis=0)
    area = np.cross(corners, after).sum(axis=0)
    return np.asarray(area / max(float(np.linalg.norm(area)), 1e-9))


def _lit(
    face: Face, normal: NDArray[np.float64], way: NDArray[np.float64], light: Light
) -> NDArray[np.float64]:
    """Colour 0..255: paint under sun and sky, and what its gloss mirrors."""
    sight = way / np.linalg.norm(way)
    facing = abs(float(normal @ sight))
    bounce = sight - 2 * (sight @ normal) * normal
    soft = (0.66 + 0.34 * normal[1]) * light.sky
    bright = soft + light.sun * max(float(normal @ light.towards), 0.0)
    # Above the roofs opposite there is sky to be mirrored, below them there are walls and the road.
    mirrored = 0.3 + 0.6 * np.clip((bounce[1] - 0.1) * 3, 0, 1)
    shine = face.gloss * (0.05 + 0.55 * (1 - facing) ** 3)
    tone = face.colour * light.tint * bright * (1 - shine) + shine * mirrored * light.sky
    return np.asarray(np.clip(tone * 255 + 3, 0, 255))
