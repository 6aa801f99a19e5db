"""What can still be judged of a configuration in which something is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pydantic import ValidationError

from detectors.wording import close
from streamer.config.names import Findings
from streamer.config.option_tree import KeyPath, keys_at, locate
from streamer.config.polygon import WHOLE
from streamer.config.tree import Config

if TYPE_CHECKING:
    from streamer.config.names import Problem

Pattern: TypeAlias = KeyPath

ANY: Final = "*"
ATTEMPTS: Final = 3
"""For a wrong value something harmless stands, then nothing, then the section around it is left out."""
STREET: Final = "sim://street"
HARMLESS: Final[Mapping[Pattern, Any]] = {
    ("source",): STREET,
    ("source", "main"): STREET,
    ("source", "sub"): STREET,
    ("zones", ANY): {"polygon": WHOLE},
    ("zones", ANY, "polygon"): WHOLE,
    ("zones", ANY, "filters", ANY): {},
    ("masks", ANY): {"polygon": [[0, 0], [0.01, 0], [0, 0.01]]},
    ("lines", ANY): {"from": [0, 0], "to": [1, 1]},
    ("lines", ANY, "from"): [0, 0],
    ("lines", ANY, "to"): [1, 1],
    ("filters", ANY): {},
    ("filters", ANY, "required_zones"): [],
    ("detectors", ANY): {},
}
"""What stands for a wrong value that something else may name, or that has to be there: asked of nobody."""

MISLED: Final[tuple[tuple[Pattern, Pattern], ...]] = (
    (("zones", ANY), ("events", "required_zones")),
    (("zones", ANY), ("filters", ANY, "required_zones")),
    (("zones", ANY), ("detect", "labels")),
    (("lines", ANY), ("detect", "labels")),
    (("detect", "labels", ANY), ("labels",)),
    (("filters", ANY), ("labels",)),
    (("detect", "regions", ANY, ANY), ("filters", ANY, ANY)),
    (("detect", "regions", ANY, ANY), ("zones", ANY, "filters", ANY, ANY)),
    (("username",), ("password",)),
    (("source", ANY), ("decode",)),
)
"""With a hole in the first of each pair, what is said of the second may be wrong."""
MISLED_LABELS: Final[tuple[Pattern, ...]] = (("labels", ANY), ("detector",))
"""With a hole in these it is not known what the model's labels are called."""


@dataclass(frozen=True, slots=True)
class Remains:
    """A configuration with harmless values where wrong ones stood.

    Attributes:
        config: None where nothing can be made of it.
        holes: where the wrong ones stood.
    """

    config: Config | None
    holes: frozenset[KeyPath] = frozenset()

    def sure(self, findings: Findings) -> Findings:
        """What is wrong whatever stands in the holes."""
        cameras = {
            name: [each for each in found if not self.misleads(each, name)]
            for name, found in findings.cameras.items()
        }
        return Findings(cameras, [each for each in findings.rest if not self.misleads(each, None)])

    def misleads(self, problem: Problem, camera: str | None) -> bool:
        """Whether a problem of a camera, or of none, may be only that a value is left out here."""
        path = tuple(map(str, problem.path))
        own = ("cameras", camera) if camera is not None else ()
        if any(_within((*own, *path), hole) for hole in self.holes):
            return True
        if camera is None or self.config is None:
            return False
        of_camera = [hole[2:] for hole in self.holes if hole[:2] == own]
        detector = "detectors", self.config.cameras[camera].detector
        of_detector = any(hole in (detector, detector[:1], (*detector, "model")) for hole in self.holes)
        if path == ("detector",) and any(hole[0] == "detectors" and len(hole) <= 2 for hole in self.holes):
            return True
        if problem.label and (of_detector or any(_is(hole, MISLED_LABELS) for hole in of_camera)):
            return True
        if len(path) == 2 and path[0] == "lines" and any(_within(hole, path) for hole in of_camera):
            return True
        return any(
            _is(hole, (about,)) and _matches(path[: len(misled)], misled)
            for hole in of_camera
            for about, misled in MISLED
        )


def remains(values: Mapping[str, Any], holes: Iterable[KeyPath] = ()) -> Remains:
    """The rest of a configuration whose cameras have what is theirs.

    What is wrong is replaced until nothing is; what becomes wrong by that is not told of again.

    Args:
        values: all of it.
        holes: where something is replaced already.
    """
    rest, holes, tried = deepcopy(dict(values)), set(holes), Counter[KeyPath]()
    while True:
        try:
            return Remains(Config.model_validate(rest), frozenset(holes))
        except ValidationError as error:
            wrong = {locate(Config, each["loc"]).path: each["type"] for each in error.errors()}
        for path, kind in sorted(wrong.items(), reverse=True):
            tried[path] += 1
            if path in ((), ("cameras",)) or tried[path] > ATTEMPTS:
                return Remains(None)
            holes |= _hole(rest, path)
            if kind == "extra_forbidden":
                holes |= meant_by(path)
            replace_value(rest, path, tried[path])


def _hole(values: dict[str, Any], path: KeyPath) -> set[KeyPath]:
    """Where nothing is known with a wrong value: of a line that is none, its ends."""
    if path[-2:-1] == ("lines",) and isinstance(_section(values, path), dict):
        return {(*path, "from"), (*path, "to")}
    return {path}


def meant_by(path: KeyPath) -> set[KeyPath]:
    """The option that an unknown one may have been meant to be."""
    *section, key = path
    near = close(key, keys_at(Config, tuple(section)))
    return {(*section, near)} if near else set()


def replace_value(values: dict[str, Any], path: KeyPath, attempt: int = 1) -> None:
    """Put something harmless for what stands at a path, or leave it out."""
    if attempt >= ATTEMPTS:
        path = path[:-1]
    if not path:
        return
    within = path[2:] if path[:1] == ("cameras",) else path
    if within[:1] == ("masks",) and len(within) > 2:
        # Without its labels it would hide more.
        path, within = path[: 2 - len(within)], within[:2]
    harmless = next((value for each, value in HARMLESS.items() if _matches(within, each)), None)
    if harmless is None or attempt > 1:
        _leave_out(values, path)
    else:
        _put(values, path, harmless)


def _put(values: dict[str, Any], path: KeyPath, harmless: Any) -> None:
    section = _section(values, path[:-1])
    if section is None:
        replace_value(values, path[:-1])
    elif isinstance(section, list):
        section[int(path[-1])] = deepcopy(harmless)
    else:
        before = section.get(path[-1])
        kept = before if isinstance(harmless, dict) and isinstance(before, dict) else {}
        labels = {key: value for key, value in kept.items() if key == "labels"}
        section[path[-1]] = {**deepcopy(harmless), **labels} if isinstance(harmless, dict) else harmless


def _leave_out(values: dict[str, Any], path: KeyPath) -> None:
    section = _section(values, path[:-1])
    if isinstance(section, dict):
        section.pop(path[-1], None)
    elif len(path) > 1:
        # A list is of no use with one item less.
        replace_value(values, path[:-1])


def _section(values: Any, path: KeyPath) -> dict[str, Any] | list[Any] | None:
    for key in path:
        if isinstance(values, dict):
            values = values.get(key)
        elif isinstance(values, list) and key.isdigit() and int(key) < len(values):
            values = values[int(key)]
        else:
            return None
    return values if isinstance(values, dict | list) else None


def _within(inner: KeyPath, outer: KeyPath) -> bool:
    return inner[: len(outer)] == outer


def _matches(path: KeyPath, pattern: Pattern) -> bool:
    return len(path) == len(pattern) and all(
        each in (key, ANY) for key, each in zip(path, pattern, strict=True)
    )


def _is(hole: KeyPath, patterns: Iterable[Pattern]) -> bool:
    """Whether a hole is what a pattern says, or the section around it."""
    return any(len(hole) <= len(each) and _matches(hole, each[: len(hole)]) for each in patterns)
