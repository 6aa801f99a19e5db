"""The broker of the tests is a real one, and it can be frozen, killed and started again."""

from __future__ import annotations

import os

import psutil
import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import MessageSizeTooLargeError, UnknownTopicOrPartitionError

from deploy.kafka.node import Broker
from deploy.kafka.options import Options
from deploy.kafka.trouble import BrokerFailed
from tests.kafka.brokers import Kcat, StartBroker
from tests.kafka.clients import PATIENCE_S, connected, make_topic, read, write


def test_one_client_reads_what_another_wrote(kafka_broker: Broker, kcat: Kcat, topic_name: str) -> None:
    make_topic(kafka_broker.address, topic_name)
    kcat.write(kafka_broker.address, topic_name, "from kcat", "twice")
    write(kafka_broker.address, topic_name, b"from Python")

    assert read(kafka_broker.address, topic_name, 3) == [b"from kcat", b"twice", b"from Python"]
    assert kcat.read(kafka_broker.address, topic_name) == ["from kcat", "twice", "from Python"]


def test_no_topic_is_made_by_writing(kafka_broker: Broker, kcat: Kcat, topic_name: str) -> None:
    at_once = "topic.metadata.propagation.max.ms=0"
    refused = kcat.run(kafka_broker.address, "-P", "-t", topic_name, "-X", at_once, lines=("lost",))

    assert refused.returncode == 1
    assert "Unknown topic or partition" in refused.stderr


def test_topics_get_their_own_settings(kafka_broker: Broker, topic_name: str) -> None:
    make_topic(kafka_broker.address, topic_name, **{"max.message.bytes": "2000"})

    with pytest.raises(MessageSizeTooLargeError):
        write(kafka_broker.address, topic_name, b"x" * 3000)
    write(kafka_broker.address, topic_name, b"x" * 1000)


def test_a_frozen_broker_answers_nobody_until_it_thaws(start_broker: StartBroker, kcat: Kcat) -> None:
    broker = start_broker()
    make_topic(broker.address, "frozen")
    with connected(KafkaProducer, broker.address) as producer:
        producer.send("frozen", b"before").get(PATIENCE_S)

        broker.freeze()
        during = producer.send("frozen", b"during")
        assert kcat.run(broker.address, "-L", "-m", "1").returncode != 0
        assert not during.is_done

        broker.thaw()
        assert during.get(PATIENCE_S).offset == 1
    assert kcat.read(broker.address, "frozen") == ["before", "during"]


def test_a_killed_broker_comes_back_with_its_records(start_broker: StartBroker, kcat: Kcat) -> None:
    broker = start_broker()
    address, pid = broker.address, broker.pid
    make_topic(address, "kept")
    write(address, "kept", *(str(n).encode() for n in range(100)))

    broker.kill()
    assert not psutil.pid_exists(pid)
    assert kcat.run(address, "-L", "-m", "1").returncode != 0

    broker.start()
    assert broker.address == address
    assert kcat.read(address, "kept") == [str(n) for n in range(100)]
    write(address, "kept", b"after")
    assert read(address, "kept", 101)[-1] == b"after"


def test_brokers_side_by_side_are_strangers(
    kafka_broker: Broker, start_broker: StartBroker, topic_name: str
) -> None:
    other = start_broker(Options(properties={"message.max.bytes": "5000", "num.partitions": "3"}))
    with connected(KafkaAdminClient, other.address) as admin:
        admin.create_topics([topic_name], wait_for_metadata=True)
        [topic] = admin.describe_topics([topic_name])

    assert len(topic["partitions"]) == 3
    with pytest.raises(MessageSizeTooLargeError):
        write(other.address, topic_name, b"x" * 6000)
    with connected(KafkaAdminClient, kafka_broker.address) as admin:
        assert topic_name not in admin.list_topics()


def test_a_broker_is_not_started_twice(kafka_broker: Broker) -> None:
    pid = kafka_broker.pid
    with pytest.raises(BrokerFailed, match="expected a broker that is not running"):
        kafka_broker.start()
    os.kill(pid, 0)


def test_topics_are_deleted(kafka_broker: Broker, topic_name: str) -> None:
    make_topic(kafka_broker.address, topic_name)
    with connected(KafkaAdminClient, kafka_broker.address) as admin:
        admin.delete_topics([topic_name])
        with pytest.raises(UnknownTopicOrPartitionError):
            admin.delete_topics([topic_name])
