"""A benchmark for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from rich.table import Table

if TYPE_CHECKING:
    from streamer.bench.benchmark import Benchmark
    from streamer.bench.figures import Figure, Report

VERDICTS: Final = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}
BUSY_CORES: Final = 0.1
"""Of other programs; from here on they are part of every figure."""
STRAY: Final = 0.01


def table(report: Report) -> Table:
    """Ratios with targets and verdicts, then absolute figures."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column()
    for title in ("limit", "by hand", "ours", "target"):
        shown.add_column(title, justify="right")
    shown.add_column("verdict")
    _add(shown, report.ratios, digits=2)
    shown.add_row()
    _add(shown, report.absolutes, digits=1)
    return shown


def notes(benchmark: Benchmark) -> Iterator[str]:
    """What has to be said beside the figures."""
    rounds = f"{benchmark.rounds} round{'s' if benchmark.rounds > 1 else ''}"
    yield f"{benchmark.model} on {benchmark.source}, {benchmark.cores} CPU cores, medians of {rounds}"
    if not benchmark.by_hand:
        yield f"by hand: nobody wrote a decode for the family {benchmark.family}"
    if benchmark.stray > STRAY:
        yield f"other threads used {benchmark.stray:.0%} of what the limit did: it is not of one thread"
    if benchmark.others is not None and benchmark.others > BUSY_CORES:
        yield f"other programs used {benchmark.others:.1f} cores: a free machine gives other figures"


def _add(shown: Table, figures: Sequence[Figure], digits: int) -> None:
    group = ""
    for figure in figures:
        if figure.group != group:
            group = figure.group
            shown.add_row(f"[bold]{group}[/]")
        values = (figure.limit, figure.by_hand, figure.ours)
        cells = ("" if value is None else f"{value:.{digits}f}" for value in values)
        target = f"{figure.target.sense} {figure.target.bound:.2f}" if figure.target else ""
        shown.add_row(f"  {figure.title}", *cells, target, VERDICTS[figure.met])
