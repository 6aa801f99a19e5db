"""The suppression that TensorFlow Lite's detectors end with, in ONNX: tf2onnx has a near form only.

Source: tensorflow/tensorflow ``tensorflow/lite/kernels/detection_postprocess.cc``
``NonMaxSuppressionMultiClassFastHelper`` (commit 07306637681f, Apache-2.0).
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from tf2onnx import utils
from tf2onnx.graph_builder import GraphBuilder
from tf2onnx.handler import tfl_op
from tf2onnx.tflite_handlers.tfl_postprocess import TflDetectionPostProcess

NAME: Final = "TFLite_Detection_PostProcess"
SCALES: Final = ("y_scale", "x_scale", "h_scale", "w_scale")
LAST: Final = np.iinfo(np.int64).max


@tfl_op([f"TFL_{NAME}"])
class Suppression:
    """Takes the place of tf2onnx's handler, which lets a box be of several classes: other rows come out."""

    @classmethod
    def version_11(cls, graph: Any, node: Any, **others: Any) -> None:
        if (
            node.get_attr_value("use_regular_nms", False)
            or node.get_attr_value("max_classes_per_detection") != 1
        ):
            TflDetectionPostProcess.version_11(graph, node, **others)
            return
        boxes, (best, classes) = _boxes(graph, node), _best(graph, node)
        most = _constant(graph, node.get_attr_value("max_detections"), np.int64)
        limits = [
            _constant(graph, node.get_attr_value(f"nms_{name}_threshold"), np.float32)
            for name in ("iou", "score")
        ]
        of_all = GraphBuilder(graph).make_unsqueeze({"data": best, "axes": [1]})
        kept = graph.make_node("NonMaxSuppression", [boxes, of_all, most, *limits]).output[0]
        kept = GraphBuilder(graph).make_slice({"data": kept, "starts": [2], "ends": [3], "axes": [1]})
        kept = GraphBuilder(graph).make_squeeze({"data": kept, "axes": [1]})
        count = graph.make_node("Shape", [kept]).output[0]
        missing = graph.make_node("Sub", [most, count]).output[0]
        answers = [
            *(_filled(graph, values, kept, missing, rank) for values, rank in ((boxes, 3), (classes, 2))),
            _filled(graph, best, kept, missing, 2),
            graph.make_node("Cast", [count], attr={"to": graph.get_dtype(node.output[3])}).output[0],
        ]
        for old, new in zip(node.output, answers, strict=True):
            graph.replace_all_inputs(old, new)


def _boxes(graph: Any, node: Any) -> str:
    """Offsets [1,n,4] to anchors [n,4], both centre and size, y first, as corners."""
    offsets, _, anchors = node.input
    scales = _constant(graph, [node.get_attr_value(name) for name in SCALES], np.float32)
    shares = graph.make_node("Div", [offsets, scales]).output[0]
    moved, grown = (_columns(graph, shares, 2, start) for start in (0, 2))
    centres, sizes = (_columns(graph, anchors, 1, start) for start in (0, 2))
    middle = graph.make_node("Add", [graph.make_node("Mul", [moved, sizes]).output[0], centres]).output[0]
    whole = graph.make_node("Mul", [graph.make_node("Exp", [grown]).output[0], sizes]).output[0]
    half = graph.make_node("Mul", [whole, _constant(graph, 0.5, np.float32)]).output[0]
    corners = [graph.make_node(kind, [middle, half]).output[0] for kind in ("Sub", "Add")]
    joined: str = graph.make_node("Concat", corners, attr={"axis": 2}).output[0]
    return joined


def _best(graph: Any, node: Any) -> tuple[str, str]:
    """Of each box the best score [1,n], and its class, without the background that may come first."""
    classes = node.get_attr_value("num_classes")
    told = GraphBuilder(graph).make_slice(
        {"data": node.input[1], "starts": [-classes], "ends": [LAST], "axes": [2]}
    )
    best = graph.make_node("ReduceMax", [told], attr={"axes": [2], "keepdims": 0}).output[0]
    which = graph.make_node("ArgMax", [told], attr={"axis": 2, "keepdims": 0}).output[0]
    return best, graph.make_node("Cast", [which], attr={"to": graph.get_dtype(node.output[1])}).output[0]


def _columns(graph: Any, tensor: str, axis: int, start: int) -> str:
    cut: str = GraphBuilder(graph).make_slice(
        {"data": tensor, "starts": [start], "ends": [start + 2], "axes": [axis]}
    )
    return cut


def _filled(graph: Any, values: str, kept: str, missing: str, rank: int) -> str:
    """Rows ``kept`` of ``values`` [1,n,..], and as many of zeros as are ``missing``."""
    rows = graph.make_node("Gather", [values, kept], attr={"axis": 1}).output[0]
    # Before each axis, then behind each: only behind the second one are any.
    before, after = (_constant(graph, [0] * count, np.int64) for count in (rank + 1, rank - 2))
    pads = graph.make_node("Concat", [before, missing, after], attr={"axis": 0}).output[0]
    filled: str = graph.make_node("Pad", [rows, pads]).output[0]
    return filled


def _constant(graph: Any, value: float | Sequence[float], kind: type[np.generic]) -> str:
    name: str = graph.make_const(utils.make_name("suppression"), np.array(value, kind)).output[0]
    return name
