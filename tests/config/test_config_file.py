"""The configuration file: what loads, and what every wrong one is told."""

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.config.file import load, parse
from streamer.config.tree import Config
from streamer.errors import ConfigError

CAMERA = "cameras: {a: {source: x}}\n"
BAD = {
    "cameras: {a: {source: x, labels: {car: ''}}}": (
        "c.yaml:1: cameras.a.labels.car: expected at least 1 character, received ''"
    ),
    "cameras: {front: {source: 'rtsp://cam/1', detect: {fps: fast}}}": (
        "c.yaml:1: cameras.front.detect.fps: expected a number, received 'fast'"
    ),
    "cameras:\n  front:\n    sauce: x.mp4\n": (
        "c.yaml:3: cameras.front.sauce: expected one of source, username, password, transport, decode, "
        "timeout_s, loop, clock, state, detect, labels, filters, masks, zones, lines, "
        "classifiers, track, stationary, events, counts, collect, detector, title, enabled; "
        "received 'sauce' (did you mean 'source'?)"
    ),
    "detect:\n  min_confidence: 3\ncameras: {front: {source: x.mp4}}": (
        "c.yaml:2: detect.min_confidence: expected less than 1, received 3"
    ),
    "cameras: {Front Door: {source: x.mp4}}": (
        "c.yaml:1: cameras.Front Door: expected a name like 'front-door' (a-z, 0-9, '-', '_'), "
        "received 'Front Door'"
    ),
    "": "c.yaml:1: expected sections such as 'cameras:', received something else",
    "- a": "c.yaml:1: expected sections such as 'cameras:', received something else",
    "cameras: {a: {source: x}}\n\tdata: y": (
        "c.yaml:2: expected YAML, received an error: found character '\\t' that cannot start any token"
    ),
    "cameras:\n  a: {source: x}\n  a: {source: y}": "c.yaml:3: expected 'a' once, received it twice",
    "cameras:\n  a: {source: x, password: '${NOT_SET}'}": (
        "c.yaml:2: expected the environment variable NOT_SET, received nothing: it is not set"
    ),
    "cameras:\n  a: {source: x, detector: big}": (
        "c.yaml:2: cameras.a.detector: expected one of default, received 'big'"
    ),
    "cameras: {a: {source: x}}\nstorage:\n  bytes: lots": (
        "c.yaml:3: storage.bytes: expected a size like '20 GB', in kB, MB, GB or TB, received 'lots'"
    ),
    "cameras: {a: {source: x}}\nhttp:\n  port: 99999": (
        "c.yaml:3: http.port: expected at most 65535, received 99999"
    ),
    "cameras:\n  a:\n    source: 5": ("c.yaml:3: cameras.a.source: expected text or {main, sub}, received 5"),
    "cameras:\n  a:\n    source: [x, y]": (
        "c.yaml:3: cameras.a.source: expected text or {main, sub}, received ['x', 'y']"
    ),
    "cameras:\n  a:\n    source: ''": (
        "c.yaml:3: cameras.a.source: expected at least 1 character, received ''"
    ),
    "cameras:\n  a:\n    source:\n      main: x": (
        "c.yaml:3: cameras.a.source.sub: expected 'sub', received nothing"
    ),
    "cameras:\n  a:\n    source:\n      main: 5\n      sub: b": (
        "c.yaml:4: cameras.a.source.main: expected text, received 5"
    ),
    "cameras:\n  a:\n    source:\n      main: rtsp://bob:hunter2@h/1\n      sub: rtsp://bob:hunter2@h/1": (
        "c.yaml:3: cameras.a.source: expected the addresses of two streams, received the same one twice"
    ),
    "cameras:\n  a:\n    source:\n      main: a\n      sub: b\n      sob: c": (
        "c.yaml:6: cameras.a.source.sob: expected one of main, sub; received 'sob' (did you mean 'sub'?)"
    ),
    f"{CAMERA}detect:\n  regions: 3": (
        "c.yaml:3: detect.regions: expected full, tiles: COLUMNSxROWS or boxes [x1, y1, x2, y2], received 3"
    ),
    f"{CAMERA}detect:\n  regions: fool": (
        "c.yaml:3: detect.regions: expected full, tiles: COLUMNSxROWS or boxes [x1, y1, x2, y2], "
        "received 'fool'"
    ),
    f"{CAMERA}detect:\n  regions:\n    tiles: 9x2\n    overlop: 1": (
        "c.yaml:4: detect.regions.tiles: expected 2 to 64 tiles, at most 8x8, received 9x2\n"
        "c.yaml:5: detect.regions.overlop: expected one of tiles, overlap, whole; received 'overlop' "
        "(did you mean 'overlap'?)"
    ),
    f"{CAMERA}detect:\n  regions:\n    - [0, 0, 1, 1]\n    - [0, 0, 2, 1]": (
        "c.yaml:5: detect.regions.1: expected a box [x1, y1, x2, y2] in shares of the picture, 0 to 1, "
        "received [0, 0, 2, 1]: pixels are divided by its width and height"
    ),
    f"{CAMERA}detect:\n  regions:\n    - [0, 0, 1]": (
        "c.yaml:4: detect.regions.0: expected a box [x1, y1, x2, y2], received [0, 0, 1]"
    ),
    f"{CAMERA}detect:\n  regions: []": "c.yaml:3: detect.regions: expected 1 to 64 boxes, received 0",
    f"{CAMERA}masks:\n  - polygon: [[0, 0], [1, 0], [1, 1]]\n    labls: cat": (
        "c.yaml:4: masks.0.labls: expected one of polygon, labels; received 'labls' (did you mean 'labels'?)"
    ),
    f"{CAMERA}masks:\n  - labels: cat": "c.yaml:3: masks.0.polygon: expected 'polygon', received nothing",
    "cameras:\n  a:\n    source: x\n    zones:\n      drive:\n        poligon: []": (
        "c.yaml:6: cameras.a.zones.drive.poligon: expected one of polygon, labels, filters, inertia, loiter; "
        "received 'poligon' (did you mean 'polygon'?)"
    ),
    "cameras:\n  a:\n    source: x\n    zones:\n      drive:\n        polygon: [[0, 0], [1, 0], [1, 1]]\n"
    "        filters:\n          cat: {min_aera: 0.1}": (
        "c.yaml:8: cameras.a.zones.drive.filters.cat.min_aera: expected one of min_confidence, threshold, "
        "min_area, max_area, min_ratio, max_ratio, required_zones; received 'min_aera' "
        "(did you mean 'min_area'?)"
    ),
    "cameras:\n  a:\n    source: x\n    lines:\n      gate: {from: [0, 0], to: [0, 2]}": (
        "c.yaml:5: cameras.a.lines.gate.to: expected a point [x, y] in shares of the picture, 0 to 1, "
        "received [0, 2]: pixels are divided by its width and height"
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.items())
def test_a_wrong_file_is_told_its_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "c.yaml", {})
    assert str(caught.value) == message


def test_editors_are_told_that_durations_and_sizes_may_have_units() -> None:
    sections = Config.model_json_schema()["$defs"]
    for section, option in (("ZoneConfig", "loiter"), ("StateConfig", "hold"), ("StorageConfig", "bytes")):
        assert sections[section]["properties"][option]["type"] == ["number", "string"]


def test_a_secret_is_never_shown() -> None:
    text = "cameras:\n  a: {source: 'rtsp://bob:hunter2@cam/', password: [hunter2], timeout_s: 'rtsp://b:hunter2@c'}"
    with pytest.raises(ConfigError) as caught:
        parse(text, "c.yaml", {})
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(
        parse("cameras: {a: {source: x, username: bob, password: hunter2}}", "c.yaml", {})
    )


def test_the_environment_stands_in_for_secrets() -> None:
    config = parse(
        "cameras: {a: {source: '${HOST}/x', username: bob, password: '${PW}'}}",
        "c.yaml",
        {"HOST": "h", "PW": "p#@/"},
    )
    password = config.cameras["a"].password
    assert config.cameras["a"].source == "h/x"
    assert password is not None
    assert password.get_secret_value() == "p#@/"


def test_a_camera_overrides_the_global_defaults_key_by_key() -> None:
    config = parse(
        "detect: {fps: 2, labels: [person]}\ncameras: {a: {source: x, detect: {fps: 7}}, b: {source: y}}",
        "c",
        {},
    )
    assert (config.cameras["a"].detect.fps, config.cameras["a"].detect.labels) == (7, ("person",))
    assert (config.cameras["b"].detect.fps, config.cameras["b"].detect.labels) == (2, ("person",))


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.yaml: cannot be read: No such file or directory$"):
        load(tmp_path / "nothing.yaml")


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
keys = st.sampled_from(["source", "detect", "fps", "labels", "detector", "data", "a", "bytes", "storage"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.fixed_dictionaries(
        {"cameras": st.dictionaries(st.sampled_from(["a", "B", "c-1"]), values, max_size=2)}
    )
)
def test_a_random_configuration_loads_or_names_its_line(tree: dict[str, object]) -> None:
    text = yaml.safe_dump(tree, allow_unicode=True)
    try:
        config = parse(text, "c.yaml", {})
    except ConfigError as error:
        lines = len(text.splitlines())
        for line in str(error).splitlines():
            assert line.startswith("c.yaml:")
            assert 1 <= int(line.split(":")[1]) <= lines
    else:
        assert isinstance(config, Config)
