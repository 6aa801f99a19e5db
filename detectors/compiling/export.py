"""The compiled graph of a model as a file that says how it is used."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from detectors.compiling.cache import GraphCache, default_folder
from detectors.compiling.compilation import compiled
from detectors.errors import ModelLoadError

if TYPE_CHECKING:
    from detectors.manifest import ModelManifest
    from detectors.store import ModelFiles

DETECTOR: Final = """\
images: uint8 [n,{height},{width},3] BGR, fitted in as the manifest's input.letterbox says
score_limit: float, scores up to it are left out
iou_limit: float, boxes of one class that overlap more are one
multi_label: bool, whether a box may be of several classes
max_candidates: int64 [1], cells of a picture that are looked at, such as 1000
boxes: float [k,4], x1,y1,x2,y2 in pixels of the input
scores: float [k]
classes: int64 [k], places in the manifest's labels
picture: int64 [k], place in the batch
"""
CLASSIFIER: Final = """\
images: uint8 [n,{height},{width},3] BGR, fitted in as the manifest's input.letterbox says
probabilities: float [n,{classes}] in the order of the manifest's labels
"""


def exported(files: ModelFiles) -> tuple[bytes, ModelManifest]:
    """The compiled graph as an ONNX file whose ``doc_string`` tells its inputs and outputs, and its manifest.

    Raises:
        ModelLoadError: the model cannot be used.
    """
    import onnx

    folder = default_folder()
    try:
        model = compiled(files, GraphCache(folder) if folder else None)
    except ModelLoadError as error:
        error.args = (f"{files.place}: {error}",)
        raise
    spec, labels = model.manifest.input, model.manifest.labels
    text = CLASSIFIER if model.manifest.task == "classify" else DETECTOR
    graph = onnx.load_model_from_string(model.graph)
    graph.doc_string = text.format(height=spec.height, width=spec.width, classes=len(labels))
    content = graph.SerializeToString()
    digest = hashlib.sha256(content).hexdigest()
    return content, model.manifest.model_copy(update={"sha256": digest})
