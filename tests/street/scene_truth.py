"""What rules have to find on the street: who is in which zone and who crosses which line, from the truth.

Places are those of a box's foot, the middle of its lower edge, as shares of the picture's width and height.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from streamer.capture.street.street import Street

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Foot:
    """Where one object's foot is in one picture; x and y are shares of the picture."""

    index: int
    time_s: float
    identity: int
    label: str
    x: float
    y: float
    visible: float


@dataclass(frozen=True, slots=True)
class Crossing:
    """An object crosses a line: ``in`` is from the left of the arrow from start to end to its right."""

    time_s: float
    identity: int
    label: str
    direction: Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class Stay:
    """From an object's first picture in a zone to its first outside, None where that never comes."""

    identity: int
    label: str
    entered_s: float
    left_s: float | None
    last_s: float

    @property
    def inside_s(self) -> float:
        """Seconds from the first picture inside to the last one inside."""
        return self.last_s - self.entered_s


def feet(street: Street, fps: float, seconds: float, start_s: float = 0.0) -> list[list[Foot]]:
    """Every object's foot, picture by picture, ``fps`` of them a second of street time."""
    step = street.options.fps / fps
    assert step == round(step), "the street's fps must be a multiple of the fps asked for"
    first = round(start_s * street.options.fps)
    indices = range(first, first + round(seconds * street.options.fps), round(step))
    return [feet_at(street, index) for index in indices]


def feet_at(street: Street, index: int) -> list[Foot]:
    """Every object's foot in one picture."""
    truth, options = street.truth(index), street.options
    return [
        Foot(
            index,
            index / options.fps,
            int(identity),
            str(label),
            float((box[0] + box[2]) / 2 / options.width),
            float(box[3] / options.height),
            float(visible),
        )
        for box, identity, label, visible in zip(
            truth.boxes, truth.identities, truth.labels, truth.visible, strict=True
        )
    ]


def ways(pictures: Sequence[Sequence[Foot]]) -> dict[int, list[Foot]]:
    """The feet of each identity in the order of time."""
    found: dict[int, list[Foot]] = {}
    for picture in pictures:
        for foot in picture:
            found.setdefault(foot.identity, []).append(foot)
    return found


def inside(polygon: Sequence[Point], point: Point) -> bool:
    """Whether a point lies in a polygon (even-odd rule, a ray to the right)."""
    x, y = point
    odd = False
    for (x1, y1), (x2, y2) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            odd = not odd
    return odd


def side(line: tuple[Point, Point], point: Point) -> float:
    """The point's distance from the line through two points, in the line's shares; above 0 on its right.

    The right is a person's who looks from the first point to the second in a picture whose y grows downwards.
    """
    (x1, y1), (x2, y2) = line
    cross = (x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1)
    return cross / float(np.hypot(x2 - x1, y2 - y1))


def crossings(
    pictures: Sequence[Sequence[Foot]], line: tuple[Point, Point], margin: float = 0.0
) -> list[Crossing]:
    """The crossings of a line's segment, in the order of time.

    Args:
        pictures: from ``feet``.
        line: start and end, shares of the picture.
        margin: an object crosses only when it gets farther than this from the line on its other side, so
            that someone who walks along the line crosses it once at most. The time is that of the last
            change of sides before.
    """
    found = [crossing for way in ways(pictures).values() for crossing in _crossings(way, line, margin)]
    return sorted(found, key=lambda crossing: (crossing.time_s, crossing.identity))


def _crossings(way: Sequence[Foot], line: tuple[Point, Point], margin: float) -> list[Crossing]:
    found: list[Crossing] = []
    settled = 0.0
    change: tuple[float, bool] | None = None
    before: Foot | None = None
    for foot in way:
        now = side(line, (foot.x, foot.y))
        if before is not None and (was := side(line, (before.x, before.y))) * now <= 0 and was != now:
            share = was / (was - now)
            place = before.x + share * (foot.x - before.x), before.y + share * (foot.y - before.y)
            change = before.time_s + share * (foot.time_s - before.time_s), _beside(line, place)
        if abs(now) > margin:
            if settled * now < 0 and change is not None and change[1]:
                found.append(Crossing(change[0], foot.identity, foot.label, "in" if now > 0 else "out"))
            settled = now
        before = foot
    return found


def _beside(line: tuple[Point, Point], point: Point) -> bool:
    """Whether the point's foot on the line lies between its ends."""
    start, end = np.array(line[0]), np.array(line[1])
    share = float((np.array(point) - start) @ (end - start) / ((end - start) @ (end - start)))
    return 0 <= share <= 1


def stays(pictures: Sequence[Sequence[Foot]], polygon: Sequence[Point], inertia_s: float = 0.0) -> list[Stay]:
    """Who was in a zone, from when to when; gaps and visits shorter than ``inertia_s`` don't count."""
    found: list[Stay] = []
    for way in ways(pictures).values():
        raw: list[Stay] = []
        for foot in way:
            within = inside(polygon, (foot.x, foot.y))
            if within and (not raw or raw[-1].left_s is not None):
                raw.append(Stay(foot.identity, foot.label, foot.time_s, None, foot.time_s))
            elif within:
                raw[-1] = _until(raw[-1], None, foot.time_s)
            elif raw and raw[-1].left_s is None:
                raw[-1] = _until(raw[-1], foot.time_s, raw[-1].last_s)
        found += [stay for stay in _joined(raw, inertia_s) if stay.inside_s >= inertia_s]
    return sorted(found, key=lambda stay: (stay.entered_s, stay.identity))


def _joined(stays: Sequence[Stay], inertia_s: float) -> list[Stay]:
    found: list[Stay] = []
    for stay in stays:
        left_s = found[-1].left_s if found else None
        if left_s is not None and stay.entered_s - left_s < inertia_s:
            found[-1] = _until(found[-1], stay.left_s, stay.last_s)
        else:
            found.append(stay)
    return found


def _until(stay: Stay, left_s: float | None, last_s: float) -> Stay:
    return Stay(stay.identity, stay.label, stay.entered_s, left_s, last_s)


def occupancy(picture: Sequence[Foot], polygon: Sequence[Point], label: str | None = None) -> int:
    """How many feet (of a label) are in a zone in one picture."""
    return sum(inside(polygon, (foot.x, foot.y)) for foot in picture if label is None or foot.label == label)
