"""The street without people, drawn once: sky, house fronts, pavements, kerbs and asphalt."""

from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.facade import front_picture
from streamer.capture.street.layout import Layout
from streamer.capture.street.light import Light
from streamer.capture.street.view import View

Floats: TypeAlias = NDArray[np.floating]
Picture: TypeAlias = NDArray[np.uint8]

_FINER: Final = 2
_BAND_ROWS: Final = 120
_GROUND_PPM: Final = 48
_FRONT_PPM: Final = 48
_FRONT_HEIGHT_M: Final = 16.0


@dataclass(frozen=True, slots=True, eq=False)
class _Textures:
    """What the street is covered with, flat; ``low`` is the X of a texture's first column."""

    ground: Floats
    ground_low: float
    stones: Floats
    front: Floats
    solid: Floats
    front_low: float
    zenith: Floats


def background(view: View, layout: Layout, light: Light, rng: np.random.Generator) -> Picture:
    """The empty street, uint8 [H, W, 3] BGR."""
    textures = _textures(view, layout, rng)
    tint = light.tint * (light.sky + 0.62 * light.sun)
    bands = [
        _band(view.rays(_FINER, range(top, min(top + _BAND_ROWS, view.height))), view, layout, textures)
        * tint
        for top in range(0, view.height, _BAND_ROWS)
    ]
    reduced = [
        cv2.resize(band, (view.width, band.shape[0] // _FINER), interpolation=cv2.INTER_AREA)
        for band in bands
    ]
    picture = np.asarray(cv2.GaussianBlur(np.concatenate(reduced), (3, 3), 0.5), np.float32)
    return np.asarray(np.clip(picture * 255, 0, 255), np.uint8)


def _textures(view: View, layout: Layout, rng: np.random.Generator) -> _Textures:
    border = view.rays(1, range(0, view.height, max(view.height - 1, 1)))
    beyond = border[..., 0] * layout.front_m / np.maximum(border[..., 2], 1e-3)
    low, high = _span(beyond)
    front, solid = front_picture(low, high, _FRONT_HEIGHT_M, _FRONT_PPM, rng)
    ground = _ground(low, high, layout, rng)
    stones = rng.standard_normal((512, 512), np.float32)
    stones = np.asarray(cv2.GaussianBlur(np.tile(stones, (2, 2)), (3, 3), 0.8)[256:768, 256:768], np.float32)
    zenith = np.array([0.92, 0.78, 0.62], np.float32) * np.float32(rng.uniform(0.85, 1.0))
    return _Textures(ground, low, stones, front, solid, low, zenith)


def _band(rays: Floats, view: View, layout: Layout, textures: _Textures) -> Floats:
    """Some rows of the picture, ``_FINER`` times as fine."""
    up = np.clip(rays[..., 1] / np.sqrt((rays * rays).sum(axis=2)), 0, 1)[..., None]
    picture = np.float32(0.95) * (1 - up) + up * textures.zenith
    reach = layout.front_m / np.maximum(rays[..., 2], 1e-3)
    x, y = rays[..., 0] * reach, rays[..., 1] * reach + view.elevation_m
    u, v = (x - textures.front_low) * _FRONT_PPM, (_FRONT_HEIGHT_M - y) * _FRONT_PPM
    wall = cv2.remap(textures.solid, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    _lay(picture, textures.front, (u, v), np.asarray(wall * (y > 0), np.float32))
    reach = view.elevation_m / np.maximum(-rays[..., 1], 1e-4)
    x, z = rays[..., 0] * reach, rays[..., 2] * reach
    below = (z < layout.front_m) & (rays[..., 1] < 0)
    place = ((x - textures.ground_low) * _GROUND_PPM, z * _GROUND_PPM)
    _lay(picture, textures.ground, place, below.astype(np.float32))
    picture[below] *= _grain(x[below], z[below], textures.stones)[:, None]
    return np.asarray(picture, np.float32)


def _span(x: Floats) -> tuple[float, float]:
    return float(np.floor(np.clip(x.min(), -70, 0))) - 1, float(np.ceil(np.clip(x.max(), 0, 70))) + 1


def _lay(target: Floats, texture: Floats, place: tuple[Floats, Floats], share: Floats) -> None:
    """Lays a texture over the target where ``share`` is above 0; ``place`` is column and row."""
    found = cv2.remap(texture, *place, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    target += (found - target) * share[..., None]


def _noise(shape: tuple[int, int], cells: tuple[float, ...], rng: np.random.Generator) -> Floats:
    """Soft noise with mean 0 and deviation near 1; ``cells`` are its grain sizes in pixels."""
    total = np.zeros(shape, np.float32)
    for cell in cells:
        rows, columns = max(int(shape[0] / cell), 2), max(int(shape[1] / cell), 2)
        rough = rng.standard_normal((rows, columns), np.float32)
        total += cv2.resize(rough, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return total / np.float32(np.sqrt(len(cells)))


def _grain(x: Floats, z: Floats, stones: Floats) -> Floats:
    """The stones in the asphalt, which the texture is too coarse to hold."""
    u, v = (x * 90).astype(np.int32) & 511, (z * 90).astype(np.int32) & 511
    return np.asarray(1 + stones[v, u] * np.float32(0.16) / (1 + z * np.float32(0.25)), np.float32)


def _ground(low: float, high: float, layout: Layout, rng: np.random.Generator) -> Floats:
    ppm = _GROUND_PPM
    width, depth = int((high - low) * ppm), int((layout.front_m + 1) * ppm)
    ground = np.empty((depth, width, 3), np.float32)
    near, far = int(layout.near_kerb_m * ppm), int(layout.far_kerb_m * ppm)
    tone = rng.uniform(0.30, 0.42)
    ground[near:far] = np.array([tone * 1.02, tone, tone * 0.98])
    ground[near:far] *= 1 + 0.05 * _noise((far - near, width), (3, 40, 260), rng)[..., None]
    for rows in (slice(0, near), slice(far, depth)):
        ground[rows] = _slabs((rows.stop - rows.start, width), rng)
    kerb = int(0.16 * ppm)
    for row, shade in ((near - kerb, 0.66), (far, 0.66), (near, 0.22), (far - kerb // 3, 0.2)):
        ground[row : row + (kerb if shade > 0.5 else kerb // 3)] = shade * np.array([0.97, 1, 1])
    _markings(ground, near, far, low, rng)
    _stains(ground, rng)
    return ground


def _slabs(shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    side = int(rng.choice([0.4, 0.5, 0.6, 0.9]) * _GROUND_PPM)
    rows, columns = shape[0] // side + 1, shape[1] // side + 1
    tone = rng.uniform(0.48, 0.62) + 0.02 * rng.standard_normal((rows, columns))
    slabs = np.repeat(np.repeat(tone, side, axis=0), side, axis=1)[: shape[0], : shape[1]].astype(np.float32)
    slabs[::side] *= 0.78
    slabs[:, ::side] *= 0.78
    slabs *= 1 + 0.03 * _noise(shape, (2, 20, 150), rng)
    warm = np.array([0.95, 0.99, 1.03], np.float32) + rng.normal(0, 0.015, 3).astype(np.float32)
    return slabs[..., None] * warm


def _markings(ground: Floats, near: int, far: int, low: float, rng: np.random.Generator) -> None:
    ppm = _GROUND_PPM
    paint = np.full(3, 0.82, np.float32)
    middle = (near + far) // 2
    for start in range(0, ground.shape[1], int(5 * ppm)):
        _paint(ground, slice(middle - 3, middle + 3), slice(start, start + 2 * ppm), paint)
    left = int((rng.uniform(-6, 8) - low) * ppm)
    if rng.random() < 0.6:
        for stripe in range(near + ppm // 3, far - ppm // 2, ppm):
            _paint(
                ground, slice(stripe, stripe + ppm // 2), slice(max(left, 0), max(left, 0) + 3 * ppm), paint
            )


def _paint(ground: Floats, rows: slice, columns: slice, paint: Floats) -> None:
    """Worn paint: the asphalt's own texture shows through."""
    patch = ground[rows, columns]
    patch[...] = patch * 0.35 + paint * 0.65 * (patch / max(float(patch.mean()), 1e-3) if patch.size else 1)


def _stains(ground: Floats, rng: np.random.Generator) -> None:
    for _ in range(40):
        centre = int(rng.integers(ground.shape[1])), int(rng.integers(ground.shape[0]))
        radius = int(rng.uniform(0.05, 0.35) * _GROUND_PPM) + 2
        top, left = max(centre[1] - radius, 0), max(centre[0] - radius, 0)
        patch = ground[top : centre[1] + radius, left : centre[0] + radius]
        y, x = np.mgrid[: patch.shape[0], : patch.shape[1]]
        away = np.hypot(y - centre[1] + top, x - centre[0] + left) / radius
        patch *= (1 - 0.22 * np.clip(1 - away, 0, 1)).astype(np.float32)[..., None]
