"""The store in the metrics: what waits, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from streamer.storage.store import EventStore


class StoreSeries(Collector):
    """Reads the state of a store whenever the metrics are read."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        state = self._store.state
        waiting = GaugeMetricFamily("sightline_store_waiting", "Not yet written", labels=("kind",))
        waiting.add_metric(("events",), state.waiting_events)
        waiting.add_metric(("pictures",), state.waiting_pictures)
        yield waiting
        paused = float(state.snapshots == "paused")
        yield GaugeMetricFamily(
            "sightline_snapshots_paused", "1 while the disk takes no pictures", value=paused
        )
        yield CounterMetricFamily(
            "sightline_snapshots_left_out", "Pictures that the disk did not take", value=state.left_out
        )
