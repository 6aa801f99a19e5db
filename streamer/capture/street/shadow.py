"""Shadows that people cast on the ground: a soft one where they stand, a long one from the sun."""

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.furniture import Thing
from streamer.capture.street.layer import Layer
from streamer.capture.street.light import Light
from streamer.capture.street.view import View
from streamer.capture.street.walk import Walker

_SHIFT = 4


class Shadows:
    """Casts shadows into pictures of one street."""

    def __init__(self, view: View, light: Light) -> None:
        self._view = view
        self._light = light
        towards = light.towards
        self._slope = -towards[[0, 2]] / towards[1]

    def cast(self, image: NDArray[np.uint8], layer: Layer) -> None:
        """Darkens the ground under a person, in place."""
        if layer.walker is not None:
            self._cast(image, layer.walker, layer.phase)

    def cast_thing(self, image: NDArray[np.uint8], thing: Thing) -> None:
        """Darkens the ground under a thing, in place."""
        here = np.array([thing.x_m, thing.z_m])
        lines = [(here, here + self._slope * thing.height_m, thing.width_m)]
        if thing.crown_m:
            # Clumps of leaves on a sunflower spiral: light falls through between them.
            for clump in range(24):
                out, turn = thing.crown_m * 0.45 * np.sqrt(clump / 24), 2.4 * clump + thing.x_m
                top = here + self._slope * (thing.height_m + 1.2 + out * np.sin(7.0 * clump))
                spot = top + out * np.array([np.cos(turn), np.sin(turn)])
                lines.append((spot, spot, thing.crown_m * 0.2))
        self._darken(image, lines, 0.5 * min(self._light.sun, 0.8), 0.06)
        self._darken(image, [(here, here, thing.width_m * 1.6)], 0.45, 0.06)

    def _cast(self, image: NDArray[np.uint8], walker: Walker, phase: float) -> None:
        ahead = np.array([np.sin(walker.heading), np.cos(walker.heading)])
        aside = np.array([ahead[1], -ahead[0]])
        here = np.array([walker.x_m, walker.z_m])
        step = 0.36 * np.cos(2 * np.pi * phase)
        feet = [here + aside * 0.09 + ahead * step, here - aside * 0.09 - ahead * step]
        hip, neck, crown = (here + self._slope * up for up in (0.92, 1.45, 1.72))
        lines = [(feet[0], hip, 0.15), (feet[1], hip, 0.15), (hip, neck, 0.36), (neck, crown, 0.18)]
        lines += [(here + self._slope * 1.35 + aside * s * 0.22, here + self._slope * 0.85 + aside * s * 0.25 - s * ahead * step * 0.8, 0.09) for s in (-1, 1)]
        self._darken(image, lines, 0.55 * min(self._light.sun, 0.8), 0.02)
        self._darken(image, [(feet[0], feet[0] + ahead * 0.1, 0.2), (feet[1], feet[1] + ahead * 0.1, 0.2)], 0.5, 0.05)

    def _darken(self, image: NDArray[np.uint8], lines: list[tuple[NDArray[np.float64], NDArray[np.float64], float]], strength: float, blur_m: float) -> None:
        ends = np.array([[start[0], 0.0, start[1]] for start, _, _ in lines] + [[end[0], 0.0, end[1]] for _, end, _ in lines])
        seen = self._view.project(ends)
        if seen[:, 2].min() < 0.8:
            return
        scale = self._view.focal_px / float(seen[:, 2].mean())
        pad = int((max(thick for _, _, thick in lines) / 2 + 2 * blur_m + 0.05) * scale) + 3
        left, top = (int(v) - pad for v in seen[:, :2].min(axis=0))
        right, bottom = (int(v) + pad for v in seen[:, :2].max(axis=0))
        left, top, right, bottom = max(left, 0), max(top, 0), min(right, image.shape[1]), min(bottom, image.shape[0])
        if left >= right or top >= bottom:
            return
        mask = np.full((bottom - top, right - left), 255, np.uint8)
        shade = int(255 * (1 - strength))
        points = np.round((seen[:, :2] - (left, top)) * 2**_SHIFT).astype(int)
        for number, (_, _, thick) in enumerate(lines):
            start, end = points[number], points[number + len(lines)]
            cv2.line(mask, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), shade, max(int(thick * scale * 0.75), 1), cv2.LINE_AA, _SHIFT)
        size = 2 * max(int(blur_m * scale), 1) + 1
        mask = cv2.blur(mask, (size, size))
        patch = image[top:bottom, left:right]
        image[top:bottom, left:right] = cv2.multiply(patch, cv2.merge([mask, mask, mask]), scale=1 / 255)
