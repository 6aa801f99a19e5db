"""The part of a backbone that phase 2 trains, and what it is fed with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainer.backbones.backbone import Tunable
from trainer.backbones.viewed import VIEWS, Viewed
from trainer.errors import TrainerError
from trainer.feeds import PictureFeed
from trainer.heads import cut_of
from trainer.lowered import lowered

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from trainer.lowered import Check, Seen
    from trainer.material import Material
    from trainer.options import TrainOptions


@dataclass(frozen=True, slots=True, eq=False)
class Upper:
    """Of one backbone.

    Attributes:
        whole: the network that it shares its layers with.
        model: from what the lower part makes of pictures to features.
        start: its weights, as they were before any training.
        feed: all pictures.
        watched: those of a validation set of its own.
    """

    whole: Any
    model: Any
    start: list[NDArray[Any]]
    feed: Seen
    watched: Seen | None

    def reset(self) -> None:
        """Begin anew."""
        self.model.set_weights(self.start)


def upper_of(material: Material, options: TrainOptions, folder: Path, check: Check) -> Upper:
    """The top blocks; what the rest makes of the pictures is kept in a folder.

    Raises:
        TrainerError: the backbone is frozen, or the disk is full.
    """
    backbone, tuning = material.backbone, options.tuning
    if not isinstance(backbone, Tunable) or material.pictures is None:
        raise TrainerError(f"backbone {backbone.name} is frozen: leave --fine-tune out")
    parts = cut_of(backbone, tuning.blocks)
    views = backbone.views if isinstance(backbone, Viewed) else VIEWS[1]
    feed = PictureFeed(material.pictures, backbone.input, tuning.augment, views)
    rows = lowered(feed, parts.below, folder / "lowered.npy", options.seed, check)
    watched = None
    if material.watched_pictures is not None:
        others = PictureFeed(material.watched_pictures, backbone.input, "none")
        watched = lowered(others, parts.below, folder / "lowered-watched.npy", options.seed, check)
    return Upper(backbone.model, parts.above, parts.above.get_weights(), rows, watched)
