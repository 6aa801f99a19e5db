"""The compiled graph against an independent decode in numpy."""

from dataclasses import replace

import numpy as np
import onnxruntime
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from miniature import BOXES, BUILDERS, CELLS, LABELS, SIDE, Recipe, build
from miniature import ultralytics as v8_miniature
from onnx import TensorProto, helper, numpy_helper, version_converter

from detectors.compiling.graph import compile_graph
from detectors.compiling.modelfile import parse, signature, with_input
from detectors.families import FAMILIES, candidates
from detectors.session import Limits, SessionOptions, open_session, raw_outputs

CPU = SessionOptions(provider="cpu")
EVALUATION = Limits(min_confidence=0.001, iou=0.65, multi_label=True, max_candidates=2000)
LIMITS = (Limits(), Limits(multi_label=True), EVALUATION, Limits(0.01, 0.1, max_candidates=3), Limits(0.99))
MANY = Recipe(batch=None)


def compiled(model, tmp_path):
    """The session of a model, and what its outputs mean to the oracle."""
    read = with_input(parse(model.SerializeToString(), tmp_path).model, (SIDE, SIDE))
    family, head = next(iter(candidates(signature(read)).items()))
    spec = FAMILIES[family].input(head)
    graph = compile_graph(read, family, head, spec).SerializeToString()

    def expected(images, limits):
        names = [output.name for output in read.graph.output]
        raw = raw_outputs(read.SerializeToString(), oracle.pixels(images, spec))
        return oracle.hits(oracle.DECODES[family](dict(zip(names, raw, strict=True)), (SIDE, SIDE)), limits)

    return open_session(graph, CPU), expected


def random_model(family, seed, recipe=MANY):
    """A head that sees boxes everywhere, more in bright pictures."""
    rng = np.random.default_rng(seed)
    classes = 4

    def values(low, high, *shape):
        return rng.uniform(low, high, (1, *shape)).astype(np.float32)

    if family == "yolox":
        dark = np.concatenate([values(-0.5, 1.5, CELLS, 4), values(0, 0.5, CELLS, 1 + classes)], axis=2)
        lit = np.concatenate([values(0, 0.2, CELLS, 4), values(0, 0.5, CELLS, 1 + classes)], axis=2)
        return build({"output": dark}, {"output": lit}, recipe)
    if family == "ultralytics-v8":
        dark = np.concatenate([values(8, 56, 4, CELLS), values(0, 0.4, classes, CELLS)], axis=1)
        lit = np.concatenate([values(0, 4, 4, CELLS), values(0, 0.6, classes, CELLS)], axis=1)
        return build({"output0": dark}, {"output0": lit}, recipe, white=1)
    grids = ((8, 8), (16, 4), (32, 2))
    dark = {f"cls{stride}": values(-6, 1, classes, grid, grid) for stride, grid in grids}
    dark |= {f"reg{stride}": values(-1, 1, 4, grid, grid) for stride, grid in grids}
    lit = {name: values(0, 1, *base.shape[1:]) for name, base in dark.items()}
    return build(dark, lit, recipe)


def pictures(seed, count):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)
    return (images * np.linspace(1, 0, count).reshape(-1, 1, 1, 1)).astype(np.uint8)


@pytest.mark.parametrize("family", BUILDERS)
def test_a_white_picture_shows_two_known_objects_and_a_black_one_nothing(family, tmp_path):
    session, _ = compiled(BUILDERS[family](), tmp_path)
    found = oracle.hits_of(session.run(np.full((1, SIDE, SIDE, 3), 255, np.uint8), Limits()))
    assert [LABELS[hit.label] for hit in found] == ["bee", "cow"]
    for hit in found:
        np.testing.assert_allclose(hit.box, BOXES[LABELS[hit.label]], atol=0.01)
    nothing = session.run(np.zeros((1, SIDE, SIDE, 3), np.uint8), Limits())
    assert nothing.boxes.shape == (0, 4)
    assert nothing.scores.shape == nothing.classes.shape == nothing.picture.shape == (0,)


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("family", BUILDERS)
def test_equal_to_the_oracle_in_every_mode(family, limits, tmp_path):
    session, expected = compiled(random_model(family, seed=1), tmp_path)
    images = pictures(2, 5)
    oracle.assert_same(session.run(images, limits), expected(images, limits))


@pytest.mark.parametrize("family", BUILDERS)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 4))
@settings(max_examples=8, deadline=None, derandomize=True)  # near ties may fall either way
def test_equal_to_the_oracle_on_random_heads(family, seed, count, tmp_path_factory):
    session, expected = compiled(random_model(family, seed), tmp_path_factory.mktemp("models"))
    images = pictures(seed, count)
    for limits in (Limits(), EVALUATION):
        oracle.assert_same(session.run(images, limits), expected(images, limits))


@pytest.mark.parametrize("family", BUILDERS)
def test_a_batch_gives_each_picture_exactly_what_it_gets_alone(family, tmp_path):
    session, _ = compiled(random_model(family, seed=3), tmp_path)
    images = pictures(4, 4)
    together = session.run(images, EVALUATION)
    assert len(set(together.picture)) > 1
    for number, image in enumerate(images):
        alone = session.run(image[None], EVALUATION)
        mine = together.picture == number
        assert np.array_equal(together.boxes[mine], alone.boxes)
        assert np.array_equal(together.scores[mine], alone.scores)
        assert np.array_equal(together.classes[mine], alone.classes)


@given(seed=st.integers(0, 2**32 - 1), limit=st.floats(0.05, 0.95))
@settings(max_examples=10, deadline=None)
def test_suppression_is_idempotent(seed, limit, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    limits = Limits(0.25, limit)
    white = np.full((1, SIDE, SIDE, 3), 255, np.uint8)
    first, _ = compiled(random_model("ultralytics-v8", seed), folder)
    once = first.run(white, limits)
    columns = np.zeros((1, 8, CELLS), np.float32)
    for cell, (box, score, label) in enumerate(zip(once.boxes, once.scores, once.classes, strict=True)):
        columns[0, :4, cell] = *(box[:2] + box[2:]) / 2, *(box[2:] - box[:2])
        columns[0, 4 + label, cell] = score
    again, _ = compiled(build({"o": columns}, {"o": np.zeros_like(columns)}), folder)
    twice = again.run(white, limits)
    assert sorted(twice.scores.tolist()) == sorted(once.scores.tolist())


def test_a_box_of_two_classes_is_told_once_or_twice(tmp_path):
    session, _ = compiled(v8_miniature(), tmp_path)
    white = np.full((1, SIDE, SIDE, 3), 255, np.uint8)
    assert sorted(session.run(white, Limits()).classes) == [1, 2]
    assert sorted(session.run(white, Limits(multi_label=True)).classes) == [0, 1, 2]


def test_the_score_limit_itself_is_left_out(tmp_path):
    session, _ = compiled(v8_miniature(), tmp_path)
    white = np.full((1, SIDE, SIDE, 3), 255, np.uint8)
    scores = session.run(white, Limits()).scores
    above = session.run(white, Limits(min_confidence=float(scores.min())))
    assert len(above.scores) == len(scores) - 1


@pytest.mark.parametrize("opset", [11, 12, 13, 16, 17, 18, 20, 21])
@pytest.mark.parametrize("family", BUILDERS)
def test_models_of_any_opset_are_brought_together(family, opset, tmp_path):
    if opset >= 18:
        # There ReduceMean takes its axes as an input: let onnx itself rewrite the model.
        model = version_converter.convert_version(BUILDERS[family](), opset)
    else:
        model = BUILDERS[family](Recipe(opset=opset))
    session, _ = compiled(model, tmp_path)
    found = session.run(np.full((1, SIDE, SIDE, 3), 255, np.uint8), Limits())
    assert sorted(found.classes) == [1, 2]


def test_preparation_is_that_of_numpy_bit_for_bit(tmp_path):
    """Seen at the seam between preparation and model."""
    model = random_model("yolox", seed=5)
    read = with_input(parse(model.SerializeToString(), tmp_path).model, None)
    family, head = next(iter(candidates(signature(read)).items()))
    images = pictures(6, 2)
    for channels in ("bgr", "rgb"):
        spec = (
            FAMILIES[family]
            .input(head)
            .model_copy(
                update={
                    "channels": channels,
                    "mean": (103.53, 116.28, 123.675),
                    "std": (57.375, 57.12, 58.395),
                }
            )
        )
        graph = compile_graph(read, family, head, spec)
        # The tensor between preparation and model, as one more output.
        value = next(v for v in graph.graph.value_info if v.name == "sightline.pixels")
        graph.graph.output.append(value)
        inner = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
        feeds = {
            "images": images,
            "score_limit": np.array(0.5, np.float32),
            "iou_limit": np.array(0.5, np.float32),
            "multi_label": np.array(False),
            "max_candidates": np.array([10]),
        }
        [got] = inner.run(["sightline.pixels"], feeds)
        assert np.array_equal(got, oracle.pixels(images, spec))


def test_more_candidates_than_cells_is_no_error(tmp_path):
    session, expected = compiled(random_model("yolox", seed=7), tmp_path)
    limits = replace(EVALUATION, max_candidates=10**9)
    images = pictures(8, 1)
    oracle.assert_same(session.run(images, limits), expected(images, limits))


@pytest.mark.parametrize("depth", [1, 2])
def test_branches_take_weights_from_around_them(depth, tmp_path):
    model = BUILDERS["yolox"]()
    graph = model.graph
    graph.initializer.append(numpy_helper.from_array(np.array(True), "always"))
    graph.initializer.append(numpy_helper.from_array(np.float32(1), "one"))
    node = helper.make_node("Identity", ["one"], ["factor"])
    for _ in range(depth):
        out = [helper.make_tensor_value_info("factor", TensorProto.FLOAT, [])]
        branches = (helper.make_graph([node], "branch", [], out) for _ in range(2))
        node = helper.make_node(
            "If", ["always"], ["factor"], **dict(zip(("then_branch", "else_branch"), branches, strict=True))
        )
    graph.node.extend([node, helper.make_node("Mul", ["output", "factor"], ["scaled"])])
    graph.output[0].name = "scaled"
    session, _ = compiled(model, tmp_path)
    found = oracle.hits_of(session.run(np.full((1, SIDE, SIDE, 3), 255, np.uint8), Limits()))
    assert [LABELS[hit.label] for hit in found] == ["bee", "cow"]


def test_weights_that_nothing_uses_do_not_come_along(tmp_path, capfd):
    model = BUILDERS["yolox"]()
    model.graph.initializer.append(numpy_helper.from_array(np.ones(1000, np.float32), "left over"))
    read = with_input(parse(model.SerializeToString(), tmp_path).model, (SIDE, SIDE))
    family, head = next(iter(candidates(signature(read)).items()))
    graph = compile_graph(read, family, head, FAMILIES[family].input(head))
    assert not [tensor.name for tensor in graph.graph.initializer if "left over" in tensor.name]
    onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    assert capfd.readouterr().err == ""
