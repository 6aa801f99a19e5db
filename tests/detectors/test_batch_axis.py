"""A model is run in batches only when a trial shows that its pictures stay independent."""

import numpy as np
import oracle
import pytest
from miniature import BUILDERS, SIDE, Recipe, yolox

from detectors.detector import load
from detectors.session import Limits, SessionOptions, open_session

CPU = SessionOptions(provider="cpu", workers=1)


def opened(model, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    (tmp_path / "model.json").write_text('{"labels": ["ant", "bee", "cow"]}')
    return load(str(path), CPU, cache=tmp_path / "cache")


@pytest.mark.parametrize("family", BUILDERS)
def test_a_batch_of_one_that_only_reshapes_fix_is_freed(family, tmp_path):
    session = opened(BUILDERS[family](), tmp_path)._session
    assert session.any_batch
    images = np.stack([np.full((SIDE, SIDE, 3), level, np.uint8) for level in (255, 0, 255)])
    found = oracle.hits_of(session.run(images, Limits()))
    assert [(hit.picture, hit.label) for hit in found] == [(0, 1), (0, 2), (2, 1), (2, 2)]


@pytest.mark.parametrize("batch", [1, None])
def test_pictures_that_influence_each_other_stay_alone(batch, tmp_path):
    session = opened(yolox(Recipe(batch=batch, coupled=True)), tmp_path)._session
    assert not session.any_batch
    assert len(session.run(np.full((1, SIDE, SIDE, 3), 128, np.uint8), Limits()).boxes) == 2


def test_an_open_batch_stays_open(tmp_path):
    assert opened(yolox(Recipe(batch=None)), tmp_path)._session.any_batch


def test_infer_takes_any_number_of_pictures_whatever_the_model_takes(tmp_path):
    detector = opened(yolox(Recipe(coupled=True)), tmp_path)
    white, black = (detector.prepare(np.full((SIDE, SIDE, 3), level, np.uint8)) for level in (255, 0))
    counts = [len(found) for found in detector.infer([white, black, white, black, black], Limits())]
    assert counts == [2, 0, 2, 0, 0]


def test_a_graph_that_does_not_load_is_refused_on_one_line():
    from detectors.errors import ModelLoadError

    with pytest.raises(ModelLoadError) as raised:
        open_session(b"no graph", CPU)
    assert "\n" not in str(raised.value)
