"""Which boxes are followed at all: labels merged and wanted, masks, sizes, confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from detectors.detections import CLASS_NAME, with_labels
from streamer.event import Ruling
from streamer.rules.geometry import Floats, Mask, Polygons, feet
from streamer.rules.labels import PerLabel, applies, filter_of
from streamer.rules.shape import LIMITS, limits_of, shapes, within
from streamer.tracking.tracks import STRONG

if TYPE_CHECKING:
    from supervision import Detections

    from streamer.config.tree import CameraConfig
    from streamer.rules.explanation import Explanation


class BoxRules:
    """The rules of one camera that see a single box; they remember nothing."""

    def __init__(self, camera: CameraConfig) -> None:
        """
        Args:
            camera: its ``detect.min_confidence`` is what is published of labels that say nothing else.
        """
        self._camera = camera
        filters = camera.filters.values()
        own = [each.min_confidence for each in filters if each.min_confidence is not None]
        self._by_label = bool(own)
        common = camera.detect.min_confidence
        self._common = 0.0 if common is None else common
        self._starts_from = camera.track.starting_from(common).high_confidence
        self._shaped = any(not np.isinf(limits_of(each)).all() for each in filters)
        self._masks = Polygons([mask.polygon for mask in camera.masks])
        self._limits = PerLabel(lambda label: limits_of(filter_of(camera.filters, label)))
        self._masked = PerLabel(self._masks_of)
        self._least = PerLabel(lambda label: np.array(self._least_of(label, self._common)))
        self._starts = PerLabel(lambda label: np.array(self._least_of(label, self._starts_from)))
        self.lowest = min([self._common, *own])
        """The least confidence of anything that is published."""

    def select(
        self, found: Detections, size: tuple[int, int], explanation: Explanation | None = None
    ) -> Detections:
        """What may be followed of what was found in a picture of that size, under its merged labels.

        Where labels have their own ``min_confidence``, ``data[STRONG]`` says what may start a track; the
        rest may only continue one.
        """
        named = self._wanted(self._merged(found), explanation)
        if not len(named):
            return named
        names = np.asarray(named.data[CLASS_NAME]).tolist()
        if self._shaped or self._camera.masks:
            passes = self._passes(named, names, size)
            if not passes.all():
                if explanation is not None:
                    for row in np.flatnonzero(~passes).tolist():
                        explanation.dropped(named, row, self._ruling(named, row, size))
                named = cast("Detections", named[passes])
                names = np.asarray(named.data[CLASS_NAME]).tolist()
        if self._by_label and names:
            named.data[STRONG] = named.confidence >= self._starts.of(names)
        return named

    def least(self, found: Detections) -> float | NDArray[np.float64]:
        """The least confidence with which each of these objects [N] is published, or that of all."""
        if not (self._by_label and len(found)):
            return self._common
        return np.asarray(self._least.of(np.asarray(found.data[CLASS_NAME]).tolist()))

    def _merged(self, found: Detections) -> Detections:
        merges = self._camera.labels
        if not (merges and len(found)):
            return found
        names = np.asarray(found.data[CLASS_NAME]).tolist()
        merged = np.array([merges.get(name, name) for name in names])
        return replace(found, data={**found.data, CLASS_NAME: merged})

    def _wanted(self, found: Detections, explanation: Explanation | None) -> Detections:
        wanted = self._camera.detect.labels
        if explanation is not None and wanted:
            for row, name in enumerate(np.asarray(found.data[CLASS_NAME]).tolist()):
                if name not in wanted:
                    explanation.dropped(found, row, Ruling("labels", False, name, " or ".join(wanted)))
        return with_labels(found, wanted)

    def _passes(self, found: Detections, names: Sequence[str], size: tuple[int, int]) -> Mask:
        passes = np.ones(len(names), np.bool_)
        if self._shaped:
            passes &= within(shapes(found.xyxy, size), self._limits.of(names))
        if self._camera.masks:
            hidden = self._masks.contain(feet(found.xyxy, size)) & self._masked.of(names)
            passes &= ~hidden.any(axis=1)
        return passes

    def _masks_of(self, label: str) -> Mask:
        return np.array([applies(mask.labels, label) for mask in self._camera.masks], np.bool_)

    def _least_of(self, label: str, otherwise: float) -> float:
        own = filter_of(self._camera.filters, label).min_confidence
        return otherwise if own is None else own

    def _ruling(self, found: Detections, row: int, size: tuple[int, int]) -> Ruling:
        """What dropped the object of a row."""
        label = str(found.data[CLASS_NAME][row])
        box = found.xyxy[row : row + 1]
        masked = self._masks.contain(feet(box, size))[0] & self._masks_of(label)
        if masked.any():
            number = int(masked.argmax())
            return Ruling("masks", False, f"in mask {number + 1}", "outside of it")
        return failed(shapes(box, size)[0], limits_of(filter_of(self._camera.filters, label)))


def failed(shape: Floats, limits: Floats) -> Ruling:
    """The first of four limits that a shape [2] does not keep; one of them it does not."""
    values = np.repeat(shape, 2)
    low = np.array([True, False, True, False])
    wrong = np.where(low, values < limits, values > limits)
    column = int(wrong.argmax())
    return Ruling(LIMITS[column], False, float(values[column]), float(limits[column]))
