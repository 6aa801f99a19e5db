"""Damaged and hostile model files: refused on one line, and never run."""

import contextlib
import time
import tracemalloc

import numpy as np
import onnx
import pytest
from miniature import LABELS, SIDE, Recipe, ultralytics, write, yolox
from onnx import TensorProto, external_data_helper, helper, numpy_helper

from detectors.detector import load
from detectors.errors import ModelLoadError, UnknownFamily
from detectors.session import Limits, SessionOptions

CPU = SessionOptions(provider="cpu", workers=1)


def refusal(path, tmp_path):
    """The one line with which a file is refused; says which file, quickly and without much memory."""
    tracemalloc.start()
    started = time.monotonic()
    with pytest.raises(ModelLoadError) as raised:
        load(str(path), CPU, cache=tmp_path / "cache")
    elapsed_s = time.monotonic() - started
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    text = str(raised.value)
    assert "\n" not in text
    assert len(text) < 600
    assert str(path) in text
    assert elapsed_s < 20
    assert peak_bytes < 500e6
    return text


def with_external(location, folder, offset=0, length=None):
    """The miniature with one tensor kept in a file of its own."""
    model = yolox()
    tensor = model.graph.initializer[1]
    values = numpy_helper.to_array(tensor)
    data = values.tobytes()
    external_data_helper.set_external_data(
        tensor, location, offset=offset, length=len(data) if length is None else length
    )
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    path = folder / "model.onnx"
    write(model, path, labels=LABELS)
    return path, data


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_truncated(keep, tmp_path):
    content = yolox().SerializeToString()
    path = tmp_path / "cut.onnx"
    path.write_bytes(content[: int(len(content) * keep)])
    refusal(path, tmp_path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not an ONNX file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "not an ONNX file"),
        (b"\x00" * 1000, "not an ONNX"),
        (bytes(range(256)) * 100, "not an ONNX"),
        (onnx.ModelProto(ir_version=8).SerializeToString(), "no graph"),
    ],
)
def test_not_a_model(content, why, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    assert why in refusal(path, tmp_path)


def test_flipped_bytes_never_do_worse_than_a_refusal(tmp_path):
    content = bytearray(yolox().SerializeToString())
    rng = np.random.default_rng(0)
    for number in range(60):
        damaged = bytearray(content)
        for position in rng.integers(0, len(content), 20):
            damaged[position] = rng.integers(0, 256)
        path = write(onnx.ModelProto(), tmp_path / f"{number}.onnx", labels=LABELS)
        path.write_bytes(damaged)
        with contextlib.suppress(ModelLoadError):
            load(str(path), CPU, cache=tmp_path / "cache")


@pytest.mark.parametrize(
    "location", ["../secret", "/etc/passwd", "folder/../../secret", "link", "", ".", "\x00", "a" * 5000]
)
def test_external_data_elsewhere(location, tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(bytes(10**5))
    (folder / "link").symlink_to(tmp_path / "secret")
    path, _ = with_external(location, folder)
    text = refusal(path, tmp_path)
    assert "external data" in text
    assert "secret" not in text or location in text


def test_external_data_that_is_missing_or_short(tmp_path):
    path, data = with_external("weights.bin", tmp_path)
    assert "missing" in refusal(path, tmp_path)
    (tmp_path / "weights.bin").write_bytes(data[:-8])
    refusal(path, tmp_path)


def test_external_data_in_its_folder_is_read_afresh_each_time(tmp_path):
    path, data = with_external("weights.bin", tmp_path)
    white = np.full((SIDE, SIDE, 3), 255, np.uint8)

    def found():
        detector = load(str(path), CPU, cache=tmp_path / "cache")
        return len(detector.infer([detector.prepare(white)], Limits())[0])

    (tmp_path / "weights.bin").write_bytes(data)
    assert found() == 2
    (tmp_path / "weights.bin").write_bytes(bytes(len(data)))
    assert found() == 0


@pytest.mark.parametrize("sides", [(10**6, 10**6), (64, 10**9), (2**40, 2**40), (-64, -64), (4097, 64)])
def test_inputs_of_absurd_size(sides, tmp_path):
    model = yolox()
    dims = model.graph.input[0].type.tensor_type.shape.dim
    dims[2].dim_value, dims[3].dim_value = sides
    refusal(write(model, tmp_path / "wide.onnx", labels=LABELS), tmp_path)


@pytest.mark.parametrize("dims", [(10**5, 10**5), (2**62, 4), (-1, -1), (1 << 40,)])
def test_tensors_that_claim_more_than_they_hold(dims, tmp_path):
    model = yolox()
    model.graph.initializer.append(TensorProto(name="bomb", data_type=TensorProto.FLOAT, dims=dims))
    model.graph.node.append(helper.make_node("Identity", ["bomb"], ["boom"]))
    assert "bomb" in refusal(write(model, tmp_path / "bomb.onnx", labels=LABELS), tmp_path)


def bomb(*nodes, **constants):
    """The miniature with nodes beside it whose output has a gigabyte."""
    model = yolox()
    for name, values in constants.items():
        model.graph.initializer.append(numpy_helper.from_array(np.array(values, np.int64), name))
    model.graph.node.extend(nodes)
    model.graph.node.append(helper.make_node("ReduceMax", ["huge"], ["peak"], keepdims=0))
    model.graph.node.append(helper.make_node("Mul", ["peak", "output"], ["output.scaled"]))
    model.graph.output[0].name = "output.scaled"
    return model


@pytest.mark.parametrize(
    "model",
    [
        bomb(helper.make_node("ConstantOfShape", ["s"], ["huge"]), s=[40000, 40000]),
        bomb(helper.make_node("Expand", ["one", "s"], ["int"]),
             helper.make_node("Cast", ["int"], ["huge"], to=TensorProto.FLOAT), one=[1], s=[40000, 40000]),
        bomb(helper.make_node("Tile", ["images", "s"], ["huge"]), s=[1, 1, 400, 400]),
        bomb(helper.make_node("Pad", ["images", "s"], ["huge"]), s=[0, 0, 0, 0, 0, 0, 20000, 20000]),
        bomb(
            helper.make_node("Mul", ["a", "a"], ["s"]),
            helper.make_node("ConstantOfShape", ["s"], ["huge"]),
            a=[200, 200],
        ),
    ],
)  # fmt: skip
def test_nodes_that_make_gigabytes(model, tmp_path):
    assert "MiB" in refusal(write(model, tmp_path / "bomb.onnx", labels=LABELS), tmp_path)


def test_operators_that_need_a_foreign_library(tmp_path):
    model = yolox()
    model.opset_import.append(helper.make_opsetid("evil.example", 1))
    model.graph.node.append(helper.make_node("Run", ["output"], ["shell"], domain="evil.example"))
    text = refusal(write(model, tmp_path / "custom.onnx", labels=LABELS), tmp_path)
    assert "Run" in text
    assert "evil.example" in text


def test_a_foreign_operator_inside_a_branch(tmp_path):
    inner = helper.make_graph(
        [helper.make_node("Run", [], ["x"], domain="evil.example")],
        "branch",
        [],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
    )
    model = yolox()
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "always"))
    model.graph.node.append(helper.make_node("If", ["always"], ["y"], then_branch=inner, else_branch=inner))
    assert "evil.example" in refusal(write(model, tmp_path / "branch.onnx", labels=LABELS), tmp_path)


def test_unknown_operators_and_dangling_inputs(tmp_path):
    for kind, source in (("NoSuchOperator", "output"), ("Relu", "nowhere")):
        model = yolox()
        model.graph.node.append(helper.make_node(kind, [source], ["more"]))
        refusal(write(model, tmp_path / f"{kind}.onnx", labels=LABELS), tmp_path)


def test_outputs_of_no_family(tmp_path):
    model = yolox()
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 85
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("brightness", TensorProto.FLOAT, [1, 1, 1, 1]))
    path = write(model, tmp_path / "other.onnx", labels=LABELS)
    assert "brightness [1,1,1,1]" in refusal(path, tmp_path)
    with pytest.raises(UnknownFamily):
        load(str(path), CPU)


def test_inputs_that_are_no_picture(tmp_path):
    model = yolox()
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 4
    assert "expected one picture" in refusal(write(model, tmp_path / "four.onnx", labels=LABELS), tmp_path)


def test_a_size_that_is_open_only_at_the_input_has_to_be_said(tmp_path):
    # Its 84 cells are those of 64x64 pixels, which is the usual size of no family.
    path = write(ultralytics(Recipe(open_size=True)), tmp_path / "open.onnx", labels=LABELS)
    assert "--size or a manifest may say which" in refusal(path, tmp_path)
    write(ultralytics(Recipe(open_size=True)), path, labels=LABELS, input={"width": SIDE, "height": SIDE})
    assert load(str(path), CPU, cache=tmp_path / "cache").manifest.input.width == SIDE
    sized = Recipe(open_size=True, metadata=(("imgsz", f"[{SIDE}, {SIDE}]"),))
    path = write(ultralytics(sized), tmp_path / "sized.onnx", labels=LABELS)
    assert load(str(path), CPU, cache=tmp_path / "cache").manifest.input.height == SIDE


def test_a_file_that_cannot_be_read(tmp_path):
    # Memory that nobody mapped: a regular file whose reading fails, for root too.
    assert "cannot read mem" in refusal("/proc/self/mem", tmp_path)


def test_nothing_is_written_to_standard_error(tmp_path, capfd):
    path = tmp_path / "cut.onnx"
    path.write_bytes(yolox().SerializeToString()[:-100])
    refusal(path, tmp_path)
    write(bomb(helper.make_node("ConstantOfShape", ["s"], ["huge"]), s=[40000, 40000]), path, labels=LABELS)
    refusal(path, tmp_path)
    assert capfd.readouterr() == ("", "")
