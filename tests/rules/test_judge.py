"""All rules of a camera together: what starts an event and why, whatever is detected."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenery import Camera, Seen, on, started, walking

from streamer.event import Event, LineCrossing, Ruling, ZoneEvent

PORCH = {"porch": {"polygon": [[0.6, 0], [0.9, 0], [0.9, 1], [0.6, 1]]}}
GATE = {"gate": {"from": [0.4, 0.1], "to": [0.45, 0.95]}}


def test_a_label_has_its_own_threshold() -> None:
    def scene(time_s: float) -> list[Seen]:
        confidence = [0.55, 0.4, 0.45][round(time_s * 5) % 3]
        return [Seen(on(0.2, 0.6), confidence), Seen(on(0.8, 0.6), confidence, "dog")]

    camera = Camera()
    camera.watch(4, scene)
    assert started(camera) == []
    camera = Camera({"filters": {"dog": {"threshold": 0.4}}})
    camera.watch(4, scene)
    assert started(camera) == ["dog"]
    camera = Camera({"events": {"threshold": 0.4}, "filters": {"dog": {"threshold": 0.7}}})
    camera.watch(4, scene)
    assert started(camera) == ["person"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["dog", "person"]),
        ({"events": {"required_zones": ["porch"]}}, ["person"]),
        ({"events": {"required_zones": ["porch", "far"]}}, ["dog", "person"]),
        ({"filters": {"person": {"required_zones": ["far"]}}}, ["dog"]),
        (
            {"events": {"required_zones": ["porch"]}, "filters": {"dog": {"required_zones": []}}},
            ["dog", "person"],
        ),
    ],
)
def test_a_track_is_an_event_once_it_was_where_it_matters(
    options: dict[str, Any], expected: list[str]
) -> None:
    def scene(time_s: float) -> list[Seen]:
        return [Seen(on(min(0.2 + 0.1 * time_s, 0.75), 0.6)), Seen(on(0.1, 0.95), label="dog")]

    zones = {**PORCH, "far": {"polygon": [[0, 0.9], [0.3, 0.9], [0.3, 1], [0, 1]]}}
    camera = Camera({"zones": zones, **options})
    camera.watch(8, scene)
    assert sorted(started(camera)) == expected


def test_the_required_zone_takes_its_inertia() -> None:
    camera = Camera(
        {"zones": {"porch": {**PORCH["porch"], "inertia": "1s"}}, "events": {"required_zones": "porch"}}
    )
    told_at = next(k / 5 for k in range(60) if camera.see(k / 5, *walking(0.3, 0.1)(k / 5)))
    # It reaches the zone at 3.0 s.
    assert told_at == pytest.approx(4.0, abs=0.2)
    (event,) = camera.events
    assert event.zones == ("porch",)


def test_an_event_names_the_rules_that_let_it_start() -> None:
    camera = Camera({"zones": PORCH, "filters": {"person": {"threshold": 0.7, "required_zones": ["porch"]}}})
    camera.watch(3, walking(0.7, 0.0))
    start = camera.events[0]
    assert [(each.rule, each.kept) for each in start.rules] == [
        ("confirm_hits", True), ("confirm_s", True), ("threshold", True), ("required_zones", True),
    ]  # fmt: skip
    assert start.rules[2] == Ruling("threshold", True, pytest.approx(0.9), 0.7)
    assert start.rules[3] == Ruling("required_zones", True, "in porch", "in porch")
    assert camera.events[-1].rules == start.rules
    plain = Camera()
    plain.watch(3, walking(0.7, 0.0))
    assert [each.rule for each in plain.events[0].rules] == ["confirm_hits", "confirm_s", "threshold"]


def explained(options: dict[str, Any], *seen: Seen, seconds: float = 4.0) -> list[tuple[str, str, str]]:
    """Outcome, label and ruling of each decision, repetitions left out."""
    camera = Camera(options, explain=True)
    camera.watch(seconds, lambda _: seen)
    told = [(each.outcome, each.label, "; ".join(map(str, each.rulings))) for each in camera.decisions]
    return list(dict.fromkeys(told))


HERE, EVERYWHERE = on(0.5, 0.6), [[0, 0], [1, 0], [1, 1], [0, 1]]


def of_all(**rule: float) -> dict[str, Any]:
    return {"filters": {"*": rule}}


@pytest.mark.parametrize(
    ("options", "seen", "ruling"),
    [
        (of_all(min_area=0.1), Seen(HERE), "min_area: 0.015, expected at least 0.1"),
        (of_all(max_area=0.01), Seen(HERE), "max_area: 0.015, expected at most 0.01"),
        (of_all(min_ratio=1), Seen(HERE), "min_ratio: 0.427, expected at least 1"),
        (of_all(max_ratio=0.1), Seen(HERE), "max_ratio: 0.427, expected at most 0.1"),
        ({"masks": [{"polygon": EVERYWHERE}]}, Seen(HERE), "masks: in mask 1, expected outside of it"),
        ({"detect": {"labels": ["dog", "car"]}}, Seen(HERE), "labels: person, expected dog or car"),
        (of_all(min_confidence=0.7), Seen(HERE, 0.6), "min_confidence: 0.6, expected at least 0.7"),
        ({}, Seen(HERE, 0.2), "min_confidence: 0.2, expected at least 0.25"),
    ],
)
def test_a_box_that_is_dropped_is_explained(options: dict[str, Any], seen: Seen, ruling: str) -> None:
    assert explained(options, seen) == [("dropped", "person", ruling)]


def test_a_track_that_never_becomes_an_event_is_explained() -> None:
    seen = Seen(on(0.3, 0.6), 0.43)
    assert explained({}, seen) == [
        ("waiting", "person", "track.confirm_hits: 1, expected at least 2"),
        ("waiting", "person", "confirm_hits: 1, expected at least 3"),
        ("waiting", "person", "confirm_s: 0.4, expected at least 0.5"),
        ("waiting", "person", "threshold: 0.43, expected at least 0.5"),
        ("refused", "person", "threshold: 0.43, expected at least 0.5"),
    ]
    far = {"zones": PORCH, "events": {"required_zones": ["porch"]}}
    assert explained(far, Seen(on(0.3, 0.6)))[-1] == (
        "refused", "person", "required_zones: in no zone, expected in porch",
    )  # fmt: skip
    far["zones"] = {"porch": {**PORCH["porch"], "labels": ["car", "dog"]}}
    assert explained(far, Seen(on(0.7, 0.6)))[-1] == (
        "refused", "person", "required_zones: in no zone, expected in porch (counts only car, dog)",
    )  # fmt: skip


def test_what_is_not_followed_yet_says_how_far_it_is() -> None:
    told = explained({"track": {"confirm_hits": 4, "confirm_s": 1.0}}, Seen(on(0.3, 0.6)))
    assert [ruling for _, _, ruling in told][:6] == [
        "track.confirm_hits: 1, expected at least 4",
        "track.confirm_hits: 2, expected at least 4",
        "track.confirm_hits: 3, expected at least 4",
        "track.confirm_s: 0.6, expected at least 1",
        "track.confirm_s: 0.8, expected at least 1",
        "confirm_hits: 1, expected at least 3",
    ]


def test_what_comes_back_to_where_something_was_parked_waits_and_says_so() -> None:
    camera = Camera(explain=True)
    for k in range(100):
        camera.see(k / 5, Seen(on(0.5, 0.6, 0.3, 0.2), label="car"))
    for k in range(100, 200):
        camera.see(k / 5)
    for k in range(200, 210):
        camera.see(k / 5, Seen(on(0.5, 0.6, 0.3, 0.2), label="car"))
    told = ["; ".join(map(str, each.rulings)) for each in camera.decisions if each.outcome == "waiting"]
    expected = "stationary: at the place of a parked object, expected gone or for a second there"
    assert told.count(expected) == 4


def test_a_track_that_becomes_an_event_is_explained() -> None:
    assert explained({}, Seen(on(0.3, 0.6)))[-1] == (
        "started", "person",
        "confirm_hits: 4 (at least 3); confirm_s: 0.6 (at least 0.5); threshold: 0.9 (at least 0.5)",
    )  # fmt: skip


def test_nobody_is_told_decisions_unasked() -> None:
    camera = Camera({"filters": {"*": {"min_area": 0.1}}})
    camera.watch(4, walking(0.3, 0.1))
    assert camera.told == []


SEEN = st.tuples(
    st.floats(0.05, 0.95), st.sampled_from([-0.15, 0.0, 0.05, 0.2]), st.sampled_from([0.3, 0.55, 0.75, 0.9]),
    st.sampled_from([0.3, 0.45, 0.7, 0.9]), st.sampled_from(["person", "car"]),
)  # fmt: skip
"""Where, how fast, how sure: so that most become events, move through the scene, and end."""
STAY = st.tuples(SEEN, st.integers(0, 20), st.integers(6, 30))
GAPS = st.sampled_from([0.2, 0.2, 0.2, 1 / 30, 0.1, 0.5, 1.5, 4.0])
STRICT = {
    "zones": {
        "porch": {
            **PORCH["porch"],
            "inertia": "0.3s",
            "loiter": "1s",
            "filters": {"car": {"threshold": 0.5}},
        },
        "all": {"polygon": [[0, 0], [1, 0], [1, 1], [0, 1]], "inertia": "0s"},
    },
    "lines": {**GATE, "kerb": {"from": [0, 0.6], "to": [1, 0.7], "labels": ["person"]}},
    "filters": {"car": {"min_confidence": 0.4, "required_zones": ["porch"]}},
    "counts": {"interval": "1.5s"},
}  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(
    stays=st.lists(STAY, min_size=1, max_size=5),
    gaps=st.lists(GAPS, min_size=20, max_size=50),
    silences=st.sets(st.integers(0, 50), max_size=3),
)
def test_the_lifecycle_holds_whatever_is_detected(
    stays: list[tuple[tuple[float, float, float, float, str], int, int]],
    gaps: list[float],
    silences: set[int],
) -> None:
    camera = Camera(STRICT)
    now = 0.0
    for step, gap in enumerate(gaps):
        now += gap
        if step in silences:
            camera.silence(now)
            continue
        seen = [
            Seen(on(min(max(x + dx * (step - begin) / 5, 0), 1), y), confidence, label)
            for (x, dx, y, confidence, label), begin, length in stays
            if begin <= step < begin + length
        ]
        camera.see(now, *seen)
    camera.close(now)
    check_events(camera)
    check_zones(camera)
    check_lines(camera)
    check_totals(camera)


def check_events(camera: Camera) -> None:
    phases: dict[str, list[str]] = {}
    for event in camera.events:
        phases.setdefault(event.id, []).append(event.phase)
        if event.label == "car":
            assert "porch" in event.zones
        assert event.rules
        assert all(each.kept for each in event.rules)
    for told in phases.values():
        assert (told[0], told[-1]) == ("start", "end")
        assert set(told[1:-1]) <= {"update"}


def check_zones(camera: Camera) -> None:
    inside: dict[tuple[int, str], ZoneEvent] = {}
    loitered: set[tuple[int, str]] = set()
    ended: set[str] = set()
    events = {event.track: event.id for event in camera.events}
    for each in camera.told:
        if isinstance(each, Event) and each.phase == "end":
            ended.add(each.id)
        if not isinstance(each, ZoneEvent):
            continue
        stay = each.track, each.zone
        assert each.event is None or (each.event == events[each.track] and each.event not in ended)
        if each.change == "entered":
            assert stay not in inside
            assert each.seconds == 0
            inside[stay] = each
            loitered.discard(stay)
            continue
        assert each.at >= inside[stay].at
        assert each.label == inside[stay].label
        assert each.seconds == pytest.approx((each.at - inside[stay].at).total_seconds(), abs=1e-4)
        if each.change == "loitering":
            assert stay not in loitered
            loitered.add(stay)
        else:
            del inside[stay]
    assert inside == {}


def check_lines(camera: Camera) -> None:
    """The same line is crossed in turns, by those it is for."""
    ways: dict[tuple[int, str], list[LineCrossing]] = {}
    for each in camera.crossings:
        ways.setdefault((each.track, each.line), []).append(each)
        assert each.line == "gate" or each.label == "person"
    for crossings in ways.values():
        assert all(first.at < second.at for first, second in pairwise(crossings))
        if crossings[0].line == "kerb":
            # It reaches from edge to edge: there is no way round it.
            assert all(first.direction != second.direction for first, second in pairwise(crossings))


def check_totals(camera: Camera) -> None:
    zones = [total for each in camera.counts for total in each.zones]
    lines = [total for each in camera.counts for total in each.lines]
    for change in ("entered", "left"):
        told = sum(each.change == change for each in camera.zones)
        assert sum(getattr(each, change) for each in zones) == told
    assert sum(each.crossed_in for each in lines) == sum(each.direction == "in" for each in camera.crossings)
    assert all(each.occupancy >= 0 and each.seconds >= -1e-9 for each in zones)
    assert all(first.until == second.since for first, second in pairwise(camera.counts))
