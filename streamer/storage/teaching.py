"""In which order unlabelled pictures teach a classifier most."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import Final, Protocol

from streamer.storage.looks import Look, clusters

MARGIN: Final = 0.5
DISAGREEMENT: Final = 0.25
NOVELTY: Final = 0.25


class Candidate(Protocol):
    """A picture that nobody labelled; see `streamer.storage.samples.Sample`."""

    @property
    def id(self) -> str: ...
    @property
    def event(self) -> str: ...
    @property
    def camera(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def suggestion(self) -> str | None: ...
    @property
    def margin(self) -> float | None: ...
    @property
    def confidence(self) -> float: ...
    @property
    def look(self) -> Look | None: ...


def teaching_order(candidates: Sequence[Candidate], labelled: Collection[Look] = ()) -> list[str]:
    """All ids, first what teaches most.

    What a picture is worth is a sum of three parts (uncertainty sampling, Lewis & Gale 1994; clusters so
    that a batch is not many times the same, Nguyen & Smeulders 2004): how small the margin is between the
    two best classes, without a classifier how near the detector is to 0.5; how much the pictures of one
    object disagree about what it is; whether nothing that looks like it was labelled yet. Of pictures that
    look alike, or show one object, the best comes early and each further one later. Then classes and
    cameras take turns, so that each beginning of the list is balanced over them.

    Args:
        candidates: in any order; those of the same worth keep it.
        labelled: how the pictures look that are labelled already.
    """
    groups, old = _clusters(candidates, labelled)
    values = _values(candidates, {each for each, group in groups.items() if group not in old})
    best_first = sorted(candidates, key=lambda each: -values[each.id])
    ranks = _ranks(best_first, groups)
    best_first.sort(key=lambda each: ranks[each.id])
    turns: dict[tuple[str, str], count[int]] = defaultdict(count)
    turn = {each.id: next(turns[each.camera, _class(each)]) for each in best_first}
    return sorted(turn, key=lambda each: turn[each])


def _class(candidate: Candidate) -> str:
    return candidate.suggestion or candidate.label


def _values(candidates: Sequence[Candidate], new: Collection[str]) -> dict[str, float]:
    """What each is worth, 0..1; ``new`` are those like which nothing is labelled."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for each in candidates:
        votes[each.event][_class(each)] += 1
    return {
        each.id: MARGIN * (1 - _margin(each))
        + DISAGREEMENT * _disagreement(votes[each.event])
        + NOVELTY * (each.id in new)
        for each in candidates
    }


def _margin(candidate: Candidate) -> float:
    margin = abs(2 * candidate.confidence - 1) if candidate.margin is None else candidate.margin
    return min(1.0, max(0.0, margin))


def _disagreement(votes: Counter[str]) -> float:
    """The share of pictures that are not of the class that most are of, twice; 1 where half are not."""
    total = votes.total()
    return min(1.0, 2 * (1 - max(votes.values()) / total))


def _clusters(
    candidates: Sequence[Candidate], labelled: Collection[Look]
) -> tuple[dict[str, int | None], set[int | None]]:
    """The cluster of each, None where nobody knows how it looks; and those in which something is labelled."""
    known = {each.id: each.look for each in candidates if each.look is not None}
    numbers = clusters([*labelled, *known.values()])
    groups: dict[str, int | None] = dict.fromkeys((each.id for each in candidates), None)
    groups.update(zip(known, numbers[len(labelled) :], strict=True))
    return groups, {None, *numbers[: len(labelled)]}


def _ranks(best_first: Sequence[Candidate], groups: Mapping[str, int | None]) -> dict[str, int]:
    """How many better ones show the same object, or look alike."""
    shown: Counter[str | int] = Counter()
    ranks: dict[str, int] = {}
    for each in best_first:
        group = groups[each.id]
        ranks[each.id] = max(shown[each.event], 0 if group is None else shown[group])
        shown[each.event] += 1
        if group is not None:
            shown[group] += 1
    return ranks
