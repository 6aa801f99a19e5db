"""The description of the topics: valid, complete, committed as made, and true of real messages."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from publish.results import PERSON, frame, tracks

from streamer.cli import main
from streamer.config.bus import KafkaConfig
from streamer.kafka.format import examples
from streamer.kafka.format.asyncapi import document
from streamer.kafka.format.cloudevents import Envelopes, Told, Topics
from streamer.kafka.format.deepstream import deepstream
from streamer.kafka.format.pictures import JpegPictures
from streamer.kafka.message import Message
from streamer.messages.detections import DetectionRecord
from streamer.messages.records import record_of

OFFICIAL = Path(__file__).with_name("official") / "asyncapi-3.0.0.json"
COMMITTED = Path(__file__).parents[2] / "deploy" / "kafka" / "asyncapi.json"
PREFIX = "watch"
ENVELOPES = Envelopes(Topics(PREFIX))

Json = dict[str, Any]


@pytest.fixture(scope="module")
def described() -> Json:
    return json.loads(COMMITTED.read_text())


def test_what_is_committed_is_what_is_made(tmp_path: Path) -> None:
    """If this fails: ``sightline messages asyncapi --out deploy/kafka``."""
    assert main(["messages", "asyncapi", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "asyncapi.json").read_text() == COMMITTED.read_text()


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["messages", "asyncapi"]) == 0
    assert json.loads(capsys.readouterr().out) == document()


def test_it_is_valid_by_the_official_schema(described: Json) -> None:
    official = json.loads(OFFICIAL.read_text())
    Draft7Validator.check_schema(official)
    errors = [
        f"{error.json_path}: {error.message}" for error in Draft7Validator(official).iter_errors(described)
    ]
    assert errors == []


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from references(each)


def at(described: Json, reference: str) -> Any:
    part: Any = described
    for step in reference.removeprefix("#/").split("/"):
        part = part[step]
    return part


def test_every_reference_leads_somewhere(described: Json) -> None:
    assert all(at(described, reference) for reference in references(described))


def test_every_schema_means_in_draft_7_what_it_says(described: Json) -> None:
    """That is what AsyncAPI takes a schema for; the words of later drafts would be passed over."""
    for name, schema in described["components"]["schemas"].items():
        Draft7Validator.check_schema(schema)
        assert not re.search(r'"(prefixItems|\$defs|unevaluated\w+|dependent\w+)"', json.dumps(schema)), name


def test_each_operation_sends_what_its_channel_carries(described: Json) -> None:
    channels = described["channels"]
    assert sorted(channels) == sorted(
        operation["channel"]["$ref"].rpartition("/")[2] for operation in described["operations"].values()
    )
    for operation in described["operations"].values():
        assert operation["action"] == "send"
        place = operation["channel"]["$ref"]
        carried = [f"{place}/messages/{name}" for name in at(described, place)["messages"]]
        assert [message["$ref"] for message in operation["messages"]] == carried


def test_the_topics_are_those_of_the_prefix(described: Json) -> None:
    named = described["components"]["parameters"]["prefix"]["default"]
    assert named == KafkaConfig(brokers="localhost").prefix
    topics = Topics(named)
    addresses = {channel["address"].replace("{prefix}", named) for channel in described["channels"].values()}
    assert addresses == {topics.detections, topics.events, topics.counts, topics.frames}


def messages(described: Json) -> Iterator[tuple[str, Json, Json]]:
    for name, message in described["components"]["messages"].items():
        for example in message["examples"]:
            yield name, message, example


def test_every_example_is_valid_and_only_as_its_own_kind(described: Json) -> None:
    for name, message, example in messages(described):
        assert message["name"] == name
        value = example.get("payload")
        if message["contentType"] == "image/jpeg":
            assert value is None
            value = "bytes"
        assert fitting(described, carrying(described, name), example["headers"], value) == [name]
    ids = [example["headers"]["ce_id"] for _, _, example in messages(described)]
    # The two forms of one result are one message.
    assert len(set(ids)) == len(ids) - 1


def carrying(described: Json, name: str) -> Json:
    (channel,) = [each for each in described["channels"].values() if name in each["messages"]]
    return channel


def fitting(described: Json, channel: Json, headers: Json, value: Any) -> list[str]:
    """The kinds of a channel's messages that such a message is one of."""
    return [
        name
        for name in channel["messages"]
        if valid(described, f"#/components/messages/{name}/headers", headers)
        and valid(described, f"#/components/messages/{name}/payload", value)
    ]


def valid(described: Json, reference: str, value: Any) -> bool:
    schema = {"$ref": reference, "components": described["components"]}
    return Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER).is_valid(value)


HAPPENINGS: dict[str, Told] = {
    "object": examples.ENDED,
    "zoneEntered": examples.ENTERED,
    "zoneLoitering": examples.LOITERING,
    "zoneLeft": examples.LEFT,
    "crossing": examples.CROSSED,
    "camera": examples.DOWN,
    "attribute": examples.OPENED,
    "counts": examples.TOTALS,
}


def made() -> Iterator[tuple[str, Message]]:
    """A message of every kind, made as the service makes them."""
    for name, happening in HAPPENINGS.items():
        value = record_of(happening, examples.SIZE).encoded()
        yield name, ENVELOPES.told(happening, value, examples.SEEN_AT)
    taken, found = frame(), tracks(PERSON)
    record = DetectionRecord.of(taken, found, "m")
    told = ENVELOPES.detections("front", taken.captured_at, record.encoded())
    yield "detections", told
    yield "deepstream", ENVELOPES.detections("front", taken.captured_at, deepstream(record))
    jpeg = JpegPictures(KafkaConfig(brokers="localhost").jpeg).jpeg(taken, found)
    for result in (told.id, None):
        yield "frame", ENVELOPES.frame("front", taken.captured_at, jpeg, result)


def test_real_messages_are_what_is_described(described: Json) -> None:
    seen = set()
    for name, message in made():
        channel = carrying(described, name)
        assert message.topic == channel["address"].replace("{prefix}", PREFIX)
        headers = {header: value.decode() for header, value in message.headers}
        jpeg = headers["content-type"] == "image/jpeg"
        value = message.value.decode("latin-1") if jpeg else json.loads(message.value)
        assert fitting(described, channel, headers, value) == [name]
        for missing in headers.keys() - {"sightline_detections"}:
            rest = {header: value for header, value in headers.items() if header != missing}
            assert fitting(described, channel, rest, value) == [], missing
        seen.add(name)
    assert seen == set(described["components"]["messages"])


def test_every_message_says_that_its_key_is_the_camera(described: Json) -> None:
    for message in described["components"]["messages"].values():
        kafka = at(described, message["bindings"]["$ref"])["kafka"]
        assert kafka["key"]["type"] == "string"
        assert kafka["bindingVersion"] == "0.5.0"
