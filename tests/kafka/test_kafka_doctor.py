"""``sightline doctor`` finds what would fail on the bus before anything runs, and leaves it as it is."""

from __future__ import annotations

import re
import socket
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml
from kafka import KafkaAdminClient

from deploy.kafka.node import Broker
from streamer.config.bus import JpegConfig, KafkaConfig
from streamer.doctor.finding import Finding, bytes_told
from streamer.doctor.kafka import clock_finding, examine_kafka, noise_bytes
from streamer.kafka.client.arguments import connected
from streamer.kafka.client.survey import ClockOffset, Survey
from streamer.kafka.client.topics import ensure_topics
from tests.kafka.gates import OPEN_TO_WRITER, PASSWORD, Gates
from tests.kafka.tailing import SIGHTLINE


def bus(broker: Broker, **more: Any) -> KafkaConfig:
    return KafkaConfig.model_validate({"brokers": broker.address, **more})


def examined(config: KafkaConfig, data: Path) -> list[Finding]:
    return anyio.run(examine_kafka, config, data)


def about(findings: list[Finding], what: str) -> Finding:
    """The finding whose text begins so."""
    [found] = [finding for finding in findings if finding.text.startswith(what)]
    return found


def topics_of(config: KafkaConfig) -> list[str]:
    with closing(connected(KafkaAdminClient, config)) as admin:
        return [name for name in admin.list_topics() if name.startswith(config.prefix)]


def test_a_good_bus_has_nothing_to_mend_and_is_left_as_it_was(
    kafka_broker: Broker, topic_name: str, tmp_path: Path
) -> None:
    config = bus(kafka_broker, prefix=topic_name)
    findings = examined(config, tmp_path)
    assert all(finding.good for finding in findings)
    assert about(findings, kafka_broker.address).text.endswith(": answers, no user name, not encrypted")
    assert re.fullmatch(r"cluster \S+: 1 broker, Kafka \d+\.\d+", about(findings, "cluster ").text)
    for kind in ("events", "counts", "detections"):
        told = about(findings, f"{topic_name}.{kind}: ").text
        assert told.endswith("not there yet; it can be made; we may write to it")
    assert not any(f"{topic_name}.frames" in finding.text for finding in findings)
    assert topics_of(config) == []
    assert list(tmp_path.iterdir()) == []


def test_topics_that_are_there_are_described(kafka_broker: Broker, topic_name: str, tmp_path: Path) -> None:
    config = bus(
        kafka_broker, prefix=topic_name, detections="off", topics={"partitions": 3, "retention": "2d"}
    )
    ensure_topics(config, [f"{topic_name}.events"])
    findings = examined(config, tmp_path)
    told = about(findings, f"{topic_name}.events: ")
    assert told.text.endswith(": 3 partitions, 1 replica, kept 2.0 days; we may write to it")
    assert not any(f"{topic_name}.detections" in finding.text for finding in findings)


def test_a_broker_that_does_not_answer_is_told_beside_one_that_does(
    kafka_broker: Broker, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        away = f"127.0.0.1:{taken.getsockname()[1]}"
        findings = examined(KafkaConfig.model_validate({"brokers": [away, kafka_broker.address]}), tmp_path)
    told = about(findings, f"kafka {away}: nobody listens there")
    assert not told.good
    assert told.advice is not None
    assert about(findings, kafka_broker.address).good
    assert about(findings, "cluster ").good


def test_topics_that_cannot_be_made_say_how(kafka_broker: Broker, topic_name: str, tmp_path: Path) -> None:
    for topics, why in [({"create": False}, "create is false"), ({"replication": 3}, "only 1 broker")]:
        findings = examined(bus(kafka_broker, prefix=topic_name, topics=topics), tmp_path)
        told = about(findings, f"{topic_name}.events: ")
        assert not told.good
        assert why in told.text
        assert f"--create --topic {topic_name}.events" in str(told.advice)


def test_who_may_not_write_is_told_before(gates: Gates, topic_name: str, tmp_path: Path) -> None:
    prefix = f"{OPEN_TO_WRITER}-{topic_name}"
    ensure_topics(gates.as_user("boss"), [f"{prefix}.events", f"{topic_name}.events"])
    findings = examined(gates.as_user("writer", prefix=prefix), tmp_path)
    assert "signed in as 'writer' (scram-sha-256)" in findings[0].text
    assert "set kafka.tls" in str(findings[0].advice)
    assert about(findings, f"{prefix}.events: ").text.endswith("we may write to it")
    # Who may write may not therefore make topics.
    missing = about(findings, f"{prefix}.counts: ")
    assert not missing.good
    assert "cannot be made: Authorization failed" in missing.text
    # It may not Describe the cluster, which would tell the time.
    assert about(findings, "clock: not compared").advice is not None

    hidden = about(examined(gates.as_user("guest", prefix=topic_name), tmp_path), f"{topic_name}.events: ")
    assert not hidden.good
    assert "'guest' may not see it" in hidden.text
    assert "kafka-acls.sh" in str(hidden.advice)


def test_who_may_only_read_is_told(gates: Gates, tmp_path: Path) -> None:
    ensure_topics(gates.as_user("boss"), ["readable.events"])
    findings = examined(gates.as_user("reader", prefix="readable"), tmp_path)
    told = about(findings, "readable.events: ")
    assert not told.good
    assert told.text.endswith("'reader' may not write to it")


def test_who_is_not_let_in_is_told_why(gates: Gates, tmp_path: Path) -> None:
    wrong = gates.config("sasl", sasl=gates.sasl("writer", "plain", "another-word"))
    refused, *rest = examined(wrong, tmp_path)
    assert not refused.good
    assert "wrong user name or password for 'writer'" in refused.text
    assert "kafka.sasl" in str(refused.advice)
    assert [finding.text.split()[0] for finding in rest] == ["spool"]
    missing, *_ = examined(gates.config("tls", tls={"ca": tmp_path / "no.pem"}), tmp_path)
    assert not missing.good
    assert "kafka.tls.ca" in missing.text
    assert "another-word" not in str([refused, *rest])


def test_pictures_that_are_too_large_are_told_before(
    kafka_broker: Broker, topic_name: str, tmp_path: Path
) -> None:
    worst = noise_bytes(JpegConfig())
    for limit, good, advised in [
        (2 * worst, True, False),
        (worst // 2, True, True),
        (worst // 10, False, True),
    ]:
        prefix = f"{topic_name}-{limit}"
        config = bus(kafka_broker, prefix=prefix, frames="events")
        with closing(connected(KafkaAdminClient, config)) as admin:
            admin.create_topics(
                {f"{prefix}.frames": {"configs": {"max.message.bytes": str(limit)}}}, wait_for_metadata=True
            )
        told = about(examined(config, tmp_path), f"{prefix}.frames: takes")
        assert told.good == good
        assert (told.advice is not None) == advised


def test_the_clocks_are_compared(kafka_broker: Broker, tmp_path: Path) -> None:
    told = about(examined(bus(kafka_broker), tmp_path), "clock: ")
    off, within = map(float, re.findall(r"(\d+\.\d+) s", told.text))
    # It is the same machine: whatever is measured is what the measurement may be off by, and rounding.
    assert off <= within + 0.002
    assert told.advice is None


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (87_300, "87 kB"),
        (1_250_000, "1.2 MB"),
        (4 * 10**9, "4.0 GB"),
        (3 * 10**15, "3000.0 TB"),
    ],
)
def test_sizes_are_for_a_person(count: int, told: str) -> None:
    assert bytes_told(count) == told


@pytest.mark.parametrize(
    ("seconds", "good", "advised"),
    [
        (0.5, True, False),
        (30.0, True, True),
        (-30.0, True, True),
        (-4000.0, False, True),
        (4000.0, True, True),
    ],
)
def test_clocks_that_differ_are_told(seconds: float, good: bool, advised: bool) -> None:
    seen = Survey("c", "4.0", 1, {}, {"t": {"message.timestamp.after.max.ms": "3600000"}}, {}, None)
    told = clock_finding(ClockOffset(seconds, 0.01), seen)
    assert told.good == good
    assert (told.advice is not None) == advised
    assert ("behind ours" in told.text) == (seconds < 0)


def test_the_spool_has_to_have_room(kafka_broker: Broker, tmp_path: Path) -> None:
    config = bus(kafka_broker, spool={"bytes": 10**18})
    told = about(examined(config, tmp_path), "spool ")
    assert not told.good
    assert "kafka.spool.bytes" in str(told.advice)
    file = tmp_path / "file"
    file.write_text("")
    blocked = about(examined(bus(kafka_broker), file), "spool ")
    assert not blocked.good
    assert blocked.text.endswith(f"expected a folder, received a file: {file}")
    small = about(examined(bus(kafka_broker, spool={"bytes": "2 MB"}), tmp_path), "spool ")
    assert small.text.endswith("up to 2.0 MB may wait")


def test_the_command_has_a_section_for_it(gates: Gates, tmp_path: Path) -> None:
    values = {
        "cameras": {"gate": {"source": "sim://street?size=320x240"}},
        "data": str(tmp_path / "data"),
        "http": {"port": 0},
        "kafka": {
            "brokers": gates.broker.addresses["sasl_tls"],
            "prefix": "by-command",
            "tls": {"ca": str(gates.ca)},
            "sasl": gates.sasl("boss", "plain"),
        },
    }
    path = tmp_path / "cameras.yaml"
    path.write_text(yaml.safe_dump(values))
    done = subprocess.run(
        [SIGHTLINE, "doctor", path], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout
    _, _, section = done.stdout.partition("\nkafka\n")
    assert "answers, signed in as 'boss' (plain), encrypted" in section
    assert done.stderr == ""
    assert PASSWORD not in done.stdout
