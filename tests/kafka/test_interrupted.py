"""Ctrl-C ends the service in time and in good order while its broker is frozen."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from system.serving import END_S, serving, until, write_config

from tests.kafka.brokers import StartBroker

pytestmark = pytest.mark.timeout(240)

STREET = {"gate": {"source": "sim://street?seed=5&size=640x360&fps=10&people=4", "detect": {"fps": 10}}}


@pytest.mark.parametrize("known", [True, False], ids=["told by then", "just now"])
def test_it_ends_while_the_broker_is_frozen(tmp_path: Path, start_broker: StartBroker, known: bool) -> None:
    broker = start_broker()
    config = write_config(tmp_path, STREET, kafka={"brokers": broker.address})
    with serving("run", config, "--data", "data", folder=tmp_path) as service:
        until(lambda: service.series("sightline_kafka_produced_total", topic="sightline.detections"))
        before = service.series("sightline_frames_detected_total", camera="gate")
        broker.freeze()
        if known:
            until(lambda: "records wait on disk" in service.log)
        else:
            until(lambda: service.series("sightline_frames_detected_total", camera="gate") > before + 5)
        ended = service.stop(signal.SIGINT)
    print(f"ended after {ended.took_s:.2f} s")
    assert ended.status == 0
    assert ended.took_s < END_S
    assert "records wait on disk for the next start" in service.log
