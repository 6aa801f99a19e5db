"""Quantiles, charts and words that people read."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram

from streamer.event import Ruling
from streamer.metrics.series import STAGE_BUCKETS_S
from streamer.pages.charts import ceiling, path
from streamer.pages.figures import Figures
from streamer.pages.rulings import sentence
from streamer.pages.words import size, span


@given(st.lists(st.floats(0.0011, 4.9), min_size=1, max_size=300))
def test_quantiles_lie_in_the_bucket_of_the_true_ones(seconds: list[float]) -> None:
    registry = CollectorRegistry()
    histogram = Histogram(
        "sightline_stage_seconds", "", ("camera", "stage"), buckets=STAGE_BUCKETS_S, registry=registry
    )
    for number, each in enumerate(seconds):
        histogram.labels(f"camera-{number % 3}", "total").observe(each)
    found = Figures.of(registry.collect()).stages["total"].quantiles()
    assert found is not None
    for share, value in ((0.5, found.p50), (0.95, found.p95)):
        true = np.quantile(seconds, share, method="inverted_cdf")
        above = min(limit for limit in STAGE_BUCKETS_S if limit >= true)
        below = max((limit for limit in STAGE_BUCKETS_S if limit < true), default=0.0)
        assert below - 1e-9 <= value <= above + 1e-9


@given(st.floats(0, 1e9))
def test_the_scale_is_round_and_near(value: float) -> None:
    top = ceiling(value)
    assert top >= value
    assert top == 1 or top <= 2.5 * value * (1 + 1e-9)


def test_a_gap_interrupts_the_line() -> None:
    assert path([0, None, 10], 3, 10) == "M0.0 64.0M240.0 1.0"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.42, "0.4 s"), (12, "12 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")]
)
def test_spans(seconds: float, said: str) -> None:
    assert span(timedelta(seconds=seconds)).replace("\N{NO-BREAK SPACE}", " ") == said


@pytest.mark.parametrize(
    ("amount", "said"), [(12, "12 B"), (812e6, "812 MB"), (1.4e9, "1.4 GB"), (2e12, "2.0 TB")]
)
def test_sizes(amount: float, said: str) -> None:
    assert size(amount) == said


@pytest.mark.parametrize(
    ("ruling", "said"),
    [
        (Ruling("confirm_hits", True, 11.0, 3.0), "Seen 11 times (at least 3)"),
        (Ruling("zones.porch.filters.min_area", True, 0.0142, 0.012),
         "Zone porch: covers 1.42% of the picture (at least 1.2%)"),
        (Ruling("stationary", False, "at the place", "gone"), "stationary: at the place, expected gone"),
    ],
)  # fmt: skip
def test_rules_in_words(ruling: Ruling, said: str) -> None:
    assert sentence(ruling) == said
