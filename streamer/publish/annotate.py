"""Draws what was found into a picture: a line around each object and a chip that names it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.tracking.tracks import SUB_LABEL

if TYPE_CHECKING:
    from supervision import Detections

Image: TypeAlias = NDArray[np.uint8]
Colour: TypeAlias = tuple[int, int, int]

PALETTE: Final[tuple[Colour, ...]] = tuple(
    (int(code[4:6], 16), int(code[2:4], 16), int(code[0:2], 16))
    for code in (
        "22D3EE", "FB923C", "A3E635", "F472B6", "818CF8", "FACC15",
        "34D399", "F87171", "60A5FA", "C084FC", "2DD4BF", "FDA4AF",
    )
)  # fmt: skip
"""BGR; light enough that the same dark ink reads on each of them."""
PALETTE_STEP: Final = 5
"""Neighbouring ids get colours far apart; has no factor in common with the size of the palette."""
INK: Final[Colour] = (32, 20, 12)
SHADE: Final = 0.35
CHIP_OPACITY: Final = 0.88
LABEL_WEIGHT, CONFIDENCE_WEIGHT = 600, 400
LONGEST_LABEL: Final = 32
INSET: Final = 4
"""Pixels between the edge of a box and a chip inside it."""
SUPERSAMPLING: Final = 4
CACHED: Final = 1024


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle in whole pixels."""

    x: int
    y: int
    width: int
    height: int

    def overlaps(self, other: Place) -> bool:
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(frozen=True, slots=True)
class Drawn:
    """One object as it is drawn."""

    corners: tuple[float, float, float, float]
    colour: Colour
    label: str
    confidence: str


class Annotator:
    """Draws into pictures; keeps the rasterised texts, so it belongs to one thread."""

    def __init__(self) -> None:
        self._corner = lru_cache(maxsize=CACHED)(_corner)
        self._text = lru_cache(maxsize=CACHED)(_text)
        self._chip_shape = lru_cache(maxsize=CACHED)(_chip_shape)

    def annotated(self, image: Image, detections: Detections) -> Image:
        """A copy of the BGR picture with everything drawn in."""
        copy = image.copy()
        self.draw(copy, detections)
        return copy

    def draw(self, image: Image, detections: Detections, *, predicted: bool = False) -> None:
        """Draws into the picture itself, large objects first, so that small ones stay visible.

        Args:
            image: uint8 [h, w, 3] BGR.
            detections: boxes in its pixels.
            predicted: they were found in an earlier picture, and their lines are thinner.
        """
        if len(detections) == 0:
            return
        unit = min(image.shape[:2]) / 360
        line = max(1, round(unit / 2)) if predicted else max(2, round(unit))
        objects = tuple(_objects(detections))
        for drawn in objects:
            self._outline(image, drawn, line)
        taken: list[Place] = []
        for drawn in objects:
            self._chip(image, drawn, max(11, round(9 * unit)), taken)

    def _outline(self, image: Image, drawn: Drawn, line: int) -> None:
        """A line with rounded corners along the box, wholly inside the picture, on a thin dark seam."""
        half, last = line / 2, (image.shape[1] - 2, image.shape[0] - 2)
        x1, y1, x2, y2 = drawn.corners
        left, right = (round(min(max(x, 1), last[0])) for x in (x1 - half, x2 + half - 1))
        top, bottom = (round(min(max(y, 1), last[1])) for y in (y1 - half, y2 + half - 1))
        radius = min(3 * line + 3, (right - left + 1) // 2, (bottom - top + 1) // 2)
        if radius <= line:
            cv2.rectangle(image, (left, top), (right, bottom), drawn.colour, cv2.FILLED)
            return
        shade: Colour = tuple(int(channel * SHADE) for channel in drawn.colour)  # type: ignore[assignment]
        _edges(image, (left - 1, top - 1, right + 1, bottom + 1), radius + 1, shade, line + 2)
        _edges(image, (left, top, right, bottom), radius, drawn.colour, line)
        seam, core = self._corner(radius, line)
        tone = np.array(shade, np.uint16) * (seam - core) + np.array(drawn.colour, np.uint16) * core
        size = radius + 1
        for rows, turn_y in ((slice(top - 1, top - 1 + size), 1), (slice(bottom + 2 - size, bottom + 2), -1)):
            for columns, turn_x in (
                (slice(left - 1, left - 1 + size), 1),
                (slice(right + 2 - size, right + 2), -1),
            ):
                window = image[rows, columns]
                window[:] = (window * (256 - seam[::turn_y, ::turn_x]) + tone[::turn_y, ::turn_x]) >> 8

    def _chip(self, image: Image, drawn: Drawn, size: int, taken: list[Place]) -> None:
        height, width = image.shape[:2]
        texts = [self._text(drawn.label, size, LABEL_WEIGHT)]
        if drawn.confidence:
            texts.append(self._text(drawn.confidence, size, CONFIDENCE_WEIGHT))
        pad = max(3, round(size * 0.42))
        ink = _side_by_side(texts, gap=max(2, round(size * 0.36)), pad=pad)
        if ink.shape[1] > width or ink.shape[0] > height:
            return
        place = _free_place(drawn.corners, ink.shape, (height, width), taken)
        taken.append(place)
        shape = self._chip_shape(place.width, place.height, round(size * 0.34))
        window = image[place.y : place.y + place.height, place.x : place.x + place.width]
        _blend(window, drawn.colour, ink, shape)


def _objects(detections: Detections) -> Iterator[Drawn]:
    boxes = detections.xyxy
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    names = detections.data["class_name"]
    finer = detections.data.get(SUB_LABEL, [None] * len(names))
    for index in np.argsort(-areas, kind="stable"):
        track = -1 if detections.tracker_id is None else int(detections.tracker_id[index])
        name = str(names[index])
        said = _shortened(finer[index] or name)
        yield Drawn(
            corners=tuple(boxes[index].tolist()),
            colour=colour_of(name, track),
            label=said if track < 0 else f"{said} {track}",
            confidence="" if detections.confidence is None else f"{detections.confidence[index]:.0%}",
        )


def colour_of(label: str, track: int) -> Colour:
    """A followed object keeps the colour of its id, any other one has that of its label."""
    number = track * PALETTE_STEP if track >= 0 else zlib.crc32(label.encode())
    return PALETTE[number % len(PALETTE)]


def _shortened(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"


def _edges(image: Image, outer: tuple[int, int, int, int], radius: int, colour: Colour, width: int) -> None:
    """The straight part of a rounded rectangle whose outermost pixels are ``outer``."""
    left, top, right, bottom = outer
    across = slice(left + radius, right - radius + 1)
    down = slice(top + radius, bottom - radius + 1)
    image[top : top + width, across] = image[bottom - width + 1 : bottom + 1, across] = colour
    image[down, left : left + width] = image[down, right - width + 1 : right + 1] = colour


def _corner(radius: int, line: int) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """How much (0..256) of each pixel the upper left corner covers: with its seam, and without."""
    steps = np.arange(radius + 1) + 0.5
    distance = np.hypot(radius + 1 - steps[:, None], radius + 1 - steps)[..., None]

    def ring(outer: float, inner: float) -> NDArray[np.uint16]:
        cover = np.clip(outer - distance + 0.5, 0, 1) * np.clip(distance - inner + 0.5, 0, 1)
        return np.asarray(np.rint(cover * 256), np.uint16)

    return ring(radius + 1, radius - line - 1), ring(radius, radius - line)


def _free_place(
    corners: Sequence[float], chip: Sequence[int], picture: tuple[int, int], taken: Sequence[Place]
) -> Place:
    """Above the object, else inside at its top, below it, inside at its bottom: the first that is free."""
    x1, y1, x2, y2 = corners
    height, width = chip[0], chip[1]
    rows = ((y1 - height - 2, 0), (y1 + INSET, INSET), (y2 + 3, 0), (y2 - height - INSET, INSET))
    places = [
        Place(
            x=round(min(max(column, 0), picture[1] - width)),
            y=round(min(max(row, 0), picture[0] - height)),
            width=width,
            height=height,
        )
        for row, inset in rows
        if 0 <= row <= picture[0] - height
        for column in (x1 + inset, x2 - width - inset)
    ]
    fallback = Place(
        round(min(max(x1, 0), picture[1] - width)), round(min(max(y1, 0), picture[0] - height)), width, height
    )
    return next(
        (place for place in places if not any(place.overlaps(other) for other in taken)),
        places[0] if places else fallback,
    )


def _blend(window: Image, colour: Colour, ink: Image, shape: NDArray[np.uint16]) -> None:
    """Lays a chip of ``colour`` with its ink over the window; 0..256 in ``shape`` is its opacity."""
    tone = np.array(colour, np.uint16)
    cover = ink.astype(np.uint16)[..., None]
    chip = (tone * (255 - cover) + np.array(INK, np.uint16) * cover) >> 8
    window[:] = (window * (256 - shape) + chip * shape) >> 8


def _side_by_side(texts: Sequence[Image], *, gap: int, pad: int) -> Image:
    width = sum(text.shape[1] for text in texts) + gap * (len(texts) - 1) + 2 * pad
    ink = np.zeros((texts[0].shape[0], width), np.uint8)
    x = pad
    for text in texts:
        ink[:, x : x + text.shape[1]] = text
        x += text.shape[1] + gap
    return ink


def _text(text: str, size: int, weight: int) -> Image:
    """The coverage (0..255) of a line of text; its height depends on ``size`` alone."""
    font = cv2.FontFace("sans")
    _, _, width, _ = cv2.getTextSize((1 << 14, 1 << 10), text, (0, 0), font, size, weight)
    canvas = np.zeros((round(size * 1.5), max(1, width + 1), 3), np.uint8)
    cv2.putText(canvas, text, (0, round(size * 1.08)), (255, 255, 255), font, size, weight)
    return np.ascontiguousarray(canvas[..., 0])


def _chip_shape(width: int, height: int, radius: int) -> NDArray[np.uint16]:
    """The opacity (0..256) of a rounded rectangle, height x width x 1."""
    big = np.zeros((height * SUPERSAMPLING, width * SUPERSAMPLING), np.uint8)
    r, right, bottom = radius * SUPERSAMPLING, big.shape[1] - 1, big.shape[0] - 1
    cv2.rectangle(big, (r, 0), (right - r, bottom), 255, -1)
    cv2.rectangle(big, (0, r), (right, bottom - r), 255, -1)
    for centre in ((r, r), (right - r, r), (r, bottom - r), (right - r, bottom - r)):
        cv2.circle(big, centre, r, 255, -1)
    small = cv2.resize(big, (width, height), interpolation=cv2.INTER_AREA)
    return (small.astype(np.float32) * (CHIP_OPACITY * 256 / 255)).astype(np.uint16)[..., None]
