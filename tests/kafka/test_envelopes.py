"""Headers, keys and topics of messages: exactly the attributes of a CloudEvent in binary mode."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from streamer.event import Event
from streamer.kafka.format import examples
from streamer.kafka.format.cloudevents import Envelopes, Told, Topics
from streamer.kafka.message import Message, ObjectPhase

ENVELOPES = Envelopes(Topics("watch"))
SEEN_AT = examples.SEEN_AT + timedelta(seconds=3)
T0, T3, T5, T8 = (
    f"2026-03-01T12:00:{second}Z" for second in ("00.250000", "03.250000", "05.250000", "08.750000")
)


def headers(message: Message, type_: str, time: str, media: str = "application/json") -> None:
    id_ = UUID(message.id)
    assert id_.version == 7
    assert message.headers[:6] == (
        ("ce_specversion", b"1.0"),
        ("ce_id", message.id.encode()),
        ("ce_source", b"sightline/cameras/gate"),
        ("ce_type", type_.encode()),
        ("ce_time", time.encode()),
        ("content-type", media.encode()),
    )


UPDATED = replace(examples.STARTED, phase="update")
TELLING: list[tuple[Told, str, str, str]] = [
    (examples.STARTED, "sightline.object", T0, "events"),
    (UPDATED, "sightline.object", T3, "events"),
    (examples.ENDED, "sightline.object", T8, "events"),
    (examples.ENTERED, "sightline.zone.entered", T0, "events"),
    (examples.LOITERING, "sightline.zone.loitering", T5, "events"),
    (examples.LEFT, "sightline.zone.left", T8, "events"),
    (examples.CROSSED, "sightline.crossing", T0, "events"),
    (examples.DOWN, "sightline.camera", T0, "events"),
    (examples.TOTALS, "sightline.counts", T0, "counts"),
]


@pytest.mark.parametrize(("happening", "type_", "time", "topic"), TELLING)
def test_what_happened_is_told_with_exactly_these_headers(
    happening: Told, type_: str, time: str, topic: str
) -> None:
    message = ENVELOPES.told(happening, b"{}", SEEN_AT)
    headers(message, type_, time)
    assert len(message.headers) == 6
    assert (message.topic, message.key, message.value) == (f"watch.{topic}", b"gate", b"{}")
    assert message.kind == ("counts" if topic == "counts" else "event")
    assert message.phase == (
        ObjectPhase(happening.id, happening.ended_at, SEEN_AT) if isinstance(happening, Event) else None
    )


def test_a_result_and_its_picture() -> None:
    result = ENVELOPES.detections("gate", SEEN_AT, b"{}")
    headers(result, "sightline.detections", T3)
    assert (result.topic, result.kind, len(result.headers)) == ("watch.detections", "detections", 6)
    picture = ENVELOPES.frame("gate", SEEN_AT, b"jpeg", result.id)
    headers(picture, "sightline.frame", T3, "image/jpeg")
    assert picture.headers[6:] == (("sightline_detections", result.id.encode()),)
    assert (picture.topic, picture.kind, picture.key) == ("watch.frames", "frame", b"gate")
    assert len(ENVELOPES.frame("gate", SEEN_AT, b"jpeg", None).headers) == 6


def test_an_end_that_is_told_later_is_of_the_time_of_the_end() -> None:
    message = ENVELOPES.ended("e", "gate", b"{}", examples.LEFT_AT)
    headers(message, "sightline.object", T8)
    assert message.phase == ObjectPhase("e", examples.LEFT_AT, examples.LEFT_AT)
    assert message.lasting


def test_no_two_messages_share_an_id() -> None:
    made = [ENVELOPES.told(examples.ENTERED, b"{}", SEEN_AT).id for _ in range(1000)]
    assert len(set(made)) == 1000
    assert made == sorted(made)
    assert isinstance(SEEN_AT, datetime)
