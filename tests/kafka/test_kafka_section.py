"""What a configuration says of Kafka and no broker is asked for: told with its line, before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from system.commanding import sightline

from deploy.kafka.certificates import Authority
from deploy.kafka.jars import program
from deploy.kafka.trouble import BrokerUnavailable
from tests.kafka.brokers import unavailable

CONFIG = """cameras: {{gate: {{source: "sim://street?size=320x240"}}}}
http: {{port: 0}}
kafka:
  brokers: 127.0.0.1:9
  tls:
    {option}: {file}
{more}"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    try:
        program("openssl", "openssl")
    except BrokerUnavailable as missing:
        unavailable(str(missing))
    return Authority(tmp_path_factory.mktemp("authority"))


def check(folder: Path, option: str, file: Path | str, more: str = "") -> list[str]:
    (folder / "c.yaml").write_text(CONFIG.format(option=option, file=file, more=more))
    done = sightline("config", "check", "c.yaml", cwd=folder)
    assert done.status == (2 if done.told else 0)
    return done.told


def test_files_of_tls_are_looked_into(tmp_path: Path, authority: Authority) -> None:
    (tmp_path / "text.pem").write_text("hello")
    ours = authority.client("us")
    assert check(tmp_path, "ca", authority.certificate) == []
    assert check(tmp_path, "certificate", ours.certificate, f"    key: {ours.key}\n") == []
    where = "sightline: c.yaml:6: kafka.tls"
    assert check(tmp_path, "ca", "no.pem") == [f"{where}.ca: no.pem: No such file or directory"]
    [told] = check(tmp_path, "ca", "text.pem")
    assert told.startswith(f"{where}.ca: text.pem: expected a certificate in PEM, received a file without")
    [told] = check(tmp_path, "certificate", ours.certificate, "    key: no.key\n")
    assert told == "sightline: c.yaml:7: kafka.tls.key: no.key: No such file or directory"


@pytest.mark.parametrize("command", ["run", "tail"])
def test_who_needs_them_says_so_with_their_line_and_once(tmp_path: Path, command: str) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG.format(option="ca", file="no.pem", more=""))
    arguments = ("run", "c.yaml") if command == "run" else ("tail", "--config", "c.yaml")
    done = sightline(*arguments, cwd=tmp_path)
    assert done.status == 2
    assert done.err == "sightline: c.yaml:6: kafka.tls.ca: no.pem: No such file or directory\n"


def test_a_file_where_the_spool_should_be_is_told(tmp_path: Path) -> None:
    spool = tmp_path / "data" / "kafka"
    spool.parent.mkdir()
    spool.write_text("")
    source = ("--source", "sim://street?size=320x240", "--port", "0", "--data", "data")
    done = sightline("run", *source, "--kafka", "127.0.0.1:9", cwd=tmp_path)
    assert done.status == 2
    assert done.told == ["sightline: data/kafka: expected a folder, received a file"]
