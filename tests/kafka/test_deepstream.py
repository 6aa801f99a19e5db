"""Results in DeepStream's minimal schema: the way back, and as programs read it that know only DeepStream."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.errors import MessageRejected
from streamer.kafka.format.deepstream import deepstream, objects_of
from streamer.kafka.format.examples import FOUND
from streamer.messages.detections import DetectedObject, DetectionRecord


def test_the_value_has_exactly_these_keys() -> None:
    assert json.loads(deepstream(FOUND)) == {
        "version": "4.0",
        "id": "120",
        "@timestamp": "2026-03-01T12:00:00.250000Z",
        "sensorId": "gate",
        "objects": ["3|100|50|180|300|person|0.87", "18446744073709551615|640|301.5|820|410|car|0.5"],
    }
    assert list(json.loads(deepstream(FOUND))) == ["version", "id", "@timestamp", "sensorId", "objects"]


def test_a_frame_without_objects_is_told() -> None:
    assert json.loads(deepstream(FOUND.model_copy(update={"objects": ()})))["objects"] == []


pixels = st.integers(-99_999, 999_999).map(lambda tenths: tenths / 10)
labels = st.text(st.sampled_from("|/#% a"), max_size=5) | st.text(st.characters(exclude_categories=["Cs"]))
objects = st.builds(
    DetectedObject,
    label=labels,
    confidence=st.integers(0, 10_000).map(lambda share: share / 10_000),
    box=st.tuples(pixels, pixels, pixels, pixels),
    track=st.none() | st.integers(0, 2**63),
)
records = st.builds(
    lambda found, frame, at: FOUND.model_copy(
        update={"objects": tuple(found), "frame": frame, "captured_at": at}
    ),
    st.lists(objects, max_size=5),
    st.integers(0, 2**53),
    st.datetimes(datetime(1970, 1, 2), timezones=st.just(UTC)),
)


@given(records)
def test_objects_come_back_as_they_were_but_for_bars_in_labels(record: DetectionRecord) -> None:
    expected = [found.model_copy(update={"label": found.label.replace("|", "/")}) for found in record.objects]
    assert list(objects_of(deepstream(record))) == expected


@dataclass(frozen=True)
class Vehicle:
    """What a program that was written for DeepStream makes of an object."""

    id: int
    bbox: tuple[float, float, float, float]
    type: str
    confidence: float


def as_an_existing_consumer(value: bytes) -> tuple[int, datetime, str, list[Vehicle]]:
    """Reads by position: six fields, then ``#`` and attributes or not, and the confidence at the end."""
    message: dict[str, Any] = json.loads(value)
    assert message["version"] == "4.0"
    vehicles = []
    for text in message["objects"]:
        columns = text.split("|")
        left, top, right, bottom = map(float, columns[1:5])
        box = (left, top, right - left, bottom - top)
        vehicles.append(Vehicle(int(columns[0]), box, columns[5], float(columns[-1])))
    at = datetime.fromisoformat(message["@timestamp"])
    return int(message["id"]), at, message["sensorId"], vehicles


@given(records)
def test_a_program_that_knows_only_deepstream_reads_it(record: DetectionRecord) -> None:
    number, at, sensor, vehicles = as_an_existing_consumer(deepstream(record))
    assert (number, at, sensor) == (record.frame, record.captured_at, record.camera)
    assert len(vehicles) == len(record.objects)
    for vehicle, found in zip(vehicles, record.objects, strict=True):
        # The id of an unfollowed object is the greatest that 64 bits hold.
        assert vehicle.id == (2**64 - 1 if found.track is None else found.track)
        assert vehicle.type == found.label.replace("|", "/")
        assert vehicle.confidence == found.confidence
        x1, y1, x2, y2 = found.box
        assert vehicle.bbox == pytest.approx((x1, y1, x2 - x1, y2 - y1), abs=1e-6)


def value(*objects: str) -> bytes:
    head = {"version": "4.0", "id": "7", "@timestamp": "2018-04-11T04:59:59.828Z", "sensorId": "s"}
    return json.dumps({**head, "objects": objects}).encode()


def test_what_deepstream_writes_with_classifiers_is_read_too() -> None:
    """The example in the source of its library, and an object that was not followed."""
    car, person = objects_of(
        value(
            "957|1834|150|1918|215|Vehicle|#|sedan|Bugatti|M|blue|CA 444|California|0.8",
            "-1|1.5|2|3|4|Person|#|||||0.873829",
        )
    )
    assert (car.track, car.label, car.confidence) == (957, "Vehicle", 0.8)
    assert car.box == (1834, 150, 1918, 215)
    assert (person.track, person.confidence) == (None, 0.873829)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b"[]", "Input should be an object"),
        (b"{}", "version: Field required"),
        (value("1|0|0|1|1|car"), "expected at least 7 fields, received '1|0|0|1|1|car'"),
        (value("x|0|0|1|1|car|0.5"), "expected numbers, received 'x|0|0|1|1|car|0.5'"),
        (value("1|0|0|1|1|car|1.5"), "confidence: Input should be less than or equal to 1"),
        (value("1|0|0|nan|1|car|0.5"), "box.2: Input should be a finite number"),
        (value("-2|0|0|1|1|car|0.5"), "track: Input should be greater than or equal to 0"),
    ],
)
def test_what_is_no_such_value_is_one_line(written: bytes, told: str) -> None:
    with pytest.raises(MessageRejected) as raised:
        objects_of(written)
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)
