"""``python -m deploy.kafka.broker``: one address, one line for what is wrong, and no Java left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.kafka.answer import answers
from deploy.kafka.node import Broker
from tests.kafka.brokers import Kcat
from tests.kafka.clients import PATIENCE_S, make_topic, write

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "deploy.kafka.broker"]
NOBODY_LISTENS = "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=9"

Program = subprocess.Popen[str]
StartProgram = Callable[..., Program]


@pytest.fixture
def start_program(kafka_here: None) -> Iterator[StartProgram]:
    """Starts the program with arguments; it is killed with the test."""
    programs: list[Program] = []

    def start(*arguments: str | Path) -> Program:
        command = [*COMMAND, *map(str, arguments)]
        program = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        programs.append(program)
        return program

    yield start
    for program in programs:
        program.kill()
        program.communicate()


def address_of(program: Program) -> str:
    """Waits until it answers."""
    assert program.stdout is not None
    line = program.stdout.readline().strip()
    assert line, program.communicate()[1]
    return line


def java_of(program: Program) -> psutil.Process:
    children = psutil.Process(program.pid).children(recursive=True)
    [java] = [child for child in children if child.name() == "java"]
    return java


def refusal(*arguments: str | Path, **environment: str) -> tuple[int, str]:
    """The exit status of a start that fails, and the only line it writes."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    return done.returncode, line


def test_it_answers_until_a_signal_and_keeps_its_records(
    start_program: StartProgram, kcat: Kcat, tmp_path: Path
) -> None:
    program = start_program("--data", tmp_path)
    address = address_of(program)
    assert address.startswith("127.0.0.1:")
    assert answers(int(address.rpartition(":")[2]))
    java = java_of(program)
    make_topic(address, "kept")
    write(address, "kept", b"one", b"two")

    program.send_signal(signal.SIGINT)
    assert program.wait(PATIENCE_S) == 0
    assert not java.is_running()

    again = start_program("--data", tmp_path)
    assert kcat.read(address_of(again), "kept") == ["one", "two"]
    java = java_of(again)
    again.send_signal(signal.SIGTERM)
    assert again.wait(PATIENCE_S) == 0
    assert not java.is_running()


def test_java_does_not_outlive_it_not_even_frozen(start_program: StartProgram, tmp_path: Path) -> None:
    program = start_program("--data", tmp_path)
    address_of(program)
    java = java_of(program)
    java.suspend()

    program.kill()
    java.wait(PATIENCE_S)


def test_java_does_not_outlive_what_ties_it(start_program: StartProgram, tmp_path: Path) -> None:
    program = start_program("--data", tmp_path)
    address_of(program)
    java = java_of(program)
    [tie] = [child for child in psutil.Process(program.pid).children() if child.pid != java.pid]

    tie.kill()
    java.wait(PATIENCE_S)
    assert program.wait(PATIENCE_S) == 1


def test_it_says_that_java_was_killed_and_not_what_it_said_before(
    start_program: StartProgram, tmp_path: Path
) -> None:
    program = start_program("--data", tmp_path)
    address_of(program)
    with (tmp_path / "broker.log").open("a") as log:
        log.write("[main] WARN kafka.Something - java.io.IOException: a client hung up\n")
    java_of(program).kill()

    _, errors = program.communicate(timeout=PATIENCE_S)
    assert program.returncode == 1
    [line] = errors.splitlines()
    assert line == f"broker: the broker has ended: killed by SIGKILL (see {tmp_path / 'broker.log'})"


def test_a_port_in_use(kafka_here: None, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, line = refusal("--data", tmp_path, "--port", str(port))

    assert (status, line) == (1, f"broker: expected a free port, but 127.0.0.1:{port} is in use")


def test_a_folder_in_use(kafka_broker: Broker) -> None:
    folder = kafka_broker.log.parent
    log = kafka_broker.log.read_bytes()

    assert refusal("--data", folder) == (
        1,
        f"broker: expected a folder of its own, but a broker runs in {folder}",
    )
    assert kafka_broker.log.read_bytes() == log


def test_a_broker_that_dies_at_its_start(kafka_here: None, tmp_path: Path) -> None:
    status, line = refusal("--data", tmp_path, "--set", "message.max.bytes=much")
    assert status == 1
    assert "Invalid value much for configuration message.max.bytes" in line

    status, line = refusal("--data", tmp_path, "--set", "authorizer.class.name=no.such.Class")
    assert status == 1
    assert "no.such.Class" in line
    assert str(tmp_path / "broker.log") in line


def test_no_java(kafka_here: None, tmp_path: Path) -> None:
    status, line = refusal("--data", tmp_path, PATH=str(tmp_path))
    assert (status, line) == (
        2,
        "broker: expected the program java, found none: install default-jre-headless",
    )


def test_no_maven(kafka_here: None, tmp_path: Path) -> None:
    java = next(Path(folder) / "java" for folder in os.get_exec_path() if (Path(folder) / "java").exists())
    (tmp_path / "java").symlink_to(java)
    status, line = refusal("--data", tmp_path, PATH=str(tmp_path), XDG_CACHE_HOME=str(tmp_path))
    assert (status, line) == (2, "broker: expected the program mvn, found none: install maven")


def test_no_network(kafka_here: None, tmp_path: Path) -> None:
    options = f"-Dmaven.repo.local={tmp_path / 'repository'} {NOBODY_LISTENS}"
    status, line = refusal("--data", tmp_path, XDG_CACHE_HOME=str(tmp_path), MAVEN_OPTS=options)
    assert status == 2
    assert line.startswith("broker: Maven could not fetch Kafka: ")
    cache = tmp_path / "sightline" / "kafka"
    assert [path.name for path in cache.iterdir()] == ["fetching.lock"], "what is half fetched stays"


def test_two_that_fetch_at_once_get_the_same_jars(kafka_here: None, tmp_path: Path) -> None:
    code = (
        "from deploy.kafka.jars import kafka_jars; jars = kafka_jars(); print(jars, len([*jars.iterdir()]))"
    )
    fetching = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=PATIENCE_S)[0] for process in fetching]

    assert outputs[0] == outputs[1]
    folder, count = outputs[0].split()
    assert len([*Path(folder).glob("*.jar")]) == int(count)
    assert [*Path(folder).glob("kafka_2.13-*.jar")]
    assert {path.name for path in Path(folder).parent.iterdir()} == {"fetching.lock", Path(folder).name}
