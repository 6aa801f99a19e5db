"""Kafka in the metrics: what was delivered, how long it took, what waits, what was left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from streamer.errors import StreamerError
    from streamer.kafka.delivery.spool import SpoolState

DELIVERY_BUCKETS_S: Final = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05),
    *(0.1, 0.2, 0.5, 1.0, 2.0, 5.0),
    *(10.0, 30.0, 60.0, 300.0, 1800.0),
)
"""To what waited through half an hour without brokers."""


class KafkaSeries:
    """Counts, from any thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"sightline_kafka_{name}", text, labels, registry=registry)

        self._produced = counter("produced", "Records acknowledged by the brokers", "topic")
        self._retried = counter("retried", "Records sent again", "topic")
        self._left_out = counter("dropped", "Records that were not sent", "topic", "reason")
        self._seconds = Histogram(
            "sightline_kafka_delivery_seconds",
            "From the result to the acknowledgement",
            ("topic",),
            buckets=DELIVERY_BUCKETS_S,
            registry=registry,
        )
        self._reached = Gauge(
            "sightline_kafka_reached", "1 while the brokers take records", registry=registry
        )
        # Finding a series takes longer than counting in it.
        self._delivered: dict[str, tuple[Counter, Histogram]] = {}
        self._lock = Lock()

    def delivered(self, topic: str, seconds: float) -> None:
        """A record was acknowledged."""
        found = self._delivered.get(topic)
        if found is None:
            with self._lock:
                found = self._produced.labels(topic), self._seconds.labels(topic)
                self._delivered[topic] = found
        found[0].inc()
        found[1].observe(seconds)

    def retried(self, topic: str) -> None:
        """A record is sent again."""
        self._retried.labels(topic).inc()

    def left_out(self, topic: str, reason: str, count: int = 1) -> None:
        """Records were not sent: ``full``, ``busy``, ``disk``, ``refused`` or ``rejected``."""
        self._left_out.labels(topic, reason).inc(count)

    def reached(self, problem: StreamerError | None) -> None:
        """The brokers take records, or why they don't."""
        self._reached.set(float(problem is None))


class SpoolSeries(Collector):
    """Reads the state of the spool whenever the metrics are read."""

    def __init__(self, spool: Callable[[], SpoolState], in_memory: Callable[[], int]) -> None:
        self._spool = spool
        self._in_memory = in_memory

    def collect(self) -> Iterator[Metric]:
        spool = self._spool()

        def gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
            return GaugeMetricFamily(f"sightline_kafka_{name}", text, value=value)

        yield gauge("queue_records", "Records in memory that are not acknowledged", self._in_memory())
        yield gauge("spool_records", "Records on disk that are not acknowledged", spool.count)
        yield gauge("spool_bytes", "Bytes of them", spool.size)
        yield gauge("spool_oldest_seconds", "Age of the oldest of them", spool.age_s)
        yield gauge("spool_full", "1 while they are at the limit", float(spool.full))
        yield gauge("spool_broken_files", "Spool files put aside since the start", spool.set_aside)
