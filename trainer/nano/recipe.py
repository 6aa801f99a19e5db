"""What a training was given, kept beside its state so that the manifest can say it."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
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
class Stretch:
    """The sets of a training from one step on: a resumed training may be given others."""

    step: int
    sets: tuple[SetRecord, ...]

    def text(self) -> str:
        total = sum(item.share for item in self.sets)
        sets = (
            f"{item.name} ({item.pictures} pictures, {_amounts(item.boxes)}; "
            f"{item.share / total:.0%} of the samples; labels sha256 {item.sha256[:16]})"
            for item in self.sets
        )
        return f"from step {self.step}: {' and '.join(sets)}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """The stretches of a training in order, samples a step, seed."""

    stretches: tuple[Stretch, ...]
    batch: int
    seed: int

    def then(self, stretch: Stretch) -> "Recipe":
        """The recipe of a training that goes on; with the same sets it is the same recipe."""
        if self.stretches[-1].sets == stretch.sets:
            return self
        return replace(self, stretches=(*self.stretches, stretch))

    def text(self) -> str:
        """One sentence for the manifest."""
        stretches = "; ".join(stretch.text() for stretch in self.stretches)
        return f"trained from scratch by `python -m trainer nano train`, {stretches}"


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
        stretches = tuple(
            Stretch(item["step"], tuple(SetRecord(**entry) for entry in item["sets"]))
            for item in content["stretches"]
        )
        return Recipe(stretches, content["batch"], content["seed"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainerError(f"{path}: not the record of a training: {error}") from error


def _amounts(boxes: dict[str, int]) -> str:
    return ", ".join(f"{amount} {name}" for name, amount in boxes.items())
