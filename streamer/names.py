"""Whether the names in a configuration mean something: labels, zones, and filters that could match."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from streamer.scene import EVERY_LABEL

if TYPE_CHECKING:
    from streamer.scene import FilterConfig, LineConfig, MaskConfig, ZoneConfig

Path: TypeAlias = tuple[str | int, ...]


class Wanted(Protocol):
    @property
    def labels(self) -> tuple[str, ...]: ...


class Required(Protocol):
    @property
    def required_zones(self) -> tuple[str, ...]: ...


class Scene(Protocol):
    """A camera, or what is common to all of them."""

    @property
    def detect(self) -> Wanted: ...
    @property
    def events(self) -> Required: ...
    @property
    def labels(self) -> dict[str, str]: ...
    @property
    def filters(self) -> dict[str, FilterConfig]: ...
    @property
    def masks(self) -> tuple[MaskConfig, ...]: ...


class CameraScene(Scene, Protocol):
    @property
    def zones(self) -> dict[str, ZoneConfig]: ...
    @property
    def lines(self) -> dict[str, LineConfig]: ...


@dataclass(frozen=True, slots=True)
class Problem:
    """A name that means nothing.

    Attributes:
        path: where it stands.
        text: what was expected and received.
        label: that no model knows; empty where something else is wrong.
        everywhere: also wrong where a camera has it from a global section.
    """

    path: Path
    text: str
    label: str = ""
    everywhere: bool = False


def common_problems(scene: Scene) -> Iterator[Problem]:
    """What is wrong with the labels that are said of all cameras, or of one."""
    merges, wanted = scene.labels, scene.detect.labels
    for label, name in merges.items():
        if name in merges:
            yield Problem(("labels", label), f"expected a label that is not merged itself, received {name!r}")
    for number, label in enumerate(wanted):
        if label in merges:
            yield Problem(("detect", "labels", number), _merged(label, merges), everywhere=True)
    yield from _never_found(_common_labels(scene), merges, wanted)


def camera_problems(camera: CameraScene) -> Iterator[Problem]:
    """What is wrong with the names of one camera."""
    yield from common_problems(camera)
    yield from _never_found(_scene_labels(camera), camera.labels, camera.detect.labels)
    for path, zone in _required_zones(camera):
        if zone not in camera.zones:
            known = ", ".join(camera.zones) or "it has none"
            text = f"expected a zone of the camera ({known}), received {zone!r}{nearest(zone, camera.zones)}"
            yield Problem(path, text, everywhere=True)
    for name, zone_config in camera.zones.items():
        yield from _zone_filters(name, zone_config, camera.filters)


def unknown_labels(camera: CameraScene, model: str, known: Collection[str]) -> Iterator[Problem]:
    """Labels that neither the model knows nor ``labels`` makes.

    Args:
        camera: where they are named.
        model: its name.
        known: its labels.
    """
    made = {*known, *camera.labels.values()}
    places: list[tuple[Path, str]] = [
        (("detect", "labels", n), label) for n, label in enumerate(camera.detect.labels)
    ]
    places += [*_common_labels(camera), *_scene_labels(camera)]
    unknown: list[tuple[Path, str]] = [(path, label) for path, label in places if label not in made]
    unknown += [(("labels", label), label) for label in camera.labels if label not in known]
    for path, label in unknown:
        yield Problem(path, f"expected a label of {model}, received {label!r}{nearest(label, made)}", label)


def nearest(name: str, known: Collection[str]) -> str:
    """A hint at what may have been meant."""
    near = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _never_found(
    places: Iterator[tuple[Path, str]], merges: Mapping[str, str], wanted: Sequence[str]
) -> Iterator[Problem]:
    for path, label in places:
        if label in merges:
            yield Problem(path, _merged(label, merges))
        elif wanted and label not in wanted:
            hint = nearest(label, wanted)
            expected = f"expected one of detect.labels ({', '.join(wanted)})"
            yield Problem(path, f"{expected}, received {label!r}{hint}: it never matches")


def _merged(label: str, merges: Mapping[str, str]) -> str:
    return f"expected {merges[label]!r}, as labels calls it, received {label!r}: it never matches"


def _common_labels(scene: Scene) -> Iterator[tuple[Path, str]]:
    """Where labels are named in what all cameras share."""
    for label in scene.filters:
        if label != EVERY_LABEL:
            yield ("filters", label), label
    for number, mask in enumerate(scene.masks):
        for n, label in enumerate(mask.labels):
            yield ("masks", number, "labels", n), label


def _scene_labels(camera: CameraScene) -> Iterator[tuple[Path, str]]:
    """Where labels are named in zones and lines."""
    for name, zone in camera.zones.items():
        for n, label in enumerate(zone.labels):
            yield ("zones", name, "labels", n), label
        for label in zone.filters:
            if label != EVERY_LABEL:
                yield ("zones", name, "filters", label), label
    for name, line in camera.lines.items():
        for n, label in enumerate(line.labels):
            yield ("lines", name, "labels", n), label


def _required_zones(camera: CameraScene) -> Iterator[tuple[Path, str]]:
    for n, zone in enumerate(camera.events.required_zones):
        yield ("events", "required_zones", n), zone
    for label, rule in camera.filters.items():
        for n, zone in enumerate(rule.required_zones or ()):
            yield ("filters", label, "required_zones", n), zone


def _zone_filters(name: str, zone: ZoneConfig, common: Mapping[str, FilterConfig]) -> Iterator[Problem]:
    """Filters of a zone that say nothing, or that nothing passes."""
    for label, rule in zone.filters.items():
        path: Path = ("zones", name, "filters", label)
        if rule.required_zones is not None:
            text = "expected it in the camera's filters, received it in a zone's, where it says nothing"
            yield Problem((*path, "required_zones"), text)
        if zone.labels and label not in (*zone.labels, EVERY_LABEL):
            expected = f"expected one of the zone's labels ({', '.join(zone.labels)})"
            yield Problem(path, f"{expected}, received {label!r}: it never matches")
        over = common.get(label) or common.get(EVERY_LABEL)
        if over is not None:
            yield from _contradictions(path, rule, over)


def _contradictions(path: Path, rule: FilterConfig, over: FilterConfig) -> Iterator[Problem]:
    for what in ("area", "ratio"):
        for low, high, key in ((rule, over, "min"), (over, rule, "max")):
            least, most = getattr(low, f"min_{what}"), getattr(high, f"max_{what}")
            if least is not None and most is not None and least > most:
                other = f"at most {most:g}" if key == "min" else f"at least {least:g}"
                received = least if key == "min" else most
                text = f"expected {other} as in the camera's filters, received {received:g}: nothing matches"
                yield Problem((*path, f"{key}_{what}"), text)
