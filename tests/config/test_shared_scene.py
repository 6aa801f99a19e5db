"""What stands outside of cameras is the default of all of them: zones and lines, too."""

from __future__ import annotations

import pytest

from streamer.config.file import INHERITED, parse
from streamer.config.tree import Config
from streamer.errors import ConfigError

SHARED = """
zones:
  porch: {polygon: [[0, 0], [0.5, 0], [0.5, 1]], loiter: 3s}
  drive: {polygon: [[0.5, 0], [1, 0], [1, 1]]}
lines:
  kerb: {from: [0, 0], to: [1, 1]}
cameras:
  front: {source: x}
  side:
    source: y
    zones: {porch: {polygon: [[0, 0], [0.9, 0], [0.9, 1]]}}
    lines: {door: {from: [0, 0], to: [1, 0.5]}}
"""


def test_a_camera_has_the_zones_and_lines_of_all_and_says_its_own_by_name() -> None:
    cameras = parse(SHARED, "c.yaml", {}).cameras
    front, side = cameras["front"], cameras["side"]
    assert (list(front.zones), list(front.lines)) == (["porch", "drive"], ["kerb"])
    assert (list(side.zones), list(side.lines)) == (["porch", "drive"], ["kerb", "door"])
    assert front.zones["porch"].loiter == 3
    # As with filters, what has the same name stands in its place as a whole.
    assert (side.zones["porch"].polygon[1], side.zones["porch"].loiter) == ((0.9, 0), 15)


def test_what_is_wrong_with_them_is_told_once_and_there() -> None:
    text = SHARED.replace("loiter: 3s", "loiter: x").replace("to: [1, 1]", "to: [1, 7]")
    with pytest.raises(ConfigError) as caught:
        parse(text, "c.yaml", {})
    assert [line.split(": ")[:2] for line in str(caught.value).splitlines()] == [
        ["c.yaml:3", "zones.porch.loiter"],
        ["c.yaml:6", "lines.kerb.to"],
    ]


def test_zones_of_all_may_be_required_by_all() -> None:
    config = parse(f"{SHARED}events: {{required_zones: [drive]}}", "c.yaml", {})
    assert config.cameras["side"].events.required_zones == ("drive",)


def test_editors_are_told_of_all_that_cameras_inherit() -> None:
    schema = Config.model_json_schema(by_alias=True)
    camera = schema["$defs"]["CameraConfig"]["properties"]
    for option in INHERITED:
        assert {**schema["properties"][option]} == {**camera[option]}
