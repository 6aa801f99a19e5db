"""Whether the names in a configuration mean something: labels, zones and detectors."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from detectors.wording import close, nearest
from streamer.config.scene import EVERY_LABEL

if TYPE_CHECKING:
    from streamer.config.classifiers import ClassifierConfig
    from streamer.config.scene import FilterConfig, LineConfig, MaskConfig, Regions, ZoneConfig
    from streamer.config.tree import CameraConfig

Path: TypeAlias = tuple[str | int, ...]

EVERYDAY: Final[Mapping[str, str]] = {
    "people": "person",
    "human": "person",
    "pedestrian": "person",
    "man": "person",
    "woman": "person",
    "bike": "bicycle",
    "motorbike": "motorcycle",
    "lorry": "truck",
    "automobile": "car",
    "puppy": "dog",
    "kitten": "cat",
}
"""What models are not taught to call things that they find."""

SHORT: Final = 4
"""Letters of a label up to which one wrong letter makes it another one; beyond it takes more than two."""


class Wanted(Protocol):
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def regions(self) -> Regions: ...


class Required(Protocol):
    @property
    def required_zones(self) -> tuple[str, ...]: ...


class Scene(Protocol):
    """What a camera's rules are about."""

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
    @property
    def zones(self) -> dict[str, ZoneConfig]: ...
    @property
    def lines(self) -> dict[str, LineConfig]: ...
    @property
    def classifiers(self) -> tuple[ClassifierConfig, ...]: ...


@dataclass(frozen=True, slots=True)
class Problem:
    """An option that means nothing, or that nothing ever matches.

    Attributes:
        path: where it stands.
        text: what was expected and received.
        label: that no model knows; empty where something else is wrong.
        everywhere: also wrong in a global section that other cameras can live with.
    """

    path: Path
    text: str
    label: str = ""
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong with a configuration.

    Attributes:
        cameras: by the name of the camera; the paths begin within it.
        rest: of everything else; the paths begin at the root.
    """

    cameras: Mapping[str, Sequence[Problem]] = field(default_factory=dict)
    rest: Sequence[Problem] = ()


def together(findings: Sequence[Findings]) -> Findings:
    """All of them; of a label that no model knows nothing else is told at the same place."""
    cameras: dict[str, list[Problem]] = {}
    for each in findings:
        for name, problems in each.cameras.items():
            cameras.setdefault(name, []).extend(problems)
    for name, problems in cameras.items():
        unknown = {problem.path for problem in problems if problem.label}
        cameras[name] = [problem for problem in problems if problem.label or problem.path not in unknown]
    return Findings(cameras, [problem for each in findings for problem in each.rest])


def unknown_detector(camera: CameraConfig, detectors: Collection[str]) -> Iterator[Problem]:
    """A detector that is none of the configuration."""
    name = camera.detector
    if name not in detectors:
        text = f"expected one of {', '.join(detectors)}, received {name!r}{nearest(name, detectors)}"
        unsaid = "detector" not in camera.model_fields_set
        yield Problem(("detector",), f"{text}, which it is where nothing is said" if unsaid else text)


def unused_password(camera: CameraConfig) -> Iterator[Problem]:
    """A password that nobody logs in with."""
    if camera.password is not None and camera.username is None:
        yield Problem(("password",), "expected username beside it, received none: it is not used")


def label_problems(scene: Scene) -> Iterator[Problem]:
    """Labels of a camera that are merged, or not looked for."""
    merges, wanted = scene.labels, scene.detect.labels
    for label, name in merges.items():
        if name in merges:
            yield Problem(("labels", label), f"expected a label that is not merged itself, received {name!r}")
        elif wanted and name not in wanted and label not in wanted:
            yield Problem(("labels", label), _unwanted(name, wanted))
    for number, label in enumerate(wanted):
        if label in merges:
            yield Problem(("detect", "labels", number), _merged(label, merges), everywhere=True)
    for path, label in _named_labels(scene):
        if label in merges:
            yield Problem(path, _merged(label, merges))
        elif wanted and label not in wanted:
            yield Problem(path, _unwanted(label, wanted))


def unknown_zones(camera: Scene) -> Iterator[Problem]:
    """Zones that a camera requires and does not have."""
    for path, zone in _required_zones(camera):
        if zone not in camera.zones:
            known = ", ".join(camera.zones) or "it has none"
            text = f"expected a zone of the camera ({known}), received {zone!r}{nearest(zone, camera.zones)}"
            yield Problem(path, text, everywhere=True)


def unknown_labels(camera: Scene, model: str, known: Collection[str]) -> Iterator[Problem]:
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
    places += _named_labels(camera)
    unknown: list[tuple[Path, str]] = [(path, label) for path, label in places if label not in made]
    unknown += [(("labels", label), label) for label in camera.labels if label not in known]
    for path, label in unknown:
        yield Problem(
            path, f"expected a label of {model}, received {label!r}{label_meant(label, made)}", label
        )
    # A name that is used elsewhere, too, is meant; so is one that stands for the label it is like.
    meant = {label for _, label in places} | set(known)
    for source, name in camera.labels.items():
        like = None if name in meant else misspelt(name, known)
        if like is not None and camera.labels.get(like) != name:
            text = (
                f"expected a label of {model} or a new one unlike them, received {name!r} "
                f"(did you mean {like!r}?); a new one that is meant stands in detect.labels or filters, too"
            )
            yield Problem(("labels", source), text, name)


def label_meant(name: str, known: Collection[str]) -> str:
    """A hint at the label that may have been meant, also by an everyday word for it."""
    words = [*known, *(word for word, label in EVERYDAY.items() if label in known)]
    near = close(name.lower(), words)
    return f" (did you mean {EVERYDAY.get(near, near)!r}?)" if near is not None else ""


def misspelt(name: str, known: Collection[str]) -> str | None:
    """The known name that this one is one or two wrong letters away from, one for short ones."""
    distances = {each: edits(name.lower(), each) for each in known}
    like = min(distances, key=lambda each: distances[each], default=None)
    most = 1 if len(name) <= SHORT else 2
    return like if like is not None and distances[like] <= most else None


def edits(first: str, second: str) -> int:
    """Letters that are added, left out or others, at least, to make one word of the other (Levenshtein)."""
    row = list(range(len(second) + 1))
    for number, letter in enumerate(first, 1):
        above, row = row, [number]
        for column, other in enumerate(second, 1):
            row.append(min(above[column] + 1, row[-1] + 1, above[column - 1] + (letter != other)))
    return row[-1]


def _unwanted(label: str, wanted: Sequence[str]) -> str:
    hint = label_meant(label, wanted)
    return f"expected one of detect.labels ({', '.join(wanted)}), received {label!r}{hint}: it never matches"


def _merged(label: str, merges: Mapping[str, str]) -> str:
    return f"expected {merges[label]!r}, as labels calls it, received {label!r}: it never matches"


def _named_labels(scene: Scene) -> Iterator[tuple[Path, str]]:
    """Where labels are named, but for detect.labels and what is merged."""
    yield from _filtered(("filters",), scene.filters)
    for number, mask in enumerate(scene.masks):
        yield from _listed(("masks", number), mask.labels)
    for name, zone in scene.zones.items():
        yield from _listed(("zones", name), zone.labels)
        yield from _filtered(("zones", name, "filters"), zone.filters)
    for name, line in scene.lines.items():
        yield from _listed(("lines", name), line.labels)
    for number, classifier in enumerate(scene.classifiers):
        yield from ((("classifiers", number, "on", n), label) for n, label in enumerate(classifier.on))


def _listed(path: Path, labels: Sequence[str]) -> Iterator[tuple[Path, str]]:
    return (((*path, "labels", n), label) for n, label in enumerate(labels))


def _filtered(path: Path, filters: Collection[str]) -> Iterator[tuple[Path, str]]:
    return (((*path, label), label) for label in filters if label != EVERY_LABEL)


def _required_zones(camera: Scene) -> Iterator[tuple[Path, str]]:
    for n, zone in enumerate(camera.events.required_zones):
        yield ("events", "required_zones", n), zone
    for label, rule in camera.filters.items():
        for n, zone in enumerate(rule.required_zones or ()):
            yield ("filters", label, "required_zones", n), zone
