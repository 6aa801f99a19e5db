"""The epochs of one phase: batches, early stopping, the best weights, and a state to go on from."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from trainer.figures import cross_entropy, softmax
from trainer.stopping import EarlyStopping

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trainer.feeds import Feed
    from trainer.learner import Learner
    from trainer.options import Recipe

KEPT_APART_S: Final = 2.0
"""Between two writings of the state: what a kill costs at most, beside one epoch."""

Curve = dict[str, float]
OnEpoch = Callable[[int, Curve], None]


class Keeper(Protocol):
    """Where the state of a phase is kept."""

    def keep(self, arrays: Mapping[str, Any]) -> None: ...

    def kept(self) -> dict[str, NDArray[Any]] | None: ...

    def check(self) -> None:
        """Raises Cancelled when the training is to end."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Which pictures a phase trains on and which it watches, and what all of them are.

    Attributes:
        train, watched: numbers of pictures; without watched ones the trained ones are watched.
        truth: class number of every picture.
        classes: how many there are.
        watched_feed: of the watched pictures, where they are others than those of the feed.
        watched_truth: of them.
    """

    train: NDArray[np.int64]
    watched: NDArray[np.int64]
    truth: NDArray[np.int64]
    classes: int
    watched_feed: Feed | None = None
    watched_truth: NDArray[np.int64] | None = None

    @property
    def number_watched(self) -> int:
        return len(self.watched if self.watched_truth is None else self.watched_truth)


@dataclass(slots=True, eq=False)
class Fitted:
    """What came of a phase: the best epoch (from 0), its weights, and the figures of every epoch."""

    best_epoch: int
    weights: list[NDArray[Any]]
    curves: list[Curve] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What a phase has around it.

    Attributes:
        seed: of batches and augmentation.
        keeper: of its state.
        on_epoch: is told the figures of each epoch.
        stop_after: so many epochs are trained, and the last one is taken, whatever the watched pictures say.
        average_from: with ``stop_after``: the mean of the weights after this epoch (from 0) and later ones
            is taken (Izmailov et al. 2018).
        kept_apart_s: seconds between two writings of the state.
    """

    seed: int
    keeper: Keeper
    on_epoch: OnEpoch
    stop_after: int | None = None
    average_from: int | None = None
    kept_apart_s: float = KEPT_APART_S


def fit(learner: Learner, feed: Feed, rows: Rows, recipe: Recipe, run: Run) -> Fitted:
    """Train until the epochs or the patience are used up; the learner ends with the best weights.

    Args:
        learner: with the weights to begin with.
        feed: inputs of all pictures.
        rows: which of them.
        recipe: how.
        run: seed, keeper and who is told.
    """
    stopping = EarlyStopping(recipe.patience)
    done = Fitted(-1, learner.weights())
    _restored(learner, stopping, done, run.keeper)
    kept_at = time.monotonic()
    targets, weights = targets_of(rows, recipe)
    while not _finished(stopping, len(done.curves), recipe, run.stop_after):
        epoch = len(done.curves)
        loss = _epoch(learner, feed, rows, recipe, run, epoch, (targets, weights))
        curve = {
            "loss": loss,
            "rate": recipe.schedule.at(epoch, recipe.epochs),
            **_watched(learner, feed, rows),
        }
        done.curves.append(curve)
        if stopping.judge(epoch, curve[f"val_{stopping.metric}"]).best or run.stop_after:
            done.best_epoch, done.weights = epoch, _taken(learner.weights(), done.weights, epoch, run)
        if time.monotonic() - kept_at >= run.kept_apart_s:
            _keep(learner, stopping, done, run.keeper)
            kept_at = time.monotonic()
        run.on_epoch(epoch, curve)
    learner.set_weights(done.weights)
    return done


def _taken(now: list[NDArray[Any]], before: list[NDArray[Any]], epoch: int, run: Run) -> list[NDArray[Any]]:
    first = run.average_from
    if first is None or epoch <= first:
        return now
    share = 1 / (epoch - first + 1)
    return [old + (new - old) * share for old, new in zip(before, now, strict=True)]


def _epoch(
    learner: Learner, feed: Feed, rows: Rows, recipe: Recipe, run: Run, epoch: int, what: tuple[Any, Any]
) -> float:
    """One pass over the training pictures in an order of its own; returns the mean loss."""
    order = np.random.default_rng([run.seed, epoch]).permutation(rows.train)
    size = recipe.batch(len(order))
    steps = range(0, len(order), size)
    total = 0.0
    for number, start in enumerate(steps):
        run.keeper.check()
        chosen = order[start : start + size]
        rate = recipe.schedule.at(epoch + number / len(steps), recipe.epochs)
        inputs = feed.batch(chosen, (run.seed * 1_000_003 + epoch) * 1_000_003)
        total += learner.learn(inputs, what[0][chosen], what[1][chosen], rate) * len(chosen)
    return total / len(order)


def targets_of(rows: Rows, recipe: Recipe) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What is to be answered, smoothed, and how much each picture weighs (1 in the mean)."""
    share = recipe.label_smoothing
    targets = np.eye(rows.classes, dtype=np.float32)[rows.truth] * (1 - share) + share / rows.classes
    weights = np.ones(len(rows.truth), np.float32)
    if recipe.balanced:
        counts = np.bincount(rows.truth[rows.train], minlength=rows.classes)
        of_class = len(rows.train) / (np.count_nonzero(counts) * np.maximum(counts, 1))
        weights = of_class[rows.truth].astype(np.float32)
    return targets.astype(np.float32), weights


def _watched(learner: Learner, feed: Feed, rows: Rows) -> Curve:
    if rows.watched_feed is not None and rows.watched_truth is not None:
        truth = rows.watched_truth
        logits = learner.logits(rows.watched_feed.plain(range(len(truth))))
    else:
        chosen = rows.watched if len(rows.watched) else rows.train
        truth = rows.truth[chosen]
        logits = learner.logits(feed.plain(chosen))
    accuracy = float((logits.argmax(axis=1) == truth).mean())
    return {"val_loss": cross_entropy(softmax(logits), truth), "val_accuracy": accuracy}


def _finished(stopping: EarlyStopping, epochs: int, recipe: Recipe, stop_after: int | None) -> bool:
    """Whether the epochs or the patience were used up, in this process or an earlier one."""
    if stop_after is not None or stopping.patience is None:
        return epochs >= (stop_after or recipe.epochs)
    return epochs >= recipe.epochs or (
        epochs > 0 and epochs - 1 - stopping.best_epoch >= stopping.patience.epochs
    )


def _keep(learner: Learner, stopping: EarlyStopping, done: Fitted, keeper: Keeper) -> None:
    names = sorted(done.curves[0])
    keeper.keep(
        {
            **{f"learner:{name}": array for name, array in learner.state().items()},
            **{f"best:{number}": array for number, array in enumerate(done.weights)},
            "curve_names": np.array(names),
            "curves": np.array([[curve[name] for name in names] for curve in done.curves]),
            "stopping": np.array([stopping.best, stopping.best_epoch, done.best_epoch]),
        }
    )


def _restored(learner: Learner, stopping: EarlyStopping, done: Fitted, keeper: Keeper) -> None:
    kept = keeper.kept()
    if kept is None:
        return
    learner.restore(
        {name.partition(":")[2]: array for name, array in kept.items() if name.startswith("learner:")}
    )
    done.weights = [kept[f"best:{number}"] for number in range(len(done.weights))]
    names = [str(name) for name in kept["curve_names"]]
    done.curves = [dict(zip(names, map(float, row), strict=True)) for row in kept["curves"]]
    stopping.best, stopping.best_epoch = float(kept["stopping"][0]), int(kept["stopping"][1])
    done.best_epoch = int(kept["stopping"][2])
