"""Everybody takes turns, round after round, so that what drifts meets all alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from streamer.bench import field as entries
from streamer.bench import machine, start
from streamer.bench.by_hand.recipes import RECIPES
from streamer.bench.contestant import Contestant, Entry

if TYPE_CHECKING:
    from streamer.bench.field import Subject
    from streamer.bench.samples import Parts, Watch, Work

TURN_S: Final = 3.0
MOST_ROUNDS: Final = 5
TRIAL_FRAMES: Final = 64
TRIAL_S: Final = 0.2


@dataclass(slots=True)
class Measured:
    """The samples of every round, in order; nothing by hand where nobody wrote a decode.

    Attributes:
        others: cores that were busy with something else, on average; None where the machine doesn't say.
    """

    limit: list[Parts] = field(default_factory=list)
    file: list[Work] = field(default_factory=list)
    file_by_hand: list[Work] = field(default_factory=list)
    cameras: list[Watch] = field(default_factory=list)
    cameras_by_hand: list[Watch] = field(default_factory=list)
    calm_camera: list[Watch] = field(default_factory=list)
    decoding_alone: list[Work] = field(default_factory=list)
    model_alone: list[Work] = field(default_factory=list)
    start_s: list[float] = field(default_factory=list)
    start_by_hand_s: list[float] = field(default_factory=list)
    others: float | None = None


@dataclass(slots=True)
class Others:
    """Sums up what the rest of the machine did during the turns."""

    cpu_s: float = 0.0
    wall_s: float = 0.0

    @property
    def cores(self) -> float | None:
        return max(0.0, self.cpu_s / self.wall_s) if self.wall_s else None


class Rounds:
    """Runs the contestants; each one measures for ``seconds`` in total, or as long as the limit does."""

    def __init__(self, subject: Subject, seconds: float, tell: Callable[[str], None]) -> None:
        """
        Args:
            subject: model and videos.
            seconds: of measuring.
            tell: hears what is being done.
        """
        self._subject = subject
        self._rounds = max(1, min(MOST_ROUNDS, int(seconds / TURN_S)))
        self._turn_s = seconds / self._rounds
        self._tell = tell
        self._others = Others()

    def run(self) -> Measured:
        """
        Raises:
            ContestantFailed: a measured program ended before its time.
        """
        measured = Measured()
        by_hand = self._subject.family in RECIPES
        # The first start compiles the model and reads everything from the disk.
        self._start(Measured(), by_hand)
        with ExitStack() as stack:
            lanes = [(self._opened(stack, entry), into) for entry, into in self._entries(measured, by_hand)]
            frames = self._frames(lanes[0][0])
            for number in range(1, self._rounds + 1):
                for contestant, into in lanes:
                    self._tell(f"round {number} of {self._rounds}: {contestant.entry.name}")
                    into.append(self._turn(contestant, frames))
                self._tell(f"round {number} of {self._rounds}: starting")
                self._start(measured, by_hand)
        measured.others = self._others.cores
        return measured

    def _entries(self, measured: Measured, by_hand: bool) -> list[tuple[Entry[Any], list[Any]]]:
        """In the order of their turns; what is compared stands side by side."""
        ours: list[tuple[Entry[Any], list[Any]]] = [
            (entries.limit(self._subject), measured.limit),
            (entries.file(self._subject), measured.file),
            (entries.cameras(self._subject), measured.cameras),
            (entries.decoding_alone(self._subject), measured.decoding_alone),
            (entries.calm_camera(self._subject), measured.calm_camera),
            (entries.model_alone(self._subject), measured.model_alone),
        ]
        if not by_hand:
            return ours
        return [
            *ours,
            (entries.file_by_hand(self._subject), measured.file_by_hand),
            (entries.cameras_by_hand(self._subject), measured.cameras_by_hand),
        ]

    def _opened(self, stack: ExitStack, entry: Entry[Any]) -> Contestant[Any]:
        self._tell(f"loading: {entry.name}")
        contestant = stack.enter_context(Contestant(entry))
        # One after the other: what warms up measures how it is best driven.
        contestant.wait_ready()
        # What is imported and allocated with the first frames belongs to no turn.
        contestant.measure(TRIAL_FRAMES if entry.unit == "frames" else TRIAL_S)
        return contestant

    def _frames(self, limit: Contestant[Parts]) -> int:
        """As many as the limit takes a turn for, if there are so many; the same ones for everybody."""
        wanted = round(self._turn_s / limit.measure(TRIAL_FRAMES).cpu_per_frame_s)
        return min(max(TRIAL_FRAMES, wanted), self._subject.material.pictures)

    def _turn(self, contestant: Contestant[Any], frames: int) -> Any:
        amount = frames if contestant.entry.unit == "frames" else self._turn_s
        busy_s = machine.busy_s()
        if busy_s is None:
            return contestant.measure(amount)
        own_s, began = machine.process_s(contestant.pid), time.perf_counter()
        sample = contestant.measure(amount)
        self._others.wall_s += time.perf_counter() - began
        self._others.cpu_s += (machine.busy_s() or busy_s) - busy_s
        self._others.cpu_s -= machine.process_s(contestant.pid) - own_s
        return sample

    def _start(self, measured: Measured, by_hand: bool) -> None:
        measured.start_s.append(start.first_result_s("sightline detect", start.ours(self._subject)))
        if by_hand:
            arguments = start.by_hand(self._subject)
            measured.start_by_hand_s.append(start.first_result_s("by hand", arguments))
