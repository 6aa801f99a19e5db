"""A thing that stands is one event and one in its zone, whatever pieces of it a detector finds."""

from datetime import timedelta

import numpy as np
import pytest
from scenes import BEGIN, Seen, detections, frame, standing
from watching import Camera

from streamer.config.scene import LineConfig, ZoneConfig
from streamer.config.tree import CameraConfig, TrackerConfig
from streamer.event import Event, Happening, LineCrossing, ZoneEvent
from streamer.judge import Judge
from streamer.tracking.objects import UNCONFIRMED
from streamer.tracking.tracker import Tracker
from streamer.tracking.tracks import ParkedTrack

CAR = Seen((470.0, 330.0, 730.0, 470.0), label="car")
LEFT = Seen((435.0, 320.0, 600.0, 492.0), label="car")
RIGHT = Seen((620.0, 345.0, 765.0, 455.0), label="car")
RATES = pytest.mark.parametrize("rate", [10, 5, 2])


class Scene:
    """A camera with a zone and a line; all that was told is in ``told``."""

    def __init__(self, line_x: float) -> None:
        whole = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
        right = [(0.43, 0.0), (1.0, 0.0), (1.0, 1.0), (0.43, 1.0)]
        line = {"from": (line_x / 1280, 0.0), "to": (line_x / 1280, 1.0)}
        camera = CameraConfig(
            source="yard",
            zones={
                "all": ZoneConfig.model_validate({"polygon": whole, "inertia": 0.2}),
                "right": ZoneConfig.model_validate({"polygon": right, "inertia": 0.2}),
            },
            lines={"gate": LineConfig.model_validate(line)},
        )
        self.tracker = Tracker(camera.track.starting_from(0.5), camera.stationary)
        self.judge = Judge("yard", camera)
        self.told: list[Happening] = []
        self.time_s = 0.0

    def watch(self, until_s: float, *seen: Seen, rate: float = 5.0) -> None:
        begin = self.time_s
        for step in range(1, round((until_s - begin) * rate) + 1):
            self.see(begin + step / rate, *seen)

    def see(self, time_s: float, *seen: Seen) -> None:
        self.time_s = time_s
        picture = frame(time_s)
        self.told += self.judge.update(picture, self.tracker.update(time_s, detections(seen)))

    @property
    def crossings(self) -> list[str]:
        return [each.direction for each in self.told if isinstance(each, LineCrossing)]

    def occupancy(self) -> int:
        moves = self.moves("all")
        return moves.count("entered") - moves.count("left")

    def moves(self, zone: str) -> list[str]:
        return [each.change for each in self.told if isinstance(each, ZoneEvent) and each.zone == zone]

    def starts(self) -> list[str]:
        return [each.label for each in self.told if isinstance(each, Event) and each.phase == "start"]


def hidden_in_part(scene: Scene, until_s: float, rate: float) -> None:
    """By turns its left, both pieces, and its right are found, then the whole."""
    turns = [[LEFT], [LEFT, RIGHT], [RIGHT], [CAR]]
    begin, steps = scene.time_s, round((until_s - scene.time_s) * rate)
    for step in range(1, steps + 1):
        scene.see(begin + step / rate, *turns[int(step / rate / 0.8) % 4])


@RATES
def test_pieces_of_a_thing_that_stands_are_no_events_of_their_own(rate: float) -> None:
    scene = Scene(600)
    scene.watch(4.0, CAR, rate=rate)
    hidden_in_part(scene, 40.0, rate)
    assert scene.starts() == ["car"]
    assert scene.occupancy() == 1


@RATES
def test_a_thing_is_in_its_zone_whatever_is_seen_of_it(rate: float) -> None:
    scene = Scene(100)
    scene.watch(4.0, CAR, rate=rate)
    hidden_in_part(scene, 40.0, rate)
    assert scene.moves("right") == ["entered", "loitering"]


@RATES
def test_a_thing_that_stands_on_a_line_does_not_cross_it(rate: float) -> None:
    scene = Scene(600)
    scene.watch(4.0, CAR, rate=rate)
    hidden_in_part(scene, 40.0, rate)
    scene.watch(50.0, LEFT, rate=rate)
    scene.watch(60.0, RIGHT, rate=rate)
    assert scene.crossings == []


@RATES
def test_a_thing_of_which_more_is_seen_than_before_does_not_cross_a_line(rate: float) -> None:
    scene = Scene(558)
    scene.watch(5.0, LEFT, rate=rate)
    scene.watch(20.0, CAR, rate=rate)
    assert scene.starts() == ["car"]
    assert scene.crossings == []


@RATES
def test_a_thing_that_stops_on_a_line_crosses_it_when_it_drives_on(rate: float) -> None:
    scene = Scene(600)
    for step in range(round(3 * rate) + 1):
        scene.see(step / rate, Seen(standing(280 + 110 * step / rate, 400, 260, 140), label="car"))
    stopped = Seen(standing(610, 400, 260, 140), label="car")
    scene.watch(20.0, stopped, rate=rate)
    assert scene.crossings == []
    for step in range(1, round(4 * rate)):
        scene.see(20 + step / rate, Seen(standing(610 + 100 * step / rate, 400, 260, 140), label="car"))
    assert len(scene.crossings) == 1


def test_a_piece_that_is_seen_for_long_does_not_take_the_place_of_the_whole() -> None:
    scene = Scene(100)
    scene.watch(15.0, CAR)
    scene.watch(25.0, Seen((435.0, 325.0, 650.0, 480.0), label="car"))
    scene.watch(35.0, Seen((545.0, 340.0, 770.0, 460.0), label="car"))
    scene.watch(45.0, CAR)
    assert scene.starts() == ["car"]
    (parked,) = scene.tracker.parked()
    assert np.allclose(parked.place, CAR.box, atol=2.0)


def test_two_things_that_stand_one_before_the_other_are_two() -> None:
    behind = Seen((560.0, 300.0, 760.0, 420.0), label="car")
    scene = Scene(100)
    scene.watch(5.0, CAR)
    scene.watch(20.0, CAR, behind)
    assert scene.starts() == ["car", "car"]
    assert scene.occupancy() == 2


def test_a_thing_that_comes_from_elsewhere_and_stops_before_another_is_a_second_one() -> None:
    camera = Camera()
    camera.watch(20.0, CAR)
    for step in range(30):
        camera.see(20.2 + step / 5, CAR, Seen(standing(130 + 12 * step, 440, 260, 140), label="car"))
    camera.watch(40.0, CAR, Seen(standing(478, 440, 260, 140), label="car"))
    assert [phase for _, phase in camera.phases] == ["start", "start"]


def test_an_event_of_a_piece_ends_when_the_whole_is_seen() -> None:
    """Only a piece is seen at first; the whole appears beside it and is too large to be known as it."""
    piece = Seen((600.0, 380.0, 700.0, 460.0), label="car")
    camera = Camera()
    camera.watch(6.0, piece)
    camera.watch(12.0, piece, CAR)
    camera.watch(30.0, CAR)
    assert [each for each in camera.phases if each[1] == "end"] == [("yard-1", "end")]
    assert camera.told[-1].ended_at == BEGIN + timedelta(seconds=12)
    assert [each[1] for each in camera.phases].count("start") == 2


@RATES
@pytest.mark.parametrize("stood_s", [6.0, 20.0], ids=["stopped", "parked"])
def test_the_track_of_a_car_that_is_lost_does_not_jump_to_one_that_stands(
    rate: float, stood_s: float
) -> None:
    camera = Camera()
    camera.watch(stood_s, CAR, rate=rate)
    camera.watch(stood_s + 4.0, rate=rate)
    passed: set[int] = set()
    steps = round(4 * rate)
    for step in range(steps + 1):
        x = 400 - 120 * (steps - step) / rate
        car = Seen(standing(x, 420, 260, 140), label="car")
        passed.update(camera.see(stood_s + 4.2 + step / rate, car))
    found = {camera.see(camera.time_s + 1 / rate, CAR)[0] for _ in range(round(4 * rate))}
    assert found <= {-1, 1}
    assert 1 in found
    assert 1 not in passed


@RATES
@pytest.mark.parametrize("speed", [40, 80, 120])
@pytest.mark.parametrize("end", [380, 420, 460])
def test_what_is_seen_where_a_car_is_parked_is_that_car(rate: float, speed: float, end: float) -> None:
    """Another one that is lost right before it was not expected to be just there."""
    tracker = Tracker(TrackerConfig())
    tracker.recall([ParkedTrack(1, "car", CAR.box, -4.0)])
    steps, passed = round(4 * rate), set()
    for step in range(steps + 1):
        car = Seen(standing(end - speed * (steps - step) / rate, 420, 260, 140), label="car")
        passed |= followed(tracker, (step + 1) / rate, car)
    found = [followed(tracker, 4 + (step + 2) / rate, CAR) for step in range(round(4 * rate))]
    assert not set().union(*found) & passed
    assert found[-1] == {1}


def followed(tracker: Tracker, time_s: float, *seen: Seen) -> set[int]:
    """The ids of what is seen, of those that have one."""
    return {*tracker.update(time_s, detections(seen)).detections.tracker_id.tolist()} - {UNCONFIRMED}


@RATES
def test_a_small_car_that_is_found_unsteadily_is_told_once(rate: float) -> None:
    """A far one: its box is off by a fifth of its size, and it is seen in two looks of five."""
    rng, camera = np.random.default_rng(5), Camera()
    for step in range(round(120 * rate)):
        if rng.random() < 0.4 or step < 4 * rate:
            edges = np.array([900.0, 200.0, 940.0, 222.0]) + rng.normal(0, 1, 4) * [5, 2.5, 5, 2.5]
            camera.see(step / rate, Seen((edges[0], edges[1], edges[2], edges[3]), 0.7, "car"))
        else:
            camera.see(step / rate)
    assert [phase for _, phase in camera.phases if phase != "update"] == ["start"]
