"""Searches which layers of a network stay float when it is quantised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Block = tuple[str, ...]
"""Names of nodes that follow one another, with some of the convolutions."""
BLOCKS: Final = 12
FASTER: Final = 1.05
"""Below this ratio nothing is gained."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A network of which some blocks are INT8.

    Attributes:
        blocks: numbers of those.
        error: how far its answers are from those in float; 0 is none.
        agreement: the share of what is found that both find, 0..1.
        run_s: CPU seconds of a run.
    """

    blocks: frozenset[int]
    error: float
    agreement: float
    run_s: float


def cut(nodes: Sequence[tuple[str, bool]], count: int = BLOCKS) -> list[Block]:
    """Blocks with about equally many convolutions.

    Args:
        nodes: name, and whether it is a convolution, in the order in which they run.
        count: of blocks, at most.
    """
    total = sum(heavy for _, heavy in nodes)
    blocks: list[list[str]] = [[] for _ in range(max(1, min(count, total)))]
    seen = 0
    for name, heavy in nodes:
        seen += heavy
        blocks[max(0, seen - 1) * len(blocks) // max(total, 1)].append(name)
    return [tuple(block) for block in blocks]


def search(
    count: int, attempt: Callable[[frozenset[int]], Trial], least: float, tell: Callable[[str], None]
) -> Trial:
    """The fastest network that agrees; where none does, the one that agrees most.

    First all blocks. Then each alone, which shows what it gains and what it ruins; of these, sorted by what
    they ruin, as many as still agree (by halving), and of those the ones that gain. At most 2 ``count``
    attempts, with 12 blocks about 20.

    Args:
        count: of blocks.
        attempt: quantises these blocks and measures.
        least: agreement that is asked for.
        tell: hears what is tried.
    """
    tell("everything float")
    unchanged = attempt(frozenset())
    tell("everything INT8")
    tried = [attempt(frozenset(range(count)))]
    if not _good(tried[0], unchanged, least):
        alone = []
        for number in range(count):
            tell(f"only block {number + 1} of {count} INT8")
            alone.append(attempt(frozenset({number})))
        ranked = [min(each.blocks) for each in sorted(alone, key=lambda each: each.error)]
        tried += alone + _halving(ranked, attempt, least, tell)
        gaining = {number for number in ranked if alone[number].run_s < unchanged.run_s}
        most = max((each.blocks for each in tried if each.agreement >= least), key=len, default=frozenset())
        if most & gaining not in {each.blocks for each in tried} | {frozenset()}:
            tell("the blocks that gain INT8")
            tried.append(attempt(most & gaining))
    agreeing = [each for each in tried if each.agreement >= least]
    if not agreeing:
        return max(tried, key=lambda each: each.agreement)
    return min(agreeing, key=lambda each: each.run_s)


def _halving(
    ranked: Sequence[int],
    attempt: Callable[[frozenset[int]], Trial],
    least: float,
    tell: Callable[[str], None],
) -> list[Trial]:
    """Trials that find how many of the first blocks may be INT8 together."""
    trials = []
    agrees, fails = 1, len(ranked)
    while fails - agrees > 1:
        middle = (agrees + fails) // 2
        tell(f"{middle} of {len(ranked)} blocks INT8")
        trials.append(attempt(frozenset(ranked[:middle])))
        if trials[-1].agreement >= least:
            agrees = middle
        else:
            fails = middle
    return trials


def _good(trial: Trial, unchanged: Trial, least: float) -> bool:
    return trial.agreement >= least and trial.run_s * FASTER <= unchanged.run_s
