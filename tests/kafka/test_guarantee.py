"""Every event reaches the topic, in order, whatever is killed or frozen meanwhile; with the same bytes."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from system.serving import Service, serving, until, write_config

from deploy.kafka.node import Broker
from tests.kafka.brokers import Kcat, StartBroker
from tests.kafka.received import in_order, received, without_duplicates

WHOLE = bool(os.environ.get("SIGHTLINE_SOAK"))
ROUNDS = 20 if WHOLE else 3
SHORT_S, LONG_S = (5, 25) if WHOLE else (1.5, 3)
FAULTS: Final = ("none", "frozen", "killed")
GATE: Final = [[0.0, 0.5], [1.0, 0.5], [1.0, 1.0], [0.0, 1.0]]
SCENE: Final = {
    "zones": {"pavement": {"polygon": GATE, "loiter": "1s", "inertia": "0.2s"}},
    "lines": {"middle": {"from": [0.5, 1.0], "to": [0.5, 0.0]}},
}


def by_camera(records: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for each in records:
        found[each["camera"]].append(each)
    return found


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """What the service wrote as JSON Lines; each of them was on disk for Kafka before."""
    for line in path.read_text().splitlines():
        record = json.loads(line)
        if record["schema"] not in ("sightline.detections/1", "sightline.counts/1"):
            yield record


def rows(data: Path) -> list[tuple[str, str | None]]:
    """Ids and ends of the events that the store shows."""
    with closing(sqlite3.connect(data / "events.db")) as store:
        return store.execute("SELECT id, ended_at FROM events").fetchall()


def disturb(broker: Broker, fault: str, seconds: float) -> None:
    """Let a fault last for so long."""
    if fault == "frozen":
        broker.freeze()
    elif fault == "killed":
        broker.kill()
    time.sleep(seconds)


def mend(broker: Broker, fault: str) -> None:
    if fault == "frozen":
        broker.thaw()
    elif fault == "killed":
        broker.start()


def begun(service: Service, camera: str) -> float:
    """Events of people that were told since this process started."""
    return service.series("sightline_events_total", camera=camera, label="person", phase="start")


def drained(service: Service) -> bool:
    return service.series("sightline_kafka_spool_records") == 0


def require_whole_lives(records: Sequence[dict[str, Any]]) -> None:
    """Each object's event: one start, then updates, then one end."""
    phases = defaultdict(list)
    for each in records:
        if each["schema"] == "sightline.events/1":
            phases[each["id"]].append(each["phase"])
    assert phases
    for lived in phases.values():
        assert lived[0] == "start"
        assert lived[-1] == "end"
        assert set(lived[1:-1]) <= {"update"}


def made_up_for(line: dict[str, Any], told: Sequence[dict[str, Any]]) -> bool:
    """Whether it is an end that a killed process could not tell; each output makes up for its own."""
    if line in told:
        return False
    if line["schema"] == "sightline.zones/1":
        return bool(line["change"] == "left")
    ends = [each["id"] for each in told if each.get("phase") == "end"]
    return line.get("phase") == "end" and line["id"] in ends


@pytest.mark.soak
@pytest.mark.timeout(3000 if WHOLE else 240)
def test_every_event_reaches_the_topic_in_order(
    tmp_path: Path, start_broker: StartBroker, kcat: Kcat
) -> None:
    chance = random.Random(7)
    broker = start_broker()
    street = "sim://street?size=640x360&fps=10&people=5&seed="
    config = write_config(
        tmp_path,
        {
            "front": {"source": street + "5", "detect": {"fps": 5}, **SCENE},
            "yard": {"source": street + "6", "detect": {"fps": 5}, **SCENE},
        },
        kafka={"brokers": broker.address, "prefix": "kept"},
        state={"hold": "1s"},
    )
    arguments = ("run", config, "--data", "data", "--json", "lines.jsonl")
    for number in range(ROUNDS):
        fault = FAULTS[number % len(FAULTS)]
        with serving(*arguments, folder=tmp_path) as service:
            until(
                lambda: service.series(
                    "sightline_events_total", camera="front", label="person", phase="start"
                )
            )
            disturb(broker, fault, chance.uniform(SHORT_S, LONG_S))
            # Before or after the broker is back: both have to be survived.
            if number % 2:
                service.kill()
            mend(broker, fault)
            time.sleep(0 if number % 2 else chance.uniform(0, 1))
            service.kill()
    with serving(*arguments, folder=tmp_path) as service:
        until(lambda: begun(service, "yard"))
        service.stop()
    # What the end left behind: the last events' ends.
    with serving("run", config, "--data", "data", folder=tmp_path) as service:
        until(lambda: drained(service))
        service.stop()

    records = [each.record for each in without_duplicates(received(kcat, broker.address, "kept.events"))]
    require_whole_lives(records)
    told = by_camera(records)
    for camera, lines in by_camera(list(lines_of(tmp_path / "lines.jsonl"))).items():
        own = [line for line in lines if not made_up_for(line, told[camera])]
        assert in_order(own, told[camera]), camera
    ends = {each["id"]: each["ended_at"] for each in records if each.get("phase") == "end"}
    stored = rows(tmp_path / "data")
    assert stored
    for event, ended_at in stored:
        assert event in ends
        assert ended_at is None or ends[event].startswith(ended_at.replace(" ", "T"))
    kinds = {each["schema"] for each in records}
    assert kinds >= {"sightline.events/1", "sightline.zones/1", "sightline.crossings/1"}
