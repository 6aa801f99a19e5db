"""What a report is made of: figures of ours beside those written by hand, the limit and the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure of ours should be: at least or at most ``bound``."""

    sense: Literal[">=", "<="]
    bound: float

    def met(self, value: float) -> bool:
        return value >= self.bound if self.sense == ">=" else value <= self.bound


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of a report; None stands where nothing was measured.

    Attributes:
        key: in JSON.
        group: what it is measured on.
        title: for people.
        ours: the product.
        by_hand: what a user would write.
        limit: what cannot be beaten on this machine.
        target: for ours.
    """

    key: str
    group: str
    title: str
    ours: float | None = None
    by_hand: float | None = None
    limit: float | None = None
    target: Target | None = None

    @property
    def met(self) -> bool | None:
        return None if self.target is None or self.ours is None else self.target.met(self.ours)

    def as_json(self) -> dict[str, Any]:
        """What is known of it."""
        known: dict[str, Any] = {"limit": self.limit, "by_hand": self.by_hand, "ours": self.ours}
        if self.target is not None:
            known |= {"target": f"{self.target.sense} {self.target.bound:g}", "met": self.met}
        return known


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was measured in one run.

    Attributes:
        ratios: of samples of the same round, medians over the rounds.
        absolutes: medians over the rounds.
    """

    ratios: Sequence[Figure]
    absolutes: Sequence[Figure]
