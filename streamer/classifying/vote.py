"""What a classifier says of one followed object, voted over several pictures of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streamer.batching.classifying import Shares

EVERY_S: Final = 0.25
"""An object is looked at so often at most ..."""
SURE_AFTER: Final = 3
"""... until so many pictures say clearly what it is, ..."""
CLEAR: Final = 0.5
"""... by so much more of the probability than the next best class has, ..."""
MOST: Final = 12
"""... or so many were looked at; ..."""
AGAIN_S: Final = 2.0
"""... then so often, for its track may have passed to another object, ..."""
FADED: Final = 0.9
"""... whereby what was said before counts so much of it; after one that clearly disagrees as at first; ..."""
GROWN: Final = 2.0
"""... and at once when it is so many times as large as it was ever looked at."""
FIRST: Final = 2
"""Pictures before anything is told: one alone may be wrong."""
LEAD: Final = 1.25
"""What was told is only taken back for a class with so many times its probability."""
NO_AREA: Final = 0.0


class ObjectVote:
    """Means of probabilities by class, each picture with the weight of its side in pixels.

    Attributes:
        told: the class; None while nothing is sure enough.
    """

    def __init__(self, least: float) -> None:
        """
        Args:
            least: mean probability from which on a class is told, 0..1.
        """
        self.told: str | None = None
        self._least = least
        self._sums: dict[str, float] = {}
        self._weight = 0.0
        self._count = 0
        self._known_from = 0.0
        self._largest = NO_AREA
        self._asked_s: float | None = None
        self._waiting = False

    def due(self, now_s: float, area: float) -> bool:
        """Whether it is worth a look; ``area`` of its box in pixels, ``now_s`` media time."""
        if self._waiting:
            return False
        if self._asked_s is None:
            return True
        soon = not self.settled or area >= GROWN * self._largest
        return now_s - self._asked_s >= (EVERY_S if soon else AGAIN_S)

    def asked(self, now_s: float, area: float) -> None:
        """A picture of it is on its way."""
        self._waiting, self._asked_s = True, now_s
        self._largest = max(self._largest, area)

    def failed(self) -> None:
        """It came to nothing."""
        self._waiting = False

    def add(self, said: Shares, side: float) -> None:
        """What was said of a picture whose box has sides of so many pixels on the mean."""
        self._waiting = False
        if self.settled:
            self._fade()
            if self._disagrees(said):
                self._count = 0
        self._count += 1
        self._weight += side
        self._known_from = said.least
        for label, share in zip(said.labels, said.probabilities.tolist(), strict=True):
            self._sums[label] = self._sums.get(label, 0.0) + side * share
        self.told = self._winner()

    def restart(self) -> None:
        """Another model judges from now on; what was told stays until it knows better."""
        self._sums, self._weight, self._count = {}, 0.0, 0
        self._largest = NO_AREA

    @property
    def settled(self) -> bool:
        if self._count < SURE_AFTER:
            return False
        first, second = (*sorted(self._sums.values(), reverse=True), 0.0)[:2]
        return self._count >= MOST or (first - second) / self._weight >= CLEAR

    def _disagrees(self, said: Shares) -> bool:
        if self.told not in said.labels:
            return False
        shares = said.probabilities
        return bool(shares.max() - shares[said.labels.index(self.told)] >= CLEAR)

    def _fade(self) -> None:
        self._weight *= FADED
        self._sums = {label: FADED * share for label, share in self._sums.items()}

    def _winner(self) -> str | None:
        if self._count < FIRST:
            return self.told
        best = max(self._sums, key=self._sums.__getitem__)
        if self._sums[best] < self._weight * max(self._least, self._known_from):
            return None
        held = self._sums.get(self.told, 0.0) if self.told is not None else 0.0
        return best if self._sums[best] >= LEAD * held or best == self.told else self.told
