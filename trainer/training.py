"""The two phases, over all folds and for the model that goes live; what is done is never done twice."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trainer import divide
from trainer.errors import Cancelled
from trainer.feeds import FeatureFeed
from trainer.fitting import Curve, Fitted, Rows, Run, fit, targets_of
from trainer.heads import Head, Scale, head_model, head_of, scale_of, top_model
from trainer.learner import Learner, computing_in
from trainer.outcome import Outcome, Tuned, packed, unpacked, worth
from trainer.schedule import Schedule
from trainer.solved import Lessons, solved
from trainer.upper import upper_of
from trainer.workspace import STATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trainer.divide import Part
    from trainer.feeds import Feed
    from trainer.material import Material
    from trainer.options import Recipe, TrainOptions
    from trainer.upper import Upper
    from trainer.workspace import Workspace

FINAL: Final = "final"
MIXED: Final = "mixed_bfloat16"
FEW: Final = 100
"""Watched pictures, below which fine-tuning takes the mean of its later epochs, not the best one."""


class Interruption:
    """Whether somebody wants the training to end."""

    def __init__(self) -> None:
        self.wanted = threading.Event()

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """SIGINT and SIGTERM only ask; the next step answers."""
        before = {
            number: signal.signal(number, lambda *_: self.wanted.set())
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def check(self) -> None:
        """Raises Cancelled when somebody does."""
        if self.wanted.is_set():
            raise Cancelled("cancelled")


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether phase 2 is taken: it has to be better on all held-out pictures together."""

    accuracy_without: float
    accuracy_with: float
    taken: bool


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """All trainings, the one that goes live, and what phase 2 was worth where there was one."""

    outcomes: list[Outcome]
    final: Outcome
    choice: Choice | None


OnTrained = Callable[[str, float, Mapping[str, float]], None]


class Trainings:
    """Trains part after part.

    Args:
        material: what is trained on.
        options: how.
        workspace: where what is done is kept.
        told: hears name, share (0..1) of all and the figures of each epoch.
        strategy: of tf.distribute; None is one device.
        kept_as: what the names of its files begin with, where others' are in the same workspace.

    Attributes:
        interruption: asks it to end.
    """

    def __init__(
        self,
        material: Material,
        options: TrainOptions,
        workspace: Workspace,
        told: OnTrained,
        *,
        strategy: Any = None,
        kept_as: str = "",
    ) -> None:
        self.interruption = Interruption()
        self._strategy = strategy
        self._kept_as = kept_as
        self._material = material
        self._options = options
        self._workspace = workspace
        self._told = told
        self._upper: Upper | None = None

    def all(self) -> Trained:
        """Of every part, and the one whose model goes live."""
        dataset = self._material.dataset
        parts = divide.parts(dataset, self._options.division, self._options.seed)
        width = 1 / (len(parts) + 1) if len(parts) > 1 else 1.0
        found = []
        for number, part in enumerate(parts):
            place = Place(f"part-{number}", f"fold {number + 1} of {len(parts)}", number * width, width)
            found.append(self._once(place, part, None))
        choice = _chosen(found, np.array(dataset.classes, np.int64))
        outcomes = [each if choice is None or choice.taken else each.without() for each in found]
        if len(parts) == 1:
            return Trained(outcomes, outcomes[0], choice)
        last = Place(FINAL, "final model", 1 - width, width)
        return Trained(outcomes, self._once(last, divide.everything(dataset), _usual(outcomes)), choice)

    def _once(self, place: Place, part: Part, fixed: tuple[int, int] | None) -> Outcome:
        """A part, or what is kept of it from before a kill."""
        name = f"{self._kept_as}{place.key}.npz"
        kept = self._workspace.kept(name)
        if kept is not None:
            self._told(place.name, place.begin + place.width, {})
            return unpacked(kept)
        outcome = self._trained(place, part, fixed)
        self._workspace.keep(name, packed(outcome))
        self._workspace.drop(STATE)
        return outcome

    def _trained(self, place: Place, part: Part, fixed: tuple[int, int] | None) -> Outcome:
        tuned = self._options.tuning.epochs > 0 and (fixed is None or fixed[1] > 0)
        scale = scale_of(self._material.features[part.train], self._material.backbone.depths)
        first = self._phase_1(place.phase(0, 0.2 if tuned else 1.0), part, fixed, scale)
        head = head_of(scale, first.weights)
        curves = {"head": first.curves}
        logits = head.logits(self._material.features[part.held])
        frozen = Outcome(part.held, logits, head, first.best_epoch + 1, None, curves)
        if not tuned:
            return frozen
        second, logits = self._phase_2(place.phase(0.2, 0.8), part, fixed, head)
        tuned_head = head_of(scale, second.weights)
        return replace(
            frozen,
            tuned=Tuned(logits, tuned_head, second.weights[:-2], second.best_epoch + 1),
            curves={**curves, "fine_tuning": second.curves},
        )

    def _phase_1(self, place: Place, part: Part, fixed: tuple[int, int] | None, scale: Scale) -> Fitted:
        material, recipe = self._material, self._options.recipe
        watched = None if material.watched_features is None else FeatureFeed(material.watched_features)
        rows = self._rows(part, watched)
        start = self._start(rows, scale)
        with self._scope():
            learner = Learner(head_model(start), recipe.l2, self._strategy)
        run = self._run(place, "head", fixed and fixed[0], recipe)
        return fit(learner, FeatureFeed(material.features), rows, recipe, run)

    def _start(self, rows: Rows, scale: Scale) -> Head:
        """What the epochs begin with."""
        targets, weights = targets_of(rows, self._options.recipe)
        groups = np.array(self._material.dataset.groups, np.int64)[rows.train]
        features = scale.of(self._material.features[rows.train])
        return head_of(scale, solved(Lessons(features, targets[rows.train], weights[rows.train], groups)))

    def _phase_2(
        self, place: Place, part: Part, fixed: tuple[int, int] | None, head: Head
    ) -> tuple[Fitted, NDArray[Any]]:
        tuning = self._options.tuning
        check = self.interruption.check
        upper = self._upper = self._upper or upper_of(
            self._material, self._options, self._workspace.folder, check
        )
        schedule = Schedule("cosine", tuning.rate, end_rate=tuning.rate / 100)
        recipe = replace(self._options.recipe, epochs=tuning.epochs, schedule=schedule)
        upper.reset()
        with self._scope():
            learner = Learner(top_model(upper.model, head), recipe.l2, self._strategy)
        rows = self._rows(part, upper.watched)
        run = self._run(place, "fine_tuning", fixed and fixed[1], recipe)
        if rows.number_watched < FEW and not run.stop_after:
            # So few say nothing about which epoch is best.
            run = replace(run, stop_after=tuning.epochs)
        if run.stop_after:
            run = replace(run, average_from=run.stop_after // 2)
        with computing_in(MIXED if self._options.machine.mixed_precision else None, upper.whole):
            done = fit(learner, upper.feed, rows, recipe, run)
            if not len(part.held):
                return done, np.zeros((0, head.kernel.shape[1]))
            return done, np.mean([learner.logits(view) for view in upper.feed.seen(part.held)], axis=0)

    def _rows(self, part: Part, watched: Feed | None) -> Rows:
        truth = np.array(self._material.dataset.classes, np.int64)
        labels = len(self._material.dataset.labels)
        return Rows(part.train, part.watched, truth, labels, watched, self._material.watched_truth)

    def _run(self, place: Place, phase: str, stop_after: int | None, recipe: Recipe) -> Run:
        def on_epoch(epoch: int, curve: Curve) -> None:
            share = (epoch + 1) / (stop_after or recipe.epochs)
            self._told(place.name, place.begin + place.width * share, curve)

        keeper = PhaseKeeper(self._workspace, f"{self._kept_as}{place.key}/{phase}", self.interruption)
        return Run(self._options.seed, keeper, on_epoch, stop_after)

    def _scope(self) -> Any:
        return self._strategy.scope() if self._strategy else contextlib.nullcontext()


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the training among all: the key of its files, its name for people, its share of the time."""

    key: str
    name: str
    begin: float
    width: float

    def phase(self, begin: float, width: float) -> Place:
        return replace(self, begin=self.begin + begin * self.width, width=self.width * width)


@dataclass(frozen=True, slots=True)
class PhaseKeeper:
    """The state of one phase of one part; see ``fitting.Keeper``."""

    workspace: Workspace
    name: str
    interruption: Interruption

    def keep(self, arrays: Mapping[str, Any]) -> None:
        self.workspace.keep(STATE, {"phase": np.array(self.name), **arrays})

    def kept(self) -> dict[str, NDArray[Any]] | None:
        found = self.workspace.kept(STATE)
        return found if found is not None and str(found["phase"]) == self.name else None

    def check(self) -> None:
        self.interruption.check()


def _chosen(outcomes: list[Outcome], truth: NDArray[np.int64]) -> Choice | None:
    if any(each.tuned is None for each in outcomes):
        return None
    without, with_it = worth([each.without() for each in outcomes], truth), worth(outcomes, truth)
    return Choice(without.accuracy, with_it.accuracy, with_it > without)


def _usual(outcomes: list[Outcome]) -> tuple[int, int]:
    """Epochs of both phases as they were best in the folds; none of a phase 2 that is not taken."""
    first = max(1, round(float(np.median([each.epochs for each in outcomes]))))
    second = [each.tuned.epochs for each in outcomes if each.tuned]
    return first, round(float(np.median(second))) if second else 0
