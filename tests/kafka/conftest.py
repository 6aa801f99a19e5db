"""The real brokers of ``brokers.py`` for this suite."""

from tests.kafka.brokers import kafka_broker, kafka_here, kcat, start_broker, topic_name

__all__ = ["kafka_broker", "kafka_here", "kcat", "start_broker", "topic_name"]
