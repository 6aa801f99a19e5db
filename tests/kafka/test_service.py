"""The service with a real broker, as a user starts it: what it sends, what it refuses, what it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from system.commanding import sightline
from system.serving import END_S, Service, serving, until, write_config

from deploy.kafka.node import Broker
from deploy.kafka.options import Options
from tests.kafka.brokers import Kcat
from tests.kafka.received import received, without_duplicates

pytestmark = pytest.mark.timeout(240)

STREET = {"gate": {"source": "sim://street?seed=5&size=640x360&fps=10&people=4", "detect": {"fps": 10}}}
SECRET = "correct-horse#battery"


@pytest.fixture(scope="module")
def guarded(kafka_here: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker on which ``viewer`` is known and has no rights."""
    options = Options(listeners=("sasl",), users={"viewer": SECRET}, acls=True)
    broker = Broker(tmp_path_factory.mktemp("guarded"), options)
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()


def as_viewer(broker: Broker) -> dict[str, Any]:
    sasl = {"mechanism": "scram-sha-512", "username": "viewer", "password": "${PASSWORD}"}
    return {"brokers": broker.addresses["sasl"], "sasl": sasl, "prefix": "hidden"}


def acknowledged(service: Service, topic: str) -> float:
    return service.series("sightline_kafka_produced_total", topic=topic)


def test_what_happens_is_on_its_topics(tmp_path: Path, kafka_broker: Broker, kcat: Kcat) -> None:
    config = write_config(
        tmp_path,
        STREET,
        kafka={"prefix": "whole", "frames": "events", "brokers": "127.0.0.1:1"},
        counts={"interval": "2s"},
        zones={"all": {"polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}},
    )
    # What the command line says wins.
    with serving("run", config, "--kafka", kafka_broker.address, folder=tmp_path) as service:
        for topic in ("events", "detections", "counts", "frames"):
            until(lambda topic=topic: acknowledged(service, f"whole.{topic}"))
        assert service.get("/readyz").status_code == 200
        ended = service.stop()
    assert ended.status == 0
    assert ended.took_s < END_S
    results = without_duplicates(received(kcat, kafka_broker.address, "whole.detections"))
    frames = [each.record["frame"] for each in results]
    assert frames == sorted(set(frames))
    headers = kcat.run(
        kafka_broker.address, "-C", "-t", "whole.frames", "-e", "-q", "-f", "%h\n", check=True
    ).stdout
    pictured = {line.split("sightline_detections=")[1] for line in headers.splitlines()}
    assert pictured <= {each.id for each in results}
    counts = [each.record for each in received(kcat, kafka_broker.address, "whole.counts")]
    assert all(each["camera"] == "gate" and each["id"] for each in counts)
    events = [each.record for each in received(kcat, kafka_broker.address, "whole.events")]
    assert all(each["camera"] == "gate" and each["id"] for each in events)
    assert {"phase" in each for each in events if each["schema"] == "sightline.events/1"} == {True}
    assert {"phase" in each for each in events if each["schema"] != "sightline.events/1"} == {False}


@pytest.mark.parametrize(
    ("detections", "fewer"), [("changes", 0.7), ("2/s", 0.5), ("off", 0.0)], ids=["changes", "rate", "off"]
)
def test_fewer_results_where_fewer_are_wanted(
    tmp_path: Path, kafka_broker: Broker, kcat: Kcat, detections: str, fewer: float
) -> None:
    prefix = f"few-{detections.replace('/', '-')}"
    kafka = {
        "brokers": kafka_broker.address,
        "prefix": prefix,
        "detections": detections,
        "format": "deepstream",
    }
    config = write_config(tmp_path, STREET, kafka=kafka)
    with serving("run", config, folder=tmp_path) as service:
        until(lambda: service.series("sightline_frames_detected_total", camera="gate") > 40)
        found = service.series("sightline_frames_detected_total", camera="gate")
        sent = acknowledged(service, f"{prefix}.detections")
        service.stop()
    assert sent <= fewer * found + 2
    if not fewer:
        listed = kcat.run(kafka_broker.address, "-L").stdout
        assert f"{prefix}.events" in listed
        assert f"{prefix}.detections" not in listed
        return
    assert sent > 2
    record = received(kcat, kafka_broker.address, f"{prefix}.detections")[-1].record
    assert record["version"] == "4.0"
    assert record["sensorId"] == "gate"


@pytest.mark.parametrize(
    ("password", "told"),
    [("not-this-one", "wrong user name or password for 'viewer'"), (SECRET, "'viewer' may not")],
    ids=["password", "rights"],
)
def test_brokers_that_say_no_end_it_with_one_line(
    tmp_path: Path, guarded: Broker, password: str, told: str
) -> None:
    config = write_config(tmp_path, STREET, kafka=as_viewer(guarded), http={"port": 0})
    done = sightline("run", config, cwd=tmp_path, environment={"PASSWORD": password})
    assert done.status == 2
    (line,) = done.told
    assert told in line
    assert guarded.addresses["sasl"] in line
    assert done.err.count(told) == 1
    assert password not in done.err
    assert "Traceback" not in done.err


def test_brokers_that_do_not_answer_are_said_and_cost_nothing(tmp_path: Path) -> None:
    config = write_config(tmp_path, STREET, kafka={"brokers": "127.0.0.1:9, nowhere.invalid:9092"})
    with serving("run", config, folder=tmp_path) as service:
        until(lambda: service.series("sightline_frames_detected_total", camera="gate") > 20)
        until(lambda: "records wait on disk" in service.log)
        # Cameras and store go on: it is ready, and says what is missing.
        answer = until(lambda: found if "kafka" in (found := service.get("/readyz")).text else None)
        assert answer.status_code == 200
        assert answer.text.startswith(
            "ready\nkafka brokers: degraded: kafka 127.0.0.1:9: nobody listens there"
        )
        assert service.series("sightline_kafka_reached") == 0
        ended = service.stop()
    assert ended.status == 0
    assert ended.took_s < END_S
    (line,) = {each.split(" ", 2)[2] for each in service.log.splitlines() if "; records wait on disk" in each}
    assert "127.0.0.1:9" in line
    assert "nobody listens there" in line
    assert "nowhere.invalid:9092" in line


def test_a_broken_spool_is_kept_aside_and_said(tmp_path: Path, kafka_broker: Broker, topic_name: str) -> None:
    spool = tmp_path / "data" / "kafka" / "spool.db"
    spool.parent.mkdir(parents=True)
    spool.write_bytes(b"not a database at all" * 1000)
    config = write_config(tmp_path, STREET, kafka={"brokers": kafka_broker.address, "prefix": topic_name})
    with serving("run", config, "--data", "data", folder=tmp_path) as service:
        until(lambda: acknowledged(service, f"{topic_name}.detections"))
        assert service.series("sightline_kafka_spool_broken_files") == 1
        service.stop()
    (aside,) = spool.parent.glob("spool.db.broken-*")
    assert aside.read_bytes() == b"not a database at all" * 1000
    (line,) = (each for each in service.log.splitlines() if "is broken" in each)
    assert aside.name in line


def test_nothing_that_is_secret_is_in_what_is_kept(tmp_path: Path, guarded: Broker) -> None:
    config = write_config(tmp_path, STREET, kafka=as_viewer(guarded), http={"port": 0})
    sightline("run", config, "--debug", "--data", "data", cwd=tmp_path, environment={"PASSWORD": SECRET})
    kept = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]
