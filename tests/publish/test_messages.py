"""Records on the wire: exact keys, rounding, schemas, and the way back."""

import json
import os
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results import BUS, MESSAGE, NOON, PERSON, event, frame, tracks

from streamer.errors import MessageRejected
from streamer.event import CameraEvent
from streamer.messages.cameras import CameraRecord
from streamer.messages.detections import DetectedObject, DetectionRecord
from streamer.messages.events import EventRecord
from streamer.messages.record import rfc3339


def test_a_detection_record_has_exactly_these_keys():
    record = DetectionRecord.of(frame(7, time_s=0.7), tracks(PERSON, BUS), "sightline-nano")
    assert json.loads(record.line()) == {
        "schema": "sightline.detections/1",
        "camera": "front",
        "frame": 7,
        "pts": 0.7,
        "captured_at": "2026-03-01T12:00:00.700000Z",
        "clock": "host",
        "width": 320,
        "height": 240,
        "model": "sightline-nano",
        "objects": [
            {"label": "person", "confidence": 0.8765, "box": [10.0, 20.3, 110.0, 220.8], "track": 3},
            {"label": "bus", "confidence": 0.5, "box": [0.0, 0.0, 50.0, 40.0], "track": None},
        ],
    }


def test_a_picture_names_its_file():
    record = DetectionRecord.of(frame(), tracks(), "m", file="photos/bus.jpg")
    wire = json.loads(record.line())
    assert wire["file"] == "photos/bus.jpg"
    assert wire["objects"] == []


def test_a_file_name_that_is_no_text_is_still_told():
    record = DetectionRecord.of(frame(), tracks(), "m", file=os.fsdecode(b"photo-\xff.jpg"))
    assert json.loads(record.line())["file"] == "photo-\ufffd.jpg"


def test_detections_without_tracking_have_no_track():
    found = tracks(PERSON)
    found.detections.tracker_id = None
    assert DetectionRecord.of(frame(), found, "m").objects[0].track is None


def test_an_event_record_has_exactly_these_keys():
    assert json.loads(EventRecord.of(event("end"), width=320, height=240).line()) == {
        "schema": "sightline.events/1",
        "id": "01957b5e-0000-7000-8000-000000000000",
        "camera": "front",
        "phase": "end",
        "label": "person",
        "sub_label": None,
        "attributes": {"colour": "red"},
        "track": 3,
        "confidence": 0.8765,
        "box": [10.0, 20.3, 110.0, 220.8],
        "width": 320,
        "height": 240,
        "zones": ["porch"],
        "rules": [{"rule": "threshold", "kept": True, "value": 0.712346, "limit": 0.5}],
        "stationary": False,
        "started_at": "2026-03-01T12:00:00.000000Z",
        "ended_at": "2026-03-01T12:00:08.500000Z",
        "snapshot": "snapshots/front/2026-03-01/01957b5e-0000-7000-8000-000000000000",
    }


def test_a_camera_record_has_exactly_these_keys():
    event = CameraEvent("yard", "down", "connection refused", NOON)
    assert json.loads(CameraRecord.of(event).line()) == {
        "schema": "sightline.cameras/1",
        "id": event.id,
        "camera": "yard",
        "state": "down",
        "reason": "connection refused",
        "since": "2026-03-01T12:00:00.000000Z",
    }


@pytest.mark.parametrize("edge", [float("nan"), float("inf")])
def test_a_box_that_is_no_number_is_refused(edge):
    found = tracks(BUS, PERSON)
    found.detections.xyxy[1, 2] = edge
    with pytest.raises(MessageRejected, match=r"front: box\.2: .*finite.*, received"):
        DetectionRecord.of(frame(), found, "m")


@pytest.mark.parametrize("confidence", [float("nan"), 1.5, -0.1])
def test_a_confidence_that_is_no_share_is_refused(confidence):
    with pytest.raises(MessageRejected, match="front: confidence"):
        DetectionRecord.of(frame(), tracks(("person", confidence, (0, 0, 1, 1), 1)), "m")


def test_times_are_utc_and_sort_as_text():
    moments = [NOON, NOON + timedelta(microseconds=1), NOON + timedelta(seconds=1)]
    told = [rfc3339(moment.astimezone(timezone(timedelta(hours=-5)))) for moment in moments]
    assert told == sorted(told)
    assert told[0] == "2026-03-01T12:00:00.000000Z"


pixels = st.integers(-10_000, 100_000).map(lambda tenths: tenths / 10)
objects = st.builds(
    DetectedObject,
    label=st.text(max_size=20),
    confidence=st.integers(0, 10_000).map(lambda share: share / 10_000),
    box=st.tuples(pixels, pixels, pixels, pixels),
    track=st.none() | st.integers(0, 2**53),
)
records = st.builds(
    DetectionRecord,
    schema=st.just("sightline.detections/1"),
    camera=st.from_regex(r"[a-z0-9][a-z0-9_-]*", fullmatch=True),
    file=st.none() | st.text(),
    frame=st.integers(0, 2**53),
    pts=st.floats(0, 1e9),
    captured_at=st.datetimes(datetime(1970, 1, 2), timezones=st.just(UTC)),
    width=st.integers(1, 16384),
    height=st.integers(1, 16384),
    model=st.text(),
    objects=st.lists(objects, max_size=4).map(tuple),
)


@given(records)
def test_a_record_comes_back_as_it_was(record):
    line = record.line()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert MESSAGE.validate_json(line) == record


@given(st.floats(0, 1, width=32), st.tuples(*[st.floats(0, 8192, width=32)] * 4))
def test_rounding_stays_within_half_a_digit(confidence, box):
    (told,) = DetectionRecord.of(frame(), tracks(("person", confidence, box, 1)), "m").objects
    assert told.confidence == pytest.approx(confidence, abs=0.5001e-4)
    assert told.box == pytest.approx(box, abs=0.05001)
    assert json.loads(json.dumps(told.box)) == list(told.box)
