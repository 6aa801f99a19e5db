"""Looking at a picture several times: the same in numpy, in Keras and as ONNX."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.compiling.alone import Alone
from detectors.compiling.batchaxis import free_batch
from detectors.session import raw_outputs
from tests.trainer.pictures import drawn
from trainer.backbones.backbone import Tunable
from trainer.backbones.choice import choose
from trainer.backbones.prepared import prepared
from trainer.backbones.viewed import VIEWS, viewed
from trainer.errors import TrainerError
from trainer.options import BackboneChoice
from trainer.orientation import UP, told_apart

SIDE = 48


def backbone(name: str, weights: str | None, size: int | None) -> Any:
    return choose(BackboneChoice(name, weights, size), Path("/nowhere"))


def pictures() -> NDArray[np.uint8]:
    return np.stack([drawn(kind, 1, SIDE) for kind in ("dots", "stripes", "plain")])


@pytest.mark.parametrize("number", VIEWS)
def test_all_views_are_others_and_are_all_there_are(number: int) -> None:
    image = pictures()[:1]
    seen = {view.of(image).tobytes() for view in VIEWS[number]}
    assert len(seen) == number
    # A picture that is one of its own views is seen in the same ways.
    for view in VIEWS[number]:
        assert {each.of(view.of(image)).tobytes() for each in VIEWS[number]} == seen


@pytest.mark.parametrize(
    ("name", "weights", "size"), [("squeezenet", "none", SIDE), ("sightline-nano", None, None)]
)
def test_the_features_are_their_mean_also_as_onnx(name: str, weights: str | None, size: int | None) -> None:
    single = backbone(name, weights, size)
    several = viewed(single, 8)
    assert isinstance(several, Tunable) == isinstance(single, Tunable)
    images = np.stack([drawn(kind, 1, single.input.width) for kind in ("dots", "stripes", "plain")])
    rows = [single.features(np.ascontiguousarray(view.of(images))) for view in VIEWS[8]]
    found = several.features(images)
    np.testing.assert_allclose(found, np.mean(rows, axis=0), atol=1e-5)
    largest = np.abs(found).max()
    # However a picture lies, it is the same.
    turned = several.features(np.ascontiguousarray(np.rot90(images, axes=(1, 2))))
    assert np.abs(turned - found).max() < 1e-4 * largest
    assert np.abs(rows[2] - found).max() > 1e-3 * largest
    planes = np.ascontiguousarray(prepared(images, several.input).transpose(0, 3, 1, 2))
    graph = free_batch(Alone(several.graph()), several.input)
    answers = raw_outputs(graph.SerializeToString(), planes)[0]
    assert np.abs(answers - found).max() < 1e-3 * largest
    assert several.key != single.key
    assert several.about.endswith("the mean of 8 views")


def test_only_what_is_square_is_turned() -> None:
    oblong = backbone("squeezenet", "none", SIDE)
    oblong.input = oblong.input.model_copy(update={"width": 64})
    with pytest.raises(TrainerError, match="no square"):
        viewed(oblong, 8)
    assert len(viewed(oblong, 2).about) > len(oblong.about)


def test_what_is_upright_is_told_from_what_is_not() -> None:
    rng = np.random.default_rng(0)
    groups = list(range(30)) * 2
    plain = rng.normal(0, 1, (60, 8)).astype(np.float32)
    lit_from_above = np.eye(8)[0] * 4
    assert told_apart(plain + lit_from_above, plain - lit_from_above, groups) > 0.95
    assert told_apart(plain, rng.normal(0, 1, (60, 8)).astype(np.float32), groups) < UP - 0.1
    # Only pictures of other groups tell: what is remembered of one does not count.
    own = np.repeat(rng.normal(0, 9, (30, 8)), 2, axis=0).astype(np.float32)
    assert told_apart(own, -own, [number // 2 for number in range(60)]) < UP
