"""A broker that wants TLS and a password, as a user meets it: one file for every command."""

from __future__ import annotations

from pathlib import Path

import pytest
from system.commanding import sightline
from system.serving import serving, until, write_config

from deploy.kafka.options import Options
from tests.kafka.brokers import StartBroker
from tests.kafka.tailing import tail

pytestmark = pytest.mark.timeout(240)

STREET = {"gate": {"source": "sim://street?seed=5&size=640x360&fps=10&people=4", "detect": {"fps": 10}}}
SECRET = "correct-horse#battery"


def test_tls_and_a_password_with_one_file_for_all_commands(
    tmp_path: Path, start_broker: StartBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = start_broker(
        Options(
            listeners=("sasl_tls",),
            users={"viewer": SECRET, "boss": SECRET},
            acls=True,
            super_users=("viewer",),
        )
    )
    monkeypatch.setenv("PASSWORD", SECRET)
    kafka = {
        "brokers": broker.addresses["sasl_tls"],
        "tls": {"ca": str(broker.authority.certificate)},
        "sasl": {"mechanism": "SCRAM-SHA-512", "username": "viewer", "password": "${PASSWORD}"},
    }
    config = write_config(tmp_path, STREET, kafka=kafka, http={"port": 0})
    assert sightline("config", "check", config, cwd=tmp_path).status == 0
    examined = sightline("doctor", config, cwd=tmp_path)
    assert examined.status == 0, examined.out
    assert "answers, signed in as 'viewer' (scram-sha-512), encrypted" in examined.out
    assert "sightline.events: not there yet; it can be made; we may write to it" in examined.out
    with serving("run", config, folder=tmp_path) as service:
        until(lambda: service.series("sightline_kafka_produced_total", topic="sightline.detections") > 20)
        assert service.get("/readyz").text == "ready"
        with tail("--config", config, "--detections", "--from-beginning") as shown:
            assert "  gate   " in shown.out.next()
            assert shown.interrupt() == 0
        service.stop()
        assert SECRET not in service.log + examined.out + examined.err
