"""What a training was given, kept beside its state so that the manifest can say it."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from trainer.errors import TrainerError
from trainer.nano.dataset import Picture


@dataclass(frozen=True, slots=True)
class SetRecord:
    """One set: folder and file name, pictures, boxes by class, share of the samples, hash of the labels."""

    name: str
    pictures: int
    boxes: dict[str, int]
    share: float
    sha256: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """The sets of a training, samples a step, seed."""

    sets: tuple[SetRecord, ...]
    batch: int
    seed: int

    def text(self) -> str:
        """One sentence for the manifest."""
        total = sum(item.share for item in self.sets)
        sets = (
            f"{item.name} ({item.pictures} pictures, {_amounts(item.boxes)}; "
            f"{item.share / total:.0%} of the samples; labels sha256 {item.sha256[:16]})"
            for item in self.sets
        )
        return "trained from scratch by `python -m trainer nano train` on " + " and ".join(sets)


def record(
    source: tuple[Path, float], files: Sequence[Path], pictures: Sequence[Picture], labels: Sequence[str]
) -> SetRecord:
    """What is to be remembered of a set of pictures with the COCO files it was read from."""
    path, share = source
    counts = Counter(
        labels[number] for picture in pictures for number in picture.classes[~picture.ignored].tolist()
    )
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    boxes = {label: counts[label] for label in labels if counts[label]}
    return SetRecord("/".join(path.parts[-2:]), len(pictures), boxes, share, digest)


def write(path: Path, recipe: Recipe) -> None:
    path.write_text(json.dumps(asdict(recipe), indent=1) + "\n")


def read(path: Path) -> Recipe:
    """Read what `write` wrote.

    Raises:
        TrainerError: It is missing or damaged.
    """
    try:
        content = json.loads(path.read_text())
        sets = tuple(SetRecord(**item) for item in content["sets"])
        return Recipe(sets, content["batch"], content["seed"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainerError(f"{path}: not the record of a training: {error}") from error


def _amounts(boxes: dict[str, int]) -> str:
    return ", ".join(f"{amount} {name}" for name, amount in boxes.items())
