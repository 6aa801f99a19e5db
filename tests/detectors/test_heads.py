"""Every family's graph against its decode in plain loops."""

import numpy as np
import oracle
import pytest
from heads import KINDS
from onnx import TensorProto, helper, numpy_helper
from plain import SIDE, Kind

from detectors.coco import COCO_LABELS
from detectors.compiling.alone import Alone
from detectors.compiling.graph import compile_graph
from detectors.compiling.modelfile import parse, signature, with_input
from detectors.errors import UnknownFamily
from detectors.families import FAMILIES, candidates
from detectors.recognising.recognition import sample
from detectors.session import Limits, SessionOptions, open_session

LIMITS = (Limits(), Limits(0.05, 0.65, multi_label=True, max_candidates=2000), Limits(0.3, max_candidates=7))


def constant_model(kind, outputs):
    """A model that answers with these outputs, whatever it sees."""
    nodes = [helper.make_node("ReduceMean", ["pixels"], ["mean"], keepdims=0)]
    nodes.append(helper.make_node("Mul", ["mean", "zero"], ["nothing"]))
    constants = [numpy_helper.from_array(np.float32(0), "zero")]
    infos = []
    for name, values in outputs.items():
        kind_of_number = helper.np_dtype_to_tensor_dtype(values.dtype)
        constants.append(numpy_helper.from_array(values.astype(np.float32), f"{name}.values"))
        nodes.append(helper.make_node("Add", [f"{name}.values", "nothing"], [f"{name}.float"]))
        nodes.append(helper.make_node("Cast", [f"{name}.float"], [name], to=kind_of_number))
        infos.append(helper.make_tensor_value_info(name, kind_of_number, values.shape))
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, (1, 3, SIDE, SIDE))
    graph = helper.make_graph(nodes, "head", [pixels], infos, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    for key, value in kind.metadata:
        model.metadata_props.add(key=key, value=value)
    return model


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("seed", range(2))
def test_equal_to_plain_loops(name, seed, tmp_path):
    kind = KINDS[name]
    outputs = kind.make(np.random.default_rng(seed))
    model = with_input(parse(constant_model(kind, outputs).SerializeToString(), tmp_path).model, None)
    family = name.split(" ")[0]
    told = signature(model, sample=outputs)
    [(_, head)] = candidates(told, family).items()
    graph = compile_graph(model, family, head, FAMILIES[family].input(head)).SerializeToString()
    session = open_session(graph, SessionOptions(provider="cpu"))
    for limits in LIMITS:
        found = session.run(np.zeros((1, SIDE, SIDE, 3), np.uint8), limits)
        overlap = (
            limits
            if head.suppress
            else Limits(limits.min_confidence, 1.0, limits.multi_label, limits.max_candidates)
        )
        oracle.assert_same(found, oracle.hits([kind.decode(outputs)], overlap))
    assert len(found.scores)


@pytest.mark.parametrize("name", ["paddle-final", "torchvision", "mmdeploy"])
def test_a_model_that_chose_nothing_found_nothing(name, tmp_path):
    kind = KINDS[name]
    full = kind.make(np.random.default_rng(0))
    # All their lists are of 20 objects.
    empty = {
        key: values[tuple(slice(0 if size == 20 else None) for size in values.shape)]
        for key, values in full.items()
    }
    read = [
        with_input(parse(constant_model(kind, each).SerializeToString(), tmp_path).model, None)
        for each in (full, empty)
    ]
    [head] = candidates(signature(read[0]), name).values()
    graph = compile_graph(read[1], name, head, FAMILIES[name].input(head)).SerializeToString()
    session = open_session(graph, SessionOptions(provider="cpu"))
    assert session.run(np.zeros((1, SIDE, SIDE, 3), np.uint8), Limits()).boxes.shape == (0, 4)


@pytest.mark.parametrize("name", ["retinanet", "retinanet-scored"])
def test_the_91_numbers_of_coco_become_its_80_classes(name, tmp_path):
    """As torchvision numbers them: 0 is nothing, 12 nothing either, 13 the stop sign, 90 the last."""
    outputs = dict(KINDS[name].make(np.random.default_rng(0)))
    count = outputs["bbox_regression"].shape[1]
    silent = -20.0 if name == "retinanet" else 0.0
    told = np.full((1, count, 91), silent, np.float32)
    # Priors of cells far from one another, so that none suppresses another.
    for prior, number in ((0, 0), (9, 12), (9 * 27, 13), (9 * 63, 90)):
        told[0, prior, number] = 20.0 if name == "retinanet" else 0.9
    outputs["cls_logits"] = told
    kind = Kind(KINDS[name].make, KINDS[name].decode, ())
    model = with_input(parse(constant_model(kind, outputs).SerializeToString(), tmp_path).model, None)
    [head] = candidates(signature(model, sample=outputs), name).values()
    assert head.classes == 80
    graph = compile_graph(model, name, head, FAMILIES[name].input(head)).SerializeToString()
    found = open_session(graph, SessionOptions(provider="cpu")).run(
        np.zeros((1, SIDE, SIDE, 3), np.uint8), Limits(0.5)
    )
    assert {COCO_LABELS[number] for number in found.classes} == {"stop sign", "toothbrush"}


@pytest.mark.parametrize("name", ["tf-detection-unnamed", "tflite-detection"])
def test_outputs_without_names_are_told_apart_by_what_a_run_shows(name, tmp_path):
    kind = KINDS[name]
    outputs = kind.make(np.random.default_rng(0))
    model = with_input(parse(constant_model(kind, outputs).SerializeToString(), tmp_path).model, None)
    # Which it is, with classes from 1 or from 0 on, pixels of one kind or the other, a trial has to tell.
    told = {"tf-detection-unnamed", "tflite-detection", "nms-plugin"}
    assert set(candidates(signature(model, sample=outputs))) == told
    nothing = {key: np.zeros_like(values) for key, values in outputs.items()}
    with pytest.raises(UnknownFamily):
        candidates(signature(model, sample=nothing))


def test_the_first_run_is_of_pixels_in_which_something_is_seen():
    """Of bytes, pixels from 0 to 1 are black."""
    nodes = [
        helper.make_node("Mul", ["pixels", "dim"], ["less"]),
        helper.make_node("Floor", ["less"], ["out"]),
    ]
    infos = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 3, 64, 64)) for name in ("pixels", "out")
    ]
    graph = helper.make_graph(
        nodes, "dim", infos[:1], infos[1:], [numpy_helper.from_array(np.float32(0.9), "dim")]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    assert sample(Alone(model))["out"].max() > 100


def test_every_family_has_a_head():
    assert {name.split(" ")[0] for name in KINDS} == set(FAMILIES)
