"""The file for Docker Compose: by the rules of its specification, and with what it has each service do."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml
from system.serving import until

from deploy.kafka.answer import answers
from deploy.kafka.jars import JAVA, POM, kafka_jars, program
from deploy.kafka.ports import free_ports
from deploy.kafka.trouble import BrokerUnavailable
from streamer.config.file import load

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
SCHEMA: Final = Path(__file__).with_name("compose-spec.json")
"""Of https://github.com/compose-spec/compose-go at v2.4.7 (Apache License 2.0)."""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


def test_it_is_what_compose_takes(compose: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft201909Validator(schema).validate(compose)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft201909Validator(schema).validate({"services": {"a": {"cap_dorp": ["ALL"]}}})


@pytest.mark.parametrize("name", ["sightline", "kafka"])
def test_each_service_is_careful(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] == "CMD"
    kept = {volume.partition(":")[0] for volume in service["volumes"]} & set(compose["volumes"])
    assert len(kept) == 1


def test_sightline_reads_a_configuration_that_is_there(compose: dict[str, Any]) -> None:
    service = compose["services"]["sightline"]
    assert service["read_only"] is True
    mounted = {place: DEPLOY / here for here, place, *_ in (v.split(":") for v in service["volumes"])}
    config = load(mounted[service["command"][1]])
    assert config.cameras
    assert config.kafka is not None
    inside = re.search(r"INSIDE://([\w:]+)", environment(compose)["KAFKA_ADVERTISED_LISTENERS"])
    assert inside is not None
    assert config.kafka.brokers == (inside[1],)
    assert "--insecure" not in service["command"]


def test_kafka_is_the_one_that_is_tested(compose: dict[str, Any]) -> None:
    (version,) = re.findall(r"<artifactId>kafka_[\d.]+</artifactId>\s*<version>([\d.]+)<", POM.read_text())
    assert compose["services"]["kafka"]["image"] == f"docker.io/apache/kafka:{version}"


def environment(compose: dict[str, Any]) -> dict[str, str]:
    return dict(compose["services"]["kafka"]["environment"])


def test_kafka_starts_with_these_properties(compose: dict[str, Any], tmp_path: Path) -> None:
    """As its image makes them of the environment, but at ports and in a folder of the test."""
    try:
        java = [program("java", JAVA), "-cp", f"{kafka_jars()}/*"]
    except BrokerUnavailable as missing:
        pytest.skip(str(missing))
    inside, host, controller = free_ports(3)
    said = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): v for name, v in environment(compose).items()
    }
    text = "".join(f"{name}={value}\n" for name, value in said.items())
    places = {
        "19092": inside,
        ":9092": f":{host}",
        "9093": controller,
        "//kafka": "//localhost",
        "//:": "//127.0.0.1:",
    }
    for here, there in {**places, "/var/lib/kafka/data": tmp_path / "data"}.items():
        assert here in text
        text = text.replace(here, str(there))
    properties = tmp_path / "server.properties"
    properties.write_text(text)
    tool = ["kafka.tools.StorageTool", "format", "--cluster-id", "S" * 22, "--config", properties]
    subprocess.run([*java, *tool], check=True, stdout=subprocess.DEVNULL)
    with (tmp_path / "log").open("w") as log:
        broker = subprocess.Popen([*java, "kafka.Kafka", properties], stdout=log, stderr=subprocess.STDOUT)
    try:
        until(lambda: broker.poll() is not None or (answers(inside) and answers(host)))
        assert broker.poll() is None, (tmp_path / "log").read_text()
    finally:
        broker.terminate()
        broker.wait()
