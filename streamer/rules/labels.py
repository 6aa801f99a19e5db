"""What applies to a label, as rows of arrays: looked up by name, computed once per label."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streamer.config.scene import EVERY_LABEL, FilterConfig

ANYTHING: Final = FilterConfig()


class PerLabel:
    """A row of values for each label."""

    def __init__(self, row: Callable[[str], NDArray[Any]]) -> None:
        self._row = row
        self._numbers: dict[str, int] = {}
        self._rows: NDArray[Any] | None = None

    def of(self, labels: Sequence[str]) -> NDArray[Any]:
        """[N, ...] the rows of at least one label."""
        known = self._numbers
        numbers = [known.get(label, -1) for label in labels]
        if self._rows is None or -1 in numbers:
            for label in labels:
                known.setdefault(label, len(known))
            self._rows = np.stack([self._row(label) for label in known])
            numbers = [known[label] for label in labels]
        return np.asarray(self._rows[numbers])


def filter_of(filters: Mapping[str, FilterConfig], label: str) -> FilterConfig:
    """The label's own filter, else that of every label."""
    return filters.get(label) or filters.get(EVERY_LABEL) or ANYTHING


def applies(labels: Sequence[str], label: str) -> bool:
    """Whether what is said of these labels, of all where none is said, is said of this one."""
    return not labels or label in labels
