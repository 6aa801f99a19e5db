"""What a ``sim://street`` address may say."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

MAX_PEOPLE: Final = 64
MAX_KINDS: Final = 4
MIN_SIDE_PX: Final = 64
MAX_SIDE_PX: Final = 4096


@dataclass(frozen=True, slots=True)
class StreetOptions:
    """Options of the procedural street.

    Attributes:
        seed: chooses street, light and people; the same seed gives the same pictures.
        fps: pictures per second of street time, 0 < fps <= 240.
        width: of the picture, pixels.
        height: of the picture, pixels.
        people: how many are about at any time, 0..64.
        kinds: groups of people that differ in dress and load, 1..4.
        realtime: whether the clock paces the camera, or whoever reads it.
    """

    seed: int = 0
    fps: float = 15.0
    width: int = 1280
    height: int = 720
    people: int = 6
    kinds: int = 1
    realtime: bool = True

    def __post_init__(self) -> None:
        _within("seed", self.seed, 0, 2**63 - 1)
        if not 0 < self.fps <= 240:
            raise ValueError(
                f"street option fps: expected more than 0 and at most 240, received {self.fps:g}"
            )
        for side in (self.width, self.height):
            if not MIN_SIDE_PX <= side <= MAX_SIDE_PX:
                raise ValueError(
                    f"street option size: expected sides of {MIN_SIDE_PX} to {MAX_SIDE_PX} pixels, "
                    f"received {self.width}x{self.height}"
                )
        _within("people", self.people, 0, MAX_PEOPLE)
        _within("kinds", self.kinds, 1, MAX_KINDS)

    @classmethod
    def from_url(cls, url: str) -> "StreetOptions":
        """Options of an address such as ``sim://street?seed=0&fps=15&size=1280x720&people=6&kinds=1&realtime=1``.

        Raises:
            ValueError: one line that names the option, what was expected and what was received.
        """
        parts = urlsplit(url)
        if parts.scheme != "sim" or parts.netloc != "street" or parts.path not in {"", "/"}:
            raise ValueError(f"simulated camera: expected sim://street?OPTIONS, received {url}")
        values: dict[str, int | float | bool] = {}
        for name, text in parse_qsl(parts.query, keep_blank_values=True):
            if name in values or (name == "size" and "width" in values):
                raise ValueError(f"street option {name}: expected once, received again with {text!r}")
            values |= _parsed(name, text)
        return cls(**values)  # type: ignore[arg-type]


def _parsed(name: str, text: str) -> dict[str, int | float | bool]:
    match name:
        case "seed" | "people" | "kinds":
            return {name: int(_matched(name, text, r"-?\d{1,18}", "a whole number"))}
        case "fps":
            return {name: float(_matched(name, text, r"\d{1,6}(\.\d{1,9})?", "a number such as 15 or 12.5"))}
        case "size":
            width, height = _matched(name, text, r"\d{1,6}x\d{1,6}", "WIDTHxHEIGHT such as 1280x720").split(
                "x"
            )
            return {"width": int(width), "height": int(height)}
        case "realtime":
            return {name: _matched(name, text, "[01]", "0 or 1") == "1"}
        case _:
            raise ValueError(
                f"street option {name}: expected one of seed, fps, size, people, kinds, realtime, "
                f"received {name}={text}"
            )


def _matched(name: str, text: str, pattern: str, expected: str) -> str:
    if re.fullmatch(pattern, text, re.ASCII) is None:
        raise ValueError(f"street option {name}: expected {expected}, received {text!r}")
    return text


def _within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"street option {name}: expected {low} to {high}, received {value}")
