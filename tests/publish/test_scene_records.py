"""Zones, lines, totals and decisions: on the wire, in the metrics, and as text."""

import io
import json
from dataclasses import replace
from datetime import timedelta
from itertools import takewhile

import pytest
from results import MESSAGE, NOON, PERSON, event, frame, tracks

from streamer.errors import MessageRejected
from streamer.event import (
    CameraEvent,
    Counts,
    Decision,
    Happening,
    LineCrossing,
    LineTotal,
    Ruling,
    ZoneEvent,
    ZoneTotal,
)
from streamer.messages.detections import DetectionRecord
from streamer.messages.records import record_of
from streamer.metrics.metrics import Metrics
from streamer.publish.explained import Explained
from streamer.publish.jsonl import JsonLinesSink, json_lines
from streamer.publish.meter import Meter
from streamer.status import Status

pytestmark = pytest.mark.anyio

ENTERED = ZoneEvent("front", "porch", "entered", "person", 3, None, NOON, 0.0)
LEFT = ZoneEvent("front", "porch", "left", "person", 3, "0195", NOON + timedelta(seconds=9), 9.00049)
CROSSED = LineCrossing("front", "gate", "in", "person", 3, "0195", NOON)
TOTALS = Counts(
    "front",
    NOON,
    NOON + timedelta(seconds=60),
    (ZoneTotal("porch", "person", 2, 1, 1, 12.34567),),
    (LineTotal("gate", "person", 1, 0),),
)
DROPPED = Decision(
    "dropped", "car", (Ruling("min_area", False, 0.00212345, 0.01),), (10.04, 20.0, 90.0, 60.0), None
)
STARTED = Decision("started", "person", (Ruling("threshold", True, 0.71, 0.5),), (1.0, 2.0, 3.0, 4.0), 3)


def wire(happening: Happening) -> dict[str, object]:
    line = record_of(happening, (320, 240)).line()
    assert MESSAGE.validate_json(line).line() == line
    return json.loads(line)


def test_a_zone_record_has_exactly_these_keys() -> None:
    assert wire(LEFT) == {
        "schema": "sightline.zones/1",
        "id": LEFT.id,
        "camera": "front",
        "zone": "porch",
        "change": "left",
        "label": "person",
        "track": 3,
        "event": "0195",
        "at": "2026-03-01T12:00:09.000000Z",
        "seconds": 9.0,
    }
    assert wire(ENTERED)["event"] is None


def test_what_let_an_object_in_and_why_its_event_ended_are_keys_only_where_they_are_known() -> None:
    ruling = Ruling("zones.porch.filters.min_area", True, 0.0212345678, 0.01)
    told = wire(replace(ENTERED, rules=(ruling,)))["rules"]
    assert told == [{"rule": ruling.rule, "kept": True, "value": 0.021235, "limit": 0.01}]
    assert "rules" not in wire(ENTERED)
    ended = replace(event("end"), reason="the source ended")
    assert wire(ended)["reason"] == "the source ended"
    assert "reason" not in wire(event("end"))


def test_a_crossing_record_has_exactly_these_keys() -> None:
    assert wire(CROSSED) == {
        "schema": "sightline.crossings/1",
        "id": CROSSED.id,
        "camera": "front",
        "line": "gate",
        "direction": "in",
        "label": "person",
        "track": 3,
        "event": "0195",
        "at": "2026-03-01T12:00:00.000000Z",
    }


def test_a_counts_record_has_exactly_these_keys() -> None:
    assert wire(TOTALS) == {
        "schema": "sightline.counts/1",
        "id": TOTALS.id,
        "camera": "front",
        "since": "2026-03-01T12:00:00.000000Z",
        "until": "2026-03-01T12:01:00.000000Z",
        "zones": [
            {"zone": "porch", "label": "person", "entered": 2, "left": 1, "occupancy": 1, "seconds": 12.346}
        ],
        "lines": [{"line": "gate", "label": "person", "crossed_in": 1, "crossed_out": 0}],
    }


def test_decisions_stand_in_the_record_of_their_frame() -> None:
    record = DetectionRecord.of(frame(), tracks(PERSON), "m", why=[DROPPED, STARTED])
    told = json.loads(record.line())["explain"]
    assert told[0] == {
        "outcome": "dropped",
        "label": "car",
        "track": None,
        "box": [10.0, 20.0, 90.0, 60.0],
        "rules": [{"rule": "min_area", "kept": False, "value": 0.002123, "limit": 0.01}],
    }
    assert told[1]["track"] == 3
    assert MESSAGE.validate_json(record.line()) == record
    assert "explain" not in json.loads(DetectionRecord.of(frame(), tracks(PERSON), "m").line())


def test_an_event_without_a_picture_size_is_refused() -> None:
    with pytest.raises(MessageRejected):
        record_of(event(), None)


async def test_json_lines_tell_everything_in_order(tmp_path) -> None:
    path = tmp_path / "out.jsonl"
    async with json_lines(str(path), lossless=True) as lines:
        sink = JsonLinesSink(lines, {"front": "nano"})
        # What needs no picture is told before the first one, too.
        await sink.conclude("front", [TOTALS])
        await sink.publish(frame(), tracks(PERSON), [DROPPED, event("start"), ENTERED, CROSSED])
        await sink.conclude("front", [LEFT, event("end"), TOTALS])
    schemas = [json.loads(line)["schema"] for line in path.read_text().splitlines()]
    names = [schema.removeprefix("sightline.").removesuffix("/1") for schema in schemas]
    expected = "counts detections events zones crossings zones events counts"
    assert names == expected.split()


async def test_metrics_count_zones_and_lines() -> None:
    metrics = Metrics(Status([]))
    meter = Meter(metrics)
    await meter.publish(frame(), tracks(), [ENTERED, CROSSED, DROPPED, event("start")])
    text = metrics.exposition().decode()
    zone = 'camera="front",label="person",zone="porch"'
    assert f"sightline_zone_occupancy{{{zone}}} 1.0" in text
    line = 'camera="front",direction="in",label="person",line="gate"'
    assert f"sightline_line_crossings_total{{{line}}} 1.0" in text
    loitering = ZoneEvent("front", "porch", "loitering", "person", 3, None, NOON, 5.0)
    await meter.conclude("front", [loitering, LEFT])
    text = metrics.exposition().decode()
    assert f"sightline_zone_occupancy{{{zone}}} 0.0" in text
    for change in ("entered", "loitering", "left"):
        assert f'camera="front",change="{change}",label="person",zone="porch"}} 1.0' in text


async def test_metrics_count_what_befalls_cameras() -> None:
    metrics = Metrics(Status([]))
    meter = Meter(metrics)
    await meter.conclude("front", [CameraEvent("front", "covered", "something is before the lens", NOON)])
    await meter.publish(frame(), tracks(), [CameraEvent("front", "up", None, NOON)])
    text = metrics.exposition().decode()
    for state in ("covered", "up"):
        assert f'sightline_camera_events_total{{camera="front",state="{state}"}} 1.0' in text


async def test_decisions_are_told_as_text() -> None:
    out = io.StringIO()
    sink = Explained(out)
    await sink.publish(frame(time_s=12.4), tracks(PERSON), [DROPPED, STARTED, event("start"), ENTERED])
    await sink.conclude("front", [CROSSED, LEFT, event("end"), TOTALS])
    lines = out.getvalue().splitlines()
    assert all("".join(takewhile(lambda c: c != "s", line)).strip() == "12.40" for line in lines)
    assert [line.partition(" s  ")[2] for line in lines] == [
        "car at 10,20,90,60: dropped by min_area: 0.00212, expected at least 0.01",
        "person, track 3 at 1,2,3,4: event: threshold: 0.71 (at least 0.5)",
        "person, track 3: entered zone porch",
        "person, track 3: crossed line gate in",
        "person, track 3: left zone porch after 9.0 s",
        "person, track 3: event ended",
        "counts: zone porch person: 2 entered, 1 left, 1 inside, 12.3 s; line gate person: 1 in, 0 out",
    ]
