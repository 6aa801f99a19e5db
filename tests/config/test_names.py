"""Names in a configuration that mean nothing, and filters that never match: each told with its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.commands.config import checked
from streamer.config.file import parse
from streamer.config.names import edits
from streamer.errors import ConfigError

A = "cameras:\n  a:\n    source: x\n"
SQUARE = "polygon: [[0, 0], [1, 0], [1, 1]]"

BAD = {
    # Polygons and lines.
    A + "    zones:\n      porch: {polygon: [[0, 0], [1, 1], [1, 0], [0, 1]]}": (
        "c.yaml:5: cameras.a.zones.porch.polygon: expected a polygon that does not intersect itself, "
        "received one whose sides 1 and 3 meet"
    ),
    A + "    zones:\n      porch: {polygon: [[0, 0], [1, 1]]}": (
        "c.yaml:5: cameras.a.zones.porch.polygon: expected a polygon of at least 3 different points, "
        "received 2"
    ),
    A + "    masks:\n      - {polygon: [[0, 0], [1, 1.5], [0, 1]]}": (
        "c.yaml:5: cameras.a.masks.0.polygon: expected points [x, y] in shares of the picture, 0 to 1, "
        "received [1, 1.5]"
    ),
    A + "    lines:\n      gate: {from: [0, 0], to: [0, 0]}": (
        "c.yaml:5: cameras.a.lines.gate: expected a line between two different points, received the same "
        "point twice"
    ),
    f"{A}    zones:\n      Front Porch: {{{SQUARE}}}": (
        "c.yaml:5: cameras.a.zones.Front Porch: expected a name like 'front-door' (a-z, 0-9, '-', "
        "'_'), received 'Front Porch'"
    ),
    A + "    lines:\n      Gate: {from: [0, 0], to: [1, 0]}": (
        "c.yaml:5: cameras.a.lines.Gate: expected a name like 'front-door' (a-z, 0-9, '-', '_'), "
        "received 'Gate'"
    ),
    # Filters that nothing passes.
    "filters:\n  dog:\n    min_area: 0.5\n    max_area: 0.1\ncameras: {a: {source: x}}": (
        "c.yaml:2: filters.dog: expected min_area at most max_area, received 0.5 and 0.1: nothing matches"
    ),
    A + "    detect: {labels: [person, car]}\n    filters:\n      persn: {}": (
        "c.yaml:6: cameras.a.filters.persn: expected one of detect.labels (person, car), received 'persn' "
        "(did you mean 'person'?): it never matches"
    ),
    "detect: {labels: [person]}\nfilters:\n  dog: {}\ncameras: {a: {source: x}}": (
        "c.yaml:3: filters.dog: expected one of detect.labels (person), received 'dog': it never matches"
    ),
    f"{A}    detect: {{labels: person}}\n    masks:\n      - {SQUARE}\n        labels: dog": (
        "c.yaml:7: cameras.a.masks.0.labels.0: expected one of detect.labels (person), received 'dog': "
        "it never matches"
    ),
    f"{A}    detect: {{labels: person}}\n    zones:\n      z: {{{SQUARE}, labels: [dog]}}": (
        "c.yaml:6: cameras.a.zones.z.labels.0: expected one of detect.labels (person), received 'dog': "
        "it never matches"
    ),
    A + "    detect: {labels: person}\n    lines:\n      g: {from: [0, 0], to: [1, 0], labels: dog}": (
        "c.yaml:6: cameras.a.lines.g.labels.0: expected one of detect.labels (person), received 'dog': "
        "it never matches"
    ),
    A + "    labels: {truck: car}\n    filters:\n      truck: {}": (
        "c.yaml:6: cameras.a.filters.truck: expected 'car', as labels calls it, received 'truck': "
        "it never matches"
    ),
    "labels: {truck: car}\ndetect: {labels: [truck]}\ncameras: {a: {source: x}}": (
        "c.yaml:2: detect.labels.0: expected 'car', as labels calls it, received 'truck': it never matches"
    ),
    "labels:\n  truck: car\n  car: vehicle\ncameras: {a: {source: x}}": (
        "c.yaml:2: labels.truck: expected a label that is not merged itself, received 'car'"
    ),
    f"{A}    zones:\n      z: {{{SQUARE}, labels: [car], filters: {{dog: {{}}}}}}": (
        "c.yaml:5: cameras.a.zones.z.filters.dog: expected one of the zone's labels (car), received 'dog': "
        "it never matches"
    ),
    "filters: {dog: {max_area: 0.1}}\ncameras:\n  a:\n    source: x\n    zones:\n"
    f"      z: {{{SQUARE}, filters: {{dog: {{min_area: 0.2}}}}}}": (
        "c.yaml:6: cameras.a.zones.z.filters.dog.min_area: expected at most 0.1 as in the camera's filters, "
        "received 0.2: nothing matches"
    ),
    # Zones that are required.
    f"{A}    events: {{required_zones: [prch]}}\n    zones: {{porch: {{{SQUARE}}}}}": (
        "c.yaml:4: cameras.a.events.required_zones.0: expected a zone of the camera (porch), received "
        "'prch' (did you mean 'porch'?)"
    ),
    "events:\n  required_zones: [porch]\ncameras: {a: {source: x}, b: {source: y}}": (
        "c.yaml:2: events.required_zones.0: expected a zone of the camera (it has none), received 'porch'"
    ),
    A + "    filters:\n      dog: {required_zones: yard}": (
        "c.yaml:5: cameras.a.filters.dog.required_zones.0: expected a zone of the camera (it has none), "
        "received 'yard'"
    ),
    f"{A}    zones:\n      z: {{{SQUARE}, filters: {{dog: {{required_zones: [z]}}}}}}": (
        "c.yaml:5: cameras.a.zones.z.filters.dog.required_zones: expected it in the camera's filters, "
        "received it in a zone's, where it says nothing"
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.items())
def test_a_name_that_means_nothing_is_told_its_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "c.yaml", {})
    assert str(caught.value) == message


def test_a_global_filter_may_be_for_other_cameras() -> None:
    text = (
        "filters: {dog: {min_area: 0.1}}\ncameras:\n"
        "  a: {source: x, detect: {labels: [person]}}\n  b: {source: y}"
    )
    assert set(parse(text, "c.yaml", {}).cameras) == {"a", "b"}


def test_a_required_zone_has_to_be_at_every_camera_that_requires_it() -> None:
    text = (
        "events: {required_zones: [porch]}\ncameras:\n"
        f"  a: {{source: x, zones: {{porch: {{{SQUARE}}}}}}}\n  b: {{source: y}}"
    )
    with pytest.raises(ConfigError, match=r"^c\.yaml:1: cameras\.b\.events\.required_zones\.0: [^\n]+$"):
        parse(text, "c.yaml", {})


UNKNOWN = {
    A + "    detect:\n      labels: [persn]": (
        ":5: cameras.a.detect.labels.0: expected a label of sightline-nano, received 'persn' "
        "(did you mean 'person'?)"
    ),
    A + "    detect: {labels: [peple, human]}": (
        ":4: cameras.a.detect.labels.0: expected a label of sightline-nano, received 'peple' "
        "(did you mean 'person'?)\n"
        ":4: cameras.a.detect.labels.1: expected a label of sightline-nano, received 'human' "
        "(did you mean 'person'?)"
    ),
    "filters:\n  prson: {threshold: 0.4}\ncameras: {a: {source: x}, b: {source: y}}": (
        ":2: filters.prson: expected a label of sightline-nano, received 'prson' (did you mean 'person'?)"
    ),
    A + "    labels: {trukc: car}": (
        ":4: cameras.a.labels.trukc: expected a label of sightline-nano, received 'trukc' "
        "(did you mean 'truck'?)"
    ),
    "labels:\n  truck: crr\ncameras: {a: {source: x}}": (
        ":2: labels.truck: expected a label of sightline-nano or a new one unlike them, received 'crr' "
        "(did you mean 'car'?); a new one that is meant stands in detect.labels or filters, too"
    ),
    A + "    labels: {dog: preson, cat: pet}": (
        ":4: cameras.a.labels.dog: expected a label of sightline-nano or a new one unlike them, received "
        "'preson' (did you mean 'person'?); a new one that is meant stands in detect.labels or filters, too"
    ),
    A + "    lines:\n      g: {from: [0, 0], to: [1, 0], labels: [catt]}": (
        ":5: cameras.a.lines.g.labels.0: expected a label of sightline-nano, received 'catt' "
        "(did you mean 'cat'?)"
    ),
}


@pytest.mark.parametrize(("text", "message"), UNKNOWN.items())
def test_a_label_that_the_model_does_not_know_is_told_its_line(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        checked(path)
    assert str(caught.value).replace(str(path), "") == message


@pytest.mark.parametrize(
    "text",
    [
        "labels: {dog: pet, cat: pet}",
        "labels: {car: vehicle, truck: vehicle, bus: vehicle}",
        "labels: {car: cars, truck: cars}",
        "labels: {truck: van, bicycle: bike, motorcycle: bike}",
        "labels: {truck: cab}\nfilters: {cab: {min_area: 0.1}}",
        "labels: {truck: cab}\ndetect: {labels: [cab, person]}",
    ],
)
def test_a_new_name_of_a_merged_label_is_accepted(text: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"{text}\n{A}")
    assert checked(path).config.cameras["a"].labels


@given(st.text("abc", max_size=6), st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_wrong_letters_are_a_distance(first: str, second: str, third: str) -> None:
    assert edits(first, second) == edits(second, first)
    assert (edits(first, second) == 0) == (first == second)
    assert edits(first, third) <= edits(first, second) + edits(second, third)
    assert abs(len(first) - len(second)) <= edits(first, second) <= max(len(first), len(second))
    assert edits(first + second, first + third) == edits(second, third)


def test_a_label_that_is_made_by_merging_is_known(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "labels: {car: vehicle, truck: vehicle}\nfilters: {vehicle: {min_area: 0.1}, '*': {}}\n"
        "detect: {labels: [vehicle, person]}\ncameras: {a: {source: x}}"
    )
    assert checked(path).config.cameras["a"].detect.labels == ("vehicle", "person")
