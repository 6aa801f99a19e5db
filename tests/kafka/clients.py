"""kafka-python's clients with the patience of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.net.compat import KafkaNetClient

PATIENCE_S = 60.0
Client = TypeVar("Client", KafkaAdminClient, KafkaConsumer, KafkaProducer)


@contextmanager
def connected(kind: type[Client], address: str, **settings: Any) -> Iterator[Client]:
    """A client that leaves no socket open, even when it is not let in."""
    connections: list[KafkaNetClient] = []

    def connection(**configuration: Any) -> KafkaNetClient:
        connections.append(KafkaNetClient(**configuration))
        return connections[-1]

    try:
        with kind(bootstrap_servers=address, kafka_client=connection, **settings) as client:
            yield client
    finally:
        for opened in connections:
            opened.close()


def make_topic(address: str, name: str, **settings: str) -> None:
    """A topic of one partition; returns when it may be written to."""
    with connected(KafkaAdminClient, address) as admin:
        admin.create_topics({name: {"num_partitions": 1, "configs": settings}}, wait_for_metadata=True)


def write(address: str, topic: str, *values: bytes, **login: Any) -> None:
    """Writes values, and returns when the broker has them all; raises what the client raises."""
    with connected(KafkaProducer, address, **login) as producer:
        for future in [producer.send(topic, value) for value in values]:
            future.get(PATIENCE_S)


def read(address: str, topic: str, count: int, **login: Any) -> list[bytes]:
    """The first ``count`` values of a topic."""
    values: list[bytes] = []
    start = {"auto_offset_reset": "earliest", "consumer_timeout_ms": PATIENCE_S * 1000}
    with connected(KafkaConsumer, address, **start, **login) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        for record in consumer:
            values.append(record.value)
            if len(values) == count:
                break
    return values
