"""Who is on the street and where: lives that follow one another, each a path walked at a pace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.chance import Matter, chance
from streamer.capture.street.layout import Layout
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.parking import Obstacle
from streamer.capture.street.view import View
from streamer.capture.street.wardrobe import Look, look_of

_STEP_M: Final = 0.25
_TRIES: Final = 30
_FREE_LANE_M: Final = 6.0
"""On the near pavement, where no car ever stands."""

_ROW_M: Final = 0.55
_ABREAST_M: Final = 0.48
_BEYOND_M: Final = 3.0
"""So far do the ways of a group go on outside the picture: as far as its last row is behind the first."""

_FOOT_M: Final = 1.2
_CLOSE_LANE_M: Final = 2.2
_TALLEST_M: Final = 2.05


@dataclass(frozen=True, slots=True, eq=False)
class Life:
    """One person's walk over the street, from outside the picture to outside the picture.

    Attributes:
        identity: unique over the whole run.
        kind: the group the person belongs to.
        look: outward appearance.
        path: float64 [M, 2], X and Z in metres, one point each ``_STEP_M`` of the way.
        speed_mps: walking speed.
        start_s: when the walk begins, seconds of street time.
    """

    identity: int
    kind: int
    look: Look
    path: NDArray[np.float64]
    speed_mps: float
    start_s: float

    @property
    def end_s(self) -> float:
        return self.start_s + (len(self.path) - 1) * _STEP_M / self.speed_mps


@dataclass(frozen=True, slots=True)
class Walker:
    """Where a person is at one moment.

    Attributes:
        life: whose walk it is.
        x_m: along the street.
        z_m: across the street.
        heading: radians from +Z towards +X.
        walked_m: way behind the person, which drives the gait.
    """

    life: Life
    x_m: float
    z_m: float
    heading: float
    walked_m: float


class Crowd:
    """The people of a street. Each of ``options.people`` places is held by one life after the other."""

    def __init__(
        self, options: StreetOptions, view: View, layout: Layout, obstacles: Sequence[Obstacle] = ()
    ) -> None:
        self._options = options
        self._view = view
        self._layout = layout
        self._obstacles = obstacles
        self._current: dict[int, tuple[int, Life]] = {}

    def at(self, time_s: float) -> list[Walker]:
        """Everyone whose walk holds the moment, in any order of calls; going back starts over."""
        return [_walker(self._life_at(place, time_s), time_s) for place in range(self._options.people)]

    def _life_at(self, place: int, time_s: float) -> Life:
        number, life = self._current.get(place) or (0, self._life(place, 0, 0.0))
        if life.start_s > time_s:
            number, life = 0, self._life(place, 0, 0.0)
        while life.end_s <= time_s:
            number, life = number + 1, self._life(place, number + 1, life.end_s)
        self._current[place] = (number, life)
        return life

    def _life(self, place: int, number: int, start_s: float) -> Life:
        member = place % self._options.crowd
        # All of a group draw the same lots, so that they go the same way at the same pace for ever.
        rng = chance(self._options.seed, Matter.LIFE, place - member, number)
        path = self._path(rng)
        if self._options.crowd > 1:
            path = _in_rank(path, member)
        speed = float(rng.uniform(1.05, 1.6))
        if number == 0:
            # The first lives began before the picture did, so that the street is not empty at its start.
            start_s = -float(rng.uniform(0.15, 0.75)) * (len(path) - 1) * _STEP_M / speed
        identity = number * self._options.people + place + 1
        kind = int(rng.integers(self._options.kinds))
        return Life(identity, kind, look_of(self._options.seed, identity, kind), path, speed, start_s)

    def _path(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """A way over the street that leads through no car."""
        for _ in range(_TRIES):
            path = _resampled(_smoothed(_waypoints(rng, self._view, self._layout)))
            if not any(_meets(path, obstacle, self._room_m()) for obstacle in self._obstacles):
                return path
        left, right = _outside(self._view, _FREE_LANE_M)
        return _resampled(np.array([(left, _FREE_LANE_M), (right, _FREE_LANE_M)]))

    def _room_m(self) -> float:
        """How far from the middle of their way the members of a group walk."""
        return _ABREAST_M / 2 if self._options.crowd > 1 else 0.0


def _meets(path: NDArray[np.float64], obstacle: Obstacle, room_m: float) -> bool:
    x, z = path.T
    beside = (x > obstacle.x_m[0] - room_m) & (x < obstacle.x_m[1] + room_m)
    return bool((beside & (z > obstacle.z_m[0] - room_m) & (z < obstacle.z_m[1] + room_m)).any())


def _in_rank(path: NDArray[np.float64], member: int) -> NDArray[np.float64]:
    """The way of one of a group that walks in twos: as long as the others', moved aside and back."""
    first, last = path[1] - path[0], path[-1] - path[-2]
    more = np.arange(_STEP_M, _BEYOND_M + _STEP_M, _STEP_M)[:, None]
    path = np.concatenate(
        [
            path[0] - more[::-1] * first / np.hypot(*first),
            path,
            path[-1] + more * last / max(float(np.hypot(*last)), 1e-6),
        ]
    )
    ahead = np.gradient(path, axis=0)
    ahead /= np.maximum(np.hypot(*ahead.T), 1e-6)[:, None]
    aside = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1) * (member % 2 - 0.5) * _ABREAST_M
    behind = member // 2 * _ROW_M / _STEP_M
    at = np.maximum(np.arange(len(path)) - behind, 0.0)
    moved = path + aside
    return np.stack([np.interp(at, np.arange(len(path)), moved[:, axis]) for axis in (0, 1)], axis=1)


def _walker(life: Life, time_s: float) -> Walker:
    walked = (time_s - life.start_s) * life.speed_mps
    at = min(walked / _STEP_M, len(life.path) - 1.001)
    before = int(at)
    here = life.path[before] + (life.path[before + 1] - life.path[before]) * (at - before)
    low, high = max(before - 1, 0), min(before + 2, len(life.path) - 1)
    dx, dz = life.path[high] - life.path[low]
    return Walker(life, float(here[0]), float(here[1]), float(np.arctan2(dx, dz)), walked)


def _waypoints(rng: np.random.Generator, view: View, layout: Layout) -> NDArray[np.float64]:
    side = int(rng.integers(2))
    lanes = [layout.lane(rng), layout.lane(rng)]
    ends = [_outside(view, lane)[end] for lane, end in zip(lanes, (side, 1 - side), strict=True)]
    left, right = sorted(ends)
    turn = float(rng.uniform(left + 0.3 * (right - left), left + 0.7 * (right - left)))
    route = rng.choice(["along", "cross", "toward", "away"], p=[0.46, 0.26, 0.14, 0.14])
    match route:
        case "along":
            other = lanes[0] + float(rng.uniform(-0.6, 0.6))
            points = [(ends[0], lanes[0]), (_outside(view, other)[1 - side], other)]
        case "cross":
            step = np.sign(ends[1] - ends[0]) * float(rng.uniform(-0.5, 2.5))
            points = [(ends[0], lanes[0]), (turn, lanes[0]), (turn + step, lanes[1]), (ends[1], lanes[1])]
        case _:
            near = _under(view, rng)
            middle = (
                near[0] + np.tan(_yaw(view)) * (lanes[1] - near[1]) * float(rng.uniform(0.6, 1.4)),
                lanes[1],
            )
            points = [near, middle, (_outside(view, lanes[1])[side], lanes[1])]
    ordered = np.array(points, dtype=np.float64)
    return ordered[::-1] if route == "toward" else ordered


def _yaw(view: View) -> float:
    return float(np.arctan2(view.axes[2, 0], view.axes[2, 2]))


def _under(view: View, rng: np.random.Generator) -> tuple[float, float]:
    """A place at the camera's foot, below the picture; beside the picture where that is too tall."""
    side = float(rng.uniform(-0.35, 0.35))
    yaw = _yaw(view) + side
    x_m, z_m = float(np.sin(yaw)) * _FOOT_M, float(np.cos(yaw)) * _FOOT_M
    crown = view.project(np.array([[x_m, _TALLEST_M, z_m]]))[0]
    if crown[1] > view.height:
        return x_m, z_m
    return _outside(view, _CLOSE_LANE_M)[int(side > 0)], _CLOSE_LANE_M


def _outside(view: View, lane_m: float) -> tuple[float, float]:
    """The X at which someone on a lane is just out of the picture, on its left and on its right."""
    x = np.arange(-120.0, 120.0, 0.5)
    points = np.stack([x, np.full_like(x, 0.9), np.full_like(x, lane_m)], axis=1)
    seen = view.project(points)
    margin = view.focal_px * 0.55 / np.maximum(seen[:, 2], 0.5) + 2
    inside = (seen[:, 2] > 0.5) & (seen[:, 0] > -margin) & (seen[:, 0] < view.width + margin)
    return float(x[inside].min() - 0.5), float(x[inside].max() + 0.5)


def _smoothed(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners cut twice (Chaikin), so that nobody turns on the spot."""
    for _ in range(3):
        heads, tails = points[:-1], points[1:]
        cut = np.stack([0.8 * heads + 0.2 * tails, 0.2 * heads + 0.8 * tails], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], cut, points[-1:]])
    return points


def _resampled(points: NDArray[np.float64]) -> NDArray[np.float64]:
    way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.arange(0.0, way[-1] + _STEP_M, _STEP_M)
    return np.stack([np.interp(at, way, points[:, axis]) for axis in (0, 1)], axis=1)
