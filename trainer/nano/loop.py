"""The training: steps, the moving average of the weights, checkpoints."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from trainer.nano.architecture import NetworkSpec
from trainer.nano.assigner import Truth
from trainer.nano.batches import Batch, Phase, Sampler, batches
from trainer.nano.checkpoint import Checkpoint, save
from trainer.nano.grid import grid
from trainer.nano.loss import Loss, detection_loss
from trainer.nano.network import build
from trainer.nano.schedule import Plan

log = logging.getLogger(__name__)
# Gradients of a longer norm are shortened: one odd picture must not throw the weights far away.
LONGEST_GRADIENT = 10.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds between checkpoints, steps between lines in the log."""

    checkpoint_s: float
    log_steps: int = 50


class Training:
    """Network, averaged weights and optimizer, with one compiled step for each input size."""

    def __init__(self, spec: NetworkSpec, plan: Plan, seed: int = 0) -> None:
        self._plan = plan
        self._model = build(spec, seed)
        self._averaged = {item.path: tf.Variable(item.value, trainable=False) for item in self._model.weights}
        self._optimizer = keras.optimizers.AdamW(
            plan.rate, weight_decay=plan.decay, beta_2=0.99, global_clipnorm=LONGEST_GRADIENT
        )
        self._optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
        self._optimizer.build(self._model.trainable_variables)
        self._steps = {size: self._compiled(size) for size in {stage.phase.size for stage in plan.stages}}
        self.step = 0
        self.spent_s = 0.0

    @property
    def progress(self) -> float:
        return self._plan.progress(self.step, self.spent_s)

    @property
    def phase(self) -> Phase:
        return self._plan.phase(self.progress)

    def learn(self, batch: Batch) -> Loss:
        """One step on one batch."""
        self._optimizer.learning_rate = self._plan.learning_rate(self.step, self.progress)
        truth = Truth(tf.constant(batch.boxes), tf.constant(batch.classes), tf.constant(batch.valid))
        past = tf.constant(self._plan.averaging(self.step), tf.float32)
        loss = self._steps[batch.images.shape[1]](batch.images, truth, batch.weights, past)
        self.step += 1
        return Loss(*(float(part) for part in loss))

    def checkpoint(self) -> Checkpoint:
        weights = {item.path: item.numpy() for item in self._model.weights}
        averaged = {name: item.numpy() for name, item in self._averaged.items()}
        optimizer = {str(number): np.asarray(item) for number, item in enumerate(self._optimizer.variables)}
        return Checkpoint(self.step, self.spent_s, weights, averaged, optimizer)

    def restore(self, checkpoint: Checkpoint) -> None:
        self.step, self.spent_s = checkpoint.step, checkpoint.spent_s
        for item in self._model.weights:
            item.assign(checkpoint.weights[item.path])
            self._averaged[item.path].assign(checkpoint.averaged[item.path])
        for number, item in enumerate(self._optimizer.variables):
            item.assign(checkpoint.optimizer[str(number)])

    def _compiled(self, size: int) -> Any:
        """One traced function for a size: the number of objects of a batch varies without a new trace."""
        cells = grid(size)
        variables = self._model.trainable_variables

        @tf.function(input_signature=_signature())  # type: ignore[untyped-decorator]
        def step(images: tf.Tensor, truth: Truth, weights: tf.Tensor, past: tf.Tensor) -> Loss:
            with tf.GradientTape() as tape:
                maps = self._model(tf.cast(images, self._model.compute_dtype), training=True)
                loss = detection_loss(maps, cells, truth, weights)
            gradients = tape.gradient(loss.total, variables)
            self._optimizer.apply(gradients, variables)
            for item in self._model.weights:
                average = self._averaged[item.path]
                average.assign(average * past + item.value * (1 - past))
            return loss

        return step


def train(training: Training, sampler: Sampler, state: Path, rhythm: Rhythm) -> None:
    """Train until the budget is used up, keeping the state in a file from time to time and at the end."""
    now = saved_at = time.monotonic()
    recent: list[Loss] = []
    for batch in batches(sampler, lambda: training.phase, training.step):
        if training.progress >= 1:
            break
        recent.append(training.learn(batch))
        before, now = now, time.monotonic()
        training.spent_s += now - before
        if training.step % rhythm.log_steps == 0:
            _report(training, recent, batch.images.shape)
            recent.clear()
        if now - saved_at >= rhythm.checkpoint_s:
            save(state, training.checkpoint())
            log.info("kept step %d", training.step)
            saved_at = now
    save(state, training.checkpoint())


def _report(training: Training, losses: Sequence[Loss], shape: tuple[int, ...]) -> None:
    means = np.mean(losses, axis=0)
    log.info(
        "step %d, %.1f min, %.0f %% done, %d pictures a step of %d px: loss %.3f (classes %.3f, boxes %.3f)",
        training.step, training.spent_s / 60, 100 * training.progress, shape[0], shape[1], *means,
    )  # fmt: skip


def _signature() -> tuple[Any, ...]:
    """Shapes of a step's arguments: only the number of objects is left open."""
    truth = Truth(
        tf.TensorSpec((None, None, 4), tf.float32),
        tf.TensorSpec((None, None), tf.int32),
        tf.TensorSpec((None, None), tf.bool),
    )
    return (
        tf.TensorSpec((None, None, None, 3), tf.uint8),
        truth,
        tf.TensorSpec((None, None, None), tf.uint8),
        tf.TensorSpec((), tf.float32),
    )
