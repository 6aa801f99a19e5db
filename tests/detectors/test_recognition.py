"""A model is of the family that makes sense of it, and of none where that cannot be told."""

import json
import re

import cv2
import numpy as np
import onnx
import oranges
import pytest
from miniature import build, yolox
from onnx import TensorProto, helper, numpy_helper

from detectors.detector import load
from detectors.errors import AmbiguousFamily, UnknownFamily
from detectors.families.grid import cells
from detectors.recognising.trial import impossible
from detectors.recognising.trialpictures import PROBE, probe
from detectors.recognising.trialpictures import oranges as shown_oranges
from detectors.session import Found, Limits, SessionOptions
from detectors.store import BUILTIN

CPU = SessionOptions(provider="cpu", workers=1)


def test_the_probe_shows_what_its_truth_says():
    for picture in probe():
        height, width = picture.image.shape[:2]
        assert (picture.boxes[:, 2:] > picture.boxes[:, :2]).all()
        assert (picture.boxes[:, 2:] <= (width, height)).all()
        assert {"person"} <= set(picture.labels.tolist()) <= {"person", "car"}


def test_the_oranges_are_those_that_are_drawn(tmp_path):
    oranges.main(tmp_path)
    assert (tmp_path / "oranges.json").read_text() == (PROBE / "oranges.json").read_text()
    for number, picture in enumerate(shown_oranges()):
        drawn, _ = oranges.drawn(oranges.TABLES[number])
        assert np.abs(picture.image.astype(float) - drawn).mean() < 3
        assert set(picture.labels.tolist()) == {"orange"}


def decoded_yolox(model):
    """The same model with its boxes decoded, as an export with ``--decode_in_inference`` has them."""
    graph = model.graph
    [output] = graph.output
    raw, name = f"{output.name}.raw", output.name
    for node in graph.node:
        node.output[:] = [raw if made == name else made for made in node.output]
    side = graph.input[0].type.tensor_type.shape.dim[2].dim_value
    grid = cells(side, side, (8, 16, 32))
    constants = {
        "corners": grid[None, :, :2],
        "strides": grid[None, :, 2:],
        **{f"at{end}": np.array([end], np.int64) for end in (0, 2, 4, 2**31)},
    }
    graph.initializer.extend(numpy_helper.from_array(value, key) for key, value in constants.items())

    def part(start, end, made):
        return helper.make_node("Slice", [raw, f"at{start}", f"at{end}", "at2"], [made])

    graph.node.extend(
        [
            part(0, 2, "xy"),
            part(2, 4, "wh"),
            part(4, 2**31, "rest"),
            helper.make_node("Add", ["xy", "corners"], ["moved"]),
            helper.make_node("Mul", ["moved", "strides"], ["centre"]),
            helper.make_node("Exp", ["wh"], ["grown"]),
            helper.make_node("Mul", ["grown", "strides"], ["size"]),
            helper.make_node("Concat", ["centre", "size", "rest"], [name], axis=2),
        ]
    )
    return model


@pytest.mark.realdata
def test_raw_and_decoded_exports_of_one_model_find_the_same(test_data, tmp_path):
    source = test_data / "models" / "yolox_nano.onnx"
    onnx.save(decoded_yolox(onnx.load(source)), tmp_path / "decoded.onnx")
    one, other = (load(str(path), CPU, cache=tmp_path) for path in (source, tmp_path / "decoded.onnx"))
    assert (one.manifest.family, other.manifest.family) == ("yolox", "yolox-decoded")
    image = cv2.imread(str(test_data / "photos" / "bus.jpg"))
    [first], [second] = (each.infer([each.prepare(image)], Limits()) for each in (one, other))
    assert len(first) >= 4
    np.testing.assert_allclose(first.xyxy, second.xyxy, atol=0.05)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("yolox_nano", "yolox"),
        ("yolov8n_int8", "ultralytics-v8"),
        ("nanodet_m_320", "nanodet"),
        ("FastestDet", "fastestdet"),
        ("deimv2_atto_coco_int8", "rt-detr"),
        ("ultraface_RFB-320", "ultraface"),
    ],
)
def test_real_models_need_no_manifest(name, family, test_data, tmp_path):
    detector = load(str(test_data / "models" / f"{name}.onnx"), CPU, cache=tmp_path)
    assert detector.manifest.family == family


def final_rows(rows):
    """A model that answers with final rows whatever it sees."""
    values = numpy_helper.from_array(np.asarray(rows, np.float32)[None], "values")
    nodes = [
        helper.make_node("ReduceMin", ["pixels"], ["least"], keepdims=0),
        helper.make_node("Mul", ["least", "zero"], ["nothing"]),
        helper.make_node("Add", ["values", "nothing"], ["output"]),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, (1, 3, 320, 320))
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, (1, len(rows), 6))
    constants = [values, numpy_helper.from_array(np.float32(0), "zero")]
    graph = helper.make_graph(nodes, "final", [pixels], [output], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ((10, 10, 50, 50, 37.0, 0), "scores up to 37"),
        ((50, 50, 10, 10, 0.9, 0), "boxes without an area"),
        ((10, 10, 5000, 50, 0.9, 0), "pictures away"),
        ((10, 10, float("nan"), 50, 0.9, 0), "numbers that are none"),
    ],
)
def test_what_makes_no_sense_is_refused(row, says, tmp_path):
    onnx.save(final_rows([row]), tmp_path / "model.onnx")
    with pytest.raises(UnknownFamily, match=f"make no sense: not end-to-end: .*{says}"):
        load(str(tmp_path / "model.onnx"), CPU, cache=tmp_path)


def test_what_knows_people_and_finds_none_is_refused_unless_a_manifest_says_it(tmp_path):
    path = tmp_path / "model.onnx"
    onnx.save(final_rows([(10, 10, 50, 50, 0.9, 0)]), path)
    with pytest.raises(AmbiguousFamily, match=r"shapes of end-to-end, but .* next to nothing of the people"):
        load(str(path), CPU, cache=tmp_path)
    path.with_suffix(".json").write_text('{"family": "end-to-end"}')
    manifest = load(str(path), CPU, cache=tmp_path).manifest
    assert (manifest.family, "a trial does not confirm it (0.00)" in manifest.assumed) == ("end-to-end", True)


def scaled(model, factor):
    """The same model, of pixels that many times smaller."""
    [pixels] = model.graph.input
    inner = f"{pixels.name}.inner"
    for node in model.graph.node:
        node.input[:] = [inner if name == pixels.name else name for name in node.input]
    model.graph.initializer.append(numpy_helper.from_array(np.float32(factor), "factor"))
    model.graph.node.insert(0, helper.make_node("Mul", [pixels.name, "factor"], [inner]))
    return model


def test_pictures_are_prepared_as_a_trial_shows(tmp_path):
    """The built-in model takes pixels from 0 to 255: this one is of another mind."""
    onnx.save(scaled(onnx.load(BUILTIN / "sightline-nano.onnx"), 255), tmp_path / "model.onnx")
    labels = json.loads((BUILTIN / "sightline-nano.json").read_text())["labels"]
    (tmp_path / "model.json").write_text(json.dumps({"labels": labels}))
    manifest = load(str(tmp_path / "model.onnx"), CPU, cache=tmp_path).manifest
    assert manifest.input.std == (255, 255, 255)
    assert re.search(r"BGR from 0 to 1, as a trial shows \(0\.9.; 0\.00 BGR from 0 to 255,", manifest.assumed)


def test_what_a_manifest_says_of_pictures_is_not_tried(tmp_path):
    onnx.save(final_rows([(10, 10, 50, 50, 0.9, 0)]), tmp_path / "model.onnx")
    said = {"family": "end-to-end", "input": {"channels": "bgr"}}
    (tmp_path / "model.json").write_text(json.dumps(said))
    manifest = load(str(tmp_path / "model.onnx"), CPU, cache=tmp_path).manifest
    assert (manifest.input.channels, "pictures" in manifest.assumed) == ("bgr", False)


def maps_of_anchors():
    """Logits that say nothing: they could be of YOLOv3, v4, v5 or v7."""
    nodes = [helper.make_node("ReduceMin", ["pixels"], ["least"], keepdims=0)]
    nodes.append(helper.make_node("Mul", ["least", "zero"], ["nothing"]))
    constants, outputs = [numpy_helper.from_array(np.float32(0), "zero")], []
    for stride in (8, 16, 32):
        shape = (1, 3 * 85, 320 // stride, 320 // stride)
        constants.append(numpy_helper.from_array(np.full(shape, -9, np.float32), f"values{stride}"))
        nodes.append(helper.make_node("Add", [f"values{stride}", "nothing"], [f"map{stride}"]))
        outputs.append(helper.make_tensor_value_info(f"map{stride}", TensorProto.FLOAT, shape))
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, (1, 3, 320, 320))
    graph = helper.make_graph(nodes, "maps", [pixels], outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_what_cannot_be_told_is_refused_unless_a_manifest_says_it(tmp_path):
    path = tmp_path / "model.onnx"
    onnx.save(maps_of_anchors(), path)
    with pytest.raises(AmbiguousFamily) as raised:
        load(str(path), CPU, cache=tmp_path)
    tried = {trial.reading.family for trial in raised.value.trials}
    assert tried == {"yolov3", "yolov4", "yolov5-raw", "yolov7-raw"}
    assert all(family in str(raised.value) for family in tried)
    path.with_suffix(".json").write_text('{"family": "yolov7-raw"}')
    assert load(str(path), CPU, cache=tmp_path).manifest.family == "yolov7-raw"


def test_a_model_that_finds_nothing_is_told_by_where_its_boxes_lie(tmp_path):
    onnx.save(yolox(), tmp_path / "model.onnx")
    (tmp_path / "model.json").write_text('{"labels": ["ant", "bee", "cow"]}')
    assert load(str(tmp_path / "model.onnx"), CPU, cache=tmp_path).manifest.family == "yolox"


def test_logits_in_the_place_of_scores_are_refused(tmp_path):
    """Of the shape of a v8 head; what is above 0.15 would look like a score."""
    columns = np.full((1, 4 + 3, 84), -6, np.float32)
    columns[0, :4] = np.array([[32], [32], [24], [24]])
    columns[0, 5, 36] = 0.8
    onnx.save(build({"output0": columns}, {"output0": np.zeros_like(columns)}), tmp_path / "model.onnx")
    (tmp_path / "model.json").write_text('{"labels": ["ant", "bee", "cow"]}')
    with pytest.raises(UnknownFamily, match="not ultralytics-v8: scores down to -6"):
        load(str(tmp_path / "model.onnx"), CPU, cache=tmp_path)


def test_rows_whose_class_comes_before_the_score_are_told_from_those_where_it_comes_behind(tmp_path):
    """Of one class, which is 0: read the other way round nothing would ever be found, and nobody told."""
    onnx.save(final_rows([(10, 10, 50, 50, 0, 0.9), (60, 10, 90, 50, 0, 0.7)]), tmp_path / "model.onnx")
    (tmp_path / "model.json").write_text('{"labels": ["helmet"]}')
    detector = load(str(tmp_path / "model.onnx"), CPU, cache=tmp_path)
    [found] = detector.infer([detector.prepare(np.zeros((320, 320, 3), np.uint8))], Limits())
    assert detector.manifest.family == "class-first"
    np.testing.assert_allclose(found.confidence, (0.9, 0.7), atol=1e-6)


@pytest.mark.parametrize(
    ("count", "confidence", "told"), [(100, 1.0, True), (100, 0.5, False), (40, 1.0, False)]
)
def test_a_hundred_objects_that_are_sure_are_in_no_street(count, confidence, told):
    """As the queries of a DETR are all sure of being something where its background comes first."""
    corners = np.tile(np.array([[10, 10, 50, 50]], np.float32), (count, 1))
    scores, none = np.full(count, confidence, np.float32), np.zeros(count, np.int64)
    said = impossible(Found(corners, scores, none, none), 320, 320)
    assert (said == "100 objects in a street with a few people") if told else said is None
