"""What a ``sim://street`` address may say."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from detectors.wording import nearest

MAX_PEOPLE: Final = 64
MAX_KINDS: Final = 4
MAX_PARKED: Final = 6
MAX_CROWD: Final = 8
MIN_SIDE_PX: Final = 64
MAX_SIDE_PX: Final = 4096


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds of street time, the first included and the last not."""

    start_s: float
    end_s: float

    def holds(self, time_s: float) -> bool:
        return self.start_s <= time_s < self.end_s


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
        parked: cars at the kerbs, 0..6.
        parked_from: second at which the first of them stands, having driven up; None: it always stood.
        parked_until: second at which the first of them drives off; None: it stays.
        crowd: how many people walk close together, 1..8.
        night: the street lamps are all the light.
        rain: streaks, haze and wet ground.
        mirror: left and right change places, in picture and truth.
        loss: share of the packets that are lost on the way, 0..1; above 0 the pictures are coded as H.264.
        gop: seconds between the key frames of a stream that loses packets.
        covered: when something is before the lens.
        frozen: when the camera repeats one picture.
        blurred: when the lens is out of focus.
    """

    seed: int = 0
    fps: float = 15.0
    width: int = 1280
    height: int = 720
    people: int = 6
    kinds: int = 1
    realtime: bool = True
    parked: int = 0
    parked_from: float | None = None
    parked_until: float | None = None
    crowd: int = 1
    night: bool = False
    rain: bool = False
    mirror: bool = False
    loss: float = 0.0
    gop: float = 2.0
    covered: Span | None = None
    frozen: Span | None = None
    blurred: Span | None = None

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
        _within("parked", self.parked, 0, MAX_PARKED)
        _within("crowd", self.crowd, 1, MAX_CROWD)
        _within("loss", self.loss, 0, 1)
        _within("gop", self.gop, 0.1, 60)
        if self.loss and (self.width % 2 or self.height % 2):
            raise ValueError(
                f"street option size: expected even sides with loss, received {self.width}x{self.height}"
            )
        self._check_stay()
        for name in ("covered", "frozen", "blurred"):
            span = getattr(self, name)
            if span is not None and span.start_s >= span.end_s:
                raise ValueError(
                    f"street option {name}: expected a start before its end, "
                    f"received {span.start_s:g}-{span.end_s:g}"
                )

    def _check_stay(self) -> None:
        for name in ("parked_from", "parked_until"):
            if getattr(self, name) is not None and not self.parked:
                raise ValueError(f"street option {name}: expected a parked car, received parked=0")
        if self.parked_until is not None and self.parked_until <= (self.parked_from or 0.0):
            raise ValueError(
                f"street option parked_until: expected more than parked_from={self.parked_from or 0:g}, "
                f"received {self.parked_until:g}"
            )

    @classmethod
    def from_url(cls, url: str) -> "StreetOptions":
        """Options of an address such as ``sim://street?seed=0&fps=15&size=1280x720&people=6&kinds=1&realtime=1``.

        Raises:
            ValueError: one line that names the option, what was expected and what was received.
        """
        parts = urlsplit(url)
        if parts.scheme != "sim" or parts.netloc != "street" or parts.path not in {"", "/"}:
            raise ValueError(f"simulated camera: expected sim://street?OPTIONS, received {url}")
        values: dict[str, Value] = {}
        for name, text in parse_qsl(parts.query, keep_blank_values=True):
            if name in values or (name == "size" and "width" in values):
                raise ValueError(f"street option {name}: expected once, received again with {text!r}")
            values |= _parsed(name, text)
        return cls(**values)  # type: ignore[arg-type]


Value: TypeAlias = int | float | bool | Span


@dataclass(frozen=True, slots=True)
class _Form:
    """How a value is written: all of the pattern, its words for people, and what it means."""

    pattern: str
    words: str
    value: Callable[[str], Value]


def _span(text: str) -> Span:
    start, end = text.split("-")
    return Span(float(start), float(end))


_NUMBER: Final = r"\d{1,6}(\.\d{1,9})?"
_WHOLE: Final = _Form(r"-?\d{1,18}", "a whole number", int)
_FPS: Final = _Form(_NUMBER, "a number such as 15 or 12.5", float)
_SECONDS: Final = _Form(_NUMBER, "seconds such as 20 or 12.5", float)
_SHARE: Final = _Form(_NUMBER, "a share such as 0.01", float)
_SWITCH: Final = _Form("[01]", "0 or 1", lambda text: text == "1")
_SPAN: Final = _Form(f"{_NUMBER}-{_NUMBER}", "START-END in seconds such as 10-20", _span)
_FORMS: Final = {
    "seed": _WHOLE,
    "fps": _FPS,
    "size": _Form(r"\d{1,6}x\d{1,6}", "WIDTHxHEIGHT such as 1280x720", len),
    "people": _WHOLE,
    "kinds": _WHOLE,
    "realtime": _SWITCH,
    "parked": _WHOLE,
    "parked_from": _SECONDS,
    "parked_until": _SECONDS,
    "crowd": _WHOLE,
    "night": _SWITCH,
    "rain": _SWITCH,
    "mirror": _SWITCH,
    "loss": _SHARE,
    "gop": _SECONDS,
    "covered": _SPAN,
    "frozen": _SPAN,
    "blurred": _SPAN,
}


def _parsed(name: str, text: str) -> dict[str, Value]:
    form = _FORMS.get(name)
    if form is None:
        received = f"received {name}={text}{nearest(name, _FORMS)}"
        raise ValueError(f"street option {name}: expected one of {', '.join(_FORMS)}, {received}")
    if re.fullmatch(form.pattern, text, re.ASCII) is None:
        raise ValueError(f"street option {name}: expected {form.words}, received {text!r}")
    if name == "size":
        width, height = text.split("x")
        return {"width": int(width), "height": int(height)}
    return {name: form.value(text)}


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        received = value if isinstance(value, int) else f"{value:g}"
        raise ValueError(f"street option {name}: expected {low} to {high}, received {received}")
