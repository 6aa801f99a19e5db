"""Everything that can be said about one training."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from trainer.schedule import Schedule
from trainer.stopping import Patience

Strategy = Literal["none", "mirrored", "multiworker"]
Augment = Literal["auto", "none", "upright", "any-way"]
Promote = Literal["gate", "always", "never"]
WATCHED: Final = 0.1
"""Of the training pictures of a large set."""
MOST_OF_A_STEP: Final = 32
STEPS: Final = 8
"""Of an epoch, at least."""


@dataclass(frozen=True, slots=True)
class BackboneChoice:
    """Which pretrained network.

    Attributes:
        name: of a network, path of an ONNX model, or ``auto``.
        weights: ``imagenet``, ``none``, a file, or None for what the network usually has.
        size: side of its input in pixels; its usual one if None.
        taps: tensors of an ONNX model that are features; found automatically when empty.
        views: how often it looks at a picture: 2 mirrors it, 4 turns it upside down, 8 by quarters, too;
            None: once, and while fine-tuning as often as the way it is augmented allows.
    """

    name: str = "auto"
    weights: str | None = None
    size: int | None = None
    taps: tuple[str, ...] = ()
    views: int | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a phase is trained.

    Attributes:
        epochs: at most.
        batch_size: pictures of a step; None takes fewer of few, which would else be learnt from in few steps.
        schedule: of the learning rate.
        patience: of early stopping; None trains all epochs.
        l2: weight of the squared weights of the head in the loss.
        label_smoothing: share of the truth that is spread over all classes, 0..1.
        balanced: whether rare classes weigh as much as common ones.
    """

    epochs: int = 60
    batch_size: int | None = None
    schedule: Schedule = field(default_factory=Schedule)
    patience: Patience | None = field(default_factory=Patience)
    l2: float = 0.0002
    label_smoothing: float = 0.0
    balanced: bool = False

    def batch(self, count: int) -> int:
        """Pictures of a step, where ``count`` are trained on."""
        return self.batch_size or min(MOST_OF_A_STEP, max(1, count // STEPS))


@dataclass(frozen=True, slots=True)
class Tuning:
    """Phase 2: the top blocks of the backbone are trained, too.

    Attributes:
        epochs: at most; 0 leaves the phase out.
        blocks: from the top that are trained.
        rate: of learning at the beginning; it falls as a cosine.
        augment: how pictures are changed: ``upright`` are mirrored, tilted, shifted and tinted; what can lie
            ``any-way`` is mirrored, turned by quarters and tinted, with no pixel blurred; ``auto`` finds out
            which of both the pictures are.
    """

    epochs: int = 0
    blocks: int = 3
    rate: float = 0.00003
    augment: Augment = "auto"


@dataclass(frozen=True, slots=True)
class Division:
    """Which pictures are trained on, watched while training, and held out.

    Attributes:
        validation: a source of other pictures to watch.
        fraction: of the training pictures that is watched where there is no such source; None: ``WATCHED`` of
            a large set, none of a small one, where each is worth more trained on.
        folds: of small sets, each held out once.
        held_out: share of a large set.
        small: sets of fewer pictures are divided into folds.
        least: pictures of each class.
        labels: only these, if any are named.
    """

    validation: Path | None = None
    fraction: float | None = None
    folds: int = 5
    held_out: float = 0.2
    small: int = 1000
    least: int = 10
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gate:
    """When a candidate goes live: if its accuracy is at most ``margin`` below that of the current one."""

    promote: Promote = "gate"
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class Machine:
    """How this machine is used.

    Attributes:
        strategy: of tf.distribute.
        memory: bytes that the process may take; no limit if None.
        mixed_precision: whether phase 2 computes in bfloat16; weights, features and answers stay in float32.
        reuse_features: whether features of earlier runs are taken.
    """

    strategy: Strategy = "none"
    memory: int | None = None
    mixed_precision: bool = False
    reuse_features: bool = True


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """One training.

    Attributes:
        dataset: the data folder, class folders, a zip file, a COCO file or a YOLO set.
        name: of the model in the store.
        data: the data folder, with the store of models.
        workspace: of this training's state.
        reject: share of right answers that may be turned away as "none of these".
        threshold: the confidence to turn away by, instead.
        test_on_train: whether the report has figures of the training pictures, too.
        resume: go on with what a killed training left.
    """

    dataset: Path
    name: str
    data: Path
    workspace: Path
    backbone: BackboneChoice = BackboneChoice()
    recipe: Recipe = field(default_factory=Recipe)
    tuning: Tuning = Tuning()
    division: Division = Division()
    gate: Gate = Gate()
    machine: Machine = Machine()
    seed: int = 0
    reject: float = 0.01
    threshold: float | None = None
    test_on_train: bool = False
    resume: bool = False
    tensorboard: Path | None = None

    def fingerprint(self, data_digest: str, backbone_key: str) -> str:
        """What a state must have been made with to be gone on with."""
        parts: list[Any] = [
            self.recipe,
            self.tuning,
            self.division,
            self.machine.strategy,
            self.backbone.views,
            self.seed,
        ]
        text = json.dumps([data_digest, backbone_key, *map(repr, parts)])
        return hashlib.sha256(text.encode()).hexdigest()
