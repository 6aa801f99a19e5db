"""Whom a zone counts: by label, size, shape and confidence, over and above the camera's own rules."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from statistics import median
from typing import Final

import numpy as np

from streamer.config.scene import ZoneConfig
from streamer.event import Ruling
from streamer.rules.geometry import Floats, Mask
from streamer.rules.labels import PerLabel, applies, filter_of
from streamer.rules.rulings import measured, rulings
from streamer.rules.seen import Seen
from streamer.rules.shape import limits_of, shapes, within

RECENT: Final = 250
"""Sightings over which the median confidence of a zone's threshold is taken."""


class ZoneFilters:
    """The labels and filters of all zones of a camera; it remembers the confidences of tracks."""

    def __init__(self, zones: Mapping[str, ZoneConfig]) -> None:
        self._names = list(zones)
        self._zones = list(zones.values())
        self._counted = PerLabel(self._counted_of)
        self._limits = PerLabel(self._limits_of)
        self._least = PerLabel(lambda label: self._filter_values(label, "min_confidence"))
        self._thresholds = PerLabel(lambda label: self._filter_values(label, "threshold"))
        filters = [each for zone in self._zones for each in zone.filters.values()]
        self._filtered = bool(filters)
        self._judged = any(each.threshold is not None for each in filters)
        self._confidences: dict[int, deque[float]] = {}

    def passes(self, seen: Seen) -> Mask:
        """[N,Z] whether a zone counts an object; once a frame."""
        passes = self._counted.of(seen.labels)
        if not self._filtered:
            return np.asarray(passes)
        passes &= within(shapes(seen.boxes, seen.size), self._limits.of(seen.labels))
        passes &= seen.confidence[:, None] >= self._least.of(seen.labels)
        if self._judged:
            passes &= self._medians(seen)[:, None] >= self._thresholds.of(seen.labels)
        return np.asarray(passes)

    def rulings(self, seen: Seen, number: int, zone: int) -> tuple[Ruling, ...]:
        """What a zone asks of an object, after ``passes`` of the same frame; empty where it asks nothing."""
        config, label = self._zones[zone], seen.labels[number]
        name = f"zones.{self._names[zone]}"
        if not applies(config.labels, label):
            return (Ruling(f"{name}.labels", False, label, " or ".join(config.labels)),)
        said = [Ruling(f"{name}.labels", True, label, " or ".join(config.labels))] if config.labels else []
        rule = filter_of(config.filters, label)
        confidences = self._confidences.get(seen.tracks[number])
        found = measured(
            seen.boxes[number].tolist(),
            seen.size,
            float(seen.confidence[number]),
            median(confidences) if confidences else None,
        )
        return (*said, *rulings(rule, found, f"{name}.filters."))

    def forget(self, track: int) -> None:
        self._confidences.pop(track, None)

    def _medians(self, seen: Seen) -> Floats:
        for track, confidence in zip(seen.tracks, seen.confidence.tolist(), strict=True):
            self._confidences.setdefault(track, deque(maxlen=RECENT)).append(confidence)
        return np.array([median(self._confidences[track]) for track in seen.tracks])

    def _counted_of(self, label: str) -> Mask:
        return np.array([applies(zone.labels, label) for zone in self._zones], np.bool_)

    def _limits_of(self, label: str) -> Floats:
        return np.stack([limits_of(filter_of(zone.filters, label)) for zone in self._zones])

    def _filter_values(self, label: str, name: str) -> Floats:
        values = [getattr(filter_of(zone.filters, label), name) for zone in self._zones]
        return np.array([0.0 if value is None else value for value in values])
