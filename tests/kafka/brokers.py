"""``kafka_broker``, ``start_broker``, ``kcat``: real brokers, and an independent client of theirs."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from deploy.kafka.archive import make_archive
from deploy.kafka.node import Broker
from deploy.kafka.options import Options
from deploy.kafka.trouble import BrokerUnavailable

KCAT_S = 60

StartBroker = Callable[..., Broker]


def unavailable(why: str) -> None:
    """Skips a test, but not in CI, where everything can be had."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def kafka_here(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Java and Kafka's jars, fetched the first time, and made to start quickly."""
    try:
        make_archive(tmp_path_factory.mktemp("archive"))
    except BrokerUnavailable as missing:
        unavailable(str(missing))


@pytest.fixture(scope="session")
def kafka_broker(kafka_here: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker for all tests of a session, which therefore name their own topics and never disturb it."""
    broker = Broker(tmp_path_factory.mktemp("kafka"))
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()


@pytest.fixture
def start_broker(kafka_here: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartBroker]:
    """Starts a broker of the test's own: ``start_broker(options=Options(), port=0)``.

    It may be frozen, thawed, stopped, killed, and started again; it ends with the test.
    """
    brokers: list[Broker] = []

    def start(options: Options | None = None, port: int = 0) -> Broker:
        broker = Broker(tmp_path_factory.mktemp("kafka"), options, port)
        brokers.append(broker)
        broker.start()
        return broker

    yield start
    for broker in brokers:
        broker.kill()


@dataclass(frozen=True, slots=True)
class Kcat:
    """The program kcat, which shares no code with our client."""

    program: str

    def write(self, address: str, topic: str, *lines: str) -> None:
        self.run(address, "-P", "-t", topic, lines=lines, check=True)

    def read(self, address: str, topic: str) -> list[str]:
        """All values of a topic, to its present end."""
        return self.run(address, "-C", "-t", topic, "-e", "-q", check=True).stdout.splitlines()

    def run(
        self, address: str, *arguments: str, lines: tuple[str, ...] = (), check: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Runs it to its end; ``check`` fails the test when its status is not 0."""
        done = subprocess.run(
            [self.program, "-b", address, *arguments],
            input="".join(f"{line}\n" for line in lines),
            capture_output=True,
            text=True,
            timeout=KCAT_S,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done


@pytest.fixture(scope="session")
def kcat() -> Kcat:
    found = shutil.which("kcat")
    if found is None:
        unavailable("expected the program kcat, found none: install kcat")
    return Kcat(str(found))


_numbers = itertools.count(1)


@pytest.fixture
def topic_name(request: pytest.FixtureRequest) -> str:
    """A name that no other test uses."""
    return f"{request.function.__name__}-{next(_numbers)}"
