"""Every error of a file is told at once, whatever it takes to find it, and nothing that follows from one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.commands.checks import starting
from streamer.config.file import parse
from streamer.errors import ConfigError

CAMERA = {
    "source: 'sim://street?seeed=1'": "source: street option seeed: ",
    "username: bob\n    password: ${NOT_SET}": "expected the environment variable NOT_SET, received nothing",
    "timeout_s: fast": "timeout_s: expected a number, received 'fast'",
    "xyz: 1": "xyz: expected one of source, ",
    "decode: cuda": "decode: expected auto or cpu for sim://",
    "detect: {fps: x, labels: [person, dgo]}": (
        "detect.fps: expected a number",
        "detect.labels.1: expected a label of sightline-nano, received 'dgo' (did you mean 'dog'?)",
    ),
    "filters: {person: {min_area: x}, catt: {}}": (
        "filters.person.min_area: expected a number",
        "filters.catt: expected ",
    ),
    "masks: [{polygon: [[0, 0], [1, 0], [1, 1], [0, 1]], labels: person}]": "masks.0.polygon: expected ",
    "lines: {l: {from: [0, 0], to: [0, 0], labels: crr}}": (
        "lines.l: expected a line between two different points",
        "lines.l.labels.0: expected ",
    ),
    "zones: {z: {polygon: 5, labels: persn}}": (
        "zones.z.polygon: expected a list of points",
        "zones.z.labels.0: expected ",
    ),
    "events: {required_zones: [y]}": "events.required_zones.0: expected a zone of the camera (",
}
OTHERS = {
    "storage: {days: 0}": "storage.days: expected more than 0",
    "http: {port: true}": "http.port: expected a number",
    "detectors: {default: {}, spare: {model: none.onnx}}": "detectors.spare.model: expected the name or ",
}


def told(text: str) -> list[str]:
    try:
        parse(text, "c.yaml", {}, starting())
    except ConfigError as error:
        return str(error).splitlines()
    return []


@settings(deadline=None)
@given(st.sets(st.sampled_from(sorted(CAMERA))), st.sets(st.sampled_from(sorted(OTHERS))))
def test_what_is_wrong_is_told_whatever_else_is(within: set[str], others: set[str]) -> None:
    lines = ["cameras:", "  a:"]
    if "source: 'sim://street?seeed=1'" not in within:
        lines.append("    source: sim://street")
    lines += [f"    {each}" for each in sorted(within)] + sorted(others)
    expected = [CAMERA[each] for each in sorted(within)] + [OTHERS[each] for each in sorted(others)]
    wanted = [part for each in expected for part in ([each] if isinstance(each, str) else each)]
    found = told("\n".join(lines))
    numbers = [int(line.split(":")[1]) for line in found]
    assert numbers == sorted(numbers)
    texts = [line.split(": ", 1)[1].removeprefix("cameras.a.") for line in found]
    assert len(texts) == len(wanted), found
    for part in wanted:
        assert sum(text.startswith(part) for text in texts) == 1, (part, found)


SQUARE = "polygon: [[0, 0], [1, 0], [1, 1]]"
A = "cameras:\n  a:\n    source: sim://street\n"
ALONE = {
    # A name that is spelt wrong is there all the same.
    f"{A}    zones: {{P: {{{SQUARE}}}}}\n    events: {{required_zones: [P]}}": ["cameras.a.zones.P"],
    f"{A}    zonse: {{z: {{{SQUARE}}}}}\n    events: {{required_zones: [z]}}": ["cameras.a.zonse"],
    f"{A}    zones: 5\n    filters: {{person: {{required_zones: z}}}}": ["cameras.a.zones"],
    # What is meant by these is not known.
    f"{A}    labels: {{car: ''}}\n    detect: {{labels: [vehicle]}}": ["cameras.a.labels.car"],
    f"{A}    labels: [a]\n    filters: {{vehicle: {{}}}}": ["cameras.a.labels"],
    f"{A}    labels: {{truck: cab}}\n    detect: {{labels: [cab, 5]}}": ["cameras.a.detect.labels.1"],
    f"{A}    detect: {{labels: [person, 5]}}\n    filters: {{dog: {{}}}}": ["cameras.a.detect.labels.1"],
    f"{A}    detect: {{regions: 'tiles:9x9'}}\n    filters: {{dog: {{max_area: 0.000001}}}}": [
        "cameras.a.detect.regions.tiles"
    ],
    # A label is as wrong wherever is looked.
    f"{A}    detect: {{regions: 'tiles:9x9'}}\n    filters: {{doog: {{max_area: 0.000001}}}}": [
        "cameras.a.detect.regions.tiles",
        "cameras.a.filters.doog",
    ],
    f"{A}    detector: 5\n    filters: {{vehicle: {{}}}}": ["cameras.a.detector"],
    f"{A}    detector: vehicles\ndetectors: 5": ["detectors"],
    f"{A}    filters: {{vehicle: {{}}}}\ndetectors: {{default: {{model: 5}}}}": ["detectors.default.model"],
    "cameras:\n  a: {source: 5, decode: cuda}": ["cameras.a.source"],
    "cameras:\n  a: {source: sim://street, username: 5, password: x}": ["cameras.a.username"],
    # A mask without its labels would hide more, a line anywhere else would be seen or not.
    f"{A}    masks: [{{polygon: [[0, 0], [1, 0], [1, 1], [0, 1]], labels: 5}}]\n"
    f"    zones: {{z: {{{SQUARE}}}}}": ["cameras.a.masks.0.labels"],
    f"{A}    masks: [{{polygon: [[0, 0], [1, 0], [1, 0.9], [0, 0.9]]}}]\n"
    "    lines: {l: {from: [0, 0], to: [0, 9]}}": ["cameras.a.lines.l.to"],
    f"{A}    events: {{required_zones: [z]}}\n    filters: {{person: {{required_zones: 5}}}}\n"
    f"    detect: {{labels: [person, dog]}}\n    zones: {{z: {{{SQUARE}, labels: dog}}}}": [
        "cameras.a.filters.person.required_zones"
    ],
    f"{A}    masks: [{{polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]}}]\n    zones: {{z: {{polygon: 5}}}}": [
        "cameras.a.masks.0.polygon",
        "cameras.a.zones.z.polygon",
    ],
    # What all cameras have is told where it stands.
    "detect: {fps: x}\ncameras: {a: {source: sim://street}, b: {source: sim://street}}": ["detect.fps"],
    # YAML.
    f"{A}  b: {{<<: {{source: x}}}}": [],
    "cameras:\n  a: {source: '${NOT_SET}', decode: cuda}": [],
    f"{A}detect: {{fps: '${{NOT_SET}}'}}": [],
    f"{A}    timeout_s: x\n  a: {{source: y}}": ["cameras.a.timeout_s"],
    f"{A}    username: ${{NOT_SET}}\n    password: ${{NOR_THIS}}\n    timeout_s: x": ["cameras.a.timeout_s"],
}  # fmt: skip


@pytest.mark.parametrize(("text", "options"), ALONE.items())
def test_a_consequence_is_no_error_of_its_own(text: str, options: list[str]) -> None:
    found = told(text)
    assert found
    of_yaml = ("expected no merge key", "expected the environment variable", "expected 'a' once")
    left = [line for line in found if not any(words in line for words in of_yaml)]
    assert [line.split(": ")[1] for line in left] == options
    if not options:
        assert len(found) == 1


def test_every_unset_variable_is_told() -> None:
    text = "cameras:\n  a:\n    source: ${ONE}\n    username: '${TWO}${ONE}'\n    timeout_s: x"
    variable = "expected the environment variable {}, received nothing: it is not set"
    assert told(text) == [
        f"c.yaml:3: {variable.format('ONE')}",
        f"c.yaml:4: {variable.format('TWO')}",
        f"c.yaml:4: {variable.format('ONE')}",
        "c.yaml:5: cameras.a.timeout_s: expected a number, received 'x'",
    ]
