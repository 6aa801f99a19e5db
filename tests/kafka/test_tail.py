"""``sightline tail`` shows what comes on the topics, whatever it is, and whatever becomes of the brokers."""

from __future__ import annotations

import json
import os
import pty
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from kafka import KafkaAdminClient, KafkaProducer

from deploy.kafka.node import Broker
from streamer.config.bus import KafkaConfig
from streamer.kafka.client.arguments import connected
from streamer.kafka.client.following import Following
from streamer.kafka.client.topics import ensure_topics
from tests.kafka.brokers import StartBroker
from tests.kafka.gates import OPEN_TO_WRITER, PASSWORD, Gates
from tests.kafka.happenings import (
    camera,
    counts,
    crossing,
    deepstream_detections,
    detections,
    event,
    zone,
)
from tests.kafka.tailing import SIGHTLINE, tail

BEGAN = int(time.time())
"""Seconds; of records from long ago the broker would soon let go."""

RULING = {"rule": "threshold", "kept": True, "value": 0.8, "limit": 0.5}
SENT: list[tuple[str, bytes, bytes]] = [
    ("events", b"gate", event("start")),
    ("events", b"gate", event("update", zones=(), confidence=0.9)),
    ("events", b"gate", event("end")),
    ("events", b"gate", zone("entered")),
    ("events", b"gate", zone("loitering")),
    ("events", b"gate", zone("left")),
    ("events", b"gate", crossing()),
    ("events", b"gate", camera("down", "nobody answers")),
    ("events", b"gate", camera("up", None)),
    ("counts", b"gate", counts()),
    ("detections", b"yard", detections("person", "car", "person")),
    ("detections", b"yard", detections()),
    ("detections", b"yard", deepstream_detections("dog", "person", "dog")),
]
SHOWN = [
    "12:00:03.250  gate   person #3 start 0.87 [porch]",
    "person #3 update 0.90",
    "12:00:09.250  gate   person #3 end 0.87 [porch] after 6.0 s",
    "12:00:03.250  gate   person #3 entered porch",
    "12:00:03.250  gate   person #3 is loitering in porch, 15.0 s so far",
    "12:00:03.250  gate   person #3 left porch after 15.0 s",
    "12:00:03.250  gate   car #4 crossed kerb in",
    "12:00:03.250  gate   camera down: nobody answers",
    "12:00:03.250  gate   camera up",
    "12:00:03.250  gate   porch: person +2 -1, 1 inside; kerb: car 1 in, 0 out",
    "12:00:03.250  yard   2 person, 1 car",
    "12:00:03.250  yard   nothing",
    "12:00:03.250  yard   2 dog, 1 person",
]


def bus(broker: Broker, prefix: str) -> KafkaConfig:
    return KafkaConfig.model_validate({"brokers": broker.address, "prefix": prefix})


def make(config: KafkaConfig, *kinds: str) -> None:
    ensure_topics(config, [f"{config.prefix}.{kind}" for kind in kinds or ("events", "counts", "detections")])


def send(config: KafkaConfig, *records: tuple[str, bytes, bytes], **headers: bytes) -> None:
    """One after the other, so that each is a little later than the one before."""
    with closing(connected(KafkaProducer, config)) as producer:
        for at, (kind, key, value) in enumerate(records, 1):
            topic = f"{config.prefix}.{kind}"
            future = producer.send(topic, value, key, list(headers.items()), timestamp_ms=(BEGAN + at) * 1000)
            future.get(60)


def shown(config: KafkaConfig, *options: str, count: int) -> list[str]:
    """The first lines of all that is there."""
    arguments = ("--kafka", ",".join(config.brokers), "--prefix", config.prefix, "--from-beginning", *options)
    with tail(*arguments) as running:
        lines = [running.out.next() for _ in range(count)]
        assert running.interrupt() == 0
        assert running.out.rest() == []
        assert running.err.rest() == []
    return lines


@pytest.fixture(scope="module")
def all_of_it(kafka_broker: Broker) -> KafkaConfig:
    """A bus with one record of each kind."""
    config = bus(kafka_broker, "all-of-it")
    make(config)
    send(config, *SENT)
    return config


def test_every_record_is_one_line_that_can_be_read(all_of_it: KafkaConfig) -> None:
    lines = shown(all_of_it, count=len(SHOWN))
    # The records of several topics come in any order.
    told = {"events": lines[:0], "counts": lines[:0], "detections": lines[:0]}
    for line in lines:
        told["detections" if "  yard" in line else "counts" if "porch: " in line else "events"].append(line)
    # An update says no time of its own: it is that of the second record.
    second = f"{datetime.fromtimestamp(BEGAN + 2, UTC):%H:%M:%S}.000  gate   "
    assert [*told["events"], *told["counts"], *told["detections"]] == [
        line if line[0].isdigit() else second + line for line in SHOWN
    ]


def test_only_what_is_asked_for_is_shown(all_of_it: KafkaConfig) -> None:
    assert shown(all_of_it, "--counts", count=1) == [SHOWN[9]]
    assert shown(all_of_it, "--camera", "yard", count=3) == SHOWN[10:]
    assert shown(all_of_it, "--detections", "--label", "car", count=1) == ["12:00:03.250  yard   1 car"]
    assert shown(all_of_it, "--events", "--label", "car", count=1) == [SHOWN[6]]
    assert shown(all_of_it, "--counts", "--label", "car", count=1) == [
        "12:00:03.250  gate   kerb: car 1 in, 0 out"
    ]


def test_json_is_the_bare_value(all_of_it: KafkaConfig) -> None:
    lines = shown(all_of_it, "--json", count=len(SENT))
    assert sorted(lines) == sorted(value.decode() for _, _, value in SENT)


def test_what_newer_records_say_beside_is_passed_over(kafka_broker: Broker, topic_name: str) -> None:
    config = bus(kafka_broker, topic_name)
    make(config)
    event_with = json.loads(event("start")) | {"mood": "good", "rules": [{**RULING, "weight": 1}]}
    found_with = json.loads(detections("dog"))
    found_with["objects"][0]["depth"] = 3
    send(config, ("events", b"gate", json.dumps(event_with).encode()))
    assert shown(config, count=1) == [SHOWN[0]]
    send(config, ("detections", b"yard", json.dumps(found_with).encode()))
    assert shown(config, "--detections", count=1) == ["12:00:03.250  yard   1 dog"]


def test_the_time_of_a_record_is_that_of_its_event(kafka_broker: Broker, topic_name: str) -> None:
    config = bus(kafka_broker, topic_name)
    make(config)
    send(config, ("events", b"gate", event("update")), ce_time=b"2026-03-01T13:14:15.500000Z")
    assert shown(config, count=1)[0].startswith("13:14:15.500  gate ")


def test_what_it_does_not_know_is_shown_as_it_is(kafka_broker: Broker, topic_name: str) -> None:
    config = bus(kafka_broker, topic_name)
    make(config, "events")
    strange: list[tuple[bytes, str]] = [
        (b'{"schema": "others/1", "t": "\\u001b[31m"}', '{"schema": "others/1", "t": "\\u001b[31m"}'),
        (event("start").replace(b'"track":3', b'"track":"x"'), '"track":"x"'),
        (deepstream_detections("dog").replace(b"|dog", b""), '"sensorId":"yard"'),
        (b"[1,\r\n 2]", "[1,   2]"),
        (b"null", "null"),
        (b"\xff\xfe\x00", "3 bytes that are no JSON"),
        (b"[" * 100_000, "100000 bytes that are no JSON"),
        (detections(camera="gate\x1b[31m"), "nothing"),
    ]
    send(config, *(("events", b"gate", value) for value, _ in strange))
    lines = shown(config, "--events", count=len(strange))
    for line, (_, expected) in zip(lines, strange, strict=True):
        assert expected in line
        assert line.isprintable()
    arguments = ("--kafka", kafka_broker.address, "--prefix", topic_name, "--from-beginning", "--json")
    with tail(*arguments, "--events") as running:
        told = [json.loads(running.out.next()) for _ in range(len(strange) - 2)]
        left_out = [running.err.next() for _ in range(2)]
    sizes = (3, 100_000)
    assert left_out == [
        f"sightline: {topic_name}.events: left out {size} bytes that are no JSON" for size in sizes
    ]
    assert told == [json.loads(value) for value, _ in strange if len(value) not in sizes]


def test_only_what_comes_from_now_on_is_shown_first_here_then_in_new_partitions(
    kafka_broker: Broker, topic_name: str
) -> None:
    config = bus(kafka_broker, topic_name)
    make(config, "events")
    send(config, ("events", b"gate", event("start", track=1)))
    with tail("--kafka", kafka_broker.address, "--prefix", topic_name) as running:
        # It says what it waits for once it has seen what is there.
        waits = f"sightline: waiting for {topic_name}.detections, {topic_name}.counts, not there yet"
        assert running.err.next() == waits
        send(config, ("events", b"gate", event("start", track=2)))
        assert "person #2" in running.out.next()
        with closing(connected(KafkaAdminClient, config)) as admin:
            admin.create_partitions({f"{topic_name}.events": 8})
        send(config, *(("events", f"camera-{n}".encode(), event("start", track=10 + n)) for n in range(20)))
        later = {running.out.next().split()[3] for _ in range(20)}
        assert later == {f"#{10 + n}" for n in range(20)}
        make(config)
        send(config, ("detections", b"yard", detections("dog")))
        assert "1 dog" in running.out.next()
        assert running.interrupt() == 0
        assert running.err.rest() == []


def test_what_comes_once_it_waits_is_shown(kafka_broker: Broker, topic_name: str) -> None:
    """Where it begins is known before it says so, not with the first look at records."""
    config = bus(kafka_broker, topic_name)
    make(config, "events")

    def send_one(_: str) -> None:
        send(config, ("events", b"gate", event("start", track=7)))

    topics = [f"{topic_name}.events", f"{topic_name}.counts"]
    records = Following(config, topics, send_one).records(from_beginning=False)
    with closing(records):
        first = next(record for record in records if record is not None)
    assert first.value == event("start", track=7)


def test_a_broker_may_go_and_come_back(start_broker: StartBroker) -> None:
    broker = start_broker()
    config = bus(broker, "kept")
    make(config)
    with tail("--kafka", broker.address, "--prefix", "kept", "--from-beginning") as running:
        send(config, ("events", b"gate", event("start", track=1)))
        assert "person #1" in running.out.next()
        broker.kill()
        away = running.err.next()
        assert away.startswith(f"sightline: kafka {broker.address}: ")
        assert away.endswith("; waiting")
        broker.start()
        assert running.err.next() == f"sightline: kafka {broker.address}: there again"
        send(config, ("events", b"gate", event("start", track=2)))
        assert "person #2" in running.out.next()
        assert running.interrupt() == 0
        assert running.err.rest() == []


def test_it_can_be_interrupted_while_the_brokers_are_away(start_broker: StartBroker) -> None:
    broker = start_broker()
    config = bus(broker, "kept")
    make(config)
    send(config, ("events", b"gate", event("start")))
    with tail("--kafka", broker.address, "--prefix", "kept", "--from-beginning") as running:
        running.out.next()
        broker.kill()
        assert running.err.next().endswith("; waiting")
        assert running.interrupt() == 0


@pytest.mark.parametrize("form", ["--json", ""], ids=["json", "lines"])
def test_a_reader_that_goes_ends_it_quietly(all_of_it: KafkaConfig, form: str) -> None:
    brokers = ",".join(all_of_it.brokers)
    command = f"{SIGHTLINE} tail --kafka {brokers} --prefix all-of-it --from-beginning {form}"
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -n 2; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    *lines, status = done.stdout.splitlines()
    assert (len(lines), status) == (2, "0")
    assert done.stderr == ""


def test_what_it_waits_for_is_said_where_nothing_fits(all_of_it: KafkaConfig) -> None:
    arguments = ("--kafka", ",".join(all_of_it.brokers), "--prefix", "all-of-it", "--from-beginning")
    with tail(*arguments, "--camera", "gaet", "--label", "person") as running:
        told = running.err.next()
        assert running.interrupt() == 0
        assert running.out.rest() == running.err.rest() == []
    waits = "sightline: waiting for records of camera 'gaet' with label 'person'; "
    assert told == f"{waits}{len(SENT)} other records came so far"


def test_colours_are_for_a_terminal(all_of_it: KafkaConfig) -> None:
    brokers = ",".join(all_of_it.brokers)
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TZ": "UTC", "TERM": "xterm", "COLUMNS": "40"}
    environment.pop("NO_COLOR", None)
    arguments = ["tail", "--kafka", brokers, "--prefix", "all-of-it", "--from-beginning", "--events"]
    with subprocess.Popen([SIGHTLINE, *arguments], env=environment, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while b"\n" not in shown:
            shown += os.read(ours, 4096)
        process.kill()
    os.close(ours)
    line = shown.decode().splitlines()[0]
    assert "\x1b[" in line
    assert re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() == SHOWN[0]


def test_brokers_that_cannot_be_used_are_one_line(free_address: str, tmp_path: Path, gates: Gates) -> None:
    wrong: list[tuple[tuple[str | Path, ...], int, str]] = [
        (("--kafka", free_address), 1, f"sightline: kafka {free_address}: nobody listens there"),
        (("--kafka", "no host"), 2, "sightline: --kafka: expected HOST:PORT, received 'no host'"),
        (("--kafka", ","), 2, "sightline: --kafka: expected HOST:PORT, received none"),
        (
            ("--kafka", "a", "--prefix", "/"),
            2,
            "sightline: --prefix: expected the beginning of",
        ),
        ((), 2, "sightline: one of the arguments --kafka --config is required"),
        (("--config", tmp_path / "no.yaml"), 2, f"sightline: {tmp_path}/no.yaml: cannot be read"),
        (("--config", written(tmp_path)), 2, f"sightline: {tmp_path}/cameras.yaml: expected kafka"),
        (("--config", written(tmp_path, gates, "wrong")), 1, "sightline: kafka 127.0.0.1:"),
    ]
    with ExitStack() as stack:
        # All at once: to give up brokers takes a while.
        commands = [stack.enter_context(tail(*arguments)) for arguments, _, _ in wrong]
        for running, (_, status, expected) in zip(commands, wrong, strict=True):
            told = running.err.rest()
            assert running.out.rest() == []
            assert running.process.wait(60) == status
            assert len(told) == 1
            assert told[0].startswith(expected)


def test_the_file_says_who_we_are_and_debugging_does_not_say_how(gates: Gates, tmp_path: Path) -> None:
    config = gates.as_user("boss", "plain", prefix=OPEN_TO_WRITER)
    make(config)
    send(config, ("events", b"gate", event("start")))
    arguments = ("--config", written(tmp_path, gates, PASSWORD), "--from-beginning")
    with tail(*arguments, before=("--debug",)) as running:
        assert "person #3" in running.out.next()
        assert running.interrupt() == 0
        said = "\n".join(running.err.rest())
    assert "bootstrap" in said
    assert PASSWORD not in said
    assert repr(PASSWORD)[1:-1] not in said


def test_who_may_not_read_is_told(gates: Gates, tmp_path: Path) -> None:
    make(gates.as_user("boss", prefix="private"))
    with tail("--config", written(tmp_path, gates, PASSWORD), "--prefix", "private") as running:
        [told] = running.err.rest()
        assert running.process.wait(60) == 1
    assert "'writer' may not read 'private.events'" in told


@pytest.fixture
def free_address() -> Iterator[str]:
    """Where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def written(folder: Path, gates: Gates | None = None, password: str = "") -> Path:
    """A configuration with cameras, and the writer's way to the brokers."""
    values: dict[str, Any] = {"cameras": {"gate": {"source": "sim://street"}}}
    if gates is not None:
        sasl = gates.sasl("writer", "plain", password)
        brokers = gates.broker.addresses["sasl"]
        values["kafka"] = {"brokers": brokers, "prefix": OPEN_TO_WRITER, "sasl": sasl}
    path = folder / ("cameras.yaml" if gates is None else "bus.yaml")
    path.write_text(yaml.safe_dump(values))
    return path
