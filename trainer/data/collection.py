"""From a source of labelled pictures to those that can be used: every one decoded once, compared, grouped."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from trainer.cores import cores
from trainer.data import boxes, classfolders, picture
from trainer.data.likeness import alike, joined, likeness
from trainer.data.sample import Dataset, Examined, Quarantined
from trainer.data.snapshots import FOLDER, snapshots
from trainer.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from trainer.data.sample import Listing, Sample

MIN_PER_CLASS: Final = 10
MIN_GROUPS: Final = 3
"""Independent pictures of a class, without which no part of them could be held out."""
DAYS_TO_DIVIDE_BY: Final = 5
"""Camera-days of each class, from which on they stay whole."""
NAMED: Final = 5
"""Pairs of near-duplicates that a remark about their labels names."""
FORBIDDEN: Final = "/\\"


def listing(path: Path, labels: Sequence[str] = ()) -> Listing:
    """What is at ``path``: a data folder, class folders, a zip file of them, a COCO file or a YOLO set.

    Args:
        path: of it.
        labels: the classes that are wanted; all where none is named.

    Raises:
        DatasetError: nothing that can be trained on, or none of a class that is wanted.
    """
    listed = _listing(path)
    if not labels:
        return listed
    missing = set(labels) - {sample.label for sample in listed.samples}
    if missing:
        raise DatasetError(f"{path}: no pictures of {', '.join(sorted(missing))}")
    wanted = tuple(sample for sample in listed.samples if sample.label in labels)
    return replace(listed, samples=wanted, empty=())


def _listing(path: Path) -> Listing:
    if path.is_file() and path.suffix.lower() == ".json":
        return boxes.coco(path)
    if path.is_file():
        return classfolders.archive(path)
    if not path.is_dir():
        raise DatasetError(f"{path}: no such folder or file")
    if (path / FOLDER).is_dir():
        return snapshots(path)
    if boxes.is_yolo(path):
        return boxes.yolo(path)
    instances = boxes.coco_in(path)
    return boxes.coco(instances) if instances else classfolders.folder(path)


def collect(listed: Listing, told: Callable[[int, int], None] | None = None) -> Dataset:
    """Decode every picture once, leave out what is of no use, and find what belongs together.

    Args:
        listed: from ``listing``.
        told: is called with the number of pictures seen and of all.

    Raises:
        DatasetError: a label that cannot be one.
    """
    for label in sorted({sample.label for sample in listed.samples}):
        _check_label(label)
    seen, quarantined = _examined(listed.samples, told)
    pictures, twice = _once(seen)
    groups, remarks = _groups(pictures)
    about = (f"class {label!r} is empty" for label in listed.empty)
    return Dataset(
        listed.about,
        tuple(pictures),
        tuple(groups),
        (*quarantined, *twice),
        listed.ignored,
        (*about, *remarks),
    )


def require_enough(dataset: Dataset, least: int = MIN_PER_CLASS) -> None:
    """Refuse a set that nothing can be learnt from, and say what it lacks.

    Raises:
        DatasetError: one class, or a class with too few pictures.
    """
    counts = dataset.counts
    empty = [remark for remark in dataset.remarks if remark.endswith("is empty")]
    if len(counts) < 2:
        there = f"only {next(iter(counts))!r}" if counts else "none with a usable picture"
        also = f" ({'; '.join(empty)})" if empty else ""
        raise DatasetError(f"{dataset.about}: expected at least two classes, received {there}{also}")
    if empty:
        raise DatasetError(f"{dataset.about}: {'; '.join(empty)}: put pictures in, or take the folder away")
    short = [
        f"{label!r} has {count}, {least - count} are missing"
        for label, count in counts.items()
        if count < least
    ]
    if short:
        raise DatasetError(
            f"{dataset.about}: expected at least {least} pictures of each class: {'; '.join(short)}"
        )
    lone = [f"{label!r} has {count}" for label, count in independent(dataset).items() if count < MIN_GROUPS]
    if lone:
        raise DatasetError(
            f"{dataset.about}: expected at least {MIN_GROUPS} independent pictures of each class (others are"
            f" near-duplicates or of the same event): {'; '.join(lone)}"
        )


def independent(dataset: Dataset) -> dict[str, int]:
    """How many groups have pictures of each label."""
    groups: dict[str, set[int]] = defaultdict(set)
    for sample, group in zip(dataset.samples(), dataset.groups, strict=True):
        groups[sample.label].add(group)
    return {label: len(groups[label]) for label in dataset.labels}


def _check_label(label: str) -> None:
    if any(letter in FORBIDDEN for letter in label):
        raise DatasetError(f"label {label!r}: expected no slash in it: rename the class")
    # Of a detection set: as the name of a folder, ".." would lead out of an export.
    if label.startswith("."):
        raise DatasetError(f"label {label!r}: expected no dot at its beginning: rename the class")
    if label != label.strip() or not label or any(unicodedata.category(letter)[0] == "C" for letter in label):
        raise DatasetError(
            f"label {label!r}: expected readable text without blanks around it: rename the class"
        )


def _examined(
    samples: Sequence[Sample], told: Callable[[int, int], None] | None
) -> tuple[list[Examined], list[Quarantined]]:
    good: list[Examined] = []
    bad: list[Quarantined] = []
    with ThreadPoolExecutor(cores()) as pool:
        for number, answer in enumerate(pool.map(_examine, samples), 1):
            if isinstance(answer, Examined):
                good.append(answer)
            else:
                bad.append(answer)
            if told:
                told(number, len(samples))
    return good, bad


def _examine(sample: Sample) -> Examined | Quarantined:
    try:
        content, image = picture.read(sample)
    except picture.Unusable as error:
        return Quarantined(sample.name, str(error))
    digest = hashlib.sha256(content)
    if sample.crop is not None:
        digest.update(repr(sample.crop).encode())
    return Examined(sample, digest.hexdigest(), likeness(image))


def _once(seen: Iterable[Examined]) -> tuple[list[Examined], list[Quarantined]]:
    """Each content once; one that is called by two labels teaches nothing, and is left out."""
    by_content: dict[str, list[Examined]] = defaultdict(list)
    for each in seen:
        by_content[each.digest].append(each)
    kept: list[Examined] = []
    left: list[Quarantined] = []
    for same in by_content.values():
        labels = sorted({each.sample.label for each in same})
        if len(labels) > 1:
            left += [
                Quarantined(each.sample.name, f"the same picture is called {' and '.join(labels)}")
                for each in same
            ]
            continue
        kept.append(same[0])
        left += [
            Quarantined(each.sample.name, f"the same file as {same[0].sample.name}") for each in same[1:]
        ]
    return kept, left


def _groups(pictures: Sequence[Examined]) -> tuple[list[int], list[str]]:
    """Near-duplicates, pictures of one event and, where there are enough of them, of one camera-day."""
    near = list(alike([each.likeness for each in pictures]))
    pairs = near + _same([each.sample.event for each in pictures])
    remarks = [f"{len(near)} pairs of near-duplicates stay together"] if near else []
    mixed = [(pictures[a].sample, pictures[b].sample) for a, b in near]
    mixed = [(one, other) for one, other in mixed if one.label != other.label]
    if mixed:
        named = [f"{one.name} {one.label!r}, {other.name} {other.label!r}" for one, other in mixed[:NAMED]]
        more = "; .." if len(mixed) > NAMED else ""
        remarks.append(
            f"{len(mixed)} pairs of near-duplicates have different labels: {'; '.join(named)}{more}"
        )
    days = [each.sample.camera_day for each in pictures]
    if any(days):
        by_day = joined(len(pictures), pairs + _same(days))
        if _enough(pictures, by_day):
            return by_day, [*remarks, "pictures of one camera and day stay together"]
        remarks.append(
            f"fewer than {DAYS_TO_DIVIDE_BY} camera-days of a class: divided by events, "
            "so figures may be a little too good"
        )
    return joined(len(pictures), pairs), remarks


def _same(names: Sequence[str]) -> list[tuple[int, int]]:
    first: dict[str, int] = {}
    return [
        (first.setdefault(name, number), number)
        for number, name in enumerate(names)
        if name and first.setdefault(name, number) != number
    ]


def _enough(pictures: Sequence[Examined], groups: Sequence[int]) -> bool:
    pairs = {(each.sample.label, group) for each, group in zip(pictures, groups, strict=True)}
    return min(Counter(label for label, _ in pairs).values()) >= DAYS_TO_DIVIDE_BY
