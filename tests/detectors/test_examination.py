"""Models nobody trusts: refused in one line, within bounds, whatever they do."""

import json
import os
import random
import time

import numpy as np
import onnx
import pytest
from miniature import BUILDERS, LABELS, write, yolox
from onnx import TensorProto, helper, numpy_helper

from detectors.errors import DetectorError, ModelLoadError
from detectors.examining.examination import Bounds, Order, examine

LONGEST = 700


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def examined(path, **more):
    manifest = path.with_suffix(".json")
    order = Order(
        name="mini", weights=path, manifest=manifest if manifest.exists() else None, labels=None, stated={}
    )
    return examine(order.model_copy(update=more))


def refusal(path, **more):
    with pytest.raises(ModelLoadError) as raised:
        examined(path, **more)
    text = str(raised.value)
    assert "\n" not in text
    assert len(text) < LONGEST
    return text


def test_a_good_model_is_told_and_kept_whole(tmp_path):
    path = write(yolox(), tmp_path / "mini.onnx", labels=LABELS)
    folder = tmp_path / "kept"
    folder.mkdir()
    found = examined(path, folder=folder)
    assert (found.manifest.family, found.manifest.labels, found.any_batch) == ("yolox", LABELS, True)
    assert [(each.name, each.type, each.shape) for each in found.inputs] == [
        ("images", "float", (1, 3, 64, 64))
    ]
    assert [each.name for each in found.outputs] == ["output"]
    assert (folder / "model.onnx").read_bytes() == path.read_bytes()
    assert json.loads((folder / "model.json").read_text())["sha256"] == found.manifest.sha256


def with_nodes(model, nodes, constants):
    """Its brightness goes through these nodes, from ``mean`` to ``dimmed``."""
    at = next(number for number, node in enumerate(model.graph.node) if "mean" in node.input)
    model.graph.node[at].input[0] = "dimmed"
    written = [*model.graph.node[:at], *nodes, *model.graph.node[at:]]
    del model.graph.node[:]
    model.graph.node.extend(written)
    model.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    return model


def endless():
    """A loop of more turns than there are nanoseconds in a century."""
    value = helper.make_tensor_value_info("turn", TensorProto.FLOAT, None)
    infos = [
        helper.make_tensor_value_info("i", TensorProto.INT64, []),
        helper.make_tensor_value_info("go", TensorProto.BOOL, []),
        value,
    ]
    outputs = [
        helper.make_tensor_value_info("on", TensorProto.BOOL, []),
        helper.make_tensor_value_info("turned", TensorProto.FLOAT, None),
    ]
    nodes = [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Abs", ["turn"], ["turned"])]
    body = helper.make_graph(nodes, "body", infos, outputs)
    loop = helper.make_node("Loop", ["turns", "yes", "mean"], ["dimmed"], body=body)
    return with_nodes(yolox(), [loop], {"turns": np.int64(2**62), "yes": np.bool_(True)})


def greedy():
    """A tensor of 256 GiB, of a size that only a run tells."""
    nodes = [
        # What comes of pixels nobody knows beforehand.
        helper.make_node("ReduceMax", ["images"], ["brightest"], keepdims=0),
        helper.make_node("Mul", ["brightest", "zero"], ["nothing"]),
        helper.make_node("Cast", ["nothing"], ["more"], to=TensorProto.INT64),
        helper.make_node("Add", ["many", "more"], ["sizes"]),
        helper.make_node("ConstantOfShape", ["sizes"], ["huge"]),
        helper.make_node("ReduceMean", ["huge"], ["mean.huge"], keepdims=0),
        helper.make_node("Add", ["mean", "mean.huge"], ["dimmed"]),
    ]
    many = np.array([1, 3, 2400 * 64, 2400 * 64], np.int64)
    return with_nodes(yolox(), nodes, {"many": many, "zero": np.float32(0)})


def test_a_model_that_never_ends_is_refused_in_time(tmp_path):
    path = write(endless(), tmp_path / "mini.onnx", labels=LABELS)
    began = time.monotonic()
    assert "did not end within 6 s" in refusal(path, bounds=Bounds(seconds=6))
    assert time.monotonic() - began < 60


def test_a_model_that_wants_all_the_memory_is_refused(tmp_path):
    path = write(greedy(), tmp_path / "mini.onnx", labels=LABELS)
    assert "Failed to allocate memory" in refusal(path, bounds=Bounds(seconds=60))


def test_modules_beside_a_model_are_not_imported(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.environ.get("PYTHONPATH", ""), "", "."]))
    (tmp_path / "onnx.py").write_text("raise SystemExit('the module beside the model')")
    path = write(yolox(), tmp_path / "mini.onnx", labels=LABELS)
    assert examined(path).manifest.family == "yolox"


def mutated(content, rng):
    """The bytes with some damage: flipped, cut out, doubled, or numbers made absurd."""
    damaged = bytearray(content)
    for _ in range(rng.choice((1, 2, 8, 40))):
        at = rng.randrange(len(damaged))
        match rng.randrange(4):
            case 0:
                damaged[at] ^= 1 << rng.randrange(8)
            case 1:
                del damaged[at : at + rng.randrange(1, 64)]
            case 2:
                damaged[at:at] = damaged[at : at + rng.randrange(1, 64)]
            case _:
                damaged[at : at + 4] = rng.choice(
                    (b"\xff\xff\xff\x7f", b"\x00\x00\x00\x00", b"\x80\x80\x80\x04")
                )
    return bytes(damaged)


def rewired(content, rng):
    """The model with one of its nodes fed or set otherwise: still a model, of another mind."""
    model = onnx.load_model_from_string(content)
    graph = model.graph
    names = [name for node in graph.node for name in (*node.input, *node.output)]
    node = graph.node[rng.randrange(len(graph.node))]
    match rng.randrange(4):
        case 0 if node.input:
            node.input[rng.randrange(len(node.input))] = rng.choice(names)
        case 1 if node.attribute:
            attribute = node.attribute[rng.randrange(len(node.attribute))]
            attribute.i = rng.choice((-1, 0, 2**31, 2**62))
            attribute.ints[:] = [rng.choice((-1, 0, 1, 2**40)) for _ in attribute.ints]
        case 2:
            node.op_type = rng.choice(("Loop", "Reshape", "Gather", "Resize", "Expand", "NoSuchOperator"))
        case _:
            dims = graph.initializer[rng.randrange(len(graph.initializer))].dims
            dims[:] = [rng.choice((0, 1, 2**31, 2**40)) for _ in dims]
    return model.SerializeToString()


def said_of(path, content):
    """Why a damaged model is refused; empty where it is good all the same."""
    path.write_bytes(content)
    try:
        examined(path, bounds=Bounds(seconds=30))
    except DetectorError as error:
        return str(error)
    return ""


def survives(path, content, seed):
    text = said_of(path, content)
    assert "\n" not in text, seed
    assert len(text) < LONGEST, seed


ROUNDS = 160 if os.environ.get("SIGHTLINE_SOAK") else 3


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("family", BUILDERS)
def test_damaged_miniatures_are_refused_or_used(family, tmp_path):
    content = BUILDERS[family]().SerializeToString()
    path = write(BUILDERS[family](), tmp_path / "mini.onnx", labels=LABELS)
    for seed in range(ROUNDS):
        rng = random.Random(f"{family} {seed}")
        survives(path, (mutated, rewired)[seed % 2](content, rng), seed)


@pytest.mark.soak
@pytest.mark.realdata
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "name", ["FastestDet", "nanodet_m_320", "deimv2_atto_coco_int8", "ultraface_RFB-320"]
)
def test_damaged_real_models_are_refused_or_used(name, tmp_path, test_data):
    content = (test_data / "models" / f"{name}.onnx").read_bytes()
    for seed in range(ROUNDS // 2):
        rng = random.Random(f"{name} {seed}")
        survives(tmp_path / "real.onnx", (mutated, rewired)[seed % 2](content, rng), seed)
