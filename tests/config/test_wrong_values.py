"""Values of the wrong kind: what is told of each, and what no message ever says."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from streamer.config.file import parse
from streamer.config.tree import Config
from streamer.errors import ConfigError

A: Final = "cameras:\n  a:\n    source: x\n"
K: Final = f"{A}kafka:\n  brokers: h\n"
TOKEN: Final = "{url: 'https://t/', client_id: c, client_secret: s}"
PIXELS: Final = ": pixels are divided by its width and height"
YES: Final = "(yes, no, on and off are true and false to YAML: quote the word)"

BAD = {
    # True is no number, wherever one is expected.
    f"{A}    zones:\n      z:\n        polygon: [[0, 0], [1, 0], [1, 1]]\n        loiter: true": (
        "c.yaml:7: cameras.a.zones.z.loiter: expected a number, received true"
    ),
    f"{A}    zones:\n      z: {{polygon: [[true, 0], [1, 0], [1, 1]]}}": (
        "c.yaml:5: cameras.a.zones.z.polygon: expected points [x, y], received [true, 0]"
    ),
    f"{A}    lines:\n      l: {{from: [0, 0], to: [1, on]}}": (
        "c.yaml:5: cameras.a.lines.l.to: expected a point [x, y], received [1, true]"
    ),
    f"{A}detect:\n  fps: yes": "c.yaml:5: detect.fps: expected a number, received true",
    f"{A}detect:\n  regions: [false, 0, 1, 1]": (
        "c.yaml:5: detect.regions.0: expected a box [x1, y1, x2, y2], received [false, 0, 1, 1]"
    ),
    f"{A}detect:\n  regions:\n    tiles: 2x2\n    overlap: false": (
        "c.yaml:7: detect.regions.overlap: expected a number, received false"
    ),
    f"{A}filters:\n  dog: {{min_area: false}}": (
        "c.yaml:5: filters.dog.min_area: expected a number, received false"
    ),
    f"{A}storage: {{bytes: true}}\nhttp: {{port: true}}": (
        "c.yaml:4: storage.bytes: expected a number, received true\n"
        "c.yaml:5: http.port: expected a number, received true"
    ),
    f"{A}detectors:\n  default: {{workers: true}}": (
        "c.yaml:5: detectors.default.workers: expected a number, received true"
    ),
    f"{A}    transport: off\n    detect: {{labels: [on]}}": (
        f"c.yaml:4: cameras.a.transport: expected 'tcp' or 'udp', received false {YES}\n"
        f"c.yaml:5: cameras.a.detect.labels.0: expected text, received true {YES}"
    ),
    # Polygons.
    f"{A}    masks:\n      - polygon: [[0, 0], [1280, 0], [1280, 720]]": (
        "c.yaml:5: cameras.a.masks.0.polygon: expected points [x, y] in shares of the picture, 0 to 1, "
        f"received [1280, 0]{PIXELS}"
    ),
    f"{A}    masks:\n      - polygon: [0, 0, 1, 0, 1, 1]": (
        "c.yaml:5: cameras.a.masks.0.polygon: expected points [x, y], received 0"
    ),
    f"{A}    masks:\n      - polygon: [[0, 0], {{x: 1, y: 0}}]": (
        "c.yaml:5: cameras.a.masks.0.polygon: expected points [x, y], received {x: 1, y: 0}"
    ),
    f"{A}    masks:\n      - polygon: all": (
        "c.yaml:5: cameras.a.masks.0.polygon: expected a list of points [x, y], received 'all'"
    ),
    f"{A}    masks:\n      - polygon: [[0, 0], [.nan, 0], [1, 1]]": (
        "c.yaml:5: cameras.a.masks.0.polygon: expected points [x, y] in shares of the picture, 0 to 1, "
        "received [nan, 0]"
    ),
    # Something else where there should be a section.
    f"{A}detect: 5": (
        "c.yaml:4: detect: expected {fps, labels, min_confidence, regions, enabled}, received 5"
    ),
    f"{A}detect:": (
        "c.yaml:4: detect: expected {fps, labels, min_confidence, regions, enabled}, received nothing"
    ),
    f"{A}labels: [a]": "c.yaml:4: labels: expected NAME: text, received ['a']",
    f"{A}zones: [1]": (
        "c.yaml:4: zones: expected NAME: {polygon, labels, filters, inertia, loiter}, received [1]"
    ),
    f"{A}masks: {{polygon: 1}}": (
        "c.yaml:4: masks: expected a list of {polygon, labels}, received {polygon: 1}"
    ),
    f"{A}    lines:\n      l: [[0, 0], [1, 1]]": (
        "c.yaml:5: cameras.a.lines.l: expected {from, to, labels}, received [[0, 0], [1, 1]]"
    ),
    "cameras:\n  a: rtsp://h/1": (
        "c.yaml:2: cameras.a: expected {source, username, password, transport, ..}, received 'rtsp://h/1'"
    ),
    f"{A}data: 5\noutput: {{json: 5}}\nhttp: {{host: 5}}": (
        "c.yaml:4: data: expected text, received 5\n"
        "c.yaml:5: output.json: expected text, received 5\n"
        "c.yaml:6: http.host: expected text, received 5"
    ),
    # The message bus.
    f"{A}kafka:": "c.yaml:4: kafka: expected {brokers: HOST:PORT}, received nothing",
    f"{A}kafka:\n  broker: h": (
        "c.yaml:5: kafka.broker: expected one of brokers, prefix, format, detections, frames, jpeg, "
        "compression, topics, spool, tls, sasl; received 'broker' (did you mean 'brokers'?)"
    ),
    f"{K}  prefix: {'x' * 250}": "c.yaml:6: kafka.prefix: expected at most 200 characters, received 250",
    f"{A}kafka: {{brokers: [h, 'h:9092']}}": (
        "c.yaml:4: kafka.brokers: expected each broker once, received 'h:9092' 2 times"
    ),
    f"{K}  sasl: {{mechanism: plain}}": (
        "c.yaml:6: kafka.sasl: expected username and password for plain, received none of them"
    ),
    f"{K}  sasl: {{mechanism: plain, username: u}}": (
        "c.yaml:6: kafka.sasl: expected username and password for plain, received username"
    ),
    f"{K}  sasl: {{mechanism: PLAIN, username: u, password: p, token: {TOKEN}}}": (
        "c.yaml:6: kafka.sasl: expected username and password for plain, received username, password, token"
    ),
    f"{K}  sasl: {{mechanism: oauthbearer, username: u, token: {TOKEN}}}": (
        "c.yaml:6: kafka.sasl: expected token for oauthbearer, received username, token"
    ),
    f"{K}  sasl: {{mechanism: plain, username: '', password: ''}}": (
        "c.yaml:6: kafka.sasl.username: expected at least 1 character, received ''\n"
        "c.yaml:6: kafka.sasl.password: expected at least 1 character, received none"
    ),
    f"{K}  tls: {{key_password: p}}": (
        "c.yaml:6: kafka.tls: expected a certificate for the key, received none"
    ),
    f"{K}  jpeg: {{width: 640}}": (
        "c.yaml:4: kafka: expected frames: events or all for jpeg, received off: no picture is sent"
    ),
    f"{K}  topics: {{create: false, partitions: 3}}": (
        "c.yaml:6: kafka.topics: expected create: true for partitions, received false: no topic is made"
    ),
    f"{K}  topics: {{retention: 7}}": (
        "c.yaml:6: kafka.topics.retention: expected a duration with its unit like '7d', or 'forever', "
        "received 7"
    ),
    f"{K}  topics: {{retention: 0s}}": (
        "c.yaml:6: kafka.topics.retention: expected a duration above 0 like '7d', or 'forever', received '0s'"
    ),
    f"{K}  topics: {{retention: 400d}}": (
        "c.yaml:6: kafka.topics.retention: expected a duration of at most 365d, received '400d' "
        "('forever' is without an end)"
    ),
    f"{K}  spool: {{bytes: 1}}": "c.yaml:6: kafka.spool.bytes: expected at least 1000000, received 1",
    f"{K}  spool: {{bytes: 4000 PB}}": (
        "c.yaml:6: kafka.spool.bytes: expected a size like '20 GB', in kB, MB, GB or TB, received '4000 PB'"
    ),
    # Numbers out of bounds, and none.
    f"{A}storage: {{days: 0, jpeg_quality: 2.5}}": (
        "c.yaml:4: storage.days: expected more than 0, received 0\n"
        "c.yaml:4: storage.jpeg_quality: expected a whole number, received 2.5"
    ),
    f"{A}state: {{hold: .inf}}": "c.yaml:4: state.hold: expected a number that is not infinite, received inf",
    f"{A}state: {{hold: 400d}}": "c.yaml:4: state.hold: expected a duration of at most 365d, received '400d'",
    f"{A}state: {{hold: 10m}}": (
        "c.yaml:4: state.hold: expected a duration like '0.5s', '10min' or '1h', received '10m'"
    ),
    f"{A}    loop: 1": "c.yaml:4: cameras.a.loop: expected true or false, received 1",
    f"{A}    detect: {{regions: {{tiles: 2x2, whole: 0}}}}": (
        "c.yaml:4: cameras.a.detect.regions.whole: expected true or false, received 0"
    ),
    # Line feeds.
    "cameras:\n  a:\n    source: \"rtsp://bob:hunter2/@h/1\\n\"": (
        "c.yaml:3: cameras.a.source: expected text on one line, received '\\n' in it"
    ),
    "cameras:\n  a: {source: {main: \"sim://street\\nx\", sub: \"a\\tb\"}}": (
        "c.yaml:2: cameras.a.source.main: expected text on one line, received '\\n' in it\n"
        "c.yaml:2: cameras.a.source.sub: expected text on one line, received '\\t' in it"
    ),
    f"{A}detectors: {{default: {{model: \"a\\nb\"}}}}": (
        "c.yaml:4: detectors.default.model: expected text on one line, received '\\n' in it"
    ),
    f"{A}    loop: maybe": "c.yaml:4: cameras.a.loop: expected true or false, received 'maybe'",
    # Names.
    "cameras:\n  \"x\\ny\": {source: z}": (
        "c.yaml:2: cameras.x\\ny: expected a name like 'front-door' (a-z, 0-9, '-', '_'), received 'x\\ny'"
    ),
    f"{A}    zones:\n      \"a\\nb\": {{polygon: [[0, 0], [5, 0], [1, 1]]}}": (
        "c.yaml:5: cameras.a.zones.a\\nb: expected a name like 'front-door' (a-z, 0-9, '-', '_'), received "
        "'a\\nb'\n"
        "c.yaml:5: cameras.a.zones.a\\nb.polygon: expected points [x, y] in shares of the picture, 0 to 1, "
        f"received [5, 0]{PIXELS}"
    ),
    f"{A}detectors:\n  \"a\\u2028b\": {{}}": (
        "c.yaml:5: detectors.a\\u2028b: expected a label on one line, received 'a\\u2028b'"
    ),
    f"{A}detectors:\n  '': {{}}": "c.yaml:5: detectors.'': expected at least 1 character, received ''",
    f"{A}    detect: {{labels: [\"per\\nson\"]}}": (
        "c.yaml:4: cameras.a.detect.labels.0: expected a label on one line, received 'per\\nson'"
    ),
    # Keys in the wrong place.
    f"{A}    storage: {{days: 3}}\ntransport: udp": (
        "c.yaml:4: cameras.a.storage: expected it outside of cameras, received 'storage' within one\n"
        "c.yaml:5: transport: expected it within a camera, received 'transport' outside of cameras"
    ),
    f"{A}track:\n  confirm_hits: 3\n  threshold: 1": (
        "c.yaml:6: track.threshold: expected one of high_confidence, confirm_hits, confirm_s, lost_s; "
        "received 'threshold'"
    ),
    f"{A}port: 80": (
        "c.yaml:4: port: expected one of cameras, detectors, decode, clock, state, detect, labels, filters, "
        "masks, zones, lines, track, stationary, events, counts, collect, storage, http, webrtc, output, "
        "kafka, data; received 'port' (did you mean http.port?)"
    ),
    f"{A}    password: hunter2": (
        "c.yaml:4: cameras.a.password: expected username beside it, received none: it is not used"
    ),
    f"{A}    clock:\n      tolerance: rtsp://bob:hunter2@cam": (
        "c.yaml:5: cameras.a.clock.tolerance: expected a duration like '0.5s', '10min' or '1h', "
        "received a value that is not shown"
    ),
    # Detectors.
    f"{A}    detector: defualt": (
        "c.yaml:4: cameras.a.detector: expected one of default, received 'defualt' (did you mean 'default'?)"
    ),
    f"detectors: {{vehicles: {{}}}}\n{A}": (
        "c.yaml:3: cameras.a.detector: expected one of vehicles, received 'default', which it is where "
        "nothing is said"
    ),
    f"detectors: {{}}\n{A}": "c.yaml:1: detectors: expected at least 1 item, received {}",
    # YAML that leads nowhere.
    "cameras: &all {a: *all}": "c.yaml:1: expected options, received values within values without an end",
    f"cameras: {'[' * 5000}{']' * 5000}": (
        "c.yaml:1: expected options, received values within values without an end"
    ),
    "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    + "".join(f"{n}: &{n} [{', '.join([f'*{m}'] * 10)}]\n" for m, n in ("ab", "bc", "cd", "de", "ef")): (
        "c.yaml:1: expected at most 100000 values, received more"
    ),
    "cameras:\n  a: &a {source: x}\n  b:\n    <<: *a": (
        "c.yaml:4: expected no merge key, received '<<': what cameras share stands outside of cameras"
    ),
    f"{A}---\nb: c": (
        "c.yaml:4: expected YAML, received an error: expected a single document in the stream but found "
        "another document"
    ),
    "cameras:\n    a:\n   source: x": (
        "c.yaml:3: expected YAML, received an error: expected <block end>, but found '<block mapping start>' "
        "(is it indented as it should be?)"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD.items())
def test_a_wrong_value_is_told_its_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "c.yaml", {})
    assert str(caught.value) == message


def test_the_bus_takes_what_kafka_calls_by_capitals_and_keeps_for_ever() -> None:
    kafka = parse(
        f"{K}  compression: LZ4\n  sasl: {{mechanism: PLAIN, username: u, password: p}}\n"
        "  topics: {retention: forever}\n",
        "c.yaml",
        {},
    ).kafka
    assert kafka is not None
    assert kafka.sasl is not None
    assert (kafka.compression, kafka.sasl.mechanism) == ("lz4", "plain")
    assert kafka.topics.retention == "forever"


def classes(section: type[BaseModel]) -> set[str]:
    names = {section.__name__}
    for inner in section.__subclasses__():
        names |= classes(inner)
    return names


OURS: Final = re.compile(
    "|".join(
        [
            *(rf"\b{name}\b" for each in BaseModel.__subclasses__() for name in classes(each)),
            "Input should",
            "instance of",
            "valid (dictionary|string|number|integer|boolean|tuple|list)",
            "Value error",
            "<class",
            r"\[key\]",
            "another value",
        ]
    )
)
"""What is ours or pydantic's, and none of the user's business."""

ODD: Final = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 0.5, 1e308, 10**400, float("nan"), float("inf"), "", "x", "0.5", "5s"),
        *("full", "tiles:2x2", "a\nb", "rtsp://h/1", "é", "\u2028", [], {}, [1], ["x"], {"x": 1}, [[]], [{}]),
        *([[0, 0], [1, 0], [1, 1]], {"polygon": 1}, {"tiles": "x"}, {"main": 1}, [0, 0, 1, 1], {"": {}}),
        *({"z": {"polygon": [[0, 0], [0.5, 0], [0.5, 1]], "loiter": "x"}}, [[True, 0, 1, 1]], [None]),
    ]
)


def section_at(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in getattr(annotation, "__args__", ()) for found in section_at(inner)]


def sections(model: type[BaseModel], depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the keys of a section, with values of every kind, mostly wrong ones."""
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for name, field in model.model_fields.items():
        value: st.SearchStrategy[Any] = ODD
        for inner in section_at(field.annotation) if depth < 3 else []:
            tree = sections(inner, depth + 1)
            value |= tree | st.lists(tree, max_size=2)
            value |= st.dictionaries(
                st.sampled_from(["a", "person", "*", "default", "é\n"]), tree, max_size=2
            )
        fields[field.alias or name] = value
    return st.fixed_dictionaries({}, optional=fields)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=300)
@given(sections(Config))
def test_no_message_speaks_of_our_classes_and_all_have_their_line(tree: dict[str, Any]) -> None:
    text = yaml.safe_dump({"cameras": {"a": {"source": "x"}}, **tree}, allow_unicode=True)
    for line in told(text):
        assert re.match(r"c\.yaml:([1-9]\d*): ", line), line
        assert re.search(r"expected .*received ", line), line
        assert not OURS.search(line), line
        assert line.isprintable()


def told(text: str) -> list[str]:
    try:
        parse(text, "c.yaml", {})
    except ConfigError as error:
        return str(error).split("\n")
    return []
