"""What a sitting teaches: with fine-tuning, or without where that is no better."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trainer.backbones.viewed import viewed
from trainer.material import Material, gathered
from trainer.options import Tuning
from trainer.outcome import worth
from trainer.training import Trained, Trainings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainer.backbones.backbone import Backbone
    from trainer.data.sample import Dataset
    from trainer.options import Augment, TrainOptions
    from trainer.progress import Teller
    from trainer.workspace import Workspace

VIEWS_WHEN: Final[dict[Augment, int]] = {"none": 1, "upright": 2, "any-way": 4}
"""What fine-tuning learns from changed pictures is worth more when the answer is a mean of several views."""
PLAIN: Final = 0.05
"""Share of the time that the training without fine-tuning takes where there is one with it, too."""


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """What was trained, and what on."""

    material: Material
    trained: Trained


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """All that a training needs.

    Attributes:
        backbone: that looks at each picture once.
        strategy: of tf.distribute; None is one device.
    """

    dataset: Dataset
    backbone: Backbone
    options: TrainOptions
    workspace: Workspace
    teller: Teller
    strategy: Any = None

    @property
    def views(self) -> int:
        """How often each picture is looked at."""
        tuning = self.options.tuning
        return self.options.backbone.views or (VIEWS_WHEN[tuning.augment] if tuning.epochs else 1)

    def taught(self) -> Taught:
        """Whoever asks for fine-tuning without saying how often to look is given what would have been without
        it, where that answers better: it costs little, and an answer of it does, too.
        """
        if self.options.backbone.views or self.views == 1:
            return self._once(self.options, "", (0.0, 1.0))
        plain = replace(self.options, tuning=Tuning(), backbone=replace(self.options.backbone, views=1))
        without = self._once(plain, "plain-", (0.0, PLAIN))
        tuned = self._once(self.options, "", (PLAIN, 1.0))
        return _better(without, tuned, np.array(self.dataset.classes, np.int64))

    def _once(self, options: TrainOptions, kept_as: str, part: tuple[float, float]) -> Taught:
        begin, end = part

        def told(name: str, share: float, curve: Mapping[str, float]) -> None:
            self.teller.tell("training", begin + (end - begin) * share, name, curve)

        def counted(done: int, of: int) -> None:
            self.teller.tell("features", done / max(1, of), f"{done} of {of}")

        backbone = viewed(self.backbone, replace(self, options=options).views)
        material = gathered(self.dataset, backbone, options, counted)
        trainings = Trainings(
            material, options, self.workspace, told, strategy=self.strategy, kept_as=kept_as
        )
        with trainings.interruption.heard():
            return Taught(material, trainings.all())


def _better(without: Taught, tuned: Taught, truth: Any) -> Taught:
    """By the same pictures, each held out of what answers it."""
    choice = tuned.trained.choice
    assert choice is not None, "there was a phase 2"
    before = worth(without.trained.outcomes, truth)
    if worth(tuned.trained.outcomes, truth) > before:
        return tuned
    told = replace(choice, accuracy_without=before.accuracy, taken=False)
    return replace(without, trained=replace(without.trained, choice=told))
