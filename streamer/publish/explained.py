"""The decisions of the rules as text, a line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, TextIO

from streamer.event import Counts, Decision, Event, LineCrossing, ZoneEvent
from streamer.publish.sink import FileOf, from_video

if TYPE_CHECKING:
    from streamer.event import Happening, Outcome
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks

OUTCOMES: Final[Mapping[Outcome, str]] = {
    "dropped": "dropped by",
    "waiting": "no event yet:",
    "refused": "ended without an event:",
    "started": "event:",
}


class Explained:
    """A sink that writes what the rules decided, and what happened, by media time or picture."""

    def __init__(self, out: TextIO, file_of: FileOf = from_video) -> None:
        self._out = out
        self._file_of = file_of
        self._where = ""

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        self._where = self._file_of(frame) or f"{frame.time_s:9.2f} s"
        await self.conclude(frame.camera, happenings)

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        for each in happenings:
            if (text := line(each)) is not None:
                self._out.write(f"{self._where}  {text}\n")


def line(happening: Happening) -> str | None:
    """What happened, in words; None of what a decision has told already."""
    match happening:
        case Decision():
            return decided(happening)
        case Event(phase="end"):
            why = f": {happening.reason}" if happening.reason else ""
            return f"{happening.label}, track {happening.track}: event ended{why}"
        case ZoneEvent(label=label, track=track):
            stayed = "" if happening.change == "entered" else f" after {happening.seconds:.1f} s"
            why = f": {'; '.join(map(str, happening.rules))}" if happening.rules else ""
            return f"{label}, track {track}: {happening.change} zone {happening.zone}{stayed}{why}"
        case LineCrossing(label=label, track=track):
            return f"{label}, track {track}: crossed line {happening.line} {happening.direction}"
        case Counts():
            return counted(happening)
        case _:
            return None


def decided(decision: Decision) -> str:
    """``car at 10,20,90,60: dropped by min_area: 0.002, expected at least 0.01``."""
    where = "" if decision.box is None else f" at {','.join(f'{edge:.0f}' for edge in decision.box)}"
    who = decision.label if decision.track is None else f"{decision.label}, track {decision.track}"
    why = "; ".join(map(str, decision.rulings))
    return f"{who}{where}: {OUTCOMES[decision.outcome]} {why}"


def counted(counts: Counts) -> str:
    zones = [
        f"zone {each.zone} {each.label}: {each.entered} entered, {each.left} left, {each.occupancy} inside, "
        f"{each.seconds:.1f} s"
        for each in counts.zones
    ]
    lines = [
        f"line {each.line} {each.label}: {each.crossed_in} in, {each.crossed_out} out"
        for each in counts.lines
    ]
    return f"counts: {'; '.join([*zones, *lines]) or 'nothing'}"
