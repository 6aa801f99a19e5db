"""The epochs of a phase: what they learn, when they stop, what they go on from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from detectors.manifest import InputSpec
from tests.trainer.pictures import drawn
from trainer.backbones.choice import choose
from trainer.backbones.prepared import prepared
from trainer.errors import Cancelled
from trainer.feeds import FeatureFeed, PictureFeed, any_way, upright
from trainer.fitting import Curve, Fitted, Rows, Run, fit
from trainer.heads import Head, head_model, head_of, scale_of
from trainer.learner import Learner, computing_in
from trainer.options import BackboneChoice, Recipe
from trainer.schedule import Schedule
from trainer.stopping import Patience

RATE = Schedule("constant", 0.05)


class Kept:
    """A state in memory; asks to end after some steps."""

    def __init__(self, steps: int = 10**9) -> None:
        self.state: dict[str, Any] | None = None
        self.steps = steps

    def keep(self, arrays: Mapping[str, Any]) -> None:
        self.state = {name: np.array(array) for name, array in arrays.items()}

    def kept(self) -> dict[str, Any] | None:
        return self.state

    def check(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise Cancelled("cancelled")


def clouds(count: int = 60, apart: float = 1.0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Two clouds of features, and which is which."""
    rng = np.random.default_rng(0)
    truth = np.arange(count) % 2
    rows = rng.normal(0, 1, (count, 6)) + truth[:, None] * apart
    return rows.astype(np.float32), truth.astype(np.int64)


def unknowing(features: NDArray[np.float32]) -> Head:
    """A head for two classes that has no opinion yet."""
    width = features.shape[1]
    return Head(scale_of(features, (width,)), np.zeros((width, 2), np.float32), np.zeros(2, np.float32))


def trained(
    recipe: Recipe, *, seed: int = 0, keeper: Kept | None = None, curves: list[Curve] | None = None,
    truth: NDArray[np.int64] | None = None, strategy: Any = None, **more: Any,
) -> tuple[Learner, Fitted]:  # fmt: skip
    features, usual = clouds()
    truth = usual if truth is None else truth
    scope = strategy.scope() if strategy else tf.name_scope("")
    with scope:
        learner = Learner(head_model(unknowing(features)), recipe.l2, strategy)
    rows = Rows(np.arange(40), np.arange(40, 60), truth, 2)
    heard = [] if curves is None else curves
    run = Run(seed, keeper or Kept(), lambda epoch, curve: heard.append(curve), kept_apart_s=0, **more)
    return learner, fit(learner, FeatureFeed(features), rows, recipe, run)


def test_learns_and_tells_of_every_epoch() -> None:
    curves: list[Curve] = []
    _, done = trained(Recipe(20, 8, RATE, None), curves=curves)
    assert len(curves) == len(done.curves) == 20
    assert curves[-1]["loss"] < 0.6 * curves[0]["loss"]
    assert max(curve["val_accuracy"] for curve in curves) > 0.8


def test_the_mean_of_the_later_epochs_is_taken_also_after_an_interruption() -> None:
    recipe = Recipe(6, 8, RATE, None)
    ends = [trained(recipe, stop_after=epochs)[1].weights for epochs in (4, 5, 6)]
    learner, done = trained(recipe, stop_after=6, average_from=3)
    for number, array in enumerate(done.weights):
        np.testing.assert_allclose(array, np.mean([end[number] for end in ends], axis=0), atol=1e-6)
        np.testing.assert_array_equal(learner.weights()[number], array)
    assert done.best_epoch == 5
    keeper = Kept(steps=5 * 5 + 2)
    with pytest.raises(Cancelled):
        trained(recipe, keeper=keeper, stop_after=6, average_from=3)
    keeper.steps = 10**9
    _, resumed = trained(recipe, keeper=keeper, stop_after=6, average_from=3)
    for number, array in enumerate(done.weights):
        np.testing.assert_allclose(resumed.weights[number], array, atol=1e-6)


def test_layers_compute_in_another_precision_only_meanwhile() -> None:
    backbone = choose(BackboneChoice("squeezenet", "none", 32), Path("/nowhere"))
    pixels = prepared(np.stack([drawn("dots", 1, 32)]), backbone.input)
    exact = np.asarray(backbone.model(pixels), np.float32)
    with computing_in("mixed_bfloat16", backbone.model):
        rough = backbone.model(pixels)
        assert rough.dtype == "bfloat16"
    again = backbone.model(pixels)
    assert again.dtype == "float32"
    np.testing.assert_array_equal(np.asarray(again), exact)
    difference = np.abs(np.asarray(rough, np.float32) - exact).max()
    assert 0 < difference < 0.05 * np.abs(exact).max()


@pytest.mark.parametrize("metric", ["loss", "accuracy"])
def test_stops_early_and_takes_the_best_weights_back(metric: Any) -> None:
    # The watched pictures are called the contrary: they become worse from the first epochs on.
    _, truth = clouds()
    truth[40:] = 1 - truth[40:]
    learner, done = trained(Recipe(50, 8, RATE, Patience(metric, 0.0, 3)), truth=truth)
    values = [curve[f"val_{metric}"] for curve in done.curves]
    best = int(np.argmin(values) if metric == "loss" else np.argmax(values))
    assert done.best_epoch == best
    assert len(values) == best + 4 < 50
    features, _ = clouds()
    logits = learner.logits(features[40:])
    assert float((logits.argmax(axis=1) == truth[40:]).mean()) == done.curves[best]["val_accuracy"]


def test_the_rate_follows_the_schedule() -> None:
    schedule = Schedule("exponential", 0.05, decay=0.5, decay_epochs=2)
    _, done = trained(Recipe(6, 8, schedule, None))
    assert [curve["rate"] for curve in done.curves] == [0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125]


def test_a_rate_of_almost_nothing_changes_almost_nothing() -> None:
    _, done = trained(Recipe(1, 8, Schedule("constant", 1e-9), None))
    assert np.abs(done.weights[-2]).max() < 1e-6


def test_a_seed_reproduces_and_another_does_not() -> None:
    recipe = Recipe(5, 8, RATE, None)
    first, again, other = (trained(recipe, seed=seed)[1].weights for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("steps", [1, 12, 33])
def test_goes_on_as_if_it_had_never_been_ended(steps: int) -> None:
    recipe = Recipe(10, 8, Schedule("cosine", 0.05), Patience("loss", 0.0, 4))
    _, whole = trained(recipe)
    keeper = Kept(steps)
    with pytest.raises(Cancelled):
        trained(recipe, keeper=keeper)
    keeper.steps = 10**9
    _, resumed = trained(recipe, keeper=keeper)
    assert resumed.best_epoch == whole.best_epoch
    assert resumed.curves == whole.curves
    assert all(np.array_equal(a, b) for a, b in zip(resumed.weights, whole.weights, strict=True))


def test_what_was_finished_is_not_trained_again() -> None:
    recipe = Recipe(6, 8, RATE, None)
    keeper = Kept()
    _, whole = trained(recipe, keeper=keeper)
    keeper.steps = 0
    _, again = trained(recipe, keeper=keeper)
    assert again.curves == whole.curves


def biases(recipe: Recipe) -> float:
    """Answered mean probability of the rare class where features tell nothing."""
    truth = (np.arange(60) % 10 == 0).astype(np.int64)
    features = np.zeros((60, 2), np.float32)
    learner = Learner(head_model(unknowing(features)), 0.0)
    fit(
        learner,
        FeatureFeed(features),
        Rows(np.arange(60), np.arange(0), truth, 2),
        recipe,
        Run(0, Kept(), lambda *_: None, 60),
    )
    logits = learner.logits(features[:1])[0]
    return float(1 / (1 + np.exp(logits[0] - logits[1])))


def test_class_weights_let_rare_classes_count_as_much() -> None:
    assert biases(Recipe(60, 20, RATE, None)) == pytest.approx(0.1, abs=0.03)
    assert biases(Recipe(60, 20, RATE, None, balanced=True)) == pytest.approx(0.5, abs=0.05)


def test_label_smoothing_keeps_answers_from_certainty() -> None:
    truth = np.arange(60) % 2
    features = truth[:, None].astype(np.float32).repeat(2, 1)
    sure = []
    for share in (0.0, 0.2):
        learner = Learner(head_model(unknowing(features)), 0.0)
        recipe = Recipe(80, 20, Schedule("constant", 0.3), None, label_smoothing=share)
        rows = Rows(np.arange(60), np.arange(0), truth.astype(np.int64), 2)
        fit(learner, FeatureFeed(features), rows, recipe, Run(0, Kept(), lambda *_: None, 80))
        logits = learner.logits(features[:1])[0]
        sure.append(float(1 / (1 + np.exp(logits[1] - logits[0]))))
    assert sure[0] > 0.99
    assert sure[1] == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize(
    ("given", "count", "size"), [(None, 1000, 32), (None, 48, 6), (None, 3, 1), (16, 48, 16)]
)
def test_of_few_pictures_a_step_takes_few(given: int | None, count: int, size: int) -> None:
    assert Recipe(batch_size=given).batch(count) == size


def test_mirrored_learns_the_same() -> None:
    recipe = Recipe(5, 8, RATE, None)
    _, alone = trained(recipe)
    _, mirrored = trained(recipe, strategy=tf.distribute.MirroredStrategy(["/cpu:0"]))
    for a, b in zip(alone.weights, mirrored.weights, strict=True):
        assert np.allclose(a, b, atol=1e-5)


def test_a_head_folds_its_scale() -> None:
    features, _ = clouds()
    _, done = trained(Recipe(5, 8, RATE, None))
    head = head_of(scale_of(features, features.shape[1:]), done.weights)
    kernel, bias = head.folded()
    assert np.allclose(features @ kernel + bias, head.logits(features), atol=1e-4)


def test_the_few_features_of_an_early_depth_weigh_as_much_as_the_many_of_a_late_one() -> None:
    features = np.random.default_rng(0).normal(5, 3, (500, 4 + 60)).astype(np.float32)
    scale = scale_of(features, (4, 60))
    scaled = (features - scale.mean) * scale.factor
    early, late = (float((part**2).sum(axis=1).mean()) for part in (scaled[:, :4], scaled[:, 4:]))
    assert (early, late) == pytest.approx((0.5, 0.5), rel=0.01)


@pytest.mark.parametrize("change", [upright, any_way])
def test_augmentation_depends_on_its_seed_alone(change: Any) -> None:
    picture = drawn("stripes", 1, 64)
    assert np.array_equal(change(picture, 5), change(picture, 5))
    assert not np.array_equal(change(picture, 5), change(picture, 6))
    assert change(picture, 5).shape == picture.shape


def test_only_batches_to_train_on_are_changed() -> None:
    picture = drawn("stripes", 1, 64)
    feed = PictureFeed(np.stack([picture] * 3), InputSpec(width=64, height=64), "upright")
    batch = feed.batch([0, 1], 7)
    assert not np.array_equal(batch[0], batch[1])
    assert np.array_equal(feed.plain([2])[0], picture)
