"""The real brokers of ``brokers.py`` and ``gates.py`` for this suite."""

from pathlib import Path
from typing import Final

import pytest

from tests.kafka.brokers import kafka_broker, kafka_here, kcat, start_broker, topic_name
from tests.kafka.gates import gates

__all__ = ["gates", "kafka_broker", "kafka_here", "kcat", "start_broker", "topic_name"]

LEFT_OPEN: Final = "ignore:unclosed <socket:ResourceWarning"
"""kafka-python leaves the socket of an attempt to connect that it gives up to the garbage collector."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.filterwarnings(LEFT_OPEN))
