"""Still scenes as a camera sees them, with what may happen to it: troubles, and what only looks like one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.pixels import BgrPixels
from streamer.frame import Frame
from streamer.health.look import look
from streamer.health.picture import PictureJudge
from streamer.health.verdict import PictureState

Picture = NDArray[np.uint8]
Scene = NDArray[np.float32]
Happening = Callable[[Scene, "Sensor"], Iterator[Picture]]

NOON: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SIZE: Final = (640, 360)
LEARNT_LOOKS: Final = 75
SHOWN_LOOKS: Final = 40


class Sensor:
    """Adds a sensor's noise, anew in every picture; ``sigma`` in grey levels."""

    def __init__(self, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        self._field = self._random.standard_normal((SIZE[1] + 64, SIZE[0] + 64, 3), dtype=np.float32)

    def __call__(self, light: Scene, sigma: float = 2.0) -> Picture:
        top, left = self._random.integers(0, 64, 2)
        noise = self._field[top : top + SIZE[1], left : left + SIZE[0]]
        return np.clip(light + sigma * noise, 0, 255).astype(np.uint8)


def scene(path: Path) -> Scene:
    """A photograph as a camera's view, float32 BGR."""
    image = cv2.resize(cv2.imread(str(path)), SIZE, interpolation=cv2.INTER_AREA)
    return image.astype(np.float32)


def blurred(light: Scene, share: float) -> Scene:
    """Out of focus by ``share`` of the picture's width (standard deviation)."""
    return cv2.GaussianBlur(light, (0, 0), share * SIZE[0])


def forever(light: Scene, sensor: Sensor, sigma: float = 2.0) -> Iterator[Picture]:
    while True:
        yield sensor(light, sigma)


def hand(light: Scene, sensor: Sensor) -> Iterator[Picture]:
    """A hand on the lens: what light comes through is a smooth slope."""
    slope = np.linspace(20, 90, SIZE[0], dtype=np.float32)[None, :, None] * np.array(
        [0.5, 0.6, 1.0], np.float32
    )
    small = cv2.resize(light, (16, 9), interpolation=cv2.INTER_AREA)
    return forever(slope + 0.15 * cv2.resize(cv2.GaussianBlur(small, (0, 0), 2), SIZE), sensor, 3)


def paint(light: Scene, sensor: Sensor) -> Iterator[Picture]:
    return forever(np.full_like(light, 150), sensor)


def repeated(light: Scene, sensor: Sensor) -> Iterator[Picture]:
    """The last picture again and again."""
    last = sensor(light)
    while True:
        yield last


def coded_again(light: Scene, sensor: Sensor) -> Iterator[Picture]:
    """The sensor's picture is stuck, and the encoder makes a new group of pictures of it all the time."""
    group = [sensor(light, 0.7) for _ in range(7)]
    while True:
        yield from group


def skipped(light: Scene, sensor: Sensor) -> Iterator[Picture]:
    """A quiet scene at a low bit rate: pictures only change with a key frame, every ten looks."""
    while True:
        key = sensor(light, 1)
        yield from [key] * 10


def dusk(light: Scene, sensor: Sensor) -> Iterator[Picture]:
    """Night falls within 20 looks, to a twelfth of the light and more noise."""
    for step in range(20):
        yield sensor(light * 12 ** (-step / 20), 2 + step / 10)
    yield from forever(light / 12, sensor, 4)


def infrared(light: Scene, sensor: Sensor) -> Iterator[Picture]:
    """From one look to the next in grey, lit from the camera."""
    grey = cv2.cvtColor(light, cv2.COLOR_BGR2GRAY)[..., None]
    across = np.linspace(-1, 1, SIZE[0], dtype=np.float32)[None, :, None]
    return forever(np.repeat(grey * (0.8 - 0.4 * across**2), 3, axis=2), sensor, 4)


def fog(light: Scene, sensor: Sensor) -> Iterator[Picture]:
    return forever(0.2 * blurred(light, 1 / 800) + 160, sensor)


def rain(light: Scene, sensor: Sensor) -> Iterator[Picture]:
    """Streaks over less contrast."""
    random = np.random.default_rng(1)
    while True:
        wet = 0.7 * light + 40
        for x, y in random.uniform((0, 0), SIZE, (150, 2)).astype(int):
            cv2.line(wet, (int(x), int(y)), (int(x) - 3, int(y) + 18), (200, 200, 200), 1)
        yield sensor(wet)


def passing(light: Scene, sensor: Sensor) -> Iterator[Picture]:
    """Something plain and large drives by: for three looks nothing else is seen."""
    while True:
        yield from islice(forever(light, sensor), 7)
        yield from islice(paint(light, sensor), 3)


TROUBLES: Final[Mapping[str, tuple[PictureState, Happening]]] = {
    "black": ("covered", lambda light, sensor: forever(np.full_like(light, 8), sensor, 4)),
    "hand": ("covered", hand),
    "paint": ("covered", paint),
    "repeated": ("frozen", repeated),
    "coded again": ("frozen", coded_again),
    "blur 1/200": ("unfocused", lambda light, sensor: forever(blurred(light, 1 / 200), sensor)),
    "blur 1/100": ("unfocused", lambda light, sensor: forever(blurred(light, 1 / 100), sensor)),
    "night blur 1/100": (
        "unfocused",
        lambda light, sensor: forever(blurred(light / 3, 1 / 100), sensor, 3),
    ),
    "blur 1/50": ("unfocused", lambda light, sensor: forever(blurred(light, 1 / 50), sensor)),
}
HARMLESS: Final[Mapping[str, Happening]] = {
    "quiet": forever,
    "skipped": skipped,
    "dusk": dusk,
    "infrared": infrared,
    "fog": fog,
    "rain": rain,
    "passing": passing,
}


class Watching:
    """Judges one look a second."""

    def __init__(self) -> None:
        self.judge = PictureJudge()
        self.now = 0.0

    def see(self, pictures: Iterable[Picture]) -> list[PictureState]:
        return [self._see(picture) for picture in pictures]

    def _see(self, picture: Picture) -> PictureState:
        self.now += 1.0
        frame = Frame("yard", 0, 0, NOON, 0.0, BgrPixels(picture))
        return self.judge.judge(look(frame), self.now, NOON + timedelta(seconds=self.now)).state


def verdicts(light: Scene, happenings: Mapping[str, Happening]) -> dict[str, set[PictureState]]:
    """What is said while each of these happens to a camera that knows its scene."""
    sensor, known = Sensor(), Watching()
    known.see(islice(forever(light, sensor), LEARNT_LOOKS))
    return {
        name: set(copy.deepcopy(known).see(islice(happening(light, sensor), SHOWN_LOOKS)))
        for name, happening in happenings.items()
    }
