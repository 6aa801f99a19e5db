"""One sample of everything that is counted and measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

Labels = tuple[tuple[str, str], ...]
STAGE = "sightline_stage_seconds"


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Seconds."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Buckets:
    """A histogram: how many values lie at or below each limit, limits ascending; the last one is infinite."""

    counts: Mapping[float, float]

    def since(self, before: Buckets | None) -> Buckets:
        """What was added since."""
        if before is None:
            return self
        return Buckets({limit: count - before.counts.get(limit, 0) for limit, count in self.counts.items()})

    def quantiles(self) -> Quantiles | None:
        """By straight lines between the limits, as Prometheus does it; None without a value."""
        return Quantiles(self._quantile(0.5), self._quantile(0.95)) if self.counts.get(inf) else None

    def _quantile(self, share: float) -> float:
        wanted = share * self.counts[inf]
        limit_before = count_before = 0.0
        for limit, count in sorted(self.counts.items()):
            if count >= wanted:
                if limit == inf:
                    return limit_before
                part = (wanted - count_before) / (count - count_before) if count > count_before else 1.0
                return limit_before + (limit - limit_before) * part
            limit_before, count_before = limit, count
        return limit_before


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything as of one moment.

    Attributes:
        values: by name and labels.
        stages: by stage, over all cameras.
    """

    values: Mapping[tuple[str, Labels], float]
    stages: Mapping[str, Buckets] = field(default_factory=dict)

    @classmethod
    def of(cls, metrics: Iterable[Metric]) -> Figures:
        values: dict[tuple[str, Labels], float] = {}
        stages: dict[str, dict[float, float]] = defaultdict(lambda: defaultdict(float))
        for metric in metrics:
            for sample in metric.samples:
                if sample.name == f"{STAGE}_bucket":
                    stages[sample.labels["stage"]][float(sample.labels["le"])] += sample.value
                elif metric.type != "histogram":
                    values[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
        return cls(values, {stage: Buckets(dict(counts)) for stage, counts in stages.items()})

    def one(self, name: str, **labels: str) -> float | None:
        """A figure; None where there is no such one."""
        return self.values.get((f"sightline_{name}", tuple(sorted(labels.items()))))

    def total(self, name: str) -> float:
        """The sum over all labels."""
        return sum(value for (known, _), value in self.values.items() if known == f"sightline_{name}")
