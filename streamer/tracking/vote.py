"""The label of an object, voted over all its sightings."""

from collections.abc import Mapping
from typing import Final

LEAD: Final = 1.25
"""A label that was told is only taken back for one with so many times its votes: it changes rarely."""


class Vote:
    """Sums of confidences by label."""

    def __init__(self, sums: Mapping[str, float] | None = None) -> None:
        self._sums = dict(sums or {})

    @property
    def sums(self) -> dict[str, float]:
        return dict(self._sums)

    def add(self, label: str, confidence: float) -> None:
        self._sums[label] = self._sums.get(label, 0.0) + confidence

    def winner(self) -> str:
        """The label with the most votes; of equals the one seen first."""
        return max(self._sums, key=self._sums.__getitem__)

    def revised(self, told: str) -> str:
        """The label to tell when ``told`` was told before."""
        winner = self.winner()
        return winner if self._sums[winner] >= LEAD * self._sums.get(told, 0.0) else told
