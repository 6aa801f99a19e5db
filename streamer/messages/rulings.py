"""What the rules said of an object, within other records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import Field

from streamer.event import Outcome
from streamer.messages.record import Box, Record, rounded_box

if TYPE_CHECKING:
    from streamer.event import Decision, Ruling

VALUE_DIGITS: Final = 6

Ruled = Annotated[float, Field(allow_inf_nan=False)] | str | None


class RulingRecord(Record):
    """What one rule said of an object."""

    rule: str = Field(description="its name in the configuration")
    kept: bool = Field(description="whether it let the object pass")
    value: Ruled = Field(description="what the object has")
    limit: Ruled = Field(description="what the rule asks for")

    @classmethod
    def of(cls, ruling: Ruling) -> Self:
        return cls(
            rule=ruling.rule, kept=ruling.kept, value=_rounded(ruling.value), limit=_rounded(ruling.limit)
        )


def _rounded(value: Ruled) -> Ruled:
    return round(value, VALUE_DIGITS) if isinstance(value, float) else value


class DecisionRecord(Record):
    """Why an object was dropped, is not an event, or became one."""

    outcome: Outcome
    label: str
    track: Annotated[int, Field(ge=0)] | None
    box: Box | None
    rules: tuple[RulingRecord, ...]

    @classmethod
    def of(cls, decision: Decision) -> Self:
        return cls(
            outcome=decision.outcome,
            label=decision.label,
            track=decision.track,
            box=None if decision.box is None else rounded_box(decision.box),
            rules=tuple(map(RulingRecord.of, decision.rulings)),
        )
