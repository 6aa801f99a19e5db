"""Zones and lines against the street's exact truth, at three rates, and mirrored."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scenery import BLANK, Camera, frame

from detectors.detections import from_arrays
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street

FPS, SECONDS, SIZE = 6, 40, (320, 180)
SMALL = BLANK[: SIZE[1], : SIZE[0]]
PERSON = np.array(["person"])

LINE = ((0.46, 0.2), (0.54, 0.99))
ZONE = ((0.15, 0.3), (0.62, 0.35), (0.7, 0.97), (0.08, 0.97))
CLEAR = 0.03
"""Shares of the picture's width: who never gets so far from the line is neither here nor there."""

Way = list[tuple[float, float, float]]


@dataclass(frozen=True)
class Scene:
    """The boxes of each picture, and of whom they are."""

    boxes: list[NDArray[np.float32]]
    identities: list[list[int]]

    def ways(self) -> dict[int, Way]:
        """Time and foot of each person, in shares of the picture."""
        found: dict[int, Way] = {}
        for k, (boxes, identities) in enumerate(zip(self.boxes, self.identities, strict=True)):
            for (x1, _, x2, y2), identity in zip(boxes.tolist(), identities, strict=True):
                foot = k / FPS, (x1 + x2) / 2 / SIZE[0], y2 / SIZE[1]
                found.setdefault(identity, []).append(foot)
        return found


@pytest.fixture(scope="module", params=[1, 4])
def scene(request: pytest.FixtureRequest) -> Scene:
    street = Street(StreetOptions(seed=request.param, fps=FPS, width=SIZE[0], height=SIZE[1], people=5))
    truths = [street.truth(k) for k in range(FPS * SECONDS)]
    return Scene([truth.boxes for truth in truths], [truth.identities.tolist() for truth in truths])


def watched(scene: Scene, options: dict[str, Any], *, every: int = 1, mirrored: bool = False) -> Camera:
    """A camera that was shown the truth as detections."""
    camera = Camera(options)
    for k in range(0, len(scene.boxes), every):
        boxes = scene.boxes[k].copy()
        if mirrored:
            boxes[:, [0, 2]] = SIZE[0] - boxes[:, [2, 0]]
        count = len(boxes)
        found = from_arrays(boxes, np.full(count, 0.9, np.float32), np.zeros(count, np.int64), PERSON)
        camera.show(frame(k / FPS, SMALL), found)
    camera.close(SECONDS)
    return camera


def mirrored_options(options: dict[str, Any]) -> dict[str, Any]:
    """Left and right changed places; a line's ends too, so that ``in`` stays ``in``."""
    turned = {**options}
    turned["zones"] = {
        name: {**zone, "polygon": [(1 - x, y) for x, y in zone["polygon"]]}
        for name, zone in options["zones"].items()
    }
    turned["lines"] = {
        name: {"from": (1 - line["to"][0], line["to"][1]), "to": (1 - line["from"][0], line["from"][1])}
        for name, line in options["lines"].items()
    }
    return turned


def side(x: float, y: float) -> float:
    (x1, y1), (x2, y2) = LINE
    return (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)


def true_crossings(way: Way) -> list[str]:
    """From clear of the line on one side to clear of it on the other, between its ends."""
    found, home = [], 0
    for _, x, y in way:
        across = side(x, y)
        clear = abs(across) > CLEAR * (LINE[1][1] - LINE[0][1])
        if clear and LINE[0][1] < y < LINE[1][1]:
            now = 1 if across > 0 else -1
            if home == -now:
                found.append("in" if now > 0 else "out")
            home = now
    return found


def true_stays(way: Way) -> list[tuple[float, float]]:
    """First and last moment of each stay; what is shorter than the inertia, in or out, is none."""
    turns: list[tuple[float, bool]] = []
    for time_s, x, y in way:
        inside = in_zone(x, y)
        if not turns or turns[-1][1] != inside:
            turns.append((time_s, inside))
    turns.append((way[-1][0], False))
    lasting: list[tuple[float, bool]] = []
    for (time_s, inside), (until_s, _) in pairwise(turns):
        if until_s - time_s >= INERTIA_S - 1e-6 and inside != (lasting[-1][1] if lasting else False):
            lasting.append((time_s, inside))
    ends = [time_s for time_s, inside in lasting if not inside]
    begins = [time_s for time_s, inside in lasting if inside]
    return list(zip(begins, [*ends, way[-1][0]][: len(begins)], strict=True))


def in_zone(x: float, y: float) -> bool:
    """By the sides of a convex polygon."""
    corners = zip(ZONE, (*ZONE[1:], ZONE[0]), strict=True)
    return all((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1) >= 0 for (x1, y1), (x2, y2) in corners)


INERTIA_S = 0.5
OPTIONS: dict[str, Any] = {
    "zones": {"pavement": {"polygon": ZONE, "inertia": INERTIA_S}},
    "lines": {"gate": {"from": LINE[0], "to": LINE[1]}},
    "counts": {"interval": "7s"},
    # One track a person: this is about the rules.
    "track": {"confirm_hits": 1},
}


@pytest.mark.parametrize("every", [1, 3], ids=["6 a second", "2 a second"])
def test_crossings_are_those_of_the_truth(scene: Scene, every: int) -> None:
    camera = watched(scene, OPTIONS, every=every)
    expected = sorted(way for each in scene.ways().values() for way in true_crossings(each))
    assert len(expected) >= 4, "somebody has to walk past"
    assert sorted(each.direction for each in camera.crossings) == expected
    totals = [total for each in camera.counts for total in each.lines]
    assert sum(each.crossed_in for each in totals) == expected.count("in")
    assert sum(each.crossed_out for each in totals) == expected.count("out")


def test_stays_are_those_of_the_truth(scene: Scene) -> None:
    camera = watched(scene, OPTIONS)
    expected = [stay for way in scene.ways().values() for stay in true_stays(way)]
    assert len(expected) >= 4, "somebody has to walk through"
    begins = sorted(begin for begin, _ in expected)
    found = {each: [] for each in ("entered", "left")}
    for each in camera.zones:
        if each.change != "loitering":
            found[each.change].append((each.at - frame(0).captured_at).total_seconds())
    assert sorted(found["entered"]) == pytest.approx(begins, abs=1e-4)
    assert sorted(found["left"]) == pytest.approx(sorted(end for _, end in expected), abs=1e-4)
    seconds = sum(total.seconds for each in camera.counts for total in each.zones)
    assert seconds == pytest.approx(sum(end - begin for begin, end in expected), abs=1e-3)


def test_a_mirrored_scene_gives_the_same(scene: Scene) -> None:
    plain = watched(scene, OPTIONS)
    mirrored = watched(scene, mirrored_options(OPTIONS), mirrored=True)
    assert plain.zones
    assert plain.crossings
    assert [(e.zone, e.change, e.track, e.at) for e in mirrored.zones] == [
        (e.zone, e.change, e.track, e.at) for e in plain.zones
    ]
    assert [(e.direction, e.track, e.at) for e in mirrored.crossings] == [
        (e.direction, e.track, e.at) for e in plain.crossings
    ]
    assert mirrored.counts == plain.counts
    assert [(e.phase, e.track, e.zones) for e in mirrored.events] == [
        (e.phase, e.track, e.zones) for e in plain.events
    ]


def test_the_far_side_of_the_street_is_masked_or_too_small(scene: Scene) -> None:
    everyone = len([event for event in watched(scene, {}).events if event.phase == "start"])
    far = {"polygon": [(0, 0), (1, 0), (1, 0.6), (0, 0.6)]}
    for rule in ({"masks": [far]}, {"filters": {"person": {"min_area": 0.02}}}):
        near = [event for event in watched(scene, rule).events if event.phase == "start"]
        assert 0 < len(near) < everyone, rule


def test_only_who_was_on_the_pavement_is_an_event(scene: Scene) -> None:
    rule = {**OPTIONS, "events": {"required_zones": ["pavement"]}}
    events = watched(scene, rule).events
    assert all("pavement" in event.zones for event in events)
    starts = {event.track for event in events if event.phase == "start"}
    entered = {each.track for each in watched(scene, OPTIONS).zones if each.change == "entered"}
    everyone = {event.track for event in watched(scene, OPTIONS).events}
    assert starts == entered & everyone
    assert starts < everyone
