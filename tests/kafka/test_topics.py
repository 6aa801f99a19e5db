"""Topics are there when records go to them: made as configured by who comes first, or a person is told."""

from __future__ import annotations

import logging
import threading
from contextlib import closing
from typing import Any

import pytest
from kafka import KafkaAdminClient

from deploy.kafka.node import Broker
from deploy.kafka.options import Options
from streamer.config.bus import KafkaConfig
from streamer.errors import SinkRefused, SinkUnavailable
from streamer.kafka.client import arguments
from streamer.kafka.client.arguments import connected
from streamer.kafka.client.topics import Topic, described, ensure_topics, options_of
from tests.kafka.brokers import StartBroker
from tests.kafka.gates import OPEN_TO_WRITER, Gates


def bus(broker: Broker, **topics: Any) -> KafkaConfig:
    return KafkaConfig.model_validate({"brokers": broker.address, "topics": topics})


def seen(broker: Broker, name: str) -> tuple[Topic, dict[str, str]]:
    """A topic and its settings, as the broker has them."""
    with closing(connected(KafkaAdminClient, bus(broker))) as admin:
        return described(admin, [name])[name], options_of(admin, [name])[name]


def test_missing_topics_are_made_as_configured(kafka_broker: Broker, topic_name: str) -> None:
    names = [f"{topic_name}.a", f"{topic_name}.b"]
    ensure_topics(bus(kafka_broker, partitions=3, replication=1, retention="2h"), names)
    for name in names:
        topic, options = seen(kafka_broker, name)
        assert (topic.error, topic.partitions, topic.replication) == (None, 3, 1)
        assert options["retention.ms"] == "7200000"
    ensure_topics(bus(kafka_broker, retention="forever"), [f"{topic_name}.kept"])
    assert seen(kafka_broker, f"{topic_name}.kept")[1]["retention.ms"] == "-1"


def test_what_is_not_said_the_brokers_decide(start_broker: StartBroker) -> None:
    broker = start_broker(Options(properties={"num.partitions": "4", "log.retention.ms": "12345678"}))
    ensure_topics(bus(broker), ["by-default"])
    topic, options = seen(broker, "by-default")
    assert (topic.partitions, topic.replication) == (4, 1)
    assert options["retention.ms"] == "12345678"


def test_what_is_there_stays_and_is_told_once(
    kafka_broker: Broker, topic_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    ensure_topics(bus(kafka_broker, partitions=2, retention="1h"), [topic_name])
    told: set[str] = set()
    with caplog.at_level(logging.INFO, "streamer"):
        for _ in range(2):
            ensure_topics(bus(kafka_broker, partitions=5, retention="2h"), [topic_name], told)
    topic, options = seen(kafka_broker, topic_name)
    assert topic.partitions == 2
    assert options["retention.ms"] == "3600000"
    assert [each for each in caplog.messages if topic_name in each] == [
        f"kafka topic '{topic_name}' has partitions: 2, not 5 as configured; it stays so",
        f"kafka topic '{topic_name}' has retention: 3600s, not 7200s as configured; it stays so",
    ]
    caplog.clear()
    with caplog.at_level(logging.INFO, "streamer"):
        ensure_topics(bus(kafka_broker, partitions=1), [topic_name])
    assert topic_name not in caplog.text


def test_many_may_make_the_same_topics_at_once(kafka_broker: Broker, topic_name: str) -> None:
    names = [f"{topic_name}.{number}" for number in range(4)]
    config, failures = bus(kafka_broker, partitions=2), []
    together = threading.Barrier(6)

    def make() -> None:
        together.wait()
        try:
            ensure_topics(config, names)
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [seen(kafka_broker, name)[0].partitions for name in names] == [2, 2, 2, 2]


def test_none_is_made_where_that_is_not_wanted(kafka_broker: Broker, topic_name: str) -> None:
    with pytest.raises(SinkRefused) as refused:
        ensure_topics(bus(kafka_broker, create=False), [topic_name])
    assert str(refused.value) == (
        f"kafka {kafka_broker.address}: topic '{topic_name}' is missing, and kafka.topics.create is false;"
        f" make it: kafka-topics.sh --bootstrap-server {kafka_broker.address} --create --topic {topic_name}"
    )
    assert seen(kafka_broker, topic_name)[0].missing
    ensure_topics(bus(kafka_broker), [topic_name])
    ensure_topics(bus(kafka_broker, create=False), [topic_name])


def test_who_may_not_make_topics_is_told(gates: Gates, topic_name: str) -> None:
    name = f"{OPEN_TO_WRITER}.{topic_name}"
    with pytest.raises(SinkRefused) as refused:
        ensure_topics(gates.as_user("writer"), [name])
    assert f"'writer' may not create '{name}'" in str(refused.value)
    assert f"--create --topic {name}" in str(refused.value)
    ensure_topics(gates.as_user("boss"), [name])
    ensure_topics(gates.as_user("writer"), [name])


def test_who_may_not_see_a_topic_is_told(gates: Gates, topic_name: str) -> None:
    ensure_topics(gates.as_user("boss"), [topic_name])
    with pytest.raises(SinkRefused) as refused:
        ensure_topics(gates.as_user("guest"), [topic_name])
    assert f"'guest' may not see '{topic_name}'" in str(refused.value)


def test_more_replicas_than_brokers_are_refused(kafka_broker: Broker, topic_name: str) -> None:
    with pytest.raises(SinkRefused) as refused:
        ensure_topics(bus(kafka_broker, replication=3), [topic_name])
    assert f"no topic '{topic_name}': " in str(refused.value)
    assert "only 1 broker" in str(refused.value)


def test_brokers_that_are_away_are_worth_waiting_for(
    start_broker: StartBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arguments, "BOOTSTRAP_MS", 1000)
    broker = start_broker()
    broker.kill()
    with pytest.raises(SinkUnavailable, match="nobody listens there"):
        ensure_topics(bus(broker), ["anything"])
