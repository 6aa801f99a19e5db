"""The real brokers of ``brokers.py`` and ``gates.py`` for this suite."""

from tests.kafka.brokers import kafka_broker, kafka_here, kcat, start_broker, topic_name
from tests.kafka.gates import gates

__all__ = ["gates", "kafka_broker", "kafka_here", "kcat", "start_broker", "topic_name"]
