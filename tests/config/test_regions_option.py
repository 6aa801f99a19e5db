"""Regions in the configuration and on the command line."""

import argparse

import pytest

from detectors.regions import WHOLE, tiles
from streamer.commands.parsers import regions
from streamer.config.file import parse
from streamer.config.scene import Regions
from streamer.errors import ConfigError
from streamer.regions import boxes_of

HALVES = ((0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0))


def configured(text: str, camera: str = "{source: x}") -> Regions:
    lines = ["detect:", "  fps: 3", f"  regions: {text}", f"cameras: {{a: {camera}}}"]
    return parse("\n".join(lines), "c.yaml", {}).cameras["a"].detect.regions


GOOD = {
    "full": WHOLE,
    "{tiles: 3x2}": tiles(3, 2, 0.2) + WHOLE,
    "tiles:3x2": tiles(3, 2, 0.2) + WHOLE,
    "{tiles: 1 x 2, overlap: 0.3, whole: false}": tiles(1, 2, 0.3),
    "[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]": HALVES,
    "[0, 0, 0.5, 1]": HALVES[:1],
}


@pytest.mark.parametrize(("text", "boxes"), GOOD.items())
def test_every_way_to_say_it(text: str, boxes: object) -> None:
    assert boxes_of(configured(text)) == boxes


def test_nobody_has_to_say_it() -> None:
    assert parse("cameras: {a: {source: x}}", "c.yaml", {}).cameras["a"].detect.regions == "full"


def test_a_camera_has_its_own() -> None:
    assert configured("full", "{source: x, detect: {regions: 'tiles:2x1'}}") != "full"


BAD = {
    "{tiles: 3by2}": "expected COLUMNSxROWS such as 3x2, received '3by2'",
    "{tiles: 0x2}": "expected 2 to 64 tiles, at most 8x8, received 0x2",
    "{tiles: 9x2}": "expected 2 to 64 tiles, at most 8x8, received 9x2",
    "{tiles: 1x1}": "expected 2 to 64 tiles, at most 8x8, received 1x1",
    "{tiles: 3x2, overlap: 0.9}": "expected at most 0.5, received 0.9",
    "{tiles: 3x2, overlap: 0}": "expected at least 0.05, received 0",
    "{tiles: 3x2, hole: true}": (
        "expected one of tiles, overlap, whole; received 'hole' (did you mean 'whole'?)"
    ),
    "[]": "expected 1 to 64 boxes, received 0",
    f"[{', '.join(['[0, 0, 1, 1]'] * 65)}]": "expected 1 to 64 boxes, received 65",
    "[[0.5, 0, 0.5, 1]]": "expected a box x1, y1, x2, y2 with an area, received [0.5, 0.0, 0.5, 1.0]",
    "[[0, 0, 1, 1], [0, 0.6, 1, 0.4]]": (
        "expected a box x1, y1, x2, y2 with an area, received [0.0, 0.6, 1.0, 0.4]"
    ),
    "[[0, 0, 1, 1.5]]": (
        "expected a box [x1, y1, x2, y2] in shares of the picture, 0 to 1, received [0, 0, 1, 1.5]"
    ),
    "[[0, 0, 0.0015, 1]]": (
        "expected a box at least 0.002 of the picture wide and high, received [0.0, 0.0, 0.0015, 1.0]"
    ),
    "[[0, 0, 1]]": "expected a box [x1, y1, x2, y2], received [0, 0, 1]",
    "half": "expected full, tiles: COLUMNSxROWS or boxes [x1, y1, x2, y2], received 'half'",
}


@pytest.mark.parametrize(("text", "problem"), BAD.items())
def test_what_is_wrong_is_one_line(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(text)
    assert str(caught.value).startswith("c.yaml:3: detect.regions")
    assert str(caught.value).endswith(f": {problem}")
    assert "\n" not in str(caught.value)


def test_what_is_wrong_in_a_camera_is_told_there() -> None:
    with pytest.raises(ConfigError) as caught:
        configured("full", "{source: x, detect: {regions: [[0, 0, 0, 1]]}}")
    assert str(caught.value).startswith("c.yaml:4: cameras.a.detect.regions")


@pytest.mark.parametrize(
    ("text", "boxes"),
    [("full", WHOLE), ("tiles:3x2", tiles(3, 2, 0.2) + WHOLE), ("0,0,.5,1;.5,0,1,1", HALVES)],
)
def test_the_command_line_says_it_in_one_word(text: str, boxes: object) -> None:
    assert boxes_of(regions(text)) == boxes


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tiles:9x9", "expected 2 to 64 tiles, at most 8x8, received 9x9"),
        ("0,0,0,1", "expected a box x1, y1, x2, y2 with an area, received [0.0, 0.0, 0.0, 1.0]"),
        ("0,0,1", "expected a box [x1, y1, x2, y2], received [0.0, 0.0, 1.0]"),
        (
            "0,0,1,1.5",
            "expected a box [x1, y1, x2, y2] in shares of the picture, 0 to 1, received [0.0, 0.0, 1.0, 1.5]",
        ),
        ("0,0,a,1", "expected a box [x1, y1, x2, y2], received [0.0, 0.0, 'a', 1.0]"),
        ("", "expected full, tiles: COLUMNSxROWS or boxes [x1, y1, x2, y2], received ''"),
    ],
)
def test_what_is_wrong_on_the_command_line(text: str, problem: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        regions(text)
    assert str(caught.value) == problem
