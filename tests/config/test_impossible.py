"""Rules that nothing can ever match are refused, each with its line, and those that something may are not."""

import pytest

from streamer.config.file import parse
from streamer.errors import ConfigError

A = "cameras:\n  a:\n    source: x\n"
ALL = "polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]"
LEFT = "polygon: [[0, 0], [0.6, 0], [0.5, 1], [0, 1]]"
RIGHT = "polygon: [[0.5, 0], [1, 0], [1, 1], [0.4, 1]]"
CORNER = "polygon: [[0.1, 0.1], [0.3, 0.1], [0.3, 0.3]]"
MASKED = "expected masks that leave a part of the picture, received all of it masked"
BEHIND = "expected a place that no mask hides, received one behind masks: nothing is ever in it"
UNSEEN = "expected a place within detect.regions, received one outside of them: nothing is ever in it"

NEVER = {
    # Zones that are required of whom they do not count.
    f"{A}    filters: {{person: {{required_zones: [z]}}}}\n"
    f"    zones: {{z: {{{LEFT}, labels: [car, dog]}}}}": (
        "c.yaml:4: cameras.a.filters.person.required_zones.0: expected a zone that counts person, received "
        "'z', which counts only car, dog: it never matches"
    ),
    f"{A}    filters:\n      person:\n        required_zones:\n          - y\n          - z\n"
    f"    zones: {{y: {{{LEFT}}}, z: {{{LEFT}, labels: car}}}}": (
        "c.yaml:8: cameras.a.filters.person.required_zones.1: expected a zone that counts person, received "
        "'z', which counts only car: it never matches"
    ),
    "filters:\n  person: {required_zones: z}\n"
    f"cameras:\n  a: {{source: x, zones: {{z: {{{LEFT}}}}}}}\n"
    f"  b: {{source: y, zones: {{z: {{{LEFT}, labels: car}}}}}}": (
        "c.yaml:2: cameras.b.filters.person.required_zones.0: expected a zone that counts person, received "
        "'z', which counts only car: it never matches"
    ),
    f"{A}    detect: {{labels: [person, car]}}\n    events: {{required_zones: [z]}}\n"
    f"    filters: {{car: {{required_zones: []}}}}\n    zones: {{z: {{{LEFT}, labels: car}}}}": (
        "c.yaml:5: cameras.a.events.required_zones.0: expected a zone that counts person, received 'z', "
        "which counts only car: it never matches"
    ),
    f"{A}    detect:\n      labels:\n        - car\n        - person\n    events: {{required_zones: [z]}}\n"
    f"    zones: {{z: {{{LEFT}, labels: car}}}}": (
        "c.yaml:7: cameras.a.detect.labels.1: expected a label that a required zone counts (z), received "
        "'person': it never becomes an event, and no other zone or line counts it"
    ),
    f"{A}    events: {{required_zones: [z]}}\n    filters:\n      person: {{threshold: 0.6}}\n"
    f"    zones: {{z: {{{LEFT}, labels: car}}}}": (
        "c.yaml:6: cameras.a.filters.person.threshold: expected a label that a required zone counts (z), "
        "received 'person': it never matches"
    ),
    # Masks.
    f"{A}    masks:\n      - {{{ALL}}}": (
        f"c.yaml:5: cameras.a.masks.0.polygon: {MASKED}: nothing is ever found"
    ),
    f"{A}    masks:\n      - {{{LEFT}}}\n      - {{{CORNER}}}\n      - {{{RIGHT}}}": (
        f"c.yaml:7: cameras.a.masks.2.polygon: {MASKED}: nothing is ever found"
    ),
    f"masks:\n  - {{{LEFT}, labels: [dog, cat]}}\n  - {{{RIGHT}}}\n{A}": (
        f"c.yaml:3: masks.1.polygon: {MASKED} for dog, cat: detect.labels leaves out what is not wanted"
    ),
    f"{A}    masks: [{{{LEFT}}}]\n    zones:\n      z: {{{CORNER}}}": (
        f"c.yaml:6: cameras.a.zones.z.polygon: {BEHIND}"
    ),
    f"{A}    masks: [{{{LEFT}, labels: [person, car]}}]\n    zones:\n      z: {{{CORNER}, labels: car}}": (
        f"c.yaml:6: cameras.a.zones.z.polygon: {BEHIND}"
    ),
    f"{A}    detect: {{regions: [[0.5, 0, 1, 1], [0, 0.5, 1, 1]]}}\n    zones:\n      z: {{{CORNER}}}": (
        f"c.yaml:6: cameras.a.zones.z.polygon: {UNSEEN}"
    ),
    f"{A}    detect: {{regions: [0.1, 0.1, 0.4, 0.4]}}\n    masks:\n      - {{{LEFT}}}": (
        "c.yaml:6: cameras.a.masks.0.polygon: expected masks that leave a part of detect.regions, received "
        "all of them masked: nothing is ever found"
    ),
    f"{A}    masks: [{{{LEFT}}}]\n    lines:\n      l: {{from: [0.1, 0.1], to: [0.4, 0.9]}}": (
        f"c.yaml:6: cameras.a.lines.l: {BEHIND.replace('in it', 'on it')}"
    ),
    f"{A}    masks: [{{{LEFT}, labels: car}}]\n    lines:\n"
    "      l: {from: [0, 0], to: [0, 1], labels: [car]}\n"
    "      m: {from: [0.1, 0], to: [0.1, 1], labels: car}": (
        f"c.yaml:7: cameras.a.lines.m: {BEHIND.replace('in it', 'on it')}"
    ),
    f"{A}    detect: {{regions: [0.5, 0, 1, 1]}}\n    lines: {{l: {{from: [0.1, 0.1], to: [0.4, 0.9]}}}}": (
        f"c.yaml:5: cameras.a.lines.l: {UNSEEN.replace('in it', 'on it')}"
    ),
    # Limits.
    f"{A}    filters:\n      person: {{max_area: 0.000001, max_ratio: 0.00001}}": (
        "c.yaml:5: cameras.a.filters.person.max_area: expected at least 4e-06, received 1e-06: no object is "
        "so small\n"
        "c.yaml:5: cameras.a.filters.person.max_ratio: expected at least 0.0005, received 1e-05: no object "
        "is so narrow"
    ),
    f"{A}    zones:\n      z: {{{LEFT}, filters: {{'*': {{max_area: 0.000001}}}}}}": (
        "c.yaml:5: cameras.a.zones.z.filters.*.max_area: expected at least 4e-06, received 1e-06: no object "
        "is so small"
    ),
    f"{A}    detect: {{regions: [0.1, 0.1, 0.4, 0.4]}}\n    filters: {{person: {{min_area: 0.2}}}}": (
        "c.yaml:5: cameras.a.filters.person.min_area: expected at most 0.09, received 0.2: detect.regions "
        "are smaller"
    ),
    f"{A}    filters:\n      person:\n        min_area: 1": (
        "c.yaml:6: cameras.a.filters.person.min_area: expected less than 1, received 1"
    ),
    f"{A}    filters:\n      person:\n        max_area: 0": (
        "c.yaml:6: cameras.a.filters.person.max_area: expected more than 0, received 0"
    ),
    f"{A}    filters:\n      person:\n        min_confidence: 1": (
        "c.yaml:6: cameras.a.filters.person.min_confidence: expected less than 1, received 1"
    ),
    f"{A}    events:\n      threshold: 1": (
        "c.yaml:5: cameras.a.events.threshold: expected less than 1, received 1"
    ),
    # The filter of every label, where none is left.
    f"{A}    detect: {{labels: person}}\n    filters:\n      person: {{}}\n      '*': {{min_area: 0.1}}": (
        "c.yaml:7: cameras.a.filters.*: expected a label of detect.labels without a filter of its own, "
        "received none: it never matches"
    ),
    f"{A}    zones:\n      z:\n        {LEFT}\n        labels: car\n        filters:\n          car: {{}}\n"
    "          '*': {min_area: 0.1}": (
        "c.yaml:10: cameras.a.zones.z.filters.*: expected a label of the zone without a filter of its own, "
        "received none: it never matches"
    ),
    f"{A}    filters: {{person: {{max_area: 0.1}}}}\n    zones:\n      z:\n        {LEFT}\n"
    "        labels: person\n        filters:\n          '*':\n            min_area: 0.2": (
        "c.yaml:11: cameras.a.zones.z.filters.*.min_area: expected at most 0.1 as in the camera's filters, "
        "received 0.2: nothing matches"
    ),
    # What is merged into what nobody looks for.
    f"{A}    detect: {{labels: [person, car]}}\n    labels:\n      truck: cra": (
        "c.yaml:6: cameras.a.labels.truck: expected one of detect.labels (person, car), received 'cra' "
        "(did you mean 'car'?): it never matches"
    ),
    # Smaller than what a model sees.
    f"{A}    zones:\n      z: {{polygon: [[0.5, 0.5], [0.501, 0.5], [0.501, 0.501]]}}": (
        "c.yaml:5: cameras.a.zones.z.polygon: expected a polygon larger than 0.002 x 0.002 of the picture, "
        "received one of 5e-07 in all: no object is so small"
    ),
    f"{A}    lines:\n      l: {{from: [0.5, 0.5], to: [0.501, 0.5]}}": (
        "c.yaml:5: cameras.a.lines.l: expected a line of at least 0.002 of the picture, received one of 0.001"
    ),
    f"{A}    detect:\n      regions: [0.1, 0.1, 0.101, 0.9]": (
        "c.yaml:5: cameras.a.detect.regions.0: expected a box at least 0.002 of the picture wide and high, "
        "received [0.1, 0.1, 0.101, 0.9]"
    ),
}


@pytest.mark.parametrize(("text", "message"), NEVER.items())
def test_what_never_matches_is_told_its_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "c.yaml", {})
    assert str(caught.value) == message


SOMETIMES = [
    # A car has to have been on the drive, a person on the porch.
    f"{A}    detect: {{labels: [person, car]}}\n    events: {{required_zones: [drive, porch]}}\n"
    f"    zones: {{drive: {{{LEFT}, labels: car}}, porch: {{{RIGHT}, labels: person}}}}",
    # People are counted at a line, and are no events.
    f"{A}    detect: {{labels: [person, car]}}\n    events: {{required_zones: [z]}}\n"
    f"    zones: {{z: {{{LEFT}, labels: car}}}}\n    lines: {{l: {{from: [0, 0], to: [1, 1]}}}}",
    # Only one of the cameras has no use for what all share.
    "detect: {labels: [person]}\nfilters: {'*': {min_area: 0.1}, person: {}, dog: {}}\n"
    "cameras: {a: {source: x}, b: {source: y, detect: {labels: [person, dog, cat]}}}",
    f"masks: [{{{LEFT}}}, {{{CORNER}}}]\ncameras: {{a: {{source: x}}}}",
    f"masks: [{{{CORNER}}}, {{{RIGHT}, labels: dog}}]\n"
    f"cameras: {{a: {{source: x, zones: {{z: {{{RIGHT}}}}}}}}}",
    f"masks: [{{{LEFT}}}]\nzones: {{z: {{{CORNER}}}}}\n"
    "cameras: {a: {source: x}, b: {source: y, masks: []}}",
    f"{A}    detect: {{regions: [[0.2, 0, 1, 1]]}}\n    zones: {{z: {{{CORNER}}}}}",
    # A line along the edge of a mask, one that comes out of it, and one across two regions.
    f"{A}    masks: [{{polygon: [[0, 0], [1, 0], [1, 0.5], [0, 0.5]]}}]\n"
    "    lines: {l: {from: [0, 0.5], to: [1, 0.5]}, m: {from: [0.1, 0.1], to: [0.1, 0.51]}}",
    f"{A}    detect: {{regions: [[0, 0, 0.2, 1], [0.8, 0, 1, 1]]}}\n"
    "    filters: {person: {min_area: 0.5}}\n    lines: {l: {from: [0, 0.5], to: [1, 0.5]}}",
    # In tiles smaller things are found.
    f"{A}    detect: {{regions: 'tiles:4x4'}}\n    filters: {{person: {{max_area: 0.000001}}}}",
    f"{A}    detect: {{regions: [0.1, 0.1, 0.4, 0.4]}}\n    masks: [{{{RIGHT}}}]",
    f"{A}    filters: {{person: {{max_area: 0.1}}}}\n"
    f"    zones: {{z: {{{LEFT}, labels: [person, car], filters: {{'*': {{min_area: 0.2}}}}}}}}",
]


@pytest.mark.parametrize("text", SOMETIMES)
def test_what_matches_something_is_accepted(text: str) -> None:
    assert parse(text, "c.yaml", {}).cameras
