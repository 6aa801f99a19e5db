"""A labelled picture before and after somebody looked at it, and the set of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

Crop = tuple[int, int, int, int]
"""x1, y1, x2, y2 in pixels of the whole picture."""


class Source(Protocol):
    """Where the bytes of a picture are."""

    def read(self, limit: int) -> bytes:
        """All of them, at most ``limit`` and one more.

        Raises:
            OSError, ValueError: they cannot be read.
        """


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file of its own."""

    path: Path

    def read(self, limit: int) -> bytes:
        with self.path.open("rb") as file:
            return file.read(limit + 1)


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture and what a person says it is.

    Attributes:
        name: as people find it, such as ``cracked/7001-115.jpg``.
        label: that a person gave.
        source: of its bytes.
        crop: the part that counts; None is the whole.
        event: pictures of one event show the same thing; empty where none is known.
        camera_day: camera and day, empty where none is known.
    """

    name: str
    label: str
    source: Source
    crop: Crop | None = None
    event: str = ""
    camera_day: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """What tells a near-duplicate: 64 bits of the coarse structure, and the picture in 8x8 pixels."""

    structure: int
    thumbnail: NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """A picture that can be used.

    Attributes:
        sample: it.
        digest: of its pixels' origin (bytes and crop), 64 hexadecimal digits.
        likeness: to compare it by.
    """

    sample: Sample
    digest: str
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A picture that is left out, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source of labelled pictures holds, before any is decoded.

    Attributes:
        samples: in a stable order.
        ignored: other things beside them.
        empty: labels without a picture.
        about: where this is, for people.
    """

    samples: tuple[Sample, ...]
    ignored: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Pictures that can be used, and what was left out.

    Attributes:
        about: where they come from.
        pictures: in a stable order, each content once.
        groups: of each picture; those of one group stay on one side of every division.
        quarantined: what could not be used.
        ignored: what lay beside.
        remarks: what a person should know.
    """

    about: str
    pictures: tuple[Examined, ...]
    groups: tuple[int, ...]
    quarantined: tuple[Quarantined, ...] = ()
    ignored: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    labels: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        names = sorted({picture.sample.label for picture in self.pictures})
        object.__setattr__(self, "labels", tuple(names))

    @property
    def counts(self) -> dict[str, int]:
        """Pictures of each label."""
        counted = Counter(picture.sample.label for picture in self.pictures)
        return {label: counted[label] for label in self.labels}

    @property
    def digest(self) -> str:
        """Of all pictures and labels, whatever their order."""
        rows = sorted(f"{picture.digest} {picture.sample.label}\n" for picture in self.pictures)
        return hashlib.sha256("".join(rows).encode()).hexdigest()

    @property
    def classes(self) -> list[int]:
        """The number of each picture's label."""
        numbers = {label: number for number, label in enumerate(self.labels)}
        return [numbers[picture.sample.label] for picture in self.pictures]

    def samples(self) -> Iterator[Sample]:
        return (picture.sample for picture in self.pictures)
