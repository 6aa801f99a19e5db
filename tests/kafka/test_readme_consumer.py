"""The consumer of README.md, run as it stands there against a real broker; and what stands around it."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from deploy.kafka.node import Broker
from streamer.config.bus import KafkaConfig
from streamer.event import CameraEvent, Event
from streamer.kafka.format import examples
from streamer.kafka.format.asyncapi import CHANNELS
from streamer.kafka.format.cloudevents import Envelopes, Told, Topics
from streamer.kafka.format.kinds import kinds
from streamer.kafka.message import Message
from streamer.messages.records import record_of
from tests.kafka.clients import PATIENCE_S, make_topic
from tests.kafka.readme import example, section

ENVELOPES = Envelopes(Topics(KafkaConfig.model_fields["prefix"].default))
ADDRESS = "localhost:9092"


def told(happening: Told) -> Message:
    value = record_of(happening, examples.SIZE).encoded()
    return ENVELOPES.told(happening, value, examples.SEEN_AT)


def person(phase: str, id_: str, camera: str = "gate") -> Message:
    event: Event = examples.ENDED if phase == "end" else examples.STARTED
    return told(replace(event, phase=phase, id=id_, camera=camera))


def write(address: str, messages: list[Message]) -> None:
    with KafkaProducer(bootstrap_servers=address) as producer:
        for message in messages:
            sent = producer.send(message.topic, message.value, key=message.key, headers=list(message.headers))
            sent.get(PATIENCE_S)


@contextmanager
def running(script: Path) -> Iterator[Iterator[str]]:
    """What a script prints, line by line, while it runs."""
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield (line.rstrip("\n") for line in process.stdout)
        finally:
            process.kill()


def test_it_tells_each_start_and_end_of_a_person_once(
    start_broker: Callable[..., Broker], tmp_path: Path
) -> None:
    broker = start_broker()
    make_topic(broker.address, "sightline.events")
    text = example("python")
    assert text.count(ADDRESS) == 1
    script = tmp_path / "consumer.py"
    script.write_text(text.replace(ADDRESS, broker.address))
    start, update, end = (person(phase, "first") for phase in ("start", "update", "end"))
    elsewhere = person("start", "first", camera="yard")
    # The same id from another source is another message.
    id_headers = [("ce_id", start.id.encode())]
    elsewhere = replace(elsewhere, headers=tuple(dict([*elsewhere.headers, *id_headers]).items()))
    car = told(replace(examples.STARTED, id="second", label="car"))
    write(
        broker.address,
        [
            start,
            start,
            told(examples.ENTERED),
            update,
            car,
            elsewhere,
            end,
            told(CameraEvent("gate", "down", "no answer", examples.SEEN_AT)),
            start,
            end,
            person("start", "last"),
        ],
    )
    with running(script) as lines:
        told_before = list(takewhile(lambda line: line != "gate last start", lines))
    assert told_before == ["gate first start", "yard first start", "gate first end"]


def test_the_examples_are_real_records() -> None:
    decoder, rest, shown = json.JSONDecoder(), example("json").strip(), []
    while rest:
        record, length = decoder.raw_decode(rest)
        shown.append(record)
        rest = rest[length:].lstrip()
    happenings = (examples.STARTED, examples.ENTERED, examples.CROSSED, examples.DOWN)
    assert shown == [json.loads(record_of(each, examples.SIZE).encoded()) for each in happenings]


def test_the_table_has_every_topic_and_every_kind() -> None:
    rows = re.findall(r"^\|([^|]*)\|([^|]*)\|[^|]*\|$", section(), re.MULTILINE)[2:]
    shown: dict[str, set[str]] = {}
    topic = ""
    for name, types in rows:
        topic = name.strip(" `") or topic
        shown.setdefault(topic, set()).update(complete(re.findall(r"`([^`]+)`", types)))
    made = kinds()
    topics: Any = ENVELOPES.topics
    assert shown == {
        getattr(topics, channel.name): {made[name].type for name in channel.messages} for channel in CHANNELS
    }


def complete(names: list[str]) -> list[str]:
    """``.left`` behind ``sightline.zone.entered`` is ``sightline.zone.left``."""
    return [names[0].rpartition(".")[0] + name if name.startswith(".") else name for name in names]


def test_the_configuration_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from streamer.cli import main

    path = tmp_path / "c.yaml"
    path.write_text(example("yaml"))
    assert main(["config", "check", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: good, 1 camera\n"
