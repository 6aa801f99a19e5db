"""What a camera's pictures are worth, look by look."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from streamer.health.focus import Focus
from streamer.health.stillness import Stillness
from streamer.health.structure import structure
from streamer.health.verdict import PictureState, Verdict

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

CONFIRM_S: Final = 5.0
"""A truck before the lens is gone by then."""
GAP_S: Final = 15.0
"""Without a look for so long, nobody knows what was meanwhile."""
COVERED: Final = 0.02
"""Share of the picture with any structure. Measured: none of covered lenses and black pictures, at
least 0.06 of scenes with 8% of their light or a tenth of their contrast."""
REASONS: Final[dict[PictureState, str | None]] = {
    "fine": None,
    "covered": "the picture shows next to nothing: covered, or in the dark",
    "frozen": "the picture does not change any more",
    "unfocused": "the picture is much less sharp than it usually is",
}


class PictureJudge:
    """One camera's pictures; of several troubles the plainer one is told: covered, frozen, unfocused."""

    def __init__(self) -> None:
        self._stillness = Stillness()
        self._focus = Focus()
        self._verdict: Verdict | None = None
        self._next: PictureState | None = None
        self._next_at = 0.0
        self._last_at: float | None = None

    def judge(self, picture: NDArray[np.uint8], now: float, at: datetime) -> Verdict:
        """
        Args:
            picture: uint8 [h, w], see ``look``.
            now: monotonic seconds.
            at: the same moment, UTC.

        Returns:
            What holds as of now; ``since`` lies in the past, by what it takes to be sure.
        """
        if self._last_at is not None and now - self._last_at > GAP_S:
            self._stillness.interrupted()
            self._next = None
        self._last_at = now
        frozen_at = self._stillness.update(picture, now)
        found = self._found(picture, frozen_at, now)
        if self._verdict is None:
            self._verdict = Verdict("fine", None, at)
        if found == self._verdict.state:
            self._next = None
            return self._verdict
        if found != self._next:
            self._next, self._next_at = found, now
        # Whether it is frozen was weighed over many looks already.
        sure = found == "frozen" or self._verdict.state == "frozen" or now - self._next_at >= CONFIRM_S
        if sure:
            began = frozen_at if found == "frozen" and frozen_at is not None else self._next_at
            self._verdict = Verdict(found, REASONS[found], at - timedelta(seconds=now - began))
        return self._verdict

    def _found(self, picture: NDArray[np.uint8], frozen_at: float | None, now: float) -> PictureState:
        if structure(picture) < COVERED:
            return "covered"
        if frozen_at is not None:
            return "frozen"
        return "unfocused" if self._focus.update(picture, now) else "fine"
