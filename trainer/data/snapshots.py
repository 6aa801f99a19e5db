"""What cameras kept and people labelled: ``<data>/snapshots/CAMERA/DATE/ID.json`` and its pictures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from trainer.data.sample import FileSource, Listing, Sample
from trainer.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

FOLDER: Final = "snapshots"
CROP: Final = ".crop.jpg"
NEGATIVE: Final = "none"
"""What a person calls a picture that shows nothing of what is looked for."""


def snapshots(data: Path) -> Listing:
    """The labelled crops below a data folder.

    Raises:
        DatasetError: nothing there is labelled.
    """
    samples: list[Sample] = []
    unlabelled, ignored = 0, []
    for sidecar in sorted((data / FOLDER).glob("*/*/*.json")):
        name = sidecar.relative_to(data / FOLDER).with_suffix("").as_posix()
        try:
            told = json.loads(sidecar.read_bytes())
            label, event = told.get("human_label"), str(told.get("event", ""))
        except (OSError, ValueError, AttributeError):
            ignored.append(f"{name}.json")
            continue
        if not label:
            unlabelled += 1
            continue
        camera, day, _ = name.split("/")
        picture = sidecar.with_name(sidecar.stem + CROP)
        samples.append(
            Sample(name, str(label), FileSource(picture), event=event, camera_day=f"{camera}/{day}")
        )
    if not samples:
        raise DatasetError(
            f"{data}: {unlabelled or 'no'} snapshots and none of them labelled: label some on the page first"
        )
    return Listing(tuple(samples), tuple(ignored), (), f"{data} ({unlabelled} more without a label)")
