"""The street without people, drawn once: sky, house fronts, pavements, kerbs and asphalt."""

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.facade import front_picture
from streamer.capture.street.layout import Layout
from streamer.capture.street.light import Light
from streamer.capture.street.view import View

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]

_FINER = 2
_GROUND_PPM = 48
_FRONT_PPM = 48
_FRONT_HEIGHT_M = 16.0


def background(view: View, layout: Layout, light: Light, rng: np.random.Generator) -> Picture:
    """The empty street, uint8 [H, W, 3] BGR."""
    rays = view.rays(_FINER)
    picture = _sky(rays, rng)
    reach = layout.front_m / np.maximum(rays[..., 2], 1e-3)
    x, y = rays[..., 0] * reach, rays[..., 1] * reach + view.elevation_m
    low, high = _span(x)
    front, solid = front_picture(low, high, _FRONT_HEIGHT_M, _FRONT_PPM, rng)
    _lay(picture, front, (x - low) * _FRONT_PPM, (_FRONT_HEIGHT_M - y) * _FRONT_PPM, y > 0, solid)
    reach = view.elevation_m / np.maximum(-rays[..., 1], 1e-4)
    x, z = rays[..., 0] * reach, rays[..., 2] * reach
    below = (z < layout.front_m) & (rays[..., 1] < 0)
    low, high = _span(np.where(below, x, 0))
    ground = _ground(low, high, layout, rng)
    _lay(picture, ground, (x - low) * _GROUND_PPM, z * _GROUND_PPM, below, None)
    picture[below] *= _grain(x[below], z[below], rng)[:, None]
    picture = picture * (light.tint * (light.sky + 0.62 * light.sun))
    small = cv2.resize(picture, (view.width, view.height), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (3, 3), 0.5)
    return np.clip(small * 255, 0, 255).astype(np.uint8)


def _span(x: Floats) -> tuple[float, float]:
    return float(np.floor(np.clip(x.min(), -70, 0))) - 1, float(np.ceil(np.clip(x.max(), 0, 70))) + 1


def _sky(rays: Floats, rng: np.random.Generator) -> Floats:
    up = np.clip(rays[..., 1] / np.sqrt((rays * rays).sum(axis=2)), 0, 1)[..., None]
    top = np.array([0.92, 0.78, 0.62], np.float32) * rng.uniform(0.85, 1.0)
    return np.float32(0.95) * (1 - up) + up * top.astype(np.float32)


def _lay(target: Floats, texture: Floats, u: Floats, v: Floats, where: NDArray[np.bool_], solid: Floats | None) -> None:
    """Lays a texture where it is seen; ``solid`` is the share of the texture that is not air."""
    found = cv2.remap(texture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    share = where.astype(np.float32)
    if solid is not None:
        share *= cv2.remap(solid, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    target += (found - target) * share[..., None]


def noise(shape: tuple[int, int], cells: tuple[float, ...], rng: np.random.Generator) -> Floats:
    """Soft noise with mean 0 and deviation near 1; ``cells`` are its grain sizes in pixels."""
    total = np.zeros(shape, np.float32)
    for cell in cells:
        rows, columns = max(int(shape[0] / cell), 2), max(int(shape[1] / cell), 2)
        rough = rng.standard_normal((rows, columns), np.float32)
        total += cv2.resize(rough, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return total / np.float32(np.sqrt(len(cells)))


def _grain(x: Floats, z: Floats, rng: np.random.Generator) -> Floats:
    """The stones in the asphalt, which the texture is too coarse to hold."""
    tile = rng.standard_normal((512, 512), np.float32)
    tile = cv2.GaussianBlur(np.tile(tile, (2, 2)), (3, 3), 0.8)[256:768, 256:768]
    u, v = (x * 90).astype(np.int32) & 511, (z * 90).astype(np.int32) & 511
    return 1 + tile[v, u] * np.float32(0.16) / (1 + z * np.float32(0.25))


def _ground(low: float, high: float, layout: Layout, rng: np.random.Generator) -> Floats:
    ppm = _GROUND_PPM
    width, depth = int((high - low) * ppm), int((layout.front_m + 1) * ppm)
    ground = np.empty((depth, width, 3), np.float32)
    near, far = int(layout.near_kerb_m * ppm), int(layout.far_kerb_m * ppm)
    tone = rng.uniform(0.30, 0.42)
    ground[near:far] = np.array([tone * 1.02, tone, tone * 0.98])
    ground[near:far] *= 1 + 0.05 * noise((far - near, width), (3, 40, 260), rng)[..., None]
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
    slabs *= 1 + 0.03 * noise(shape, (2, 20, 150), rng)
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
            _paint(ground, slice(stripe, stripe + ppm // 2), slice(max(left, 0), max(left, 0) + 3 * ppm), paint)


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
