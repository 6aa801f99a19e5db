"""What a camera's pictures are worth."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

PictureState: TypeAlias = Literal["fine", "covered", "frozen", "unfocused"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the latest pictures of a camera are worth.

    Attributes:
        state: ``fine`` unless they show next to nothing, never change, or are blurred.
        reason: one line for a person; None where they are fine.
        since: UTC, when it began.
    """

    state: PictureState
    reason: str | None
    since: datetime
