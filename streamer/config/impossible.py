"""Rules of a configuration that nothing can ever match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from streamer.config.names import Path, Problem
from streamer.config.polygon import hidden, outside, strip
from streamer.config.scene import EVERY_LABEL
from streamer.config.sight import least_area, least_ratio, looked_at, most_area

if TYPE_CHECKING:
    from streamer.config.names import Scene
    from streamer.config.polygon import Point
    from streamer.config.scene import FilterConfig, MaskConfig, Regions, ZoneConfig


def impossible(scene: Scene) -> Iterator[Problem]:
    """What never matches in what is said of all cameras, or of one."""
    if scene.detect.labels and EVERY_LABEL in scene.filters and not _left(scene.detect.labels, scene.filters):
        text = (
            "expected a label of detect.labels without a filter of its own, received none: it never matches"
        )
        yield Problem(("filters", EVERY_LABEL), text)
    yield from _hiding_masks(scene.masks, scene.detect.regions)
    yield from _sizes(("filters",), scene.filters, scene.detect.regions)
    for name, zone in scene.zones.items():
        yield from _unseen(("zones", name, "polygon"), zone.polygon, zone.labels, scene)
        yield from _zone_filters(name, zone, scene)
        yield from _sizes(("zones", name, "filters"), zone.filters, scene.detect.regions)
    for name, line in scene.lines.items():
        yield from _unseen(("lines", name), strip(line.start, line.end), line.labels, scene)
    yield from _unmet_zones(scene)


def _left(labels: Sequence[str], filters: Mapping[str, FilterConfig]) -> list[str]:
    """Those that the filter of every label is left for."""
    return [label for label in labels if label not in filters]


def _hiding_masks(masks: Sequence[MaskConfig], regions: Regions) -> Iterator[Problem]:
    """Masks that leave nothing of what is looked at, to all labels or to some; told at the last of them."""
    parts = looked_at(regions)
    what = "a part of detect.regions, received all of them masked"
    if not isinstance(regions, tuple):
        what = "a part of the picture, received all of it masked"
    last: dict[int, list[str]] = {}
    for label in dict.fromkeys(("", *(label for mask in masks for label in mask.labels))):
        numbers = [n for n, mask in enumerate(masks) if not mask.labels or label in mask.labels]
        polygons = [masks[n].polygon for n in numbers]
        if all(hidden(part, polygons) for part in parts):
            last.setdefault(numbers[-1], []).append(label)
            if not label:
                break
    for number, labels in last.items():
        unwanted = f" for {', '.join(labels)}: detect.labels leaves out what is not wanted"
        never = ": nothing is ever found" if "" in labels else unwanted
        yield Problem(("masks", number, "polygon"), f"expected masks that leave {what}{never}")


def _unseen(path: Path, polygon: Sequence[Point], labels: Sequence[str], scene: Scene) -> Iterator[Problem]:
    """A zone, or a line, that lies behind masks, or where the model does not look."""
    done = "on it" if path[0] == "lines" else "in it"
    if outside(polygon, looked_at(scene.detect.regions)):
        text = f"expected a place within detect.regions, received one outside of them: nothing is ever {done}"
        yield Problem(path, text)
    counted = labels or scene.detect.labels or ("",)
    if all(hidden(polygon, _masks_of(label, scene.masks)) for label in counted):
        text = f"expected a place that no mask hides, received one behind masks: nothing is ever {done}"
        yield Problem(path, text)


def _sizes(path: Path, filters: Mapping[str, FilterConfig], regions: Regions) -> Iterator[Problem]:
    """Limits that nothing keeps, as the model finds nothing so small, so large or so narrow."""
    area, ratio, most = least_area(regions), least_ratio(regions), most_area(regions)
    for label, rule in filters.items():
        if rule.max_area is not None and rule.max_area < area:
            text = f"expected at least {area:.1g}, received {rule.max_area:g}: no object is so small"
            yield Problem((*path, label, "max_area"), text)
        if rule.max_ratio is not None and rule.max_ratio < ratio:
            text = f"expected at least {ratio:.1g}, received {rule.max_ratio:g}: no object is so narrow"
            yield Problem((*path, label, "max_ratio"), text)
        if rule.min_area is not None and rule.min_area > most:
            text = f"expected at most {most:.2g}, received {rule.min_area:g}: detect.regions are smaller"
            yield Problem((*path, label, "min_area"), text)


def _masks_of(label: str, masks: Sequence[MaskConfig]) -> list[tuple[Point, ...]]:
    """The masks of a label, or of all labels where it is empty."""
    return [mask.polygon for mask in masks if not mask.labels or label in mask.labels]


def _zone_filters(name: str, zone: ZoneConfig, scene: Scene) -> Iterator[Problem]:
    """Filters of a zone that say nothing, or that nothing passes."""
    counted = zone.labels or scene.detect.labels
    for label, rule in zone.filters.items():
        path: Path = ("zones", name, "filters", label)
        concerned = [label]
        if rule.required_zones is not None:
            text = "expected it in the camera's filters, received it in a zone's, where it says nothing"
            yield Problem((*path, "required_zones"), text)
        if label == EVERY_LABEL and counted:
            concerned = _left(counted, zone.filters)
        if not concerned:
            text = "expected a label of the zone without a filter of its own, received none: it never matches"
            yield Problem(path, text)
            continue
        if zone.labels and label not in (*zone.labels, EVERY_LABEL):
            expected = f"expected one of the zone's labels ({', '.join(zone.labels)})"
            yield Problem(path, f"{expected}, received {label!r}: it never matches")
        camera = [scene.filters.get(each) or scene.filters.get(EVERY_LABEL) for each in concerned]
        against = [list(_contradictions(path, rule, over)) for over in camera]
        if all(against):
            yield from against[0]


def _contradictions(path: Path, rule: FilterConfig, over: FilterConfig | None) -> Iterator[Problem]:
    if over is None:
        return
    for what in ("area", "ratio"):
        for low, high, key in ((rule, over, "min"), (over, rule, "max")):
            least, most = getattr(low, f"min_{what}"), getattr(high, f"max_{what}")
            if least is not None and most is not None and least > most:
                other = f"at most {most:g}" if key == "min" else f"at least {least:g}"
                received = least if key == "min" else most
                text = f"expected {other} as in the camera's filters, received {received:g}: nothing matches"
                yield Problem((*path, f"{key}_{what}"), text)


def _unmet_zones(scene: Scene) -> Iterator[Problem]:
    """Zones that are required of labels that they do not count, and labels that no required zone counts."""
    for path, required, labels in _requirements(scene):
        yield from _uncounting(path, required, labels, scene)
        counted = _counted(required, scene)
        if counted is None:
            continue
        others = [label for label in labels if label not in counted]
        if len(others) < len(labels):
            yield from (_never_told(label, required, scene) for label in others if _unnoticed(label, scene))
    counted = _counted(scene.events.required_zones, scene)
    for label, rule in scene.filters.items():
        unmet = counted is not None and label not in (*counted, EVERY_LABEL)
        if unmet and rule.threshold is not None and rule.required_zones is None:
            zones = ", ".join(scene.events.required_zones)
            expected = f"expected a label that a required zone counts ({zones})"
            problem = f"{expected}, received {label!r}: it never matches"
            yield Problem(("filters", label, "threshold"), problem)


def _requirements(scene: Scene) -> Iterator[tuple[Path, Sequence[str], list[str]]]:
    """Where zones are required, which, and of which of the labels that are looked for."""
    wanted = scene.detect.labels
    rules = {label: scene.filters.get(label) or scene.filters.get(EVERY_LABEL) for label in wanted}
    common = [label for label, rule in rules.items() if rule is None or rule.required_zones is None]
    yield ("events",), scene.events.required_zones, common
    for label, rule in scene.filters.items():
        of = [label] if label != EVERY_LABEL else _left(wanted, scene.filters)
        yield ("filters", label), rule.required_zones or (), of


def _counted(required: Sequence[str], scene: Scene) -> set[str] | None:
    """The labels that any of these zones counts; None where it may be all, or nothing is known."""
    zones = [scene.zones.get(name) for name in required]
    labels = [zone.labels for zone in zones if zone is not None and zone.labels]
    return {label for each in labels for label in each} if labels and len(labels) == len(zones) else None


def _uncounting(
    path: Path, required: Sequence[str], labels: Sequence[str], scene: Scene
) -> Iterator[Problem]:
    """Required zones that count none of these labels; one that counts what nobody looks for is told there."""
    for number, name in enumerate(required):
        counted = scene.zones[name].labels if name in scene.zones else ()
        known = set(counted) & set(scene.detect.labels or counted)
        if labels and known and not known & set(labels):
            expected = f"expected a zone that counts {' or '.join(labels)}"
            text = f"{expected}, received {name!r}, which counts only {', '.join(counted)}: it never matches"
            yield Problem((*path, "required_zones", number), text, everywhere=True)


def _unnoticed(label: str, scene: Scene) -> bool:
    """Whether no zone and no line counts a label."""
    counted = [each.labels for each in scene.zones.values()] + [each.labels for each in scene.lines.values()]
    return not any(not labels or label in labels for labels in counted)


def _never_told(label: str, required: Sequence[str], scene: Scene) -> Problem:
    text = (
        f"expected a label that a required zone counts ({', '.join(required)}), received {label!r}: "
        "it never becomes an event, and no other zone or line counts it"
    )
    return Problem(("detect", "labels", scene.detect.labels.index(label)), text)
