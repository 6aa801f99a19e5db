"""One benchmark, from what the user named to the report."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectors import store
from detectors.policy import cores
from streamer.bench.bare import manifest_of
from streamer.bench.by_hand.recipes import RECIPES
from streamer.bench.field import Subject
from streamer.bench.figures import Report
from streamer.bench.material import prepare
from streamer.bench.report import report, stray
from streamer.bench.rounds import Rounds


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A report and what it is about.

    Attributes:
        source: that was played.
        model: its name.
        family: of the model.
        by_hand: whether there is a loop written by hand for this family.
        cores: of this machine.
        rounds: how often everybody had a turn.
        others: cores that other programs used meanwhile; None where the machine doesn't say.
        stray: CPU of other threads while the limit was measured, as a share of it; should be nothing.
        report: the figures.
    """

    source: str
    model: str
    family: str
    by_hand: bool
    cores: int
    rounds: int
    others: float | None
    stray: float
    report: Report

    def as_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "model": self.model,
            "family": self.family,
            "cores": self.cores,
            "rounds": self.rounds,
            "other_programs_cores": self.others,
            "limit_stray_share": self.stray,
            "ratios": {figure.key: figure.as_json() for figure in self.report.ratios},
            "absolutes": {figure.key: figure.as_json() for figure in self.report.absolutes},
        }


def benchmark(source: str | None, model: str, seconds: float, tell: Callable[[str], None]) -> Benchmark:
    """Measure.

    Args:
        source: a video file or a street's address; None for the usual street.
        model: catalogue name or path.
        seconds: of each measurement.
        tell: hears what is being done.

    Raises:
        ConfigError: the source can't be played here.
        SourceUnavailable: it is no video.
        ModelLoadError: the model can't be used.
        ContestantFailed: a measured program ended before its time.
    """
    manifest = manifest_of(model)
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as folder:
        tell("making the clips")
        material = prepare(source, Path(folder))
        size = (manifest.input.width, manifest.input.height)
        subject = Subject(model, str(store.resolve(model).weights), manifest.family, size, material)
        measured = Rounds(subject, seconds, tell).run()
    return Benchmark(
        source=material.shown,
        model=manifest.name,
        family=manifest.family,
        by_hand=manifest.family in RECIPES,
        cores=cores(),
        rounds=len(measured.limit),
        others=measured.others,
        stray=stray(measured.limit),
        report=report(measured, cores()),
    )
