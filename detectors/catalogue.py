"""Models that are known by name: where their bytes are, and which bytes these are.

Only models whose bytes were had, hashed and evaluated are in ``catalogue.json``; AP is of the 50 pictures of
COCO train2017 in the test data. Its addresses name commits by their first 12 digits, which could not be tried
from where the list was written: whatever comes from there counts only with the right size and SHA-256.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, TypeAdapter

from detectors.coco import COCO_LABELS
from detectors.errors import ModelLoadError

FILE: Final = Path(__file__).with_name("catalogue.json")


class Entry(BaseModel):
    """One model.

    Attributes:
        name: to pull it by.
        url: of its bytes.
        bytes: how many there are.
        sha256: of them.
        license: of the weights.
        family: which decode reads it.
        labels: names of its classes, or that they are those of COCO.
        trained: who made it, and from what.
        metrics: measured figures by name.
    """

    name: str
    url: str
    bytes: int
    sha256: str
    license: str
    family: str
    labels: tuple[str, ...] | Literal["coco"]
    trained: str
    metrics: dict[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        """Of its classes."""
        return COCO_LABELS if isinstance(self.labels, str) else self.labels


@cache
def entries() -> tuple[Entry, ...]:
    """All of them."""
    return TypeAdapter(tuple[Entry, ...]).validate_json(FILE.read_bytes())


def entry(name: str) -> Entry:
    """The one of this name.

    Raises:
        ModelLoadError: there is none.
    """
    for each in entries():
        if each.name == name:
            return each
    known = ", ".join(each.name for each in entries())
    raise ModelLoadError(f"{name!r:.100}: no such model to pull: expected one of {known}")
